package outbox

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	entries := watch.Mapper{Reader: r.Client, NewList: r.newList}
	return ctrl.NewControllerManagedBy(mgr).
		Named(r.Name).
		WithOptions(options).
		For(r.Object).
		// A newer one supersedes the older ones of the same user, and has the oldest go.
		Watches(r.Object, handler.EnqueueRequestsFromMapFunc(r.siblings)).
		// The user's address, state and conditions decide whether he is asked at all.
		Watches(&accessv1.User{}, handler.EnqueueRequestsFromMapFunc(entries.By(r.ByUser))).
		// Nothing is sent while no tenant in business owns the namespace.
		Watches(&accessv1.Tenant{}, watch.Wide(entries.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(entries.Catalog), watch.SpecChanged()).
		// What waits for a lane comes back when it is given one.
		WatchesRawSource(source.Func(func(_ context.Context, q queue) error {
			r.queue = q
			return nil
		})).
		Complete(status.Quiet(r))
}

func (r *Reconciler) newList() client.ObjectList {
	list, ok := r.List.DeepCopyObject().(client.ObjectList)
	if !ok {
		return r.List // a copy is of the same type
	}
	return list
}

func (r *Reconciler) siblings(ctx context.Context, object client.Object) []reconcile.Request {
	e, err := entryOf(object)
	if err != nil {
		return nil
	}
	found, err := r.siblingsOf(ctx, e.letter)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find what else asks a user")
		return nil
	}
	var out []reconcile.Request
	for _, sibling := range found {
		if sibling.GetName() != object.GetName() {
			out = append(out, watch.Request(object.GetNamespace(), sibling.GetName()))
		}
	}
	return out
}
