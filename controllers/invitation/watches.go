package invitation

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	invitations := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.InvitationList{} }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("invitation").
		WithOptions(options).
		For(&accessv1.Invitation{}).
		// A newer invitation supersedes the older ones of the same user.
		Watches(&accessv1.Invitation{}, handler.EnqueueRequestsFromMapFunc(r.siblings)).
		// The user's address, state and conditions decide whether he is asked at all.
		Watches(&accessv1.User{}, handler.EnqueueRequestsFromMapFunc(invitations.By(index.InvitationByUser))).
		// Nothing is sent while no tenant in business owns the namespace.
		Watches(&accessv1.Tenant{}, watch.Wide(invitations.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(invitations.Catalog), watch.SpecChanged()).
		Complete(status.Quiet(r))
}

func (r *Reconciler) siblings(ctx context.Context, object client.Object) []reconcile.Request {
	invitation, ok := object.(*accessv1.Invitation)
	if !ok {
		return nil
	}
	found, err := r.Graph.InvitationsOf(ctx, invitation.Namespace, invitation.Spec.UserRef.Name)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find a user's other invitations")
		return nil
	}
	var out []reconcile.Request
	for i := range found {
		if found[i].Name != invitation.Name {
			out = append(out, watch.Request(found[i].Namespace, found[i].Name))
		}
	}
	return out
}
