package decision

import (
	"fmt"
	"strings"
	"testing"
)

// A tenant that is named wrongly is not the same as one that is not named.
func TestATenantIsNamedInOneWay(t *testing.T) {
	const malformed = "Bad Request: %s.properties.tenant must be the name of one tenant"
	for _, c := range []struct{ what, subject, resource, context, want string }{
		{"nowhere, and ana is in two", ``, ``, ``, "deny AmbiguousTenant"},
		{"with the subject", `"acme"`, ``, ``, "allow"},
		{"with the resource", ``, `"acme"`, ``, "allow"},
		{"in the context", ``, ``, `"acme"`, "allow"},
		{"everywhere the same", `"acme"`, `"acme"`, `"acme"`, "allow"},
		{"as two", `["acme","globex"]`, ``, ``, fmt.Sprintf(malformed, "subject")},
		{"as one twice", `["globex","globex"]`, ``, ``, fmt.Sprintf(malformed, "subject")},
		{"as one beside something else", `["acme",7]`, ``, ``, fmt.Sprintf(malformed, "subject")},
		{"as a number", `7`, `"acme"`, ``, fmt.Sprintf(malformed, "subject")},
		{"as an object", `{}`, `"acme"`, ``, fmt.Sprintf(malformed, "subject")},
		{"as null", `null`, `"acme"`, ``, fmt.Sprintf(malformed, "subject")},
		{"as no name", `""`, `"acme"`, ``, fmt.Sprintf(malformed, "subject")},
		{"with the resource, as two", `"acme"`, `["acme","globex"]`, ``, fmt.Sprintf(malformed, "resource")},
		{"in the context, as no name", `"acme"`, ``, `""`, "Bad Request: context.tenant must not be empty"},
		{"differently with subject and resource", `"acme"`, `"globex"`, ``, "deny AmbiguousTenant"},
		{"differently with subject and context", `"acme"`, ``, `"globex"`, "deny AmbiguousTenant"},
		{"differently with resource and context", ``, `"acme"`, `"globex"`, "deny AmbiguousTenant"},
		{"differently, and the last as the first", `"acme"`, `"globex"`, `"acme"`, "deny AmbiguousTenant"},
	} {
		t.Run(c.what, func(t *testing.T) {
			of := func(tenant string) string {
				if tenant == "" {
					return ""
				}
				return `,"properties":{"tenant":` + tenant + `}`
			}
			about := ""
			if c.context != "" {
				about = `,"context":{"tenant":` + c.context + `}`
			}
			question := `{"subject":{"type":"user","id":"ana"` + of(c.subject) + `},"action":{"name":"read"},"resource":{"type":"tax","id":"1"` + of(c.resource) + `}` + about + `}`
			d := newDesk(t)
			if got := d.asks(platform, PathEvaluation, question).says(); got != c.want {
				t.Errorf("alone: %q, not %q", got, c.want)
			}
			want := strings.Replace(c.want, "Bad Request", "deny", 1)
			if got := d.asks(platform, pathEvaluations, `{"evaluations":[`+question+`]}`).items(); got[0] != want {
				t.Errorf("in a batch: %q, not %q", got, want)
			}
			for path, finds := range map[string]string{pathSearchSubject: "ana", pathSearchAction: "read"} {
				got := d.asks(platform, path, question)
				refused := strings.HasPrefix(c.want, "Bad Request")
				if (got.Code == 400) != refused || !refused && (strings.Join(got.ids(), " ") == finds) != (c.want == "allow") {
					t.Errorf("%s: %s, not %q", path, got.Text, c.want)
				}
			}
		})
	}
}

// What is there and empty is a mistake: it must not mean that everything counts, or that any version will do.
func TestWhatIsThereSaysSomething(t *testing.T) {
	for about, want := range map[string]string{
		`{"group":""}`:    "Bad Request: context.group must not be empty",
		`{"atLeast":""}`:  "Bad Request: context.atLeast must not be empty",
		`{"atLeast":"0"}`: "Bad Request: context.atLeast must be a resourceVersion",
		`{}`:              "allow",
	} {
		d := newDesk(t)
		if got := d.asks(platform, PathEvaluation, evaluationOf("acme", "ana", `,"context":`+about)).says(); got != want {
			t.Errorf("%s: %q, not %q", about, got, want)
		}
		search := strings.Replace(evaluationOf("acme", "ana", `,"context":`+about), `"action":{"name":"read"},`, "", 1)
		if got := d.asks(platform, pathSearchAction, search); (got.Code == 400) != (want != "allow") {
			t.Errorf("%s: a search says %s", about, got.Text)
		}
	}
}

// What is wrong is said in the words of the request, not in those of the program.
func TestWhatIsOfAWrongTypeIsNamedAsTheCallerDoes(t *testing.T) {
	for _, path := range []string{PathEvaluation, pathEvaluations, pathSearchSubject} {
		for body, want := range map[string]string{
			`{"subject":7}`:                         "subject must not be of type number",
			`{"subject":{"id":7}}`:                  "subject.id must not be of type number",
			`{"context":{"explain":"yes"}}`:         "context.explain must not be of type string",
			`{"resource":{"properties":"nothing"}}`: "resource.properties must not be of type string",
		} {
			if got := newDesk(t).asks(platform, path, body); got.Code != 400 || field(got.Body, "message") != want {
				t.Errorf("%s %s: %s", path, body, got.Text)
			}
		}
	}
	if got := newDesk(t).asks(platform, pathSearchSubject, `{"page":{"limit":1.5}}`); field(got.Body, "message") != "page.limit must be a whole number" {
		t.Errorf("half a limit: %s", got.Text)
	}
	for body, want := range map[string]string{
		`{"evaluations":7}`:                              "evaluations must not be of type number",
		`{"options":{"evaluations_semantic":7}}`:         "options.evaluations_semantic must not be of type number",
		`{"evaluations":[{}],"options":"deny_on_first"}`: "options must not be of type string",
	} {
		if got := newDesk(t).asks(platform, pathEvaluations, body); field(got.Body, "message") != want {
			t.Errorf("%s: %s", body, got.Text)
		}
	}
}
