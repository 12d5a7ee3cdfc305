package decision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/santhosh-tekuri/jsonschema/v6"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
)

// known is a tenant in which there is something to allow, as the API server has it and as application credentials.
type known struct{}

func (known) Read(context.Context, string) (*State, error) {
	ana := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: "ana", Namespace: "acme", UID: "7"}, Spec: accessv1.UserSpec{Email: "ana@acme.example"}}
	ana.Status.State = accessv1.UserActive
	ana.Status.EffectiveAccess = []accessv1.AccessEntry{
		{Resources: []string{"tax"}, Level: accessv1.LevelManage, Via: []accessv1.AccessSource{{Group: "ash"}}},
		{Resources: []string{"orders", "sites"}, Level: accessv1.LevelRead, RestrictedTo: []accessv1.DimensionValues{{Dimension: "site", Values: []string{"DE"}}}},
	}
	tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: "shop"}, Dimensions: []accessv1.TenantDimension{{Name: "site", Values: []string{"DE", "FR"}}},
	}}
	return &State{
		Revision: math.MaxUint64, Catalogs: catalogs2()[1:2], Tenants: []*accessv1.Tenant{tenant}, Users: []*accessv1.User{ana},
		Credentials: []*accessv1.ApplicationCredential{secretly(ana)}, Settled: always, SettledFor: always,
	}, nil
}

func always(context.Context, string) (bool, error) { return true, nil }

func secretly(ana *accessv1.User) *accessv1.ApplicationCredential {
	c := credentialOf(ana, "app")
	c.Status.TokenHash, c.Spec.ExpiresAt = credential.HashOf("secret").String(), &metav1.Time{Time: noon.Add(time.Minute)}
	return c
}

// newKnown is a service over that tenant, which has a caller in mind already.
func newKnown(path string) *Service {
	s := New(Options{Live: known{}, Log: logr.Discard(), MaxStale: time.Hour, MaxWait: time.Minute, Now: func() time.Time { return noon }})
	state, _ := known{}.Read(context.Background(), "")
	s.index.ReplaceCatalogs(state.Catalogs)
	s.index.ReplaceTenants(state.Tenants)
	s.index.ReplaceUsers(state.Users)
	s.index.ReplaceCredentials(state.Credentials)
	for of := range sources {
		s.index.progress.advance(of, strconv.FormatUint(math.MaxUint64, 10))
	}
	with, _ := s.callers.proofOf(request(path, "", typeJSON))
	for _, at := range []string{path, allTenants} {
		s.callers.known.Add(reviewKey{with.hash, at}, review{caller: caller{name: "caller"}, at: noon})
	}
	return s
}

func request(path, body, kind string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Content-Type", kind)
	return r
}

// answered is what a service says to a body. It is an object, and never that something went wrong inside.
func answered(t *testing.T, handler http.Handler, path, body, kind string) (int, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, request(path, body, kind))
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code >= http.StatusInternalServerError {
		t.Fatalf("%q: %d %s", body, w.Code, w.Body)
	}
	return w.Code, out
}

// judge tells what is malformed, by the schemas of the specification and nothing of the service's own.
type judge struct{ schema, item *jsonschema.Schema }

func newJudge(f *testing.F, schema string) *judge {
	compile := func(name string) *jsonschema.Schema {
		compiled, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "test", "decisions", "testdata", "authzen.json") + "#/$defs/" + name)
		if err != nil {
			f.Fatal(err)
		}
		return compiled
	}
	return &judge{compile(schema), compile("evaluationRequest")}
}

// meaningful are the names that mean something, by what they stand in. Others are ignored, however often they are there.
var meaningful = map[string][]string{
	"": {"subject", "action", "resource", "context", "evaluations", "options", "page"}, "evaluations": {"subject", "action", "resource", "context"},
	"subject": {"type", "id", "properties"}, "resource": {"type", "id", "properties"}, "action": {"name"},
	"context": {"tenant", "group", "explain", "atLeast"}, "options": {"evaluations_semantic"}, "page": {"token", "limit"},
}

// parse reads a body, and says whether it is JSON. What is null is left out. An object in which a name that means something
// stands twice is taken for something else than an object: nobody can say what it is.
func parse(body string) (any, bool) {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	value, err := readValue(decoder, "")
	_, end := decoder.Token()
	return value, err == nil && errors.Is(end, io.EOF)
}

func readValue(decoder *json.Decoder, place string) (any, error) {
	token, err := decoder.Token()
	switch token {
	case json.Delim('{'):
		return readObject(decoder, place)
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := readValue(decoder, place)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = decoder.Token()
		return list, err
	}
	return token, err
}

func readObject(decoder *json.Decoder, place string) (any, error) {
	object, names, twice := map[string]any{}, map[string]bool{}, false
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name := fmt.Sprint(token)
		value, err := readValue(decoder, name)
		if err != nil {
			return nil, err
		}
		twice = twice || names[name] && slices.Contains(meaningful[place], name)
		if names[name] = true; value != nil {
			object[name] = value
		}
	}
	if _, err := decoder.Token(); err != nil || twice {
		return "in doubt", err
	}
	return object, nil
}

// whole tells whether a question is well-formed as far as Roster reads it: of an action it reads the name.
func whole(schema *jsonschema.Schema, question map[string]any) bool {
	if action, ok := question["action"].(map[string]any); ok {
		delete(action, "properties")
	}
	if page, ok := question["page"].(map[string]any); ok {
		delete(page, "properties")
	}
	return schema.Validate(question) == nil
}

