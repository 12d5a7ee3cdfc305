package restriction

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	restrictions := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.RestrictionList{} }}
	inNamespace := func(ctx context.Context, object client.Object) []reconcile.Request {
		return restrictions.Namespace(ctx, object.GetNamespace())
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("restriction").
		WithOptions(options).
		For(&accessv1.Restriction{}).
		// The tenant and its catalog say which dimensions there are.
		Watches(&accessv1.Tenant{}, watch.Wide(restrictions.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(restrictions.Catalog), watch.SpecChanged()).
		// A dimension's values may stand in a ConfigMap; only its metadata is cached.
		Watches(&corev1.ConfigMap{}, watch.Later(inNamespace), builder.OnlyMetadata).
		// Groups are counted, by their restrictions as they were and as they are.
		Watches(&accessv1.UserGroup{}, watch.Later(watch.Named(func(g *accessv1.UserGroup) []accessv1.Reference { return g.Spec.Restrictions })), watch.SpecChanged()).
		Complete(status.Quiet(r))
}
