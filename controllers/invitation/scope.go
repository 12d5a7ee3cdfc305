package invitation

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/invitation"
)

// scope is what one reconcile of an invitation looks at, read once, and the object that it arrives at.
type scope struct {
	// stored is the invitation as the cache has it; never changed.
	stored *accessv1.Invitation
	// after starts as a copy of stored and ends as what is written.
	after *accessv1.Invitation
	// user is whom it asks; nil: there is none, or he is being deleted.
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
	if s.user, err = r.Graph.User(ctx, stored.Namespace, stored.Spec.UserRef.Name); err != nil {
		return nil, err
	}
	s.siblings, err = r.Graph.InvitationsOf(ctx, stored.Namespace, stored.Spec.UserRef.Name)
	return s, err
}

func (s *scope) facts() invitation.Facts {
	f := invitation.Facts{Invitation: s.stored, UserFound: s.user != nil, Superseded: s.superseded()}
	problem, _ := s.tenancy.Problem(s.stored.Namespace)
	f.Tenant = problem == ""
	if s.user == nil {
		return f
	}
	// An invitation that belongs to an earlier user of the same name is none of this one's.
	if len(s.stored.OwnerReferences) > 0 && !s.owned() {
		f.UserFound = false
		return f
	}
	f.SameAddress = index.EmailKey(s.stored.Status.Email) == index.EmailKey(s.user.Spec.Email)
	f.UserWaits, f.UserProblem = waits(s.user)
	return f
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
		if c := meta.FindStatusCondition(user.Status.Conditions, kind); c == nil || c.Status != metav1.ConditionTrue {
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
		withdrawn := other.Spec.Cancel != nil && *other.Spec.Cancel
		counts := !other.Status.State.Final() || other.Status.State == accessv1.InvitationAccepted
		return graph.Older(s.stored, &other) < 0 && !withdrawn && counts && other.DeletionTimestamp.IsZero()
	})
}

func (s *scope) owned() bool {
	return s.user != nil && slices.ContainsFunc(s.stored.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == s.user.UID })
}

func (s *scope) own(invitation *accessv1.Invitation, scheme *runtime.Scheme) error {
	if invitation.Labels == nil {
		invitation.Labels = map[string]string{}
	}
	invitation.Labels[accessv1.LabelUser] = string(s.user.UID)
	return controllerutil.SetControllerReference(s.user, invitation, scheme)
}

func (s *scope) changed() bool {
	return !equality.Semantic.DeepEqual(s.stored.Status, s.after.Status)
}

// next wakes the invitation up when its pause or its time ends, without any other event.
func (s *scope) next(action invitation.Action) ctrl.Result {
	at := action.At
	if s.delivery != nil && s.after.Status.NextAttemptAt != nil {
		at = s.after.Status.NextAttemptAt.Time
	}
	if s.after.Status.State == accessv1.InvitationSent {
		at = s.after.Status.ExpiresAt.Time
	}
	if at.IsZero() {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(at.Sub(s.now), time.Second)}
}
