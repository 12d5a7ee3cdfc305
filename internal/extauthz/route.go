package extauthz

import (
	"net/http"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/decision"
)

// Reasons of a denial for which nobody's access was looked at.
const (
	// noSubject surfaces when Envoy has verified nobody.
	noSubject access.Reason = "NoSubject"
	// noRoute surfaces when the table has no route for the request.
	noRoute access.Reason = "NoRoute"
	// unclearRequest surfaces when somebody else might read the request in another way.
	unclearRequest access.Reason = "UnclearRequest"
)

// Table leads from requests to questions.
type Table struct {
	subject subject
	mux     *http.ServeMux
}

// route is what requests of some methods at some paths ask.
type route struct {
	// Host is the host that it counts for; empty: any for which no other route is there.
	Host    string   `json:"host"`
	Methods []string `json:"methods"`
	// Path is a pattern of http.ServeMux.
	Path string `json:"path"`
	// Tenant is the tenant; nil: the caller's own, else the single one in which the subject exists.
	Tenant   *value   `json:"tenant"`
	Action   string   `json:"action"`
	Resource resource `json:"resource"`
}

type resource struct {
	Type string `json:"type"`
	// ID is the entity; nil: none, as when a list is asked for.
	ID *value `json:"id"`
	// Properties are the entity's values by dimension.
	Properties map[string]*value `json:"properties"`
}

// value says where a value comes from. One field is set.
type value struct {
	Fixed string `json:"fixed"`
	// Segment is the name of a segment of the path.
	Segment string `json:"segment"`
	// HostUnder is a domain: the value is the label that the host has before it.
	HostUnder string `json:"hostUnder"`
	// Query and Header are names of what the client may send or leave out.
	Query  string `json:"query"`
	Header string `json:"header"`
}

// question is what a request asks; one that cannot be asked is refused with a reason.
func (t *Table) question(attributes *authv3.AttributeContext) *decision.Question {
	q := &decision.Question{}
	if q.Subject.ID = t.subject.of(attributes.GetMetadataContext()); q.Subject.ID == "" {
		q.Refused = noSubject
		return q
	}
	r, ok := read(attributes.GetRequest().GetHttp())
	if !ok {
		q.Refused = unclearRequest
		return q
	}
	to := t.find(r)
	if to == nil {
		q.Refused = noRoute
		return q
	}
	if !to.fill(q, r) {
		q.Refused = unclearRequest
	}
	return q
}

// find returns the route of a request, whose segments it notes in the request; nil: there is none.
func (t *Table) find(r *request) *route {
	f := &finder{}
	t.mux.ServeHTTP(f, r.Request)
	return f.found
}

// finder is the writer that a route reports itself to. What the mux itself answers, such as a redirect to another path,
// goes nowhere.
type finder struct{ found *route }

// Header takes headers and forgets them.
func (f *finder) Header() http.Header { return http.Header{} }

// Write takes a body and forgets it.
func (f *finder) Write(content []byte) (int, error) { return len(content), nil }

// WriteHeader takes a status and forgets it.
func (f *finder) WriteHeader(int) {}

// ServeHTTP reports that the mux has chosen this route.
func (to *route) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if f, ok := w.(*finder); ok {
		f.found = to
	}
}

// fill takes what the question needs out of the request, and returns false when that is not possible.
func (to *route) fill(q *decision.Question, r *request) bool {
	var known bool
	if q.Subject.Tenant, known = to.Tenant.needed(r); !known {
		return false
	}
	if q.Query.Entity.ID, known = to.Resource.ID.needed(r); !known {
		return false
	}
	q.Query.Action, q.Query.Resource = to.Action, to.Resource.Type
	q.Query.Entity.Properties = make(map[string][]string, len(to.Resource.Properties))
	for dimension, from := range to.Resource.Properties {
		content, ok := from.of(r)
		if !ok || !plain(content) {
			return false
		}
		if content != "" {
			q.Query.Entity.Properties[dimension] = []string{content}
		}
	}
	return true
}

// needed is a value that has to be there where the table asks for it.
func (v *value) needed(r *request) (string, bool) {
	if v == nil {
		return "", true
	}
	content, ok := v.of(r)
	return content, ok && content != "" && plain(content)
}

// of takes the value out of a request: empty when it is not there, false when it is not clear.
func (v *value) of(r *request) (string, bool) {
	switch {
	case v.Segment != "":
		return r.PathValue(v.Segment), true
	case v.HostUnder != "":
		return r.under(v.HostUnder)
	case v.Query != "":
		return r.parameter(v.Query)
	case v.Header != "":
		return r.headers[v.Header], true
	}
	return v.Fixed, true
}
