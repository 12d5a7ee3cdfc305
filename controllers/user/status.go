package user

import (
	"fmt"
	"slices"
	"strings"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// maxMemberships is what the schema lets a status hold.
const maxMemberships = 2048

// resolve computes memberships and access. A status that would be too large grants nothing at all.
func (s *scope) resolve() (tooLarge string) {
	active := s.status.State == accessv1.UserActive
	user := graph.ModelUser(s.user, active)
	s.resolution = access.Resolve(s.tenancy.Access, user, s.memberships, s.now)
	if len(s.resolution.Memberships) > maxMemberships {
		return fmt.Sprintf("The user is in more than %d groups", maxMemberships)
	}
	alone := access.Alone(s.tenancy.Access, user, s.resolution)
	for _, m := range s.resolution.Memberships {
		s.status.Groups = append(s.status.Groups, accessv1.EffectiveMembership{
			Name: m.Name, Until: graph.Time(m.Until), From: accessv1.MembershipSource(m.From), Access: aloneIn(alone, m.Name),
		})
	}
	s.status.EffectiveAccess = graph.Entries(s.resolution.Grants)
	if message := status.TooLarge(s.entries()); message != "" {
		return message
	}
	if active && s.tenancy.Vocabulary != nil {
		s.status.AccessSummary = access.Summary(s.tenancy.Vocabulary, s.resolution.Grants)
		s.status.Administration = s.tenancy.Administration(s.resolution.Grants, s.now)
	}
	return ""
}

func aloneIn(alone []access.GroupGrants, group string) []accessv1.AccessEntry {
	for i := range alone {
		if alone[i].Group == group {
			return graph.Entries(alone[i].Grants)
		}
	}
	return nil
}

// entries are all that the status would hold: the access, and what memberships give by themselves.
func (s *scope) entries() []accessv1.AccessEntry {
	all := slices.Clone(s.status.EffectiveAccess)
	for i := range s.status.Groups {
		all = append(all, s.status.Groups[i].Access...)
	}
	return all
}

// withoutAccess is the status of a user whose access cannot be stored.
func (s *scope) withoutAccess() {
	s.status.EffectiveAccess, s.status.AccessSummary, s.status.Administration, s.status.Groups = nil, "", "", nil
}

// conclude sets every condition that this controller owns. It is the last step, whatever happened before.
func (s *scope) conclude(tooLarge string) {
	conditions := status.NewConditions(s.user.Status.Conditions, s.user.Generation, s.now)
	put(conditions, accessv1.ConditionEmailAllowed, s.emailAllowed())
	put(conditions, accessv1.ConditionEmailUnique, s.emailUnique())
	put(conditions, accessv1.ConditionInvitationAccepted, s.invitationAccepted())
	resolved := s.accessResolved(tooLarge)
	put(conditions, accessv1.ConditionAccessResolved, resolved)
	s.concludeReady(conditions, resolved)
	s.status.ObservedGeneration = s.user.Generation
	s.status.Conditions = conditions.Result()
}

func put(conditions *status.Conditions, kind string, f finding) {
	if f.unknown {
		conditions.Unknown(kind, f.reason, f.message)
		return
	}
	conditions.Is(kind, f.holds, f.reason, f.message)
}

func (s *scope) accessResolved(tooLarge string) finding {
	reason, message := s.tenancy.Problem(s.user.Namespace)
	switch r := s.resolution; {
	case tooLarge != "":
		return finding{reason: accessv1.ReasonAccessTooLarge, message: tooLarge + "; nothing is granted"}
	case reason != "":
		return finding{unknown: true, reason: reason, message: "Nobody has any access: " + message}
	case len(r.VendorConflict) > 0:
		return finding{reason: accessv1.ReasonVendorConflict, message: fmt.Sprintf(
			"The user is in groups of the vendors %s; they give nothing until he is in one vendor's groups only", status.Names(r.VendorConflict))}
	case len(r.MissingGroups) > 0:
		return finding{reason: accessv1.ReasonGroupNotFound, message: fmt.Sprintf(
			"These groups do not exist and give nothing: %s", status.Names(r.MissingGroups))}
	case len(r.WithheldRoles) > 0:
		return finding{reason: accessv1.ReasonRoleWithheld, message: fmt.Sprintf(
			"A user of type %s may not hold these roles, and they give him nothing: %s", s.user.Spec.Type, withheld(r.WithheldRoles))}
	case s.status.State != accessv1.UserActive:
		return finding{holds: true, reason: accessv1.ReasonNotActive, message: fmt.Sprintf("No access while %s", s.status.State)}
	default:
		return finding{holds: true, reason: accessv1.ReasonSucceeded, message: "Access follows from the groups"}
	}
}

func withheld(roles []access.Via) string {
	names := make([]string, len(roles))
	for i, v := range roles {
		names[i] = v.Role + " (group " + v.Group + ")"
	}
	return status.Names(names)
}

// stalling are the findings that only somebody's change can mend.
var stalling = []string{
	accessv1.ReasonEmailInvalid, accessv1.ReasonEmailNotAllowed, accessv1.ReasonDuplicateEmail,
	accessv1.ReasonInvitationFailed, accessv1.ReasonRefused, accessv1.ReasonVendorConflict, accessv1.ReasonAccessTooLarge,
}

// waiting are the findings that another object's appearance mends.
var waiting = []string{
	accessv1.ReasonTenantNotFound, accessv1.ReasonTenantDeleting, accessv1.ReasonCatalogNotFound, accessv1.ReasonGroupNotFound,
}

// concludeReady takes the first finding that stalls or waits. An inactive user is done, whatever else is wrong, and
// waiting for a human is Ready.
func (s *scope) concludeReady(conditions *status.Conditions, resolved finding) {
	findings := []finding{s.emailAllowed(), s.emailUnique(), s.invitationAccepted(), resolved}
	if s.status.State == accessv1.UserInactive {
		findings = nil
	}
	for _, f := range findings {
		if slices.Contains(stalling, f.reason) && !f.holds {
			conditions.Stalled(f.reason, f.message)
			return
		}
	}
	for _, f := range findings {
		if slices.Contains(waiting, f.reason) && !f.holds {
			conditions.Waiting(f.reason, f.message)
			return
		}
	}
	reason, message := s.readiness(resolved)
	conditions.Ready(reason, message)
}

func (s *scope) readiness(resolved finding) (reason, message string) {
	if resolved.reason == accessv1.ReasonTenantSuspended {
		return resolved.reason, resolved.message
	}
	switch s.status.State {
	case accessv1.UserActive:
		return accessv1.ReasonActive, "The user has the access that his groups give"
	case accessv1.UserInvited:
		return accessv1.ReasonInvited, s.invitationAccepted().message
	case accessv1.UserInactive:
		return accessv1.ReasonInactive, "The user has been deactivated and has no access"
	default:
		f := s.invitationAccepted()
		return f.reason, strings.TrimSpace(f.message)
	}
}