// judged holds an answer against the body: to what is malformed it is 400, and nothing is allowed.
func (j *judge) judged(t *testing.T, body string, code int, answer map[string]any) {
	t.Helper()
	value, isJSON := parse(body)
	question, isObject := value.(map[string]any)
	items, _ := question["evaluations"].([]any)
	around := question
	if len(items) > 0 { // they are judged one by one, with the defaults
		around = map[string]any{"evaluations": []any{map[string]any{}}}
		if options, ok := question["options"]; ok {
			around["options"] = options
		}
	}
	if good := isJSON && isObject && whole(j.schema, around); !good && code != http.StatusBadRequest {
		t.Errorf("%q is malformed, and got %d %v", body, code, answer)
	}
	list, _ := answer["evaluations"].([]any)
	for i, each := range list {
		decided, _ := each.(map[string]any)
		if decided["decision"] == true && (i >= len(items) || !whole(j.item, merged(question, items[i]))) {
			t.Errorf("%q: item %d is malformed and allowed", body, i)
		}
	}
}

// merged is an item of a batch with the defaults.
func merged(defaults map[string]any, item any) map[string]any {
	own, isObject := item.(map[string]any)
	if !isObject && item != nil {
		return nil
	}
	out := maps.Clone(defaults)
	maps.Copy(out, own)
	return out
}

const (
	ana     = `"subject":{"type":"user","id":"ana","properties":{"tenant":"acme"}}`
	reading = `"action":{"name":"read"}`
	tax     = `"resource":{"type":"tax","id":"1"}`
)

// fuzz sends bodies to an endpoint; the first of the seeds has to be answered with 200 and hold what is expected.
func fuzz(f *testing.F, path, schema, expected string, seeds ...string) {
	handler, j := newKnown(path).Handler(), newJudge(f, schema)
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, request(path, seeds[0], typeJSON)); w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(expected)) {
		f.Fatalf("%s: %d %s", seeds[0], w.Code, w.Body)
	}
	for _, seed := range append(seeds, "", "{", "[]", "null", `{"subject":7}`, `{"subject":null,"action":{},"resource":[]}`,
		`{`+ana+`,"subject":{"type":"user"},`+reading+`,`+tax+`}`, `{`+ana+`,`+reading+`,`+tax+`,"context":{"atLeast":"7","explain":true,"group":"ash"}}`,
		`{"subject":{"type":"application","id":"app"},`+reading+`,`+tax+`}`, `{`+ana+`,`+reading+`,`+tax+`} `+"\n", `{`+ana+`,`+reading+`,`+tax+`}{}`) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		code, answer := answered(t, handler, path, body, typeJSON)
		j.judged(t, body, code, answer)
	})
}

func FuzzEvaluation(f *testing.F) {
	fuzz(f, PathEvaluation, "evaluationRequest", `"decision":true`, `{`+ana+`,`+reading+`,`+tax+`}`,
		`{"subject":{"type":"user","id":"ana@acme.example"},`+reading+`,"resource":{"type":"orders","id":"1","properties":{"site":["DE",7,null],"x":{}}}}`,
		`{"subject":{"type":"user"},"subject":{"id":"ana"},`+reading+`,`+tax+`}`)
}

func FuzzEvaluations(f *testing.F) {
	fuzz(f, pathEvaluations, "evaluationsRequest", `"decision":true`, `{`+ana+`,`+reading+`,"evaluations":[{`+tax+`},{},{"resource":7},null]}`,
		`{`+ana+`,`+reading+`,`+tax+`,"evaluations":[{"subject":{"type":"user"},"subject":{"id":"ana"}}],"options":{"evaluations_semantic":"deny_on_first_deny"}}`,
		`{`+ana+`,`+reading+`,`+tax+`,"evaluations":[]}`,
		`{"":{},"evaluations":[{}],"":{}}`, `{"subject":{},"evaluations":[{`+ana+`,`+reading+`,`+tax+`}]}`)
}

func FuzzSubjectSearch(f *testing.F) {
	fuzz(f, pathSearchSubject, "subjectSearchRequest", `"id":"ana"`, `{"subject":{"type":"user"},`+reading+`,`+tax+`,"page":{"limit":1,"token":""}}`,
		`{"subject":{"type":"user"},`+reading+`,`+tax+`,"page":{"limit":0,"token":"e30"}}`)
}

func FuzzResourceSearch(f *testing.F) {
	fuzz(f, pathSearchResource, "resourceSearchRequest", `"id":"DE"`, `{`+ana+`,`+reading+`,"resource":{"type":"sites"},"page":{"limit":1}}`,
		`{`+ana+`,`+reading+`,"resource":{"type":"orders"},"page":{"limit":-1}}`)
}

func FuzzActionSearch(f *testing.F) {
	fuzz(f, pathSearchAction, "actionSearchRequest", `"name":"create"`, `{`+ana+`,`+tax+`,"page":{"limit":2}}`, `{`+ana+`,"resource":{"type":"tax"}}`)
}

// A token is in force when it is sent as the one value of the field, and is nothing else's.
func FuzzIntrospection(f *testing.F) {
	handler := newKnown(pathIntrospect).Handler()
	for _, seed := range []string{"token=secret", "token=secret&token=secret", "token=%73ecret&token_type_hint=access_token", "token=", "token", "a=b;token=secret", "%", "token=secret%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		code, answer := answered(t, handler, pathIntrospect, body, typeForm)
		form, err := url.ParseQuery(body)
		one := err == nil && len(form["token"]) == 1
		if wanted := one && form["token"][0] == "secret"; wanted != (answer["active"] == true) {
			t.Errorf("%q: %v", body, answer)
		}
		if good := one && form["token"][0] != ""; good != (code == http.StatusOK) {
			t.Errorf("%q: %d", body, code)
		}
	})
}

func FuzzSub(f *testing.F) {
	f.Add("CgRhbmFhEgVsb2NhbA")
	f.Fuzz(func(_ *testing.T, sub string) { userOf(sub) })
}
