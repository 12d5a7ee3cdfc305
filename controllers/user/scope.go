package user

import (
	"context"
	"slices"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
)

// scope is everything that one reconcile of a user looks at, read once, and the status that it arrives at.
type scope struct {
	// user as stored; set by load, never nil, never changed.
	user *accessv1.User
	// status is what the user's status will be; it starts with what has to be carried over.
	status accessv1.UserStatus
	// tenancy is the namespace's; never nil, its parts may be.
	tenancy *graph.Tenancy
	// address is the user's, parsed; zero when he has none or addressError says why it is none.
	address      address.Address
	addressError error
	// elder is the name of the older user with the same address; empty: none.
	elder string
	// invitations are those of this very user (by UID, not by name) and those that he is about to get, oldest first.
	invitations []accessv1.Invitation
	// refused is what the API server said of the invitation that the user should get; empty: it was not refused.
	refused string
	// memberships are all that are written down, on either side, in force or not.
	memberships []access.Membership
	// resolution is what the memberships give; it has no grants unless the user is active.
	resolution access.Resolution
	now        time.Time
}

func (r *Reconciler) load(ctx context.Context, user *accessv1.User) (*scope, error) {
	s := &scope{user: user, now: r.Clock.Now()}
	s.status = accessv1.UserStatus{
		Invitation: user.Status.Invitation, AcceptedAt: user.Status.AcceptedAt, AcceptedEmail: user.Status.AcceptedEmail,
	}
	if user.Spec.Email != "" {
		s.address, s.addressError = address.Parse(user.Spec.Email)
	}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, user.Namespace); err != nil {
		return nil, err
	}
	if err := r.loadElder(ctx, s); err != nil {
		return nil, err
	}
	if err := r.loadInvitations(ctx, s); err != nil {
		return nil, err
	}
	s.memberships, err = r.Graph.Memberships(ctx, s.tenancy, user)
	return s, err
}

func (r *Reconciler) loadElder(ctx context.Context, s *scope) (err error) {
	if !s.address.IsZero() {
		s.elder, err = r.Graph.Elder(ctx, s.user, s.address)
	}
	return err
}

// loadInvitations leaves out those of an earlier user of the same name: they prove nothing. One that somebody wrote, and
// that nobody owns yet, is about to be this user's.
func (r *Reconciler) loadInvitations(ctx context.Context, s *scope) error {
	found, err := r.Graph.InvitationsOf(ctx, s.user.Namespace, s.user.Name)
	if err != nil {
		return err
	}
	s.invitations = slices.DeleteFunc(found, func(i accessv1.Invitation) bool {
		switch invitation.ClaimOf(&i, s.user.UID) {
		case invitation.Owned:
			return false
		case invitation.Unclaimed:
			return i.Status.State.Final()
		default:
			return true
		}
	})
	s.sortInvitations()
	return nil
}

func (s *scope) sortInvitations() {
	slices.SortFunc(s.invitations, func(a, b accessv1.Invitation) int { return invitation.Compare(&a, &b) })
}

// newest is the newest invitation to the user's present address that is there or just being recorded; nil when none is.
func (s *scope) newest() *accessv1.Invitation {
	if s.address.IsZero() {
		return nil
	}
	for i := len(s.invitations) - 1; i >= 0; i-- {
		if invitation.Asks(invitation.Of(&s.invitations[i]), s.user.UID, s.address) {
			return &s.invitations[i]
		}
	}
	return nil
}
