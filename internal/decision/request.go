package decision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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

// values are those of a property: a string, or the strings of a list. Anything else, a list with something else in it too,
// bears none, so that what cannot be compared is outside every restriction.
func (p properties) values(name string) []string {
	switch value := p[name].(type) {
	case string:
		return []string{value}
	case []string: // of a question that did not come as JSON
		return value
	case []any:
		out := make([]string, 0, len(value))
		for _, item := range value {
			text, ok := item.(string)
			if !ok {
				return nil
			}
			out = append(out, text)
		}
		return out
	default:
		return nil
	}
}

// requestContext is what Roster understands of a request's context. A field that is nil was not there.
type requestContext struct {
	Tenant  *string `json:"tenant"`
	Group   *string `json:"group"`
	Explain bool    `json:"explain"`
	AtLeast *string `json:"atLeast"`
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
	Evaluations []jsontext.Value `json:"evaluations"`
	Options     *batchOptions    `json:"options"`
}

type batchOptions struct {
	Semantic *string `json:"evaluations_semantic"`
}

// searched is the body of a search.
type searched struct {
	asked
	Page *pageAsked `json:"page"`
}

type pageAsked struct {
	Token string `json:"token"`
	Limit *int   `json:"limit"`
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

// decode reads one JSON object. Names of fields are compared exactly, and unknown fields are ignored. What is there twice is
// refused, at whatever depth: whoever read it before may have taken the other.
func decode(body []byte, into any) error {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return malformed("The body must be a JSON object")
	}
	err := jsonv2.Unmarshal(body, into)
	var mistyped *jsonv2.SemanticError
	var misspelt *jsontext.SyntacticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistyped):
		return malformed("%s must %s", fieldAt(mistyped.JSONPointer), misfit(mistyped))
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &misspelt):
		return malformed("%s is there twice", fieldAt(misspelt.JSONPointer))
	default:
		return malformed("The body is not valid JSON")
	}
}

// misfit says what is wrong with a value.
func misfit(err *jsonv2.SemanticError) string {
	if err.JSONKind == jsontext.KindNumber && err.GoType.Kind() == reflect.Int {
		return "be a whole number"
	}
	return "not be " + kindNames[err.JSONKind]
}

// kindNames are what a value can be of that does not fit where it is.
var kindNames = map[jsontext.Kind]string{
	jsontext.KindNull: "null", jsontext.KindTrue: "of type bool", jsontext.KindFalse: "of type bool",
	jsontext.KindString: "of type string", jsontext.KindNumber: "of type number",
	jsontext.KindBeginObject: "of type object", jsontext.KindBeginArray: "of type array",
}

// fieldAt is the way to a place in the body as people write it: subject.properties.tenant.
func fieldAt(place jsontext.Pointer) string {
	return strings.Join(slices.Collect(place.Tokens()), ".")
}

// parts of a request that have to be there, beside a subject and a resource with their types.
type parts struct{ subjectID, action, resourceID bool }

var (
	wholeEvaluation = parts{subjectID: true, action: true, resourceID: true}
	subjectSearch   = parts{action: true, resourceID: true}
	resourceSearch  = parts{subjectID: true, action: true}
	actionSearch    = parts{subjectID: true, resourceID: true}
)

// tenantProperty names the tenant of a subject or a resource.
const tenantProperty = "tenant"

func (a *asked) check(p parts) error {
	if err := a.Subject.check("subject", p.subjectID); err != nil {
		return err
	}
	if p.action && a.Action == nil {
		return malformed("action is missing")
	}
	if p.action && a.Action.Name == nil {
		return malformed("action.name is missing")
	}
	if err := a.Resource.check("resource", p.resourceID); err != nil {
		return err
	}
	return a.Context.check()
}

// check refuses what is there and says nothing: it must not mean the same as what is not there.
func (c *requestContext) check() error {
	switch {
	case c == nil:
		return nil
	case c.Tenant != nil && *c.Tenant == "":
		return malformed("context.tenant must not be empty")
	case c.Group != nil && *c.Group == "":
		return malformed("context.group must not be empty")
	case c.AtLeast != nil && *c.AtLeast == "":
		return malformed("context.atLeast must not be empty")
	}
	return nil
}

func (e *entity) check(name string, withID bool) error {
	switch {
	case e == nil:
		return malformed("%s is missing", name)
	case e.Type == nil:
		return malformed("%s.type is missing", name)
	case withID && e.ID == nil:
		return malformed("%s.id is missing", name)
	}
	if _, there := e.Properties[tenantProperty]; there && e.tenant() == "" {
		return malformed("%s.properties.tenant must be the name of one tenant", name)
	}
	return nil
}

func (e *entity) id() string {
	if e == nil || e.ID == nil {
		return ""
	}
	return *e.ID
}

// tenant is the one that the entity names; empty when it names none, or not just one.
func (e *entity) tenant() string {
	if e == nil {
		return ""
	}
	if tenants := e.Properties.values(tenantProperty); len(tenants) == 1 {
		return tenants[0]
	}
	return ""
}

// tenant is the one that the request names; empty: none. It is false when two places name different ones.
func (a *asked) tenant() (string, bool) {
	name, other := a.Subject.tenant(), a.Resource.tenant()
	if name == "" {
		name = other
	}
	agreed := other == "" || other == name
	if a.Context == nil || a.Context.Tenant == nil {
		return name, agreed
	}
	return *a.Context.Tenant, agreed && (name == "" || name == *a.Context.Tenant)
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
	if a.Context != nil && a.Context.Group != nil {
		q.Group = *a.Context.Group
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
	if a.Context == nil || a.Context.AtLeast == nil {
		return 0, nil
	}
	version, err := strconv.ParseUint(*a.Context.AtLeast, 10, 64)
	if err != nil || version == 0 {
		return 0, malformed("context.atLeast must be a resourceVersion")
	}
	return version, nil
}
