// Package usergroup keeps UserGroups: what a group gives, what in it leads nowhere, what its members would also need, and
// how many members it has.
package usergroup

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	if err := r.write(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return s.next(), nil
}

// write stores the status if it differs from the stored one. If the API server refuses it, the group says so, and shows
// no access rather than yesterday's.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	after := s.group.DeepCopy()
	s.conclude(&after.Status, "")
	if equality.Semantic.DeepEqual(s.group.Status, after.Status) {
		return nil
	}
	err := r.Status.Write(ctx, after)
	if apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err) {
		s.conclude(&after.Status, "The API server refused the status: "+err.Error())
		err = r.Status.Write(ctx, after)
	}
	return err
}
