package decisions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/worlds"
)

// wondered is a question about a user of a world, or about the application that acts for him.
type wondered struct {
	user worlds.User
	access.Query
	application bool
}

// questions are about every user, acting in every group and in none, and about their applications.
func (w *tried) questions(entities []access.Entity) []wondered {
	var out []wondered
	for _, user := range w.Users {
		for _, group := range append([]string{""}, worlds.GroupNames...) {
			for q := range worlds.Queries(entities, group) {
				out = append(out, wondered{user, q, false})
				if group == "" || group == worlds.GroupNames[0] {
					out = append(out, wondered{user, q, true})
				}
			}
		}
	}
	return out
}

// right is the oracle's answer, now.
func (w *tried) right(q wondered) bool {
	if rules := w.cuts[q.user.Name]; q.application && rules != nil && !w.Gives(rules, q.Resource, q.Action) {
		return false
	}
	sources := w.Sources(q.user, time.Now())
	if q.Group != "" {
		sources = slices.DeleteFunc(sources, func(s worlds.Source) bool { return s.Via.Group != q.Group })
	}
	return w.Allowed(q.user, sources, q.Resource, q.Action, q.Entity)
}

// parts are a question as a request; without a user, an action or an entity where these are searched for.
func (w *tried) parts(q wondered) map[string]any {
	subject := map[string]any{"type": "user", "properties": map[string]any{"tenant": w.name}}
	if q.user.Name != "" {
		subject["id"] = q.user.Name
	}
	if q.application {
		subject["type"], subject["id"] = "application", w.clients[q.user.Name]
	}
	properties := q.Entity.Properties
	if properties == nil {
		properties = map[string][]string{}
	}
	out := map[string]any{
		"subject": subject, "resource": map[string]any{"type": q.Resource, "id": q.Entity.ID, "properties": properties},
	}
	if q.Group != "" {
		out["context"] = map[string]any{"group": q.Group}
	}
	if q.Action != "" {
		out["action"] = map[string]any{"name": q.Action}
	}
	return out
}

func written(body any) string {
	encoded, err := json.Marshal(body)
	Expect(err).NotTo(HaveOccurred())
	return string(encoded)
}

// answers are the service's, in batches.
func (w *tried) answers(ctx context.Context, questions []wondered) []bool {
	var out []bool
	for batch := range slices.Chunk(questions, 1000) {
		items := make([]any, len(batch))
		for i, q := range batch {
			items[i] = w.parts(q)
		}
		got := decisions.ask(ctx, evaluations, written(map[string]any{"evaluations": items}))
		Expect(got.Code).To(Equal(200), got.raw)
		var body struct {
			Evaluations []struct {
				Decision bool
				Context  struct{ Error any }
			}
		}
		Expect(json.Unmarshal([]byte(got.raw), &body)).To(Succeed())
		for _, each := range body.Evaluations {
			Expect(each.Context.Error).To(BeNil())
			out = append(out, each.Decision)
		}
	}
	Expect(out).To(HaveLen(len(questions)))
	return out
}

// wrong are the questions that the service answers otherwise than the oracle.
func (w *tried) wrong(ctx context.Context, questions []wondered) []string {
	out := []string{}
	for i, allowed := range w.answers(ctx, questions) {
		if q := questions[i]; allowed != w.right(q) {
			out = append(out, fmt.Sprintf("%s (application: %v), %+v: the service says %v", q.user.Name, q.application, q.Query, allowed))
		}
	}
	return out
}

// search turns all pages of a search, and returns what stands on them.
func (w *tried) search(ctx context.Context, path string, q wondered, limit int) ([]string, reply) {
	body, results := w.parts(q), []string{}
	if path == byAction {
		delete(body, "action")
	}
	for token := ""; ; {
		body["page"] = map[string]any{"limit": limit, "token": token}
		got := decisions.ask(ctx, path, written(body))
		page, ok := got.Body["page"].(map[string]any)
		Expect(ok).To(BeTrue(), got.raw)
		found := got.results()
		Expect(page).To(HaveKeyWithValue("count", float64(len(found))))
		results = append(results, found...)
		Expect(len(results)).To(BeNumerically("<=", page["total"]))
		if token, _ = page["next_token"].(string); token == "" {
			Expect(page).To(HaveKeyWithValue("total", float64(len(results))))
			return results, got
		}
		Expect(found).To(HaveLen(limit), "a page before the last is full")
	}
}

// finds holds a search against the evaluation of every candidate: what is found is what is allowed, in order.
func (w *tried) finds(ctx context.Context, path string, q wondered, limit int, candidates []candidate) {
	found, _ := w.search(ctx, path, q, limit)
	questions := make([]wondered, len(candidates))
	for i, c := range candidates {
		questions[i] = c.wondered
	}
	expected := []string{}
	for i, allowed := range w.answers(ctx, questions) {
		if allowed {
			expected = append(expected, candidates[i].result)
		}
	}
	Expect(found).To(Equal(expected), "%s for %s, %+v in pages of %d", path, q.user.Name, q.Query, limit)
}

