package decisions_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/roster-dev/roster/internal/manager"
)

// The schemas of what is sent to each endpoint, and of what comes back.
var (
	requestSchemas = map[string]string{
		evaluation: "evaluationRequest", evaluations: "evaluationsRequest",
		byUser: "subjectSearchRequest", byResource: "resourceSearchRequest", byAction: "actionSearchRequest",
	}
	responseSchemas = map[string]string{
		evaluation: "evaluationResponse", evaluations: "evaluationsResponse",
		byUser: "entitySearchResponse", byResource: "entitySearchResponse", byAction: "actionSearchResponse",
		introspect: "introspection",
	}
)

var (
	schemas     = map[string]*jsonschema.Schema{}
	schemasLock sync.Mutex
)

// violation is what is wrong with a document by a schema; nil: nothing is.
func violation(schema, document string) error {
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		return err
	}
	schemasLock.Lock()
	defer schemasLock.Unlock()
	if schemas[schema] == nil {
		compiled, err := jsonschema.NewCompiler().Compile("testdata/authzen.json#/$defs/" + schema)
		Expect(err).NotTo(HaveOccurred())
		schemas[schema] = compiled
	}
	return schemas[schema].Validate(parsed)
}

// expectConforming holds a request that was answered, and its answer, against the schemas. Every answer of the suite passes
// through it.
func expectConforming(path, body, answer string, code int) {
	response, known := responseSchemas[path]
	if !known {
		return
	}
	if code != http.StatusOK {
		Expect(violation("error", answer)).To(Succeed(), "%d %s", code, answer)
		return
	}
	items := itemsOf(path, body)
	if path == evaluations && len(items) == 0 {
		response = "evaluationResponse"
	}
	Expect(violation(response, answer)).To(Succeed(), "%s", answer)
	if request, known := requestSchemas[path]; known {
		Expect(violation(request, body)).To(Succeed(), "what was answered is no request: %s", body)
	}
	expectFailures(items, answer)
}

// expectFailures holds the answers to a batch against its items: those that cannot be asked fail, and no others do.
func expectFailures(items []string, answer string) {
	if len(items) == 0 {
		return
	}
	var got struct{ Evaluations []json.RawMessage }
	Expect(json.Unmarshal([]byte(answer), &got)).To(Succeed())
	Expect(len(got.Evaluations)).To(BeNumerically("<=", len(items)))
	for i, each := range got.Evaluations {
		malformed := violation("evaluationRequest", items[i])
		failed := violation("failedEvaluation", string(each)) == nil
		if refused := failed && strings.Contains(string(each), `"status":403`); !refused {
			Expect(failed).To(Equal(malformed != nil), "%s was answered with %s", items[i], each)
		}
	}
}

// itemsOf are the evaluations of a batch with the defaults in them.
func itemsOf(path, body string) []string {
	var batch map[string]json.RawMessage
	if path != evaluations || json.Unmarshal([]byte(body), &batch) != nil {
		return nil
	}
	var list []json.RawMessage
	_ = json.Unmarshal(batch["evaluations"], &list)
	out := make([]string, len(list))
	for i, raw := range list {
		whole := maps.Clone(batch)
		delete(whole, "evaluations")
		_ = json.Unmarshal(raw, &whole)
		merged, err := json.Marshal(whole)
		Expect(err).NotTo(HaveOccurred())
		out[i] = string(merged)
	}
	return out
}

