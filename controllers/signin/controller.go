// Package signin keeps the password store in step with who may come in: it takes away the sign-in of an address at which
// nobody may, hands one to the next user of its address, and asks by mail for a new password where one was lost.
package signin

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/identity"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=users;tenants;invitations,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=users/finalizers,verbs=update
// +kubebuilder:rbac:groups=access.roster.dev,resources=passwordresets,verbs=get;list;watch;create;delete

// Reconciler reconciles the sign-in of one address, which a request names by its Password. All exported fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Store  *identity.Dex
	Events events.EventRecorder

	// passwords are Roster's own, without their hashes; set by Setup.
	passwords client.Reader
}

// Reconcile brings one address's sign-in in line with its users, in every tenant.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	at := identity.AddressOf(request.Name)
	if at.IsZero() {
		return ctrl.Result{}, nil // nobody's address: not one of Roster's
	}
	holders, err := identity.Holders(ctx, r.Graph, at)
	if err != nil {
		return ctrl.Result{}, err
	}
	// What somebody was asked and did not answer does not keep a sign-in from being taken away.
	result, err := r.keep(ctx, request.NamespacedName, at, holders)
	if err := errors.Join(err, r.withdraw(ctx, at, holders)); err != nil {
		return ctrl.Result{}, identity.Discreet(request.Name, err)
	}
	return result, nil
}

// keep decides about the sign-in of an address, or asks for one that is gone.
func (r *Reconciler) keep(ctx context.Context, key client.ObjectKey, at address.Address, holders []identity.Holder) (ctrl.Result, error) {
	stored := &identity.Password{}
	switch err := r.passwords.Get(ctx, key, stored); {
	case apierrors.IsNotFound(err):
		return r.recover(ctx, at, holders)
	case err != nil:
		return ctrl.Result{}, fmt.Errorf("could not read a sign-in: %w", err)
	}
	return ctrl.Result{}, r.settle(ctx, stored, holders)
}

// settle decides about a sign-in that is there, by the first rule that fits:
//
//  1. the user whom it names may sign in → it stays his, under his present name
//  2. another user who has accepted at its address may → it is handed to the oldest
//  3. nobody may → it is removed
func (r *Reconciler) settle(ctx context.Context, stored *identity.Password, holders []identity.Holder) error {
	if owner := identity.HolderOf(holders, stored); owner != nil {
		if name := identity.NameOf(owner.User); name != stored.Name {
			return r.Store.Hand(ctx, stored, owner.User.UID, name)
		}
		return nil
	}
	for _, next := range holders {
		if next.Accepted {
			if err := r.Store.Hand(ctx, stored, next.User.UID, identity.NameOf(next.User)); err != nil {
				return err
			}
			changes.WithLabelValues("handed").Inc()
			r.Events.Eventf(next.User, nil, "Normal", "SignInHanded", "Hand", "The sign-in of the address became this user's: who had it before may not come in any more")
			return nil
		}
	}
	if err := r.Store.Remove(ctx, stored); err != nil {
		return err
	}
	changes.WithLabelValues("removed").Inc()
	return r.tellRemoved(ctx, stored)
}

// tellRemoved makes an event on the user whose sign-in it was, if he is still there.
func (r *Reconciler) tellRemoved(ctx context.Context, stored *identity.Password) error {
	users, err := r.Graph.UsersWithEmail(ctx, "", stored.Email)
	if err != nil {
		return err
	}
	for i := range users {
		if stored.Belongs(users[i].UID) {
			r.Events.Eventf(&users[i], nil, "Normal", "SignInRemoved", "Remove", "The password was deleted: the user may not come in")
		}
	}
	return nil
}

// recover asks the oldest user who chose a password at the address for a new one: it went when he was deactivated, or
// somebody deleted it. Who never chose one is not asked, nor is a robot, which does not sign in.
func (r *Reconciler) recover(ctx context.Context, at address.Address, holders []identity.Holder) (ctrl.Result, error) {
	for _, h := range holders {
		if h.User.Spec.Type == accessv1.UserTypeRobot || h.User.Status.State != accessv1.UserActive {
			continue
		}
		had, err := r.lastChoice(ctx, h.User, at)
		if err != nil {
			return ctrl.Result{}, err
		}
		if had != "" {
			return r.ask(ctx, h.User, at, had)
		}
	}
	return ctrl.Result{}, nil
}
