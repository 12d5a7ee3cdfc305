package tenant

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/binding"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("tenant").
		WithOptions(options).
		For(&accessv1.Tenant{}).
		// A tenant that goes leaves its namespace to the next older one that asks for it.
		Watches(&accessv1.Tenant{}, watch.Wide(r.rivals), watch.SpecChanged()).
		// The catalog's roles are copied.
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(watch.TenantsOf(r.Client)), watch.SpecChanged()).
		// A namespace may be deleted under the tenant, or be gone at last.
		Watches(&corev1.Namespace{}, watch.Wide(r.byNamespaceName)).
		// Drift in a child is reverted, and a name that becomes free is taken.
		Watches(&accessv1.Role{}, watch.Wide(r.inNamespace)).
		Watches(&accessv1.Restriction{}, watch.Wide(r.inNamespace)).
		Watches(&rbacv1.RoleBinding{}, watch.Wide(r.inNamespace), builder.WithPredicates(kept)).
		// A Synced dimension's values may stand in a ConfigMap; only its metadata is cached.
		Watches(&corev1.ConfigMap{}, watch.Later(r.inNamespace), builder.OnlyMetadata).
		// A partner that comes, goes or is suspended brings its administrators, or takes them.
		Watches(&accessv1.Tenant{}, watch.Wide(r.managedBy), watch.SpecChanged()).
		Watches(&accessv1.User{}, watch.Later(r.managedFrom), builder.WithPredicates(administratorChanged)).
		// Users by state, groups and vendors are counted, and some of them are bound.
		Watches(&accessv1.User{}, watch.Later(r.inNamespace), builder.WithPredicates(countChanged)).
		Watches(&accessv1.UserGroup{}, watch.Later(r.inNamespace), watch.SpecChanged()).
		Watches(&accessv1.Vendor{}, watch.Later(r.inNamespace), watch.SpecChanged()).
		Complete(status.Quiet(r))
}

// kept lets RoleBindings through that have the name of one that is kept.
var kept = predicate.NewPredicateFuncs(func(object client.Object) bool { return binding.Kept(object.GetName()) })

// countChanged lets an update of a user through when he counts as something else than before, or can be bound as something
// else. His access changes a thousand times for each time that this does, and counting takes as long as there are users.
var countChanged = predicate.Funcs{UpdateFunc: ofUsers(func(before, after *accessv1.User) bool {
	return before.Status.State != after.Status.State || status.HasAccess(before) != status.HasAccess(after) || seatChanged(before, after)
})}

// seatChanged tells whether an update can change who is bound: a user's level, his address, or whether his status speaks of
// him as he is.
func seatChanged(before, after *accessv1.User) bool {
	if before.Status.Administration != after.Status.Administration || before.Spec.Email != after.Spec.Email {
		return true
	}
	return after.Status.Administration != "" && before.Generation != after.Generation
}

// administratorChanged is for the tenants that an administrator's own one manages: nobody else of it is bound there.
var administratorChanged = predicate.Funcs{
	CreateFunc: func(e event.CreateEvent) bool { return administers(e.Object) },
	DeleteFunc: func(e event.DeleteEvent) bool { return administers(e.Object) },
	UpdateFunc: ofUsers(func(before, after *accessv1.User) bool {
		return (administers(before) || administers(after)) && seatChanged(before, after)
	}),
}

func administers(object client.Object) bool {
	user, isUser := object.(*accessv1.User)
	return isUser && user.Status.Administration == accessv1.LevelManage
}

func ofUsers(changed func(before, after *accessv1.User) bool) func(event.UpdateEvent) bool {
	return func(e event.UpdateEvent) bool {
		before, wasUser := e.ObjectOld.(*accessv1.User)
		after, isUser := e.ObjectNew.(*accessv1.User)
		return !wasUser || !isUser || changed(before, after)
	}
}

func (r *Reconciler) rivals(ctx context.Context, object client.Object) []reconcile.Request {
	tenant, ok := object.(*accessv1.Tenant)
	if !ok {
		return nil
	}
	return r.tenants(ctx, index.TenantByNamespace, tenant.TargetNamespace())
}

func (r *Reconciler) byNamespaceName(ctx context.Context, object client.Object) []reconcile.Request {
	return r.tenants(ctx, index.TenantByNamespace, object.GetName())
}

func (r *Reconciler) inNamespace(ctx context.Context, object client.Object) []reconcile.Request {
	return r.tenants(ctx, index.TenantByNamespace, object.GetNamespace())
}

// managedBy names the tenants that a tenant manages.
func (r *Reconciler) managedBy(ctx context.Context, object client.Object) []reconcile.Request {
	return r.tenants(ctx, index.TenantByPartner, object.GetName())
}

// managedFrom names the tenants that are managed from the object's namespace.
func (r *Reconciler) managedFrom(ctx context.Context, object client.Object) []reconcile.Request {
	var out []reconcile.Request
	for _, partner := range r.inNamespace(ctx, object) {
		out = append(out, r.tenants(ctx, index.TenantByPartner, partner.Name)...)
	}
	return out
}

func (r *Reconciler) tenants(ctx context.Context, key, value string) []reconcile.Request {
	tenants, err := r.Graph.TenantsBy(ctx, key, value)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find tenants", "by", key, "of", value)
	}
	out := make([]reconcile.Request, len(tenants))
	for i := range tenants {
		out[i] = watch.Request("", tenants[i].Name)
	}
	return out
}
