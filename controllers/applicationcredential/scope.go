package applicationcredential

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// scope is what one reconcile of a credential looks at, read once, and the object that it arrives at.
type scope struct {
	// stored is the credential as the cache has it; never changed.
	stored *accessv1.ApplicationCredential
	// after starts as a copy of stored and ends as what is written.
	after *accessv1.ApplicationCredential
	// tenancy is the namespace's; never nil, its parts may be.
	tenancy *graph.Tenancy
	// user is whom the credential acts for, as the API server has him, his access included; nil: there is none, or he is
	// being deleted.
	user *accessv1.User
	// read is what stands under the Secret's name; nil: nothing does, or no tenant owns the namespace, where none is read.
	read *corev1.Secret
	// secret is what a plan has to know of it, or of what was written in its place.
	secret credential.Secret
	// step is what was done about the tokens; empty: the credential may have none.
	step credential.Step
	// refused is what the API server said of the Secret; empty: it was not refused.
	refused string
	// tooLarge says that the access does not fit into a status; empty: it does.
	tooLarge string
	now      time.Time
}

func (r *Reconciler) load(ctx context.Context, stored *accessv1.ApplicationCredential) (*scope, error) {
	s := &scope{stored: stored, after: stored.DeepCopy(), now: r.Clock.Now()}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, stored.Namespace); err != nil || s.tenancy.Tenant == nil {
		return s, err
	}
	user := &accessv1.User{}
	err = r.Live.Get(ctx, client.ObjectKey{Namespace: stored.Namespace, Name: stored.Spec.UserRef.Name}, user)
	if client.IgnoreNotFound(err) != nil {
		return nil, err
	}
	if err == nil && user.DeletionTimestamp.IsZero() {
		s.user = user
	}
	s.read, err = r.readSecret(ctx, s.after)
	s.secret = describe(s.read, s.after)
	return s, err
}

// replaced: the user of that name is not the person for whom the first token was made.
func (s *scope) replaced() bool {
	return s.user != nil && s.after.Status.UserUID != "" && !credential.ActsFor(s.after, s.user)
}

func (s *scope) deleting() bool { return !s.after.DeletionTimestamp.IsZero() }

// mayHaveToken: somebody is there for whom it stands, and it has a future.
func (s *scope) mayHaveToken() bool {
	return s.tenancy.Tenant != nil && s.user != nil && !s.replaced() && !s.deleting() && !credential.Expired(s.after, s.now)
}

// acts tells whether the credential may do anything at all.
func (s *scope) acts() bool {
	reason, _ := s.tenancy.Problem(s.after.Namespace)
	return reason == "" && s.mayHaveToken() && s.after.Status.TokenHash != "" && isActive(s.user)
}

func isActive(user *accessv1.User) bool {
	return user.Spec.State != accessv1.AccountInactive && user.Status.State == accessv1.UserActive
}

// resolve computes what the credential may do: what the user's status says, cut to the credential's own rules.
func (s *scope) resolve() {
	out := &s.after.Status
	out.EffectiveAccess, out.AccessSummary = nil, ""
	if !s.acts() {
		return
	}
	grants := graph.Cut(s.tenancy.Vocabulary, graph.Grants(s.user.Status.EffectiveAccess), s.after.Spec.Access)
	out.EffectiveAccess = graph.Entries(grants)
	out.AccessSummary = access.Summary(s.tenancy.Vocabulary, grants)
	s.tooLarge = status.TooLarge(out.EffectiveAccess)
}

// next wakes the credential up when it or its token before ends, and to look at its Secret, or to write it again: nobody
// tells when what refused it is lifted.
func (s *scope) next() ctrl.Result {
	if s.tenancy.Tenant == nil {
		return ctrl.Result{}
	}
	pause := lookAgain
	switch {
	case s.refused != "":
		pause = children.RefusedPause
	case s.secret.Leaving:
		pause = leavingPause
	}
	if end := credential.NextEnd(s.after, s.now); !end.IsZero() {
		pause = min(pause, max(end.Sub(s.now), time.Millisecond))
	}
	return ctrl.Result{RequeueAfter: pause}
}
