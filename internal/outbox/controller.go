package outbox

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/ledger"
)

// Reconciler keeps the objects of one kind.
type Reconciler struct {
	*Outbox
	Kind
	queue queue
}

// Reconcile takes the one step that is due.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	at := r.placeOf(request.NamespacedName)
	defer r.leave(at)
	stored, err := r.read(ctx, r.Client, request.NamespacedName)
	if err != nil || !stored.object.GetDeletionTimestamp().IsZero() {
		return ctrl.Result{}, r.gone(at, err)
	}
	s, err := r.load(ctx, stored)
	if err != nil {
		return ctrl.Result{}, err
	}
	if became := r.unrecorded.of(at, stored); became != nil {
		return r.note(ctx, s, became)
	}
	action := invitation.Next(s.facts(), s.now)
	if lanes := r.lanesFor(action.Step); lanes != nil && !lanes.enter(at) {
		return ctrl.Result{}, nil
	}
	if action.Step == invitation.Send {
		return r.attempt(ctx, s)
	}
	if action, err = r.take(ctx, s, action); err != nil {
		return ctrl.Result{}, err
	}
	s.conclude(action)
	if err := r.write(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.prune(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return s.next(action, r.Clock.Now()), nil
}

// gone forgets an object that is not there any more, or is on its way out. What could not be read may be there.
func (r *Reconciler) gone(at place, err error) error {
	if err = client.IgnoreNotFound(err); err == nil {
		r.unrecorded.forget(at)
		r.ledgers.release(at.request.Namespace, r.waiting(at.request.Name))
	}
	return err
}

// lanesFor are those that a step needs; nil: none.
func (r *Reconciler) lanesFor(step invitation.Step) *lanes {
	switch step {
	case invitation.Record:
		return &r.recording
	case invitation.Send:
		return &r.sending
	default:
		return nil
	}
}

// take brings the object to where the step leads, and returns what was done: a mail may have to wait for its turn.
func (r *Reconciler) take(ctx context.Context, s *scope, action invitation.Action) (invitation.Action, error) {
	switch action.Step {
	case invitation.Nothing:
		s.after.letter.Status.NextAttemptAt = nil
	case invitation.End:
		r.giveUpTurn(s)
		s.end(action)
	case invitation.Hold:
		r.giveUpTurn(s)
	case invitation.Record:
		return r.record(ctx, s)
	case invitation.Send, invitation.Wait:
	}
	return action, nil
}

// record counts an attempt, before it is made. The first one is a mail more for the limits, and waits for its turn.
func (r *Reconciler) record(ctx context.Context, s *scope) (invitation.Action, error) {
	if s.stored.letter.Status.FirstAttemptAt == nil {
		waiting, err := r.book(ctx, s)
		if err != nil || waiting.Step != invitation.Record {
			return waiting, err
		}
	}
	if err := r.claim(ctx, s); err != nil {
		return invitation.Action{}, err
	}
	s.record(r.MessageDomain)
	return invitation.Action{Step: invitation.Record}, nil
}

// book asks the tenant's ledger for a turn.
func (r *Reconciler) book(ctx context.Context, s *scope) (invitation.Action, error) {
	letter := s.stored.letter
	turn, err := r.ledgers.book(ctx, r.Outbox, s.tenancy.Tenant, ledger.Mail{
		Letter: letter.GetUID(), To: s.address(), Planned: ptr.Deref(letter.Status.NextAttemptAt, metav1.Time{}).Time,
		Waiting: r.waiting(letter.GetName()),
	}, s.now)
	switch {
	case unusable(err):
		return invitation.Action{
			Step: invitation.Wait, At: s.now.Add(ledgerPause), Reason: accessv1.ReasonMisconfigured, Message: err.Error(), Stalled: true,
		}, nil
	case err != nil:
		return invitation.Action{}, err
	case turn.At.After(s.now):
		s.after.letter.Status.NextAttemptAt = ptr.To(metav1.NewTime(turn.At))
		return invitation.Action{
			Step: invitation.Wait, At: turn.At, Reason: accessv1.ReasonRateLimited, Message: fmt.Sprintf(
				"The %s has been sent as many mails as may go out in a while: this one goes out later, by itself", turn.Limited),
		}, nil
	default:
		return invitation.Action{Step: invitation.Record}, nil
	}
}

// waiting is an object's name among all that wait for a turn in the tenant.
func (r *Reconciler) waiting(name string) string { return r.Name + "/" + name }

// giveUpTurn: others may have the turn that an entry was waiting for. If it is held, it asks for another once nothing is in
// the way.
func (r *Reconciler) giveUpTurn(s *scope) {
	if status := s.after.letter.Status; status.FirstAttemptAt == nil && status.NextAttemptAt != nil {
		r.ledgers.release(s.stored.object.GetNamespace(), r.waiting(s.stored.object.GetName()))
		status.NextAttemptAt = nil
	}
}

// isCurrent tells whether the cached copy is what is stored. If it is not, the newer version is on its way as an event,
// and it may say that the mail has gone out already.
func (r *Reconciler) isCurrent(ctx context.Context, cached client.Object) (bool, error) {
	live, err := r.read(ctx, r.Live, client.ObjectKeyFromObject(cached))
	if err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return live.object.GetUID() == cached.GetUID() && live.object.GetResourceVersion() == cached.GetResourceVersion(), nil
}

// claim makes the object the user's own, so that it goes when he goes, and counts for nobody who is later given the same
// name.
func (r *Reconciler) claim(ctx context.Context, s *scope) error {
	if s.claim() == invitation.Owned {
		return nil
	}
	claimed := s.stored.copy().object
	labels := map[string]string{accessv1.LabelUser: string(s.user.UID)}
	for key, value := range claimed.GetLabels() {
		if key != accessv1.LabelUser {
			labels[key] = value
		}
	}
	claimed.SetLabels(labels)
	// Not as its controller: whoever wrote it may have put one there.
	if err := controllerutil.SetOwnerReference(s.user, claimed, r.Client.Scheme()); err != nil {
		return err
	}
	patch := client.MergeFromWithOptions(s.stored.object, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, claimed, patch, client.FieldOwner(accessv1.FieldOwner)); err != nil {
		return err
	}
	s.after.object.SetResourceVersion(claimed.GetResourceVersion())
	return nil
}

// write stores the status if it changed, on the condition that nobody else has written since: the pages do.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	if !s.changed() {
		return nil
	}
	if err := r.Status.WriteLocked(ctx, s.after.object); err != nil {
		return err
	}
	r.announce(s)
	return nil
}

// prune deletes the object if it is history that is no longer kept. Its end has been written and told before.
func (r *Reconciler) prune(ctx context.Context, s *scope) error {
	if s.user == nil || s.changed() || !invitation.Surplus(s.stored.letter, s.siblings, s.user) {
		return nil
	}
	uid, version := s.stored.object.GetUID(), s.stored.object.GetResourceVersion()
	err := r.Client.Delete(ctx, s.stored.object, client.Preconditions{UID: &uid, ResourceVersion: &version})
	return client.IgnoreNotFound(err)
}