// candidate is something that a search may find, and the evaluation that says whether it should.
type candidate struct {
	result string
	wondered
}

func (w *tried) subjects(q wondered) []candidate {
	var out []candidate
	for _, user := range w.Users {
		c := candidate{"user " + user.Name, q}
		if q.application {
			c.result = "application " + w.clients[user.Name]
		}
		c.user = user
		out = append(out, c)
	}
	return sorted(out)
}

func (w *tried) actions(q wondered) []candidate {
	var out []candidate
	for _, action := range worlds.EveryAction {
		c := candidate{" " + action, q}
		c.Action = action
		out = append(out, c)
	}
	return sorted(out)
}

// resources are the ids that the tenant knows of a resource with ids of its own.
func (w *tried) resources(q wondered) []candidate {
	r, _ := w.Resource(q.Resource)
	var ids []string
	for _, d := range w.Tenant.Dimensions {
		if d == r.IdentifiedBy {
			ids = append(ids, tenantValues(d)...)
		}
	}
	for _, restriction := range w.Restrictions {
		if restriction.Dimension == r.IdentifiedBy && restriction.UserAttribute == "" {
			ids = append(ids, restriction.Values...)
		}
	}
	var out []candidate
	for _, id := range set(ids) {
		c := candidate{q.Resource + " " + id, q}
		c.Entity.ID = id
		out = append(out, c)
	}
	return out
}

func sorted(list []candidate) []candidate {
	slices.SortFunc(list, func(a, b candidate) int { return strings.Compare(a.result, b.result) })
	return list
}

// scopes holds what is said about a resource whose entities Roster does not know: an entity is in one of the scopes when,
// and only when, the subject may do it there.
func (w *tried) scopes(ctx context.Context, q wondered) {
	found, got := w.search(ctx, byResource, q, 10)
	Expect(found).To(BeEmpty())
	var body struct {
		Context struct {
			Scopes []struct {
				RestrictedTo []struct {
					Dimension string
					Values    []string
				}
			}
		}
	}
	Expect(json.Unmarshal([]byte(got.raw), &body)).To(Succeed())
	for _, entity := range w.Entities {
		inside := false
		for _, scope := range body.Context.Scopes {
			fits := true
			for _, d := range scope.RestrictedTo {
				fits = fits && slices.ContainsFunc(entity.Properties[d.Dimension], func(v string) bool { return slices.Contains(d.Values, v) })
			}
			inside = inside || fits
		}
		q.Entity = entity
		Expect(inside).To(Equal(w.right(q)), "%s, %+v: %s", q.user.Name, q.Query, got.raw)
	}
}

var _ = Describe("random worlds", Ordered, func() {
	var all []*tried
	BeforeAll(func(ctx context.Context) {
		for _, seed := range seeds() {
			all = append(all, apply(ctx, fmt.Sprintf("world-%d", seed), storable(worlds.Random.Example(seed))))
		}
		for _, w := range all {
			cluster.ExpectSettled(ctx, w.name)
		}
	})

	It("are decided as the oracle does, through the API server", func(ctx context.Context) {
		asked, allowed := 0, 0
		for _, w := range all {
			questions := w.questions(w.Entities)
			Eventually(func() []string { return w.wrong(ctx, questions) }, 10*time.Second, 500*time.Millisecond).
				WithContext(ctx).Should(BeEmpty(), "%s: %+v", w.name, w.World)
			asked += len(questions)
			for _, q := range questions {
				if w.right(q) {
					allowed++
				}
			}
		}
		AddReportEntry("questions", fmt.Sprintf("%d, %d of them allowed, seeds %v", asked, allowed, seeds()))
		Expect(allowed).To(BeNumerically(">", asked/100), "nearly everything is denied: that proves little")
	})

	It("are searched soundly and completely, whatever the size of the pages", func(ctx context.Context) {
		for _, w := range all {
			random := rand.New(rand.NewPCG(w.Seed, 1))
			limit := func() int { return 1 + random.IntN(4) }
			group := func() string { return append([]string{"", ""}, worlds.GroupNames...)[random.IntN(5)] }
			for q := range worlds.Queries(w.Entities[:2], group()) {
				for _, asked := range []wondered{{Query: q}, {Query: q, application: true}} {
					w.finds(ctx, byUser, asked, limit(), w.subjects(asked))
				}
			}
			for _, user := range w.Users {
				for _, resource := range worlds.EveryResource {
					for _, entity := range w.Entities {
						q := wondered{user, access.Query{Resource: resource, Entity: entity, Group: group()}, random.IntN(3) == 0}
						w.finds(ctx, byAction, q, limit(), w.actions(q))
					}
				}
				for q := range worlds.Queries(w.Entities[1:2], group()) {
					about := wondered{user, q, random.IntN(3) == 0}
					if r, known := w.Resource(q.Resource); known && r.IdentifiedBy != "" {
						w.finds(ctx, byResource, about, limit(), w.resources(about))
					} else {
						w.scopes(ctx, about)
					}
				}
			}
		}
	})
})
