// Package vendor keeps Vendors: each has one restriction and one group for each vendor role of the catalog. Drift in what
// Roster owns of them is reverted; members belong to people and are never touched; what somebody else made is refused.
package vendor

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=vendors,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=vendors/status,verbs=patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=vendors/finalizers,verbs=update
// +kubebuilder:rbac:groups=access.roster.dev,resources=usergroups;restrictions,verbs=get;list;watch;create;patch;delete

// Reconciler reconciles Vendors. All fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
}

// Reconcile brings one vendor's children and status in line with the vendor and the catalog.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	vendor := &accessv1.Vendor{}
	if err := r.Client.Get(ctx, request.NamespacedName, vendor); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !vendor.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // its children go by their owner reference, and give nothing from now on
	}
	s := &scope{vendor: vendor, now: r.Clock.Now()}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, vendor.Namespace); err != nil {
		return ctrl.Result{}, err
	}
	// Unknown is not empty: without a catalog nobody can say which children there should be, so none is removed.
	if s.tenancy.Catalog != nil && s.tenancy.Tenant.DeletionTimestamp.IsZero() {
		if err := r.sync(ctx, s); err != nil {
			return ctrl.Result{}, err
		}
	}
	after := vendor.DeepCopy()
	s.conclude(&after.Status)
	if !equality.Semantic.DeepEqual(vendor.Status, after.Status) {
		if err := r.Status.Write(ctx, after); err != nil {
			return ctrl.Result{}, err
		}
	}
	return s.outcome().Next(), nil
}
