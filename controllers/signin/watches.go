package signin

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// storePatience is how long the store's kind may be missing: the sign-in server makes it when it first starts, and everything
// else in Roster works without.
const storePatience = 30 * 24 * time.Hour

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	options.CacheSyncTimeout = storePatience
	passwords, err := r.watchPasswords(mgr)
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("signin").
		WithOptions(options).
		WithLogConstructor(discreetly(mgr.GetLogger())).
		// Every sign-in is looked at when the program starts, so that none is left of users who went while it was away; one
		// that somebody deletes is asked for again.
		WatchesRawSource(source.Kind(passwords, &identity.Password{}, &handler.TypedEnqueueRequestForObject[*identity.Password]{})).
		// A user concerns the sign-in of his address as it was and as it is.
		Watches(&accessv1.User{}, handler.EnqueueRequestsFromMapFunc(r.user), builder.WithPredicates(standingChanged)).
		// Suspension, removal and allowed domains concern everybody in the tenant.
		Watches(&accessv1.Tenant{}, watch.Wide(r.tenant), watch.SpecChanged()).
		// An invitation that ends without acceptance leaves a password that nobody may use.
		Watches(&accessv1.Invitation{}, handler.EnqueueRequestsFromMapFunc(r.invitation), builder.WithPredicates(ended)).
		// Nobody is asked twice at once, so that a reset that ends may leave somebody whom nobody asks.
		Watches(&accessv1.PasswordReset{}, handler.EnqueueRequestsFromMapFunc(r.reset), builder.WithPredicates(ended)).
		Complete(status.Quiet(r))
}

// watchPasswords makes a cache of Roster's own sign-ins, without their hashes. It is another one than the manager's, which
// cannot start while a kind is missing that it is told of.
func (r *Reconciler) watchPasswords(mgr ctrl.Manager) (cache.Cache, error) {
	passwords, err := cache.New(mgr.GetConfig(), cache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		DefaultNamespaces:    map[string]cache.Config{r.Store.Namespace(): {}},
		DefaultLabelSelector: labels.SelectorFromSet(labels.Set{accessv1.LabelManagedBy: accessv1.ManagedByRoster}),
		DefaultTransform:     identity.WithoutHash,
	})
	if err != nil {
		return nil, err
	}
	r.passwords = passwords
	return passwords, mgr.Add(passwords)
}

// standingChanged lets through what can change whether a user may come in.
var standingChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, wasUser := e.ObjectOld.(*accessv1.User)
	now, isUser := e.ObjectNew.(*accessv1.User)
	return wasUser && isUser && (before.Generation != now.Generation || before.Status.State != now.Status.State ||
		before.Status.AcceptedEmail != now.Status.AcceptedEmail || now.DeletionTimestamp != nil)
}}

// ended lets through invitations and resets that are over, and those that are deleted.
var ended = predicate.Funcs{
	CreateFunc: func(e event.CreateEvent) bool { return isOver(e.Object) },
	UpdateFunc: func(e event.UpdateEvent) bool { return isOver(e.ObjectNew) && !isOver(e.ObjectOld) },
}

func isOver(object client.Object) bool {
	letter, ok := invitation.LetterOf(object)
	return ok && (letter.Status.State.Final() || letter.GetDeletionTimestamp() != nil)
}

func (r *Reconciler) user(_ context.Context, object client.Object) []reconcile.Request {
	user, ok := object.(*accessv1.User)
	if !ok {
		return nil
	}
	return r.at(user.Spec.Email)
}

func (r *Reconciler) invitation(_ context.Context, object client.Object) []reconcile.Request {
	asked, ok := object.(*accessv1.Invitation)
	if !ok {
		return nil
	}
	return r.at(asked.Status.Email)
}

// reset concerns its user's address: one that was never sent has none of its own.
func (r *Reconciler) reset(ctx context.Context, object client.Object) []reconcile.Request {
	reset, ok := object.(*accessv1.PasswordReset)
	if !ok {
		return nil
	}
	user, err := r.Graph.User(ctx, reset.Namespace, reset.Spec.UserRef.Name)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find the user of a password reset")
	}
	if user == nil {
		return nil
	}
	return r.at(user.Spec.Email)
}

func (r *Reconciler) tenant(ctx context.Context, object client.Object) []reconcile.Request {
	tenant, ok := object.(*accessv1.Tenant)
	if !ok {
		return nil
	}
	users := &accessv1.UserList{}
	if err := r.Client.List(ctx, users, client.InNamespace(tenant.TargetNamespace()), client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not list the users of a tenant")
		return nil
	}
	var out []reconcile.Request
	for i := range users.Items {
		out = append(out, r.at(users.Items[i].Spec.Email)...)
	}
	return out
}

// at is the request for an address; none for what is no address.
func (r *Reconciler) at(email string) []reconcile.Request {
	parsed, err := address.Parse(email)
	if err != nil {
		return nil
	}
	return []reconcile.Request{watch.Request(r.Store.Namespace(), identity.Name(parsed))}
}
