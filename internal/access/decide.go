package access

import (
	"slices"
	"time"
)

// Reason says why something is denied. It is empty when it is allowed.
type Reason string

const (
	// UnknownUser surfaces when there is no such user.
	UnknownUser Reason = "UnknownUser"
	// NotActive surfaces when the user is not active.
	NotActive Reason = "NotActive"
	// TenantSuspended surfaces when the user's tenant gives nobody any access.
	TenantSuspended Reason = "TenantSuspended"
	// UnknownResource surfaces when the catalog does not list the resource.
	UnknownResource Reason = "UnknownResource"
	// UnknownAction surfaces when the resource neither has nor declares the action.
	UnknownAction Reason = "UnknownAction"
	// NoGrant surfaces when the user does not hold the action on the resource anywhere.
	NoGrant Reason = "NoGrant"
	// OutsideRestriction surfaces when the user holds the action on the resource, but not where the entity is.
	OutsideRestriction Reason = "OutsideRestriction"
	// Expired surfaces when the user held exactly this until a time that has passed.
	Expired Reason = "Expired"
)

// Effective is what a decision is made from.
type Effective struct {
	// Vocabulary is the tenant's catalog; nil when it is unknown: then every resource is.
	Vocabulary *Vocabulary
	// Denied is UnknownUser, NotActive or TenantSuspended when one of them holds, and then decides; else empty.
	Denied Reason
	// Grants is the user's access in canonical form.
	Grants []Grant
	// Alone is what the function of that name returned with it. It counts for a query with an acting group only.
	Alone []GroupGrants
}

// Query asks whether an action may be done to an entity of a resource.
type Query struct {
	Action   string
	Resource string
	Entity   Entity
	// Group is the group that the user acts in: only what this group gives by itself counts. Empty: everything counts.
	Group string
}

// Decision is the answer to a query.
type Decision struct {
	Allowed bool
	Reason  Reason
	// Dimension is the one that the entity fails in when Reason is OutsideRestriction; of several the first by name.
	Dimension string
}

// Decide answers a query: allowed when some entry lists the resource, holds the action, has not ended and has the entity
// inside its scope. Everything else is denied. It does not allocate.
func Decide(e Effective, q Query, now time.Time) Decision {
	if e.Denied != "" {
		return Decision{Reason: e.Denied}
	}
	at, ok := e.Vocabulary.find(q.Resource)
	if !ok {
		return Decision{Reason: UnknownResource}
	}
	if !e.Vocabulary.HasAction(q.Resource, q.Action) {
		return Decision{Reason: UnknownAction}
	}
	denied := Decision{Reason: NoGrant}
	grants := e.actingIn(q.Group)
	for i := range grants {
		g := &grants[i]
		if !g.answers(&q) {
			continue
		}
		d := g.Judge(q.Entity, e.Vocabulary.resources[at].IdentifiedBy, now)
		if d.Allowed {
			return d
		}
		denied = Nearer(denied, d)
	}
	return denied
}

// Holds says whether the grant holds the action on its resources.
func (g *Grant) Holds(action string) bool {
	switch action {
	case ActionRead:
		if g.Level == Read || g.Level == Manage {
			return true
		}
	case ActionCreate, ActionUpdate, ActionDelete:
		if g.Level == Manage {
			return true
		}
	}
	return slices.Contains(g.Actions, action)
}

// answers says whether the grant is about what the query asks, wherever and whenever that is.
func (g *Grant) answers(q *Query) bool {
	return g.Holds(q.Action) && slices.Contains(g.Resources, q.Resource) && g.cameVia(q.Group)
}

func (g *Grant) cameVia(group string) bool {
	if group == "" {
		return true
	}
	for i := range g.Via {
		if g.Via[i].Group == group {
			return true
		}
	}
	return false
}

// Judge judges place and time for a grant that lists the resource and holds the action. A grant that has ended and does
// not reach the entity either is no reason at all.
func (g *Grant) Judge(e Entity, identifiedBy string, now time.Time) Decision {
	dimension, inside := g.Scope.failing(e, identifiedBy)
	switch past := ended(g.Until, now); {
	case inside && !past:
		return Decision{Allowed: true}
	case inside:
		return Decision{Reason: Expired}
	case !past:
		return Decision{Reason: OutsideRestriction, Dimension: dimension}
	default:
		return Decision{Reason: NoGrant}
	}
}

// Nearer returns the denial that came closer to allowing; of two outside a restriction the first by dimension.
func Nearer(a, b Decision) Decision {
	switch {
	case a.Reason == b.Reason:
		if b.Dimension < a.Dimension {
			return b
		}
		return a
	case a.Reason == Expired || b.Reason == NoGrant:
		return a
	default:
		return b
	}
}

// failing returns the first dimension by name that the entity is outside of, and true when there is none.
func (s Scope) failing(e Entity, identifiedBy string) (string, bool) {
	first, inside := "", true
	for i := range s {
		if !s[i].admits(e, identifiedBy) && (inside || s[i].Name < first) {
			first, inside = s[i].Name, false
		}
	}
	return first, inside
}
