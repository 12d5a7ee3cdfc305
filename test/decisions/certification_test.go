package decisions_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

const (
	evaluation  = "/access/v1/evaluation"
	evaluations = "/access/v1/evaluations"
	byUser      = "/access/v1/search/subject"
	byResource  = "/access/v1/search/resource"
	byAction    = "/access/v1/search/action"
	introspect  = "/oauth2/introspect"
)

// The fixture of the public certification scenario of AuthZEN 1.0, in Roster's terms: two people, two records with ids of
// their own, and an action that the catalog declares.
func applyCertified(ctx context.Context) {
	cluster.ExpectApplied(ctx, &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "records"}, Spec: accessv1.ResourceCatalogSpec{
		Services: []accessv1.CatalogService{{Name: "records", Resources: []accessv1.CatalogResource{
			{Name: "record", Actions: []string{"write"}, RestrictedBy: []string{"record"}, IdentifiedBy: "record"},
		}}},
	}})
	tenant := tenantOf("certified", "records", accessv1.TenantDimension{Name: "record", Values: []string{"record-1", "record-2"}})
	cluster.ExpectApplied(ctx, tenant)
	settled(ctx, tenant)
	cluster.ExpectApplied(ctx,
		groupIn("certified", "readers", []accessv1.Rule{{Resources: []string{"record"}, Level: accessv1.LevelRead}}),
		groupIn("certified", "writers", []accessv1.Rule{{Resources: []string{"record"}, Actions: []string{"write"}}}, "record-1"),
		&accessv1.Restriction{ObjectMeta: metav1.ObjectMeta{Namespace: "certified", Name: "record-1"}, Spec: accessv1.RestrictionSpec{
			Dimension: "record", Values: &[]string{"record-1"},
		}},
		userIn("certified", "alice", "readers", "writers"), userIn("certified", "bob", "readers"))
	certified = decisions.as(newToken(ctx, "certified", "harness"))
	decisions.eventually(ctx, question("certified", "alice", "write", "record", "record-1"), "allow")
	decisions.eventually(ctx, question("certified", "bob", "read", "record", "record-1"), "allow")
}

const (
	alice     = `"subject":{"type":"user","id":"alice"}`
	bob       = `"subject":{"type":"user","id":"bob"}`
	anyUser   = `"subject":{"type":"user"}`
	reading   = `"action":{"name":"read"}`
	writing   = `"action":{"name":"write"}`
	record1   = `"resource":{"type":"record","id":"record-1"}`
	anyRecord = `"resource":{"type":"record"}`
	somewhen  = `"context":{"time":"2025-06-27T18:03-07:00","ip":"192.168.1.1"}`
)

func object(parts ...string) string { return "{" + strings.Join(parts, ",") + "}" }

