package decision

import (
	"encoding/json"
	"net/http"

	"k8s.io/utils/ptr"

	"github.com/roster-dev/roster/internal/access"
)

// Question is an evaluation that came by another protocol than that of the endpoints.
type Question struct {
	Subject Subject
	Query   access.Query
	// Refused is why the answer is no without a look at anybody's access; empty: it depends on that.
	Refused access.Reason
}

// Answer is what an endpoint would have said.
type Answer struct {
	// Status is 200 when there is a decision, else it says why there is none, and Message says it to the caller.
	Status  int
	Message string
	// Allowed is the decision, and Body that with its context in JSON.
	Allowed bool
	Body    []byte
}

// Ask answers a question as an endpoint would: the request says who the caller is, and at which path he asks.
func (s *Service) Ask(r *http.Request, q *Question) Answer {
	body, err := s.ask(r, q)
	if err != nil {
		f := failureOf(err)
		return Answer{Status: f.Status, Message: f.Message}
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return Answer{Status: http.StatusInternalServerError, Message: "The answer could not be written"}
	}
	return Answer{Status: http.StatusOK, Allowed: body.Decision, Body: encoded}
}

func (s *Service) ask(r *http.Request, q *Question) (*decisionBody, error) {
	c, err := s.admit(r)
	if err != nil {
		s.refused(r.URL.Path, "", err)
		return nil, err
	}
	if q.Refused != "" {
		return c.deny(q.asked(), q.Refused), nil
	}
	body, err := c.one(r.Context(), q.asked())
	if err != nil {
		s.refused(r.URL.Path, c.caller.name, err)
	}
	return body, err
}

// deny answers no without a look at anybody's access, and leaves the same traces as a decision.
func (c *call) deny(a *asked, reason access.Reason) *decisionBody {
	body := &decisionBody{Context: decisionContext{Reason: reason, freshness: c.at(c.index).freshness}}
	c.record(a, body)
	return body
}

func (q *Question) asked() *asked {
	about := make(properties, len(q.Query.Entity.Properties))
	for name, list := range q.Query.Entity.Properties {
		about[name] = list
	}
	a := &asked{
		Subject:  &entity{Type: ptr.To(typeUser), ID: &q.Subject.ID},
		Action:   &action{Name: &q.Query.Action},
		Resource: &entity{Type: &q.Query.Resource, ID: &q.Query.Entity.ID, Properties: about},
		Context:  &requestContext{},
	}
	if q.Subject.Tenant != "" {
		a.Subject.Properties = properties{tenantProperty: q.Subject.Tenant}
	}
	if q.Query.Group != "" {
		a.Context.Group = &q.Query.Group
	}
	return a
}
