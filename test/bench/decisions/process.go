package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/graph"
)

// asked is one random question, for both sides.
type asked struct {
	subject decision.Subject
	query   access.Query
	key     string // of the bare lookup
	bit     uint
	user    *accessv1.User
}

const questions = 1 << 16

func (w *world) questions() []asked {
	random := rand.New(rand.NewPCG(3, 4))
	entities := make([]access.Entity, siteCount+1)
	for s := range siteCount {
		entities[s] = access.Entity{ID: "1", Properties: map[string][]string{"site": {fmt.Sprintf("site-%d", s)}}}
	}
	names := make([]string, resourceCount)
	for n := range names {
		names[n] = resourceName(n)
	}
	out := make([]asked, questions)
	for i := range out {
		u := w.users[random.IntN(len(w.users))]
		resource, action := random.IntN(resourceCount), random.IntN(len(actions))
		out[i] = asked{
			subject: decision.Subject{Tenant: u.Namespace, ID: u.Spec.Email},
			query:   access.Query{Action: actions[action], Resource: names[resource], Entity: entities[random.IntN(len(entities))]},
			key:     u.Spec.Email, bit: uint(resource*len(actions) + action), user: u,
		}
	}
	return out
}

func inProcess(w *world) ([]figure, error) {
	about := fmt.Sprintf("%d users, %d tenants", len(w.users), len(w.tenants))
	before := heap()
	index := decision.NewIndex()
	index.ReplaceCatalogs([]*accessv1.ResourceCatalog{w.catalog})
	index.ReplaceTenants(w.tenants)
	index.ReplaceUsers(w.users)
	size := heap() - before

	list := w.questions()
	allowed, err := verify(w, index, list)
	if err != nil {
		return nil, err
	}
	bare := w.bits()
	numbers := compare(list, map[string]func(*asked) bool{
		"ours":    func(q *asked) bool { return index.Decide(q.subject, &q.query, time.Time{}).Allowed },
		"bare":    func(q *asked) bool { return bare[q.key][q.bit/64]&(1<<(q.bit%64)) != 0 },
		"by name": byName(bare),
	})
	allocations := testing.AllocsPerRun(questions, func() { index.Decide(list[0].subject, &list[0].query, time.Time{}) })
	perUser := float64(size) / float64(len(w.users))
	runtime.KeepAlive(index)
	ours := fmt.Sprintf("%.0f ns, %.0f allocations, %d %% allowed", numbers["ours"], allocations, 100*allowed/len(list))
	return []figure{
		{"decision, " + about, ours, fmt.Sprintf("bare lookup, by name, %.0f ns", numbers["by name"]), numbers["ours"] / numbers["by name"], "≤ 1.5, 0 allocations"},
		{"decision, " + about, ours, fmt.Sprintf("bare lookup, by number, %.0f ns", numbers["bare"]), numbers["ours"] / numbers["bare"], ""},
		{"memory, " + about, fmt.Sprintf("%.0f B a user", perUser), "512 B a user", perUser / 512, "≤ 1"},
	}, nil
}

// verify holds every answer against access.Decide.
func verify(w *world, index *decision.Index, list []asked) (allowed int, err error) {
	v := access.NewVocabulary(graph.Catalog(w.catalog))
	for i := range list {
		a := &list[i]
		got, want := index.Decide(a.subject, &a.query, time.Time{}), access.Decide(w.effective(a.user, v), a.query, time.Time{})
		if got != want {
			return 0, fmt.Errorf("%+v %+v: got %+v, want %+v", a.subject, a.query, got, want)
		}
		if got.Allowed {
			allowed++
		}
	}
	return allowed, nil
}

// bits are precomputed masks by user: what is held anywhere. They know nothing of sites, tenants or states.
func (w *world) bits() map[string]*[2]uint64 {
	out := make(map[string]*[2]uint64, len(w.users))
	for _, u := range w.users {
		m := &[2]uint64{}
		for _, e := range u.Status.EffectiveAccess {
			for n := range resourceCount {
				if !slices.Contains(e.Resources, resourceName(n)) {
					continue
				}
				m[n*len(actions)/64] |= 1 << (n * len(actions) % 64)
				if e.Level == accessv1.LevelManage {
					m[n*len(actions)/64] |= 15 << (n * len(actions) % 64)
				}
			}
		}
		out[u.Spec.Email] = m
	}
	return out
}

// byName is the bare lookup from the words that a question comes in: the bit has to be found first.
func byName(bare map[string]*[2]uint64) func(*asked) bool {
	resources, verbs := map[string]uint{}, map[string]uint{}
	for n := range resourceCount {
		resources[resourceName(n)] = uint(n)
	}
	for n, action := range actions {
		verbs[action] = uint(n)
	}
	return func(q *asked) bool {
		bit := resources[q.query.Resource]*uint(len(actions)) + verbs[q.query.Action]
		return bare[q.key][bit/64]&(1<<(bit%64)) != 0
	}
}

// compare measures all in turn, and takes the median of several rounds of each.
func compare(list []asked, sides map[string]func(*asked) bool) map[string]float64 {
	const rounds, turns = 15, 4
	measured := map[string][]float64{}
	for range rounds {
		for name, do := range sides {
			measured[name] = append(measured[name], each(turns, list, do))
		}
	}
	medians := map[string]float64{}
	for name, list := range measured {
		slices.Sort(list)
		medians[name] = list[rounds/2]
	}
	return medians
}

func each(turns int, list []asked, do func(*asked) bool) float64 {
	began, allowed := time.Now(), 0
	for range turns {
		for i := range list {
			if do(&list[i]) {
				allowed++
			}
		}
	}
	runtime.KeepAlive(allowed)
	return float64(time.Since(began).Nanoseconds()) / float64(turns*len(list))
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