var _ = Describe("schemas", func() {
	DescribeTable("refuse what the service must not say or take", func(schema, document string) {
		Expect(violation(schema, document)).NotTo(Succeed())
	},
		Entry("no decision", "evaluationResponse", `{"context":{}}`),
		Entry("a decision that is a word", "evaluationResponse", `{"decision":"true"}`),
		Entry("a context that is a list", "evaluationResponse", `{"decision":true,"context":[]}`),
		Entry("an answer that is a list", "evaluationResponse", `[{"decision":true}]`),
		Entry("a batch without answers", "evaluationsResponse", `{"evaluations":[]}`),
		Entry("a batch that is a decision", "evaluationsResponse", `{"decision":true}`),
		Entry("an item without a decision", "evaluationsResponse", `{"evaluations":[{"decision":true},{}]}`),
		Entry("a failure that allows", "failedEvaluation", `{"decision":true,"context":{"error":{"status":400,"message":"x"}}}`),
		Entry("a failure without a message", "failedEvaluation", `{"decision":false,"context":{"error":{"status":400}}}`),
		Entry("no results", "entitySearchResponse", `{"page":{"next_token":""}}`),
		Entry("results that are nothing", "entitySearchResponse", `{"results":null}`),
		Entry("a result without an id", "entitySearchResponse", `{"results":[{"type":"user"}]}`),
		Entry("an action among entities", "entitySearchResponse", `{"results":[{"name":"read"}]}`),
		Entry("an entity among actions", "actionSearchResponse", `{"results":[{"type":"user","id":"ana"}]}`),
		Entry("a page without a token", "entitySearchResponse", `{"page":{"count":0},"results":[]}`),
		Entry("a token that is nothing", "actionSearchResponse", `{"page":{"next_token":null},"results":[]}`),
		Entry("a count below zero", "entitySearchResponse", `{"page":{"next_token":"","count":-1},"results":[]}`),
		Entry("no point", "discovery", `{"access_evaluation_endpoint":"https://a.example/access/v1/evaluation"}`),
		Entry("a point in the clear", "discovery", `{"policy_decision_point":"http://a.example","access_evaluation_endpoint":"https://a.example/e"}`),
		Entry("a point with a query", "discovery", `{"policy_decision_point":"https://a.example?x","access_evaluation_endpoint":"https://a.example/e"}`),
		Entry("an endpoint that is nothing", "discovery", `{"policy_decision_point":"https://a.example","access_evaluation_endpoint":"https://a.example/e","search_action_endpoint":null}`),
		Entry("an error without a word", "error", `{"status":400,"message":""}`),
		Entry("an error that is none", "error", `{"status":200,"message":"fine"}`),
		Entry("an introspection that does not say", "introspection", `{"client_id":"x"}`),
		Entry("a question without an id", "evaluationRequest", object(anyUser, reading, record1)),
		Entry("a single evaluation without resource", "evaluationsRequest", object(alice, reading, `"evaluations":[]`)),
		Entry("an unknown semantic", "evaluationsRequest", object(alice, reading, record1, `"options":{"evaluations_semantic":"maybe"}`)),
		Entry("a page below zero", "subjectSearchRequest", object(anyUser, reading, record1, `"page":{"limit":-1}`)),
		Entry("half a page", "resourceSearchRequest", object(alice, reading, anyRecord, `"page":{"limit":0.5}`)),
		Entry("an action search without resource.id", "actionSearchRequest", object(alice, anyRecord)),
	)

	It("take the examples of the specification's shapes, with fields of the future", func() {
		Expect(violation("evaluationRequest", object(alice, reading, record1, somewhen, `"more":1`))).To(Succeed())
		Expect(violation("evaluationsRequest", object(alice, `"evaluations":[{`+record1+`}]`))).To(Succeed())
		Expect(violation("entitySearchResponse", `{"page":{"next_token":"x","count":1,"total":2},"results":[{"type":"user","id":"ana","more":{}}]}`)).To(Succeed())
		Expect(violation("discovery", `{"policy_decision_point":"https://a.example","access_evaluation_endpoint":"https://a.example/e","capabilities":["urn:x"]}`)).To(Succeed())
	})

	It("hold for the discovery document of a service behind https", func(ctx context.Context) {
		public := serve(cluster.Config, func(o *manager.DecisionOptions) { o.PublicURL = "https://decisions.example" })
		got := public.send(ctx, http.MethodGet, "/.well-known/authzen-configuration", "")
		Expect(violation("discovery", got.raw)).To(Succeed(), got.raw)
	})
})
