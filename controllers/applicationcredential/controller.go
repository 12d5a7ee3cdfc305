// Package applicationcredential keeps ApplicationCredentials: it writes each one's token to a Secret, keeps the token's hash
// and nothing more of it, and computes what the credential may do from what its user may do.
package applicationcredential

import (
	"context"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=applicationcredentials,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=applicationcredentials/status,verbs=patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=applicationcredentials/finalizers,verbs=update
// +kubebuilder:rbac:groups=access.roster.dev,resources=users,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// lookAgain is how often a Secret is looked at without any event: Roster watches no Secrets.
const lookAgain = 5 * time.Minute

// leavingPause is how soon a Secret is looked at again that the cluster is about to delete.
const leavingPause = 2 * time.Second

// Reconciler reconciles ApplicationCredentials. All exported fields are required.
type Reconciler struct {
	Client client.Client
	// Live reads past the cache, which has neither Secrets nor what users may do.
	Live   client.Reader
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
	Events events.EventRecorder
	// Random is where tokens come from.
	Random io.Reader

	unwritten unwritten
}

// Reconcile brings one credential's token and status in line with everything they depend on.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	stored := &accessv1.ApplicationCredential{}
	if err := r.Client.Get(ctx, request.NamespacedName, stored); err != nil {
		r.unwritten.forget(request.NamespacedName)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	s, err := r.load(ctx, stored)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.keepToken(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	credential.EndPrevious(s.after, s.now)
	s.resolve()
	s.conclude("")
	if err := r.write(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return s.next(), nil
}

// keepToken does what is next about the tokens, if the credential may have one at all.
func (r *Reconciler) keepToken(ctx context.Context, s *scope) error {
	if !s.mayHaveToken() {
		return nil
	}
	switch s.step = credential.Next(s.after, s.secret); s.step {
	case credential.Promote:
		r.putInForce(s)
		return nil
	case credential.Make:
		return r.makeToken(ctx, s)
	default:
		return nil
	}
}

// makeToken records a token, writes it to the Secret, and puts it in force. The record is locked to the version that was
// read, so that of two who make a token at once one does not come to write it. That is why a token which is recorded
// already is recorded again: it asks for the lock, and changes nothing.
func (r *Reconciler) makeToken(ctx context.Context, s *scope) error {
	token, err := r.unwritten.token(s.after, r.Random)
	if err != nil {
		return err
	}
	hash := credential.HashOf(token)
	credential.Record(s.after, hash, s.user)
	if err := r.Status.WriteLocked(ctx, s.after); err != nil {
		return err
	}
	err = r.writeSecret(ctx, s, token)
	if children.Refused(err) {
		s.refused = err.Error()
		return nil
	}
	if err != nil {
		return fmt.Errorf("could not write Secret %s: %w", credential.SecretName(s.after), err)
	}
	s.secret = credential.Secret{Found: true, Own: true, Holds: hash}
	r.putInForce(s)
	return nil
}

func (r *Reconciler) putInForce(s *scope) {
	credential.PutInForce(s.after, s.now)
	r.unwritten.forget(client.ObjectKeyFromObject(s.after))
}

// write stores the status if it differs from the stored one, locked: a status from before a rotation must not bring the
// token back. If the API server refuses it, the credential is left without any access rather than with yesterday's.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	if equality.Semantic.DeepEqual(s.stored.Status, s.after.Status) {
		return nil
	}
	err := r.Status.WriteLocked(ctx, s.after)
	if apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err) {
		s.conclude("The API server refused the status: " + err.Error())
		err = r.Status.WriteLocked(ctx, s.after)
	}
	if err != nil {
		return err
	}
	r.announce(s)
	return nil
}

// Settled tells whether a stored credential's access is what follows from its user as he is stored, nil: there is none. It
// writes nothing.
func (r *Reconciler) Settled(ctx context.Context, stored *accessv1.ApplicationCredential, user *accessv1.User) (bool, error) {
	s := &scope{stored: stored, after: stored.DeepCopy(), now: r.Clock.Now()}
	if user != nil && user.DeletionTimestamp.IsZero() {
		s.user = user
	}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, stored.Namespace); err != nil {
		return false, err
	}
	s.resolve()
	if s.tooLarge != "" {
		s.after.Status.EffectiveAccess = nil
	}
	looked := stored.Status.ObservedGeneration == stored.Generation
	return looked && equality.Semantic.DeepEqual(stored.Status.EffectiveAccess, s.after.Status.EffectiveAccess), nil
}
