package vendor

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	vendors := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.VendorList{} }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("vendor").
		WithOptions(options).
		For(&accessv1.Vendor{}).
		// Drift in a child is reverted, and a name that becomes free is taken.
		Watches(&accessv1.UserGroup{}, watch.Wide(byName)).
		Watches(&accessv1.Restriction{}, watch.Wide(byName)).
		// The catalog says which groups a vendor has, and the tenant which roles of it there are.
		Watches(&accessv1.Tenant{}, watch.Wide(vendors.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(vendors.Catalog), watch.SpecChanged()).
		Complete(status.Quiet(r))
}

// byName names the vendors whose child an object of this name would be: every part of the name that ends before a dot.
// The name decides, not a label or an owner, because those may be what drifted.
func byName(_ context.Context, object client.Object) []reconcile.Request {
	var out []reconcile.Request
	for i, c := range object.GetName() {
		if c == '.' {
			out = append(out, watch.Request(object.GetNamespace(), object.GetName()[:i]))
		}
	}
	return out
}
