// Package usergroup keeps UserGroups: what a group gives, what in it leads nowhere, what its members would also need, and
// how many members it has.
package usergroup

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

// +kubebuilder:rbac:groups=access.roster.dev,resources=usergroups,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=usergroups/status,verbs=patch

// Reconciler reconciles UserGroups. All fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
}

// Reconcile brings one group's status in line with everything it depends on.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	group := &accessv1.UserGroup{}
	if err := r.Client.Get(ctx, request.NamespacedName, group); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	s, err := r.load(ctx, group)
	if err != nil {
		return ctrl.Result{}, err
	}
	after := group.DeepCopy()
	s.conclude(&after.Status)
	if !equality.Semantic.DeepEqual(group.Status, after.Status) {
		if err := r.Status.Write(ctx, after); err != nil {
			return ctrl.Result{}, err
		}
	}
	return s.next(), nil
}
