package gains

import (
	"slices"
	"strings"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// standing is what a user may do, by three measures.
type standing struct {
	// does is what he may do as he is.
	does prospects
	// once is what he may do when he has accepted, as soon as it is his own affair: while his address is an older user's
	// that is nothing.
	once prospects
	// ever is what his groups give him, whoever has his address.
	ever prospects
	// active says that he is in business.
	active bool
}

// prospects are what somebody may do as things stand at the beginning of each era: that he is in the groups of several
// vendors can end by itself, and then he has more.
type prospects [len(eras)]reach

// without leaves what is had later only, seen from each of the eras.
func (p prospects) without(o prospects) reach {
	var out reach
	for at := range p {
		for i := at; i < len(out); i++ {
			out[i] |= p[at][i] &^ o[at][i]
		}
	}
	return out
}

func (s *space) standing(u *accessv1.User) standing {
	var out standing
	if u == nil || u.Spec.State == accessv1.AccountInactive || u.DeletionTimestamp != nil {
		return out
	}
	out.ever[0] = s.groupsGive(u, eras[0])
	for i := 1; i < len(eras); i++ {
		if out.ever[i] = out.ever[0]; s.inConflict(u, eras[0]) {
			out.ever[i] = s.groupsGive(u, eras[i])
		}
	}
	elder := s.hasElder(u)
	if !elder {
		out.once = out.ever
	}
	if !elder && s.isLetIn(u) {
		out.does, out.active = out.ever, true
	}
	return out
}

// isLetIn tells whether an account needs no acceptance, or has it for its present address, and has an address that the
// tenant allows.
func (s *space) isLetIn(u *accessv1.User) bool {
	mode := u.Spec.Onboarding
	if mode == "" {
		mode = s.tenant.Spec.Onboarding.Mode
	}
	invited := mode != accessv1.OnboardingNone && u.Spec.Type != accessv1.UserTypeRobot
	if u.Spec.Email == "" {
		return !invited
	}
	return s.allows(u.Spec.Email) && (!invited || key(u.Status.AcceptedEmail) == key(u.Spec.Email))
}

func (s *space) allows(email string) bool {
	_, domain, _ := strings.Cut(key(email), "@")
	return len(s.tenant.Spec.AllowedEmailDomains) == 0 || contains(s.tenant.Spec.AllowedEmailDomains, domain)
}

// key is what two spellings of an address have in common.
func key(email string) string { return strings.ToLower(email) }

// holder is the user to whom an address belongs: the oldest that has it.
func (s *space) holder(email string) *accessv1.User {
	var out *accessv1.User
	for _, u := range s.users {
		if key(u.Spec.Email) == key(email) && u.DeletionTimestamp == nil && (out == nil || isOlder(u, out)) {
			out = u
		}
	}
	return out
}

func (s *space) hasElder(u *accessv1.User) bool {
	if u.Spec.Email == "" {
		return false
	}
	holder := s.holder(u.Spec.Email)
	return holder != nil && holder.Name != u.Name && isOlder(holder, u)
}

func isOlder(a, b *accessv1.User) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// administers tells whether somebody who may do this now manages the users everywhere.
func (s *space) administers(now points) bool {
	wanted := universe.by[[2]string{"read", administrated}] | universe.by[[2]string{"manage", administrated}]
	return !s.problem() && now&wanted == wanted
}

// requester is who asks.
type requester struct {
	// user is the tenant's user that he is; nil: he is none, or not in business.
	user *accessv1.User
	// holds is what he may do, as long as what gives it to him now lasts.
	holds       reach
	administers bool
}

// usernamePrefix is what the guard is told that the API server puts before an address.
const usernamePrefix = "oidc:"

func (w *world) requester() requester {
	email, ok := strings.CutPrefix(w.write.by, usernamePrefix)
	if !ok || email == "" {
		return requester{}
	}
	if u := w.acme.holder(email); u != nil {
		return w.acme.asks(u)
	}
	if w.acme.tenant.Spec.ManagedBy == nil {
		return requester{}
	}
	partner := w.agency.asks(w.agency.holder(email))
	if !partner.administers {
		return requester{}
	}
	partner.user = nil
	if w.acme.catalog != w.agency.catalog || w.acme.catalog == nil {
		partner.holds = reach{}
	}
	return partner
}

func (s *space) asks(u *accessv1.User) requester {
	if u == nil || !s.standing(u).active {
		return requester{}
	}
	holds := s.groupsGive(u, Now)
	return requester{user: u, holds: holds, administers: s.administers(holds[0])}
}

// lasts tells whether a user is in a group after a write who was not before, or not for as long.
func lasts(before, after *space, was, is *accessv1.User, group string) bool {
	return slices.ContainsFunc(eras[:], func(era time.Time) bool {
		return before.listsFor(was, group, era) < after.listsFor(is, group, era)
	})
}

// listsFor is 1 when the user is in the group at that moment.
func (s *space) listsFor(u *accessv1.User, group string, at time.Time) int {
	g := living(s.groups, group)
	if u == nil || u.Spec.State == accessv1.AccountInactive || u.DeletionTimestamp != nil || g == nil || !isMember(u, g, at) {
		return 0
	}
	return 1
}
