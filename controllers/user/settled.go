package user

import (
	"context"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
)

// Settled tells whether a user's stored status is what follows from the objects that the reconciler reads: whether
// reconciling him now would leave his state, his memberships and his access as they are. It writes nothing.
func (r *Reconciler) Settled(ctx context.Context, user *accessv1.User) (bool, error) {
	s, err := r.load(ctx, user)
	if err != nil {
		return false, err
	}
	s.takeAcceptance()
	s.status.State = s.state()
	if s.resolve() != "" {
		s.withoutAccess()
	}
	computed := user.Status
	computed.State, computed.Groups, computed.EffectiveAccess = s.status.State, s.status.Groups, s.status.EffectiveAccess
	return status.SameUser(user, &computed)
}
