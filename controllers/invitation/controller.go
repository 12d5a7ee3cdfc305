// Package invitation keeps Invitations: it is the outbox. What happens next is decided by internal/invitation; here it is
// carried out, one step a reconcile: record an attempt, hand the mail over, record what became of it.
package invitation

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=invitations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=invitations/status,verbs=patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=users/finalizers,verbs=update

// Linker makes the link that goes into an invitation's mail.
type Linker interface {
	// Link is the same for the same invitation as long as the signing key stays.
	Link(ctx context.Context, invitation *accessv1.Invitation) (string, error)
}

// Reconciler reconciles Invitations. All exported fields are required.
type Reconciler struct {
	Client client.Client
	// Live reads past the cache: nothing is sent on the word of an old copy.
	Live   client.Reader
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
	Events events.EventRecorder
	Sender mail.Sender
	// Templates write the mails.
	Templates *mail.Templates
	// Requester is how a mail names who asked for it, by spec.requestedBy; empty: nobody is named.
	Requester func(requestedBy string) string
	Links     Linker
	// MessageDomain is the right-hand side of every Message-ID.
	MessageDomain string
	// Jitter is a fraction from 0 to 1 that spreads retries.
	Jitter func() float64

	lanes lanes
}

// Reconcile takes the one step that is due.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	stored := &accessv1.Invitation{}
	if err := r.Client.Get(ctx, request.NamespacedName, stored); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !stored.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	s, err := r.load(ctx, stored)
	if err != nil {
		return ctrl.Result{}, err
	}
	action := invitation.Next(s.facts(), s.now)
	switch action.Step {
	case invitation.Nothing:
		s.after.Status.NextAttemptAt = nil
	case invitation.End:
		s.end(action)
	case invitation.Record:
		if err := r.claim(ctx, s); err != nil {
			return ctrl.Result{}, err
		}
		s.record(r.MessageDomain)
	case invitation.Send:
		return r.attempt(ctx, s, action)
	case invitation.Hold, invitation.Wait:
	}
	s.conclude(action)
	if err := r.write(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return s.next(action, r.Clock.Now()), nil
}

// isCurrent tells whether the cached copy is what is stored. If it is not, the newer version is on its way as an event,
// and it may say that the mail has gone out already.
func (r *Reconciler) isCurrent(ctx context.Context, cached *accessv1.Invitation) (bool, error) {
	live := &accessv1.Invitation{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(cached), live); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return live.UID == cached.UID && live.ResourceVersion == cached.ResourceVersion, nil
}

// claim makes the invitation the user's own, so that it goes when he goes, and counts for nobody who is later given the
// same name.
func (r *Reconciler) claim(ctx context.Context, s *scope) error {
	if s.claim() == invitation.Owned {
		return nil
	}
	claimed := s.stored.DeepCopy()
	metav1.SetMetaDataLabel(&claimed.ObjectMeta, accessv1.LabelUser, string(s.user.UID))
	// Not as its controller: whoever wrote the invitation may have put one there.
	if err := controllerutil.SetOwnerReference(s.user, claimed, r.Client.Scheme()); err != nil {
		return err
	}
	patch := client.MergeFromWithOptions(s.stored, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, claimed, patch, client.FieldOwner(accessv1.FieldOwner)); err != nil {
		return err
	}
	s.after.ResourceVersion = claimed.ResourceVersion
	return nil
}

// write stores the status if it changed, on the condition that nobody else has written since: the acceptance page does.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	if !s.changed() {
		return nil
	}
	if err := r.Status.WriteLocked(ctx, s.after); err != nil {
		return err
	}
	r.announce(s)
	return nil
}
