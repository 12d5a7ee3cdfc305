package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/test/bench/report"
)

// asked is one random question. Its words are copies of its own, as those of a request are: two strings at one place
// would be equal at a glance.
type asked struct {
	subject decision.Subject
	query   access.Query
	bit     uint // of the resource and the action, in a bare mask
	user    *accessv1.User
}

const questions = 1 << 16

func (w *world) questions() []asked {
	random := rand.New(rand.NewPCG(3, 4))
	entities := make([]access.Entity, siteCount+1)
	for s := range siteCount {
		entities[s] = access.Entity{ID: "1", Properties: map[string][]string{"site": {fmt.Sprintf("site-%d", s)}}}
	}
	out := make([]asked, questions)
	for i := range out {
		u := w.users[random.IntN(len(w.users))]
		resource, action := random.IntN(resourceCount), random.IntN(len(actions))
		out[i] = asked{
			subject: decision.Subject{Tenant: strings.Clone(u.Namespace), ID: strings.Clone(u.Spec.Email)},
			query: access.Query{
				Action: strings.Clone(actions[action]), Resource: resourceName(resource), Entity: entities[random.IntN(len(entities))],
			},
			bit: uint(resource*len(actions) + action), user: u,
		}
	}
	return out
}

// process measures decisions in this process, and what they are made from.
func (b *bench) process(context.Context) error {
	sizes := [][2]int{{10, 1_000}, {10, 100_000}, {100, 100_000}}
	if b.short {
		sizes = [][2]int{{10, 1_000}, {100, 10_000}}
	}
	for _, size := range sizes {
		if err := b.inProcess(newWorld(size[0], size[1])); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) inProcess(w *world) error {
	about := fmt.Sprintf("%d users, %d tenants", len(w.users), len(w.tenants))
	before := report.Heap()
	index := decision.NewIndex()
	index.ReplaceCatalogs([]*accessv1.ResourceCatalog{w.catalog})
	index.ReplaceTenants(w.tenants)
	index.ReplaceUsers(w.users)
	perUser := float64(report.Heap()-before) / float64(len(w.users))

	list := w.questions()
	allowed, differing := verify(w, index, list)
	b.report.Count("answers", fmt.Sprintf("other answers than the oracle's to %d questions, %s", len(list), about), differing, 0,
		fmt.Sprintf(", %d %% allowed", 100*allowed/len(list)))
	b.speed(w, index, list, about)
	b.catalogChange(w, index, about)
	memory := report.Row{
		Name: "memory", What: "heap a user, " + about, Reached: fmt.Sprintf("%.0f B", perUser),
		Values: map[string]float64{"bytes": perUser, "users": float64(len(w.users))},
	}
	if len(w.users) < 100_000 {
		b.report.Note(memory) // what is there once counts as well
	} else {
		memory.Target = "<= 512 B"
		b.report.Limit(memory, perUser <= 512)
	}
	runtime.KeepAlive(index)
	return nil
}

// catalogChange measures how long a decision can have to wait when every user's access is read anew.
func (b *bench) catalogChange(w *world, index *decision.Index, about string) {
	changed := w.catalog.DeepCopy()
	changed.Generation++
	began := time.Now()
	index.PutCatalog(changed)
	took := time.Since(began)
	b.report.Note(report.Row{
		Name: "catalog", What: "one change of it, " + about, Reached: fmt.Sprintf("%.1f ms", took.Seconds()*1000),
		Values: map[string]float64{"seconds": took.Seconds()},
	})
}

// speed compares with two lookups: one is told the bit that is asked for, the other finds it from the question's words.
func (b *bench) speed(w *world, index *decision.Index, list []asked, about string) {
	bare := w.bits()
	numbers := compare(list, []func(*asked) bool{
		func(q *asked) bool { return index.Decide(q.subject, &q.query, time.Time{}).Allowed },
		byName(bare),
		func(q *asked) bool { return bare[q.subject].has(q.bit) },
	})
	ours, words, bit := numbers[0], numbers[1], numbers[2]
	b.report.Limit(report.Row{
		Name: "decision", What: "of a bare lookup of the same words, " + about, Target: "<= 1.5",
		Reached: fmt.Sprintf("%.2f: %.0f ns, bare %.0f ns", ours/words, ours, words),
		Values:  map[string]float64{"ratio": ours / words, "nanoseconds": ours, "bare": words},
	}, ours <= 1.5*words)
	b.report.Note(report.Row{
		Name: "decision", What: "of a bare lookup that is told the bit, " + about,
		Reached: fmt.Sprintf("%.2f: bare %.0f ns", ours/bit, bit),
		Values:  map[string]float64{"ratio": ours / bit, "bare": bit},
	})
	next := 0
	allocations := testing.AllocsPerRun(questions, func() {
		q := &list[next%len(list)]
		index.Decide(q.subject, &q.query, time.Time{})
		next++
	})
	b.report.Count("allocations", "of a decision, "+about, int(allocations), 0, "")
}

// verify holds every answer against access.Decide.
func verify(w *world, index *decision.Index, list []asked) (allowed, differing int) {
	v := access.NewVocabulary(graph.Catalog(w.catalog))
	for i := range list {
		a := &list[i]
		got := index.Decide(a.subject, &a.query, time.Time{})
		if got != access.Decide(w.effective(a.user, v), a.query, time.Time{}) {
			differing++
		}
		if got.Allowed {
			allowed++
		}
	}
	return allowed, differing
}

// bits is a precomputed mask: a bit for each action on each resource.
type bits [(resourceCount*4 + 63) / 64]uint64

func (b bits) has(bit uint) bool { return b[bit/64]&(1<<(bit%64)) != 0 }

// bits are precomputed masks by tenant and address: what is held anywhere. They know nothing of sites and states, and
// nobody can be taken out while somebody looks.
func (w *world) bits() map[decision.Subject]bits {
	out := make(map[decision.Subject]bits, len(w.users))
	for _, u := range w.users {
		var m bits
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
		out[decision.Subject{Tenant: u.Namespace, ID: u.Spec.Email}] = m
	}
	return out
}

// byName is the bare lookup from the words that a question comes in: the bit has to be found first.
func byName(bare map[decision.Subject]bits) func(*asked) bool {
	resources, verbs := map[string]uint{}, map[string]uint{}
	for n := range resourceCount {
		resources[resourceName(n)] = uint(n)
	}
	for n, action := range actions {
		verbs[action] = uint(n)
	}
	return func(q *asked) bool {
		return bare[q.subject].has(resources[q.query.Resource]*uint(len(actions)) + verbs[q.query.Action])
	}
}

// turn is so short that on a busy machine most of them are not interrupted.
const turn = 128

// compare measures all sides in turns, and takes the medians, in nanoseconds. Each side goes through all questions, and
// no two ask the same ones shortly after each other: one would find in the processor's cache what another has fetched.
func compare(list []asked, sides []func(*asked) bool) []float64 {
	const rounds = 8
	turns := slices.Collect(slices.Chunk(list, turn))
	measured := make([][]float64, len(sides))
	for at := range rounds * len(turns) {
		for side, do := range sides {
			questions := turns[(at+side*len(turns)/len(sides))%len(turns)]
			read(questions)
			measured[side] = append(measured[side], each(questions, do))
		}
	}
	medians := make([]float64, len(sides))
	for side, list := range measured {
		slices.Sort(list)
		medians[side] = list[len(list)/2]
	}
	return medians
}

// read looks at every word, as whoever decodes a request does right before it is answered.
func read(list []asked) {
	sum := 0
	for i := range list {
		q := &list[i]
		for _, word := range []string{q.subject.Tenant, q.subject.ID, q.query.Action, q.query.Resource} {
			sum += int(word[0]) + int(word[len(word)-1])
		}
	}
	runtime.KeepAlive(sum)
}

func each(list []asked, do func(*asked) bool) float64 {
	began, allowed := time.Now(), 0
	for i := range list {
		if do(&list[i]) {
			allowed++
		}
	}
	runtime.KeepAlive(allowed)
	return float64(time.Since(began).Nanoseconds()) / float64(len(list))
}
