// Package tenant keeps Tenants: the namespace, the copies of the catalog's predefined roles, the restrictions of Synced
// dimensions, the role bindings of its administrators and viewers, and the counts. Deleting a tenant takes everybody's access away before anything else goes.
package tenant

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/binding"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=tenants,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=tenants/status,verbs=patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=tenants/finalizers,verbs=update
// +kubebuilder:rbac:groups=access.roster.dev,resources=roles;restrictions,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=list;watch;create
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,resourceNames=roster-administrators;roster-viewers,verbs=get;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,resourceNames=roster-tenant-admin;roster-tenant-viewer,verbs=bind
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;create;patch;delete

// Reconciler reconciles Tenants. All fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
	Binder *binding.Binder
}

// Reconcile brings what one tenant owns, and its status, in line with the tenant and its catalog.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	tenant := &accessv1.Tenant{}
	if err := r.Client.Get(ctx, request.NamespacedName, tenant); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	s, err := r.load(ctx, tenant)
	if err != nil || s == nil {
		return ctrl.Result{}, err
	}
	steps := []func(context.Context, *scope) error{r.hold, r.syncNamespace, r.syncRoles, r.syncRestrictions, r.count, r.syncBindings}
	if s.deleting() {
		steps = []func(context.Context, *scope) error{r.syncBindings, r.cleanUp, r.count}
	}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return ctrl.Result{}, err
		}
	}
	if s.released {
		return ctrl.Result{}, nil
	}
	after := tenant.DeepCopy()
	s.conclude(&after.Status)
	if !equality.Semantic.DeepEqual(tenant.Status, after.Status) {
		if err := r.Status.Write(ctx, after); err != nil {
			return ctrl.Result{}, err
		}
	}
	return s.roles.And(s.restrictions).And(s.bindings).Next(), nil
}

// hold puts the finalizer on before anything is made that has to be cleaned up.
func (r *Reconciler) hold(ctx context.Context, s *scope) error {
	held := s.tenant.DeepCopy()
	if !controllerutil.AddFinalizer(held, accessv1.FinalizerCleanup) {
		return nil
	}
	return r.patch(ctx, s, held)
}

func (r *Reconciler) patch(ctx context.Context, s *scope, to *accessv1.Tenant) error {
	patch := client.MergeFromWithOptions(s.tenant, client.MergeFromWithOptimisticLock{})
	return r.Client.Patch(ctx, to, patch, client.FieldOwner(accessv1.FieldOwner))
}
