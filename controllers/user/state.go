package user

import (
	"fmt"
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/status"
)

// finding is a condition's content.
type finding struct {
	holds   bool
	unknown bool
	reason  string
	message string
}

// emailAllowed judges the address itself and the tenant's allow-list.
func (s *scope) emailAllowed() finding {
	switch tenant := s.tenancy.Tenant; {
	case s.addressError != nil:
		return finding{reason: accessv1.ReasonEmailInvalid, message: status.Sentence(s.addressError.Error())}
	case s.address.IsZero():
		return finding{holds: true, reason: accessv1.ReasonNotNeeded, message: "The user has no address, and needs none"}
	case tenant == nil:
		reason, message := s.tenancy.Problem(s.user.Namespace)
		return finding{unknown: true, reason: reason, message: status.Sentence(message)}
	case !address.Allowed(s.address, tenant.Spec.AllowedEmailDomains):
		return finding{reason: accessv1.ReasonEmailNotAllowed, message: fmt.Sprintf(
			"The domain %s is none of the allowedEmailDomains of Tenant %s: %s",
			s.address.Domain(), tenant.Name, status.Names(tenant.Spec.AllowedEmailDomains))}
	default:
		return finding{holds: true, reason: accessv1.ReasonSucceeded, message: "The address may be invited"}
	}
}

func (s *scope) emailUnique() finding {
	switch {
	case s.addressError != nil:
		return finding{unknown: true, reason: accessv1.ReasonEmailInvalid, message: "What is no address cannot be compared"}
	case s.address.IsZero():
		return finding{holds: true, reason: accessv1.ReasonNotNeeded, message: "The user has no address"}
	case s.elder != "":
		return finding{reason: accessv1.ReasonDuplicateEmail, message: fmt.Sprintf(
			"User %s is older and has the same address; change one of the two, or delete it", s.elder)}
	default:
		return finding{holds: true, reason: accessv1.ReasonSucceeded, message: "No older user has the address"}
	}
}

// identified tells whether the tenant and the address let the user in at all.
func (s *scope) identified() bool {
	return s.tenancy.Tenant != nil && s.emailAllowed().holds && s.emailUnique().holds
}

func (s *scope) needsInvitation() bool { return graph.NeedsInvitation(s.tenancy.Tenant, s.user) }

func (s *scope) accepted() bool { return s.address.Is(s.status.AcceptedEmail) }

// takeAcceptance records an acceptance of the present address. It is never taken back: the invitation may be gone
// tomorrow, the fact stays.
func (s *scope) takeAcceptance() {
	if s.accepted() || s.address.IsZero() {
		return
	}
	for i := range s.invitations {
		answered := &s.invitations[i].Status
		if answered.State == accessv1.InvitationAccepted && s.address.Is(answered.Email) {
			s.status.AcceptedEmail, s.status.AcceptedAt = s.address.String(), answered.AcceptedAt
			return
		}
	}
}

// state is where the user stands, by the first rule that fits:
//
//  1. deactivated, or being deleted → Inactive
//  2. no tenant, or an address that is not allowed or not unique → Pending
//  3. needs no invitation, or has accepted at this address → Active
//  4. an invitation is recorded, on its way or sent → Invited
//  5. anything else → Pending
func (s *scope) state() accessv1.UserState {
	switch newest := s.newest(); {
	case s.user.Spec.State == accessv1.AccountInactive || !s.user.DeletionTimestamp.IsZero():
		return accessv1.UserInactive
	case !s.identified():
		return accessv1.UserPending
	case !s.needsInvitation() || s.accepted():
		return accessv1.UserActive
	case newest != nil && !newest.Status.State.Final():
		return accessv1.UserInvited
	default:
		return accessv1.UserPending
	}
}

// wantsFirstInvitation: the user waits for one, the tenant is in business, and none was ever recorded for this address.
// An invitation that was recorded and is gone counts as cancelled, and is not made again.
func (s *scope) wantsFirstInvitation() bool {
	if s.status.State != accessv1.UserPending || !s.identified() || s.newest() != nil {
		return false
	}
	if reason, _ := s.tenancy.Problem(s.user.Namespace); reason != "" {
		return false
	}
	recorded := s.status.Invitation
	return recorded == nil || !s.address.Is(recorded.Email) || s.wentElsewhere(recorded.Name)
}

