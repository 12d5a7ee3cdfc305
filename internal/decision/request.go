package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	kjson "sigs.k8s.io/json"

	"github.com/roster-dev/roster/internal/access"
)

// Limits of a request.
const (
	maxBody  = 1 << 20
	maxBatch = 1000
	maxPage  = 1000
)

// entity is a subject or a resource of a request. A field that is nil was not there.
type entity struct {
	Type       *string    `json:"type"`
	ID         *string    `json:"id"`
	Properties properties `json:"properties"`
}

type action struct {
	Name *string `json:"name"`
}

// properties are what a caller says about a subject or a resource.
type properties map[string]any

// values are those of a property: a string, or the strings of a list. Anything else bears none, so that what cannot be
// compared is outside every restriction.
func (p properties) values(name string) []string {
	switch value := p[name].(type) {
	case string:
		return []string{value}
	case []any:
		var out []string
		for _, item := range value {
			if text, ok := item.(string); ok {
				out = append(out, text)
			}
		}
		return out
	default:
		return nil
	}
}

// one is a property that has to be a single value; empty when it is none.
func (p properties) one(name string) string {
	if text, ok := p[name].(string); ok {
		return text
	}
	if list := p.values(name); len(list) == 1 {
		return list[0]
	}
	return ""
}

// requestContext is what Roster understands of a request's context.
type requestContext struct {
	Tenant  string `json:"tenant"`
	Group   string `json:"group"`
	Explain bool   `json:"explain"`
	AtLeast string `json:"atLeast"`
}

// asked is one evaluation, and what a search leaves open.
type asked struct {
	Subject  *entity         `json:"subject"`
	Action   *action         `json:"action"`
	Resource *entity         `json:"resource"`
	Context  *requestContext `json:"context"`
}

// batch is the body of an evaluations request: defaults, and what differs from them.
type batch struct {
	asked
	Evaluations []json.RawMessage `json:"evaluations"`
	Options     *struct {
		Semantic *string `json:"evaluations_semantic"`
	} `json:"options"`
}

// searched is the body of a search.
type searched struct {
	asked
	Page *struct {
		Token string `json:"token"`
		Limit *int   `json:"limit"`
	} `json:"page"`
}

// failure is an answer that is no decision.
type failure struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
	// retryAfter is in seconds; 0: the caller need not come back.
	retryAfter int
	challenge  bool
}

// Error is the sentence for the caller.
func (f *failure) Error() string { return f.Message }

func malformed(format string, arguments ...any) *failure {
	return &failure{Status: http.StatusBadRequest, Message: fmt.Sprintf(format, arguments...)}
}

// read takes a request's body.
func read(w http.ResponseWriter, r *http.Request, wanted string) ([]byte, error) {
	if !isOfType(r.Header.Get("Content-Type"), wanted) {
		return nil, malformed("Content-Type must be %s", wanted)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &failure{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The body is larger than %d bytes", maxBody)}
	}
	if err != nil {
		return nil, malformed("The body could not be read")
	}
	return body, nil
}

// isOfType tells whether a body is of the type. Most callers send just its name.
func isOfType(header, wanted string) bool {
	if header == wanted {
		return true
	}
	kind, _, err := mime.ParseMediaType(header)
	return err == nil && kind == wanted
}

// decode reads one JSON object. Names of fields are compared exactly, and unknown fields are ignored.
func decode(body []byte, into any) error {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return malformed("The body must be a JSON object")
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(body, into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistyped):
		return malformed("%s must not be of type %s", mistyped.Field, mistyped.Value)
	default:
		return malformed("The body is not valid JSON")
	}
}

// parts of a request that have to be there.
type parts struct{ subject, subjectID, action, resource, resourceID bool }

var (
	wholeEvaluation = parts{subject: true, subjectID: true, action: true, resource: true, resourceID: true}
	subjectSearch   = parts{subject: true, action: true, resource: true, resourceID: true}
	resourceSearch  = parts{subject: true, subjectID: true, action: true, resource: true}
	actionSearch    = parts{subject: true, subjectID: true, resource: true, resourceID: true}
)

func (a *asked) check(p parts) error {
	if err := a.Subject.check("subject", p.subject, p.subjectID); err != nil {
		return err
	}
	if p.action && a.Action == nil {
		return malformed("action is missing")
	}
	if p.action && a.Action.Name == nil {
		return malformed("action.name is missing")
	}
	return a.Resource.check("resource", p.resource, p.resourceID)
}

func (e *entity) check(name string, wanted, withID bool) error {
	switch {
	case !wanted:
		return nil
	case e == nil:
		return malformed("%s is missing", name)
	case e.Type == nil:
		return malformed("%s.type is missing", name)
	case withID && e.ID == nil:
		return malformed("%s.id is missing", name)
	}
	return nil
}

func (e *entity) id() string {
	if e == nil || e.ID == nil {
		return ""
	}
	return *e.ID
}

// tenant is the one that the request names, by the first place that does; empty: none.
func (a *asked) tenant() string {
	for _, e := range []*entity{a.Subject, a.Resource} {
		if e != nil {
			if name := e.Properties.one("tenant"); name != "" {
				return name
			}
		}
	}
	if a.Context != nil {
		return a.Context.Tenant
	}
	return ""
}

// query is the question in the model's terms.
func (a *asked) query() access.Query {
	q := access.Query{}
	if a.Action != nil && a.Action.Name != nil {
		q.Action = *a.Action.Name
	}
	if a.Resource != nil {
		q.Resource, q.Entity.ID = *a.Resource.Type, a.Resource.id()
		q.Entity.Properties = a.Resource.Properties.plain()
	}
	if a.Context != nil {
		q.Group = a.Context.Group
	}
	return q
}

func (p properties) plain() map[string][]string {
	if len(p) == 0 {
		return nil
	}
	out := make(map[string][]string, len(p))
	for name := range p {
		out[name] = p.values(name)
	}
	return out
}

// atLeast is the version that the caller has to see; 0: any.
func (a *asked) atLeast() (uint64, error) {
	if a.Context == nil || a.Context.AtLeast == "" {
		return 0, nil
	}
	version, err := strconv.ParseUint(a.Context.AtLeast, 10, 64)
	if err != nil || version == 0 {
		return 0, malformed("context.atLeast must be a resourceVersion")
	}
	return version, nil
}
