// Package tenant keeps Tenants: the namespace, the copies of the catalog's predefined roles, the restrictions of Synced
// dimensions, the role bindings of its administrators and viewers, and the counts. Deleting a tenant takes everybody's access away before anything else goes.
package tenant

import (
	"context"
	"errors"

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
	if err := r.sync(ctx, s); err != nil || s.released {
		return ctrl.Result{}, err
	}
	after := tenant.DeepCopy()
	s.conclude(&after.Status)
	if !equality.Semantic.DeepEqual(tenant.Status, after.Status) {
		if err := r.Status.Write(ctx, after); err != nil {
			return ctrl.Result{}, err
		}
	}
	return s.place.And(s.roles).And(s.restrictions).And(s.bindings).Next(), nil
}

// sync keeps what the tenant owns. What fails keeps nothing from happening that does not build on it: above all it keeps no
// rights from being taken away.
func (r *Reconciler) sync(ctx context.Context, s *scope) error {
	if s.deleting() {
		return inOrder(ctx, s, r.syncBindings, r.cleanUp, r.count)
	}
	return errors.Join(inOrder(ctx, s, r.hold, r.syncNamespace), inOrder(ctx, s, r.count, r.syncBindings),
		r.syncRoles(ctx, s), r.syncRestrictions(ctx, s))
}

// inOrder goes from step to step until one fails.
func inOrder(ctx context.Context, s *scope, steps ...func(context.Context, *scope) error) error {
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	return nil
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
