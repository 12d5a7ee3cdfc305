package decision

import (
	"strconv"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// Applications finds what application credentials stand for.
type Applications interface {
	// Find returns the application of a client ID, and false when there is none that is in force.
	Find(clientID string) (Application, bool)
	// Introspect returns the application that a token was made for, and false when the token is not in force.
	Introspect(token string) (Application, bool)
}

// Application is another system that acts as a user.
type Application struct {
	ClientID string
	// Tenant and User name whom it acts as.
	Tenant string
	User   string
	// Expires is when it ends; zero: never.
	Expires time.Time
	// Allows tells whether the application's own narrower access holds an action on a resource. Nil: it is not narrowed.
	Allows func(resource, action string) bool
}

// decisionContext is what comes with a decision.
type decisionContext struct {
	Reason    access.Reason           `json:"reason,omitempty"`
	Dimension string                  `json:"dimension,omitempty"`
	Via       []accessv1.AccessSource `json:"via,omitempty"`
	Until     *time.Time              `json:"until,omitempty"`
	freshness
}

// freshness is what comes with every answer.
type freshness struct {
	Revision string `json:"revision"`
	// StaleSeconds is how long the API server has been out of reach.
	StaleSeconds int `json:"staleSeconds,omitempty"`
}

type decisionBody struct {
	Decision bool            `json:"decision"`
	Context  decisionContext `json:"context"`
}

// failedItem is an evaluation of a batch that could not be made.
type failedItem struct {
	Decision bool `json:"decision"`
	Context  struct {
		Error *failure `json:"error"`
	} `json:"context"`
}

// look is a reading of an index: which one, at what time and for whom.
type look struct {
	*Index
	now       time.Time
	freshness freshness
	// bound is the only tenant that the caller may ask about; empty: any.
	bound        string
	applications Applications
}

const (
	typeUser        = "user"
	typeApplication = "application"
)

// who is the subject of a request, and the application that acts as him, if one does.
func (l *look) who(a *asked) (Subject, *Application, bool) {
	name, _ := a.tenant()
	s := Subject{Tenant: name, ID: a.Subject.id()}
	switch *a.Subject.Type {
	case typeUser:
		return s, nil, true
	case typeApplication:
		if l.applications == nil {
			return s, nil, false
		}
		application, ok := l.applications.Find(s.ID)
		foreign := l.bound != "" && l.bound != application.Tenant // whether it exists is nothing for this caller
		if !ok || foreign || s.Tenant != "" && s.Tenant != application.Tenant {
			return s, nil, false
		}
		return Subject{Tenant: application.Tenant, ID: application.User}, &application, true
	default:
		return s, nil, false
	}
}

// restrain keeps a caller that belongs to a tenant within it.
func (l *look) restrain(s *Subject) error {
	if l.bound == "" {
		return nil
	}
	if s.Tenant == "" {
		s.Tenant = l.bound
	}
	if s.Tenant != l.bound {
		return forbidden("This caller belongs to tenant %s and may ask about no other", l.bound)
	}
	return nil
}

// evaluate answers one evaluation. An error means that it could not be asked.
func (l *look) evaluate(a *asked) (*decisionBody, error) {
	s, application, known := l.who(a)
	if err := l.restrain(&s); err != nil {
		return nil, err
	}
	body := &decisionBody{Context: decisionContext{freshness: l.freshness}}
	if !known {
		body.Context.Reason = access.UnknownUser
		return body, nil
	}
	query := a.query()
	d, held := l.decide(s, &query, l.now)
	if d.Allowed && application != nil && !application.allows(&query, l.now) {
		d = access.Decision{Reason: access.NoGrant}
	}
	body.Decision, body.Context.Reason, body.Context.Dimension = d.Allowed, d.Reason, d.Dimension
	if d.Allowed && a.Context != nil && a.Context.Explain {
		l.explain(&body.Context, held, &query)
	}
	return body, nil
}

func (a *Application) allows(q *access.Query, now time.Time) bool {
	return !a.ended(now) && (a.Allows == nil || a.Allows(q.Resource, q.Action))
}

func (a *Application) ended(now time.Time) bool { return !a.Expires.IsZero() && !now.Before(a.Expires) }

// explain says which entry allows it.
func (l *look) explain(c *decisionContext, held *entitlement, query *access.Query) {
	at, bit, _ := held.vocabulary.find(query.Resource, query.Action)
	e := held.by(&question{query, bit, held.vocabulary.details[at].IdentifiedBy, l.now})
	if e == nil {
		return
	}
	entry := spell([]*entry{e})[0]
	c.Via = entry.Via
	if entry.Until != nil {
		c.Until = &entry.Until.Time
	}
}

// Semantics of a batch.
const (
	executeAll  = "execute_all"
	firstDeny   = "deny_on_first_deny"
	firstPermit = "permit_on_first_permit"
)

// item is one evaluation of a batch: its own parts, else the defaults'.
func (b *batch) item(raw []byte) (*asked, error) {
	own := &asked{}
	if err := decode(raw, own); err != nil {
		return nil, err
	}
	if own.Subject == nil {
		own.Subject = b.Subject
	}
	if own.Action == nil {
		own.Action = b.Action
	}
	if own.Resource == nil {
		own.Resource = b.Resource
	}
	if own.Context == nil {
		own.Context = b.Context
	}
	return own, own.check(wholeEvaluation)
}

func (b *batch) semantic() (string, error) {
	if b.Options == nil || b.Options.Semantic == nil {
		return executeAll, nil
	}
	switch s := *b.Options.Semantic; s {
	case executeAll, firstDeny, firstPermit:
		return s, nil
	default:
		return "", malformed("options.evaluations_semantic must be one of %s, %s, %s", executeAll, firstDeny, firstPermit)
	}
}

// ends tells whether a batch of this semantic ends with this decision.
func ends(semantic string, decision bool) bool {
	return semantic == firstDeny && !decision || semantic == firstPermit && decision
}

func (i *Index) revision() string { return strconv.FormatUint(i.progress.revision.Load(), 10) }