var _ = Describe("certification", Ordered, func() {
	BeforeAll(func(ctx context.Context) { applyCertified(ctx) })

	DescribeTable("decides", func(ctx context.Context, body, expected string) {
		for range 3 {
			got := certified.ask(ctx, evaluation, body)
			Expect(got.Header.Get("Content-Type")).To(Equal("application/json"))
			Expect(got.decision()).To(HavePrefix(expected))
		}
	},
		Entry("alice may read", object(alice, reading, record1), "allow"),
		Entry("alice may write", object(alice, writing, record1), "allow"),
		Entry("bob may read", object(bob, reading, record1), "allow"),
		Entry("bob may not write", object(bob, writing, record1), "deny NoGrant"),
		Entry("a context does not matter", object(alice, reading, record1, somewhen), "allow"),
		Entry("further properties do not matter", object(
			`"subject":{"type":"user","id":"alice","properties":{"department":"Sales","role":"manager"}}`,
			`"action":{"name":"read","properties":{"method":"GET"}}`,
			`"resource":{"type":"record","id":"record-1","properties":{"status":"active","owner":"bob"}}`), "allow"),
		Entry("unknown fields are ignored", object(alice, reading, record1, `"foo":"bar","futureField":{"nested":true}`), "allow"),
		Entry("a record outside is denied", object(alice, writing, `"resource":{"type":"record","id":"record-2"}`), "deny OutsideRestriction record"),
		Entry("nobody is denied", object(`"subject":{"type":"user","id":"nobody"}`, reading, record1), "deny UnknownUser"),
		Entry("another type of subject is denied", object(`"subject":{"type":"spaceship","id":"alice"}`, reading, record1), "deny UnknownUser"),
		Entry("an unknown type of resource is denied", object(alice, reading, `"resource":{"type":"moon","id":"1"}`), "deny UnknownResource"),
		Entry("an unknown action is denied", object(alice, `"action":{"name":"fly"}`, record1), "deny UnknownAction"),
		Entry("an unknown application is denied", object(`"subject":{"type":"application","id":"x"}`, reading, record1), "deny UnknownUser"),
	)

	DescribeTable("refuses with 400 what the specification does", func(ctx context.Context, path, body string) {
		got := certified.ask(ctx, path, body)
		Expect(got.Code).To(Equal(http.StatusBadRequest))
		Expect(violation(requestSchemas[path], body)).NotTo(Succeed(), "the specification allows it")
	},
		Entry("no subject", evaluation, object(reading, record1)),
		Entry("no action", evaluation, object(alice, record1)),
		Entry("no resource", evaluation, object(alice, reading)),
		Entry("no subject.type", evaluation, object(`"subject":{"id":"alice"}`, reading, record1)),
		Entry("no subject.id", evaluation, object(anyUser, reading, record1)),
		Entry("no action.name", evaluation, object(alice, `"action":{}`, record1)),
		Entry("no resource.type", evaluation, object(alice, reading, `"resource":{"id":"record-1"}`)),
		Entry("no resource.id", evaluation, object(alice, reading, anyRecord)),
		Entry("no JSON", evaluation, `{"subject":`),
		Entry("nothing", evaluation, ""),
		Entry("a list", evaluation, "["+object(alice, reading, record1)+"]"),
		Entry("a subject that is a string", evaluation, object(`"subject":"alice"`, reading, record1)),
		Entry("a name that is a number", evaluation, object(alice, `"action":{"name":123}`, record1)),
		Entry("a field in capitals", evaluation, object(`"Subject":{"type":"user","id":"alice"}`, reading, record1)),
		Entry("an unknown semantic", evaluations, object(alice, reading, `"options":{"evaluations_semantic":"maybe"}`, `"evaluations":[{`+record1+`}]`)),
		Entry("no list and no resource", evaluations, object(alice, reading)),
		Entry("a page below zero", byUser, object(anyUser, reading, record1, `"page":{"limit":-1}`)),
		Entry("subject search without action", byUser, object(anyUser, record1)),
		Entry("resource search without subject", byResource, object(reading, anyRecord)),
		Entry("action search without resource", byAction, object(alice)),
		Entry("subject search without resource.id", byUser, object(anyUser, reading, anyRecord)),
		Entry("resource search without subject.id", byResource, object(anyUser, reading, anyRecord)),
		Entry("action search without subject.id", byAction, object(anyUser, record1)),
	)

	DescribeTable("refuses with 400 what no schema can see", func(ctx context.Context, path, body string, headers ...string) {
		Expect(certified.ask(ctx, path, body, headers...).Code).To(Equal(http.StatusBadRequest))
		Expect(violation(requestSchemas[path], body)).To(Succeed())
	},
		Entry("another type of content", evaluation, object(alice, reading, record1), "Content-Type", "text/plain"),
		Entry("too many evaluations", evaluations, object(alice, reading, `"evaluations":[`+strings.Repeat("{},", 1000)+`{}]`)),
		Entry("a token of another search", byUser, object(anyUser, reading, record1, `"page":{"token":"e30"}`)),
	)

	DescribeTable("evaluates batches", func(ctx context.Context, body string, expected ...string) {
		got := certified.ask(ctx, evaluations, body)
		Expect(got.Code).To(Equal(http.StatusOK))
		list, ok := got.Body["evaluations"].([]any)
		Expect(ok).To(BeTrue())
		Expect(list).To(HaveLen(len(expected)))
		for i, item := range list {
			each, ok := item.(map[string]any)
			Expect(ok).To(BeTrue())
			Expect(spoken(each)).To(HavePrefix(expected[i]))
		}
	},
		Entry("over resources", object(alice, reading, `"evaluations":[{`+record1+`},{"resource":{"type":"record","id":"record-2"}}]`), "allow", "allow"),
		Entry("over actions", object(bob, record1, `"evaluations":[{`+reading+`},{`+writing+`}]`), "allow", "deny"),
		Entry("without defaults", object(`"evaluations":[`+object(alice, reading, record1)+`,`+object(bob, writing, record1)+`]`), "allow", "deny"),
		Entry("with contexts", object(alice, reading, somewhen, `"evaluations":[{`+record1+`},{`+record1+`,"context":{"source":"batch-override"}}]`), "allow", "allow"),
		Entry("with an item that cannot be asked", object(alice, reading, `"options":{"evaluations_semantic":"execute_all"}`, `"evaluations":[{`+record1+`},{}]`), "allow", "deny"),
		Entry("with an item of a wrong type", object(alice, reading, `"evaluations":[{"resource":7},{`+record1+`}]`), "deny", "allow"),
		Entry("with whole objects replaced", object(alice, writing, record1, `"evaluations":[{},{"resource":{"type":"record","id":"record-2"}}]`), "allow", "deny"),
		Entry("until the first denial", object(record1, writing, `"options":{"evaluations_semantic":"deny_on_first_deny"}`,
			`"evaluations":[{`+alice+`},{`+bob+`},{`+alice+`}]`), "allow", "deny"),
		Entry("until the first permission", object(record1, writing, `"options":{"evaluations_semantic":"permit_on_first_permit"}`,
			`"evaluations":[{`+bob+`},{`+alice+`},{`+bob+`}]`), "deny", "allow"),
	)

	It("evaluates a batch without a list as a single one", func(ctx context.Context) {
		Expect(certified.ask(ctx, evaluations, object(alice, reading, record1)).decision()).To(Equal("allow"))
		Expect(certified.ask(ctx, evaluations, object(alice, reading, record1, `"evaluations":[]`)).decision()).To(Equal("allow"))
	})

	DescribeTable("finds", func(ctx context.Context, path, body string, expected ...string) {
		Expect(certified.found(ctx, path, body)).To(Equal(append([]string{}, expected...)))
	},
		Entry("who may read", byUser, object(anyUser, reading, record1), "user alice", "user bob"),
		Entry("who may write", byUser, object(anyUser, writing, record1), "user alice"),
		Entry("who may read, in a context", byUser, object(anyUser, reading, record1, somewhen), "user alice", "user bob"),
		Entry("who may read, whatever id is given", byUser, object(alice, reading, record1), "user alice", "user bob"),
		Entry("what may be read", byResource, object(alice, reading, anyRecord), "record record-1", "record record-2"),
		Entry("what may be written", byResource, object(alice, writing, anyRecord), "record record-1"),
		Entry("what may be read, in a context", byResource, object(alice, reading, anyRecord, somewhen), "record record-1", "record record-2"),
		Entry("what may be read, whatever id is given", byResource, object(alice, reading, record1), "record record-1", "record record-2"),
		Entry("what may be done", byAction, object(alice, record1), " read", " write"),
		Entry("what may be done, in a context", byAction, object(alice, record1, somewhen), " read", " write"),
		Entry("nothing for nobody", byAction, object(`"subject":{"type":"user","id":"nonexistent-user"}`, record1)),
		Entry("nothing for nobody in records", byResource, object(`"subject":{"type":"user","id":"nonexistent-user"}`, reading, anyRecord)),
		Entry("no spaceships", byUser, object(`"subject":{"type":"spaceship"}`, reading, record1)),
		Entry("nobody for a moon", byUser, object(anyUser, reading, `"resource":{"type":"moon","id":"1"}`)),
		Entry("no moons", byResource, object(alice, reading, `"resource":{"type":"moon"}`)),
		Entry("nothing to do with a moon", byAction, object(alice, `"resource":{"type":"moon","id":"1"}`)),
	)

	It("turns pages", func(ctx context.Context) {
		body := object(anyUser, reading, record1)
		first := certified.ask(ctx, byUser, body[:len(body)-1]+`,"page":{"limit":1}}`)
		Expect(first.results()).To(Equal([]string{"user alice"}))
		page, ok := first.Body["page"].(map[string]any)
		Expect(ok).To(BeTrue())
		Expect(page).To(And(HaveKeyWithValue("count", 1.0), HaveKeyWithValue("total", 2.0)))
		Expect(page["next_token"]).NotTo(BeEmpty())
		second := certified.ask(ctx, byUser, body[:len(body)-1]+fmt.Sprintf(`,"page":{"token":%q}}`, page["next_token"]))
		Expect(second.results()).To(Equal([]string{"user bob"}))
		Expect(second.Body["page"]).To(HaveKeyWithValue("next_token", ""))
	})

	It("counts for whoever wants no results", func(ctx context.Context) {
		got := certified.ask(ctx, byUser, object(anyUser, reading, record1, `"page":{"limit":0}`))
		Expect(got.results()).To(BeEmpty())
		Expect(got.Body["page"]).To(And(HaveKeyWithValue("count", 0.0), HaveKeyWithValue("total", 2.0), HaveKeyWithValue("next_token", Not(BeEmpty()))))
	})

	It("gives a request's id back, and none where there was none", func(ctx context.Context) {
		Expect(certified.ask(ctx, evaluation, object(alice, reading, record1), "X-Request-ID", "7f3a").Header.Get("X-Request-ID")).To(Equal("7f3a"))
		Expect(certified.ask(ctx, evaluation, "", "X-Request-ID", "bad").Header.Get("X-Request-ID")).To(Equal("bad"))
		Expect(certified.ask(ctx, evaluation, object(alice, reading, record1)).Code).To(Equal(http.StatusOK))
	})

	It("takes a charset, and refuses other methods", func(ctx context.Context) {
		Expect(certified.ask(ctx, evaluation, object(alice, reading, record1), "Content-Type", "application/json; charset=utf-8").decision()).To(Equal("allow"))
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			Expect(certified.send(ctx, method, evaluation, "").Code).To(Equal(http.StatusMethodNotAllowed))
		}
	})

	It("says where everything is", func(ctx context.Context) {
		got := certified.send(ctx, http.MethodGet, "/.well-known/authzen-configuration", "", "Authorization", "")
		Expect(got.Code).To(Equal(http.StatusOK))
		Expect(got.Header.Get("Content-Type")).To(Equal("application/json"))
		Expect(got.Body).To(Equal(map[string]any{
			"policy_decision_point": certified.URL, "access_evaluation_endpoint": certified.URL + evaluation,
			"access_evaluations_endpoint": certified.URL + evaluations, "search_subject_endpoint": certified.URL + byUser,
			"search_resource_endpoint": certified.URL + byResource, "search_action_endpoint": certified.URL + byAction,
		}))
	})
})

// results are those of a search, as type and id or name.
func (r reply) results() []string {
	Expect(r.Code).To(Equal(http.StatusOK), "%v", r.Body)
	list, ok := r.Body["results"].([]any)
	Expect(ok).To(BeTrue(), "%v", r.Body)
	out := []string{}
	for _, item := range list {
		each, ok := item.(map[string]any)
		Expect(ok).To(BeTrue())
		text := func(name string) string { s, _ := each[name].(string); return s }
		out = append(out, text("type")+" "+text("id")+text("name"))
	}
	return out
}

func (s *server) found(ctx context.Context, path, body string) []string {
	return s.ask(ctx, path, body).results()
}