// wentElsewhere: the invitation that was noted for the present address asked an earlier one after all, because its first
// attempt began before the change was seen; or it ended because the user had another address in between.
func (s *scope) wentElsewhere(name string) bool {
	return slices.ContainsFunc(s.invitations, func(i accessv1.Invitation) bool {
		elsewhere := i.Status.Email != "" && !s.address.Is(i.Status.Email)
		return i.Name == name && (elsewhere || invitation.IsLeft(invitation.Of(&i)))
	})
}

// firstName is the name of the invitation that Roster makes for the user at his present address: a function of both, and of
// the last one there that ended because he left.
func (s *scope) firstName() string {
	present := invitation.AddressHash(s.user.UID, s.address)
	name := invitation.FirstName(s.user.Name, present)
	for i := range s.invitations {
		former := &s.invitations[i]
		here := former.Labels[accessv1.LabelAddress] == present || s.address.Is(former.Status.Email)
		if here && invitation.IsLeft(invitation.Of(former)) {
			name = invitation.FirstName(s.user.Name, invitation.AddressHash(former.UID, s.address))
		}
	}
	return name
}

// noteInvitation copies the newest invitation into the status. When it is gone, what was recorded of it stays. One that
// somebody wrote for a user who needs none ends before it asks anybody, and must not be why he is not asked when he does.
func (s *scope) noteInvitation() {
	if s.status.State == accessv1.UserInactive || s.status.State == accessv1.UserActive {
		s.invitations = slices.DeleteFunc(s.invitations, func(i accessv1.Invitation) bool {
			return invitation.ClaimOf(&i, s.user.UID) == invitation.Unclaimed
		})
	}
	if newest := s.newest(); newest != nil {
		s.status.Invitation = &accessv1.UserInvitation{
			Name: newest.Name, Email: s.address.String(), State: orPending(newest.Status.State), ExpiresAt: newest.Status.ExpiresAt,
		}
		return
	}
	if recorded := s.status.Invitation; recorded != nil && !recorded.State.Final() {
		gone := *recorded
		gone.State = accessv1.InvitationCancelled
		s.status.Invitation = &gone
	}
}

func orPending(state accessv1.InvitationState) accessv1.InvitationState {
	if state == "" {
		return accessv1.InvitationPending
	}
	return state
}

func (s *scope) invitationAccepted() finding {
	switch {
	case s.accepted():
		return finding{holds: true, reason: accessv1.ReasonAccepted, message: "The user has accepted at his present address"}
	case !s.needsInvitation():
		return finding{holds: true, reason: accessv1.ReasonNotNeeded, message: "The user needs no invitation"}
	case s.refused != "":
		return finding{reason: accessv1.ReasonRefused, message: "The API server refused the user's invitation: " + s.refused}
	case s.status.Invitation == nil || !s.address.Is(s.status.Invitation.Email):
		return finding{reason: accessv1.ReasonNotInvited, message: "The user has not been invited at his present address"}
	default:
		return s.fate(s.status.Invitation)
	}
}

// fate says what became of the newest invitation to the present address.
func (s *scope) fate(invitation *accessv1.UserInvitation) finding {
	again := fmt.Sprintf("create another Invitation for %s to ask again", s.user.Name)
	switch invitation.State {
	case accessv1.InvitationExpired:
		return finding{reason: accessv1.ReasonInvitationExpired, message: fmt.Sprintf("Invitation %s has expired; %s", invitation.Name, again)}
	case accessv1.InvitationFailed:
		return finding{reason: accessv1.ReasonInvitationFailed, message: fmt.Sprintf(
			"The mail server refused the mail of Invitation %s; check the address, then %s", invitation.Name, again)}
	case accessv1.InvitationCancelled, accessv1.InvitationSuperseded:
		return finding{reason: accessv1.ReasonInvitationCancelled, message: fmt.Sprintf("Invitation %s was withdrawn; %s", invitation.Name, again)}
	case accessv1.InvitationSent:
		return finding{reason: accessv1.ReasonWaiting, message: fmt.Sprintf("Invitation %s waits for the person's answer", invitation.Name)}
	default:
		return finding{reason: accessv1.ReasonWaiting, message: fmt.Sprintf(
			"Invitation %s has not gone out yet; its conditions say why", invitation.Name)}
	}
}
