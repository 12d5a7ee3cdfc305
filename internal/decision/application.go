package decision

import (
	"slices"
	"strings"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/credential"
)

// application is another system that acts for a user, as its credential says. It is never changed, only replaced.
type application struct {
	clientID string
	// name is the credential's, in the space.
	name  string
	space *space
	// user is the UID of the one for whom its token was made: a later user of his name is another.
	user        string
	entitlement *entitlement
	// expires is when it ends; zero: with its user.
	expires time.Time
	// flags are blocked: it is being deleted, and unvetted: its rules have changed and its status has not followed.
	flags flags
	// rules tells what its access was cut to from everything else.
	rules  digest
	tokens []heldToken
}

// heldToken is a token that an application may have, by its hash.
type heldToken struct {
	hash credential.Hash
	// until is when it ends; zero: with the credential.
	until time.Time
}

// denied is why an application has nothing, by what its credential's spec says now.
func (a *application) denied(now time.Time) access.Reason {
	switch {
	case a.flags != 0:
		return access.NotActive
	case !a.expires.IsZero() && !now.Before(a.expires):
		return access.Expired
	default:
		return ""
	}
}

// with is the application with another access.
func (a *application) with(e *entitlement) *application {
	fresh := *a
	fresh.entitlement = e
	return &fresh
}

// actor finds an application and the user for whom it acts.
func (i *Index) actor(s Subject) standing {
	a := i.applications[s.ID]
	if a == nil {
		return standing{denied: access.UnknownUser}
	}
	t := a.space.owner.Load()
	if t == nil || s.Tenant != "" && s.Tenant != t.name {
		return standing{denied: access.UnknownUser}
	}
	n, ok := i.find(a.space, byUID, a.user)
	if !ok {
		return standing{tenant: t, application: a, denied: access.UnknownUser}
	}
	return standing{record: i.record(n), tenant: t, application: a}
}

// actors are the applications of a tenant whose users are there.
func (i *Index) actors(t *tenant) []standing {
	var all []standing
	for _, a := range t.space.applications {
		if w := i.actor(Subject{ID: a.clientID}); w.denied == "" {
			all = append(all, w)
		}
	}
	return all
}

// reaching are the entries that hold what is asked somewhere and have not ended: of an application, the narrower ones of its
// own and its user's.
func (w *standing) reaching(q *question) []*entry {
	users := w.record.entitlement.reaching(q)
	if w.application == nil {
		return users
	}
	query := *q.Query
	query.Group = ""
	own := w.application.entitlement.reaching(&question{&query, q.bit, q.identifiedBy, q.now})
	out := within(own, users)
	for _, e := range within(users, own) {
		if !slices.ContainsFunc(out, func(o *entry) bool { return o.grant.Scope.WiderOrEqual(e.grant.Scope) }) {
			out = append(out, e)
		}
	}
	return out
}

// within are those entries that one of the others covers.
func within(entries, others []*entry) []*entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e *entry) bool {
		return !slices.ContainsFunc(others, func(o *entry) bool { return o.grant.Scope.WiderOrEqual(e.grant.Scope) })
	})
}

// PutCredential notes a credential as it is now.
func (i *Index) PutCredential(object *accessv1.ApplicationCredential) {
	defer i.write()()
	i.putCredential(object)
	i.sweep()
}

func (i *Index) putCredential(object *accessv1.ApplicationCredential) {
	s := i.space(object.Namespace)
	catalog := s.catalog()
	content := content{Catalog: catalog, Entries: object.Status.EffectiveAccess}
	rules, _ := digestOf(object.Spec.Access)
	fresh := &application{
		clientID: strings.Clone(credential.ClientID(object)), name: strings.Clone(object.Name), space: s,
		user: strings.Clone(object.Status.UserUID), rules: rules, tokens: tokensOf(object),
		entitlement: i.intern.intern(content, i.catalogs[catalog]),
	}
	if object.Spec.ExpiresAt != nil {
		fresh.expires = object.Spec.ExpiresAt.Time
	}
	if !object.DeletionTimestamp.IsZero() {
		fresh.flags |= blocked
	}
	before := s.applications[object.Name]
	known := before != nil && before.clientID == fresh.clientID && before.flags&unvetted == 0 && before.rules == rules
	if !known && object.Status.ObservedGeneration != object.Generation {
		fresh.flags |= unvetted
	}
	i.dropApplication(before)
	i.replaceApplication(fresh)
}

// tokensOf are the tokens in force. One that has been rotated out lives on for the overlap; without one it has ended when
// the spec says so, before there is another.
func tokensOf(object *accessv1.ApplicationCredential) []heldToken {
	var out []heldToken
	overlaps := credential.Overlap(object) > 0
	if hash, ok := credential.ParseHash(object.Status.TokenHash); ok && (credential.InForce(object) || overlaps) {
		out = append(out, heldToken{hash: hash})
	}
	if p := object.Status.Previous; p != nil && overlaps {
		if hash, ok := credential.ParseHash(p.TokenHash); ok {
			out = append(out, heldToken{hash, p.Until.Time})
		}
	}
	return out
}

// replaceApplication puts another in the place of one with the same names and tokens, or where there is none.
func (i *Index) replaceApplication(a *application) {
	if a.space.applications == nil {
		a.space.applications = map[string]*application{}
	}
	a.space.applications[a.name], i.applications[a.clientID] = a, a
	for _, t := range a.tokens {
		i.tokens[t.hash] = a
	}
}

func (i *Index) dropApplication(a *application) {
	if a == nil {
		return
	}
	delete(a.space.applications, a.name)
	if i.applications[a.clientID] == a {
		delete(i.applications, a.clientID)
	}
	for _, t := range a.tokens {
		if i.tokens[t.hash] == a {
			delete(i.tokens, t.hash)
		}
	}
}

// DropCredential forgets a credential.
func (i *Index) DropCredential(namespace, name string) {
	defer i.write()()
	if s, ok := i.spaces[namespace]; ok {
		i.dropApplication(s.applications[name])
	}
}

// ReplaceCredentials makes these all the credentials that there are.
func (i *Index) ReplaceCredentials(objects []*accessv1.ApplicationCredential) {
	defer i.write()()
	here := make(map[string]bool, len(objects))
	for _, object := range objects {
		here[credential.ClientID(object)] = true
		i.putCredential(object)
	}
	for id, a := range i.applications {
		if !here[id] {
			i.dropApplication(a)
		}
	}
	i.sweep()
}
