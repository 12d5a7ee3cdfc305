package invitation

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/status"
)

// scope is what one reconcile of an invitation looks at, read once, and the object that it arrives at.
type scope struct {
	// stored is the invitation as the cache has it; never changed.
	stored *accessv1.Invitation
	// after starts as a copy of stored and ends as what is written.
	after *accessv1.Invitation
	// user is whom it asks; nil: there is none, he is being deleted, or the invitation belongs to an earlier one.
	user *accessv1.User
	// siblings are all invitations that name the same user, this one among them.
	siblings []accessv1.Invitation
	tenancy  *graph.Tenancy
	// delivery is what became of an attempt made in this round; nil: none was made.
	delivery *delivery
	now      time.Time
}

func (r *Reconciler) load(ctx context.Context, stored *accessv1.Invitation) (*scope, error) {
	s := &scope{stored: stored, after: stored.DeepCopy(), now: r.Clock.Now().Truncate(time.Second)}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, stored.Namespace); err != nil {
		return nil, err
	}
	if err := r.loadUser(ctx, s); err != nil {
		return nil, err
	}
	s.siblings, err = r.Graph.InvitationsOf(ctx, stored.Namespace, stored.Spec.UserRef.Name)
	return s, err
}

// loadUser finds whom the invitation asks. That a user is gone ends an invitation for good, so a cache that may only be
// late in seeing him is not believed.
func (r *Reconciler) loadUser(ctx context.Context, s *scope) (err error) {
	name := s.stored.Spec.UserRef.Name
	s.user, err = r.Graph.User(ctx, s.stored.Namespace, name)
	claimed := invitation.ClaimOf(s.stored, "") != invitation.Unclaimed
	if err != nil || s.stored.Status.State.Final() || !claimed || s.claim() == invitation.Owned {
		return err
	}
	live := &accessv1.User{}
	err = r.Live.Get(ctx, client.ObjectKey{Namespace: s.stored.Namespace, Name: name}, live)
	s.user = nil
	if err == nil && live.DeletionTimestamp.IsZero() && invitation.ClaimOf(s.stored, live.UID) == invitation.Owned {
		s.user = live
	}
	return client.IgnoreNotFound(err)
}

// claim tells whose the invitation is; nobody's user has no UID.
func (s *scope) claim() invitation.Claim {
	if s.user == nil {
		return invitation.ClaimOf(s.stored, "")
	}
	return invitation.ClaimOf(s.stored, s.user.UID)
}

func (s *scope) facts() invitation.Facts {
	f := invitation.Facts{Invitation: s.stored, UserFound: s.user != nil, Claimed: s.claim() != invitation.Unclaimed}
	reason, message := s.tenancy.Problem(s.stored.Namespace)
	f.TenantReason, f.TenantMessage = reason, status.Sentence(message)
	if s.user == nil {
		return f
	}
	f.SameAddress = invitation.Asks(s.stored, s.user.UID, s.address())
	f.Superseded = s.superseded()
	f.UserWaits, f.UserProblem = waits(s.user)
	return f
}

// address is the user's; zero when he has none that can be asked.
func (s *scope) address() address.Address {
	parsed, err := address.Parse(s.user.Spec.Email)
	if err != nil {
		return address.Address{}
	}
	return parsed
}

// waits tells whether the user is to be asked, by what his own controller found. Problem is empty when he needs no
// invitation, and says what is in the way otherwise.
func waits(user *accessv1.User) (waiting bool, problem string) {
	switch {
	case user.Spec.State == accessv1.AccountInactive:
		return false, ""
	case user.Status.ObservedGeneration != user.Generation:
		return false, "User " + user.Name + " has not been looked at yet"
	case user.Status.State == accessv1.UserActive || user.Status.State == accessv1.UserInactive:
		return false, ""
	}
	for _, kind := range []string{accessv1.ConditionEmailAllowed, accessv1.ConditionEmailUnique} {
		if c := apimeta.FindStatusCondition(user.Status.Conditions, kind); c == nil || c.Status != metav1.ConditionTrue {
			return false, "User " + user.Name + " cannot be invited: " + messageOf(c)
		}
	}
	return true, ""
}

func messageOf(c *metav1.Condition) string {
	if c == nil {
		return "his address has not been judged"
	}
	return c.Message
}

// superseded: a newer invitation of the same user is open, or was accepted.
func (s *scope) superseded() bool {
	return slices.ContainsFunc(s.siblings, func(other accessv1.Invitation) bool {
		return invitation.Supersedes(&other, s.stored, s.user.UID, s.address())
	})
}

func (s *scope) changed() bool {
	return !equality.Semantic.DeepEqual(s.stored.Status, s.after.Status)
}

// next wakes the invitation up when its pause or its time ends, without any other event.
func (s *scope) next(action invitation.Action, now time.Time) ctrl.Result {
	at := action.At
	if s.delivery != nil && s.after.Status.NextAttemptAt != nil {
		at = s.after.Status.NextAttemptAt.Time
	}
	if s.after.Status.State == accessv1.InvitationSent && s.after.Status.ExpiresAt != nil {
		at = s.after.Status.ExpiresAt.Time
	}
	if at.IsZero() {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(at.Sub(now), time.Millisecond)}
}
