package user

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
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
	users := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.UserList{} }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("user").
		WithOptions(options).
		// Status changes too: a status that somebody else wrote is put right.
		For(&accessv1.User{}, builder.WithPredicates(r.echoes.Unheard())).
		// Acceptance, expiry, cancellation and deletion of an invitation decide where its user stands.
		Watches(&accessv1.Invitation{}, handler.EnqueueRequestsFromMapFunc(invited)).
		// Whoever shares an address with this user may now be the older one, or no longer be a duplicate.
		Watches(&accessv1.User{}, watch.Wide(r.sharingAddress), watch.SpecChanged()).
		// A group concerns its members, by its list as it was and as it is, and by the users' own lists.
		Watches(&accessv1.UserGroup{}, watch.Wide(r.membersOfGroup), watch.SpecChanged()).
		// A role, a restriction or a vendor concerns the members of the groups that have it.
		Watches(&accessv1.Role{}, watch.Wide(r.membersBy(index.GroupByRole)), watch.SpecChanged()).
		Watches(&accessv1.Restriction{}, watch.Wide(r.membersBy(index.GroupByRestriction)), watch.SpecChanged()).
		Watches(&accessv1.Vendor{}, watch.Wide(r.membersBy(index.GroupByVendor)), watch.SpecChanged()).
		// Tenant and catalog concern everybody in the namespace: suspension, domains, default access, vocabulary.
		Watches(&accessv1.Tenant{}, watch.Wide(users.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(users.Catalog), watch.SpecChanged()).
		Complete(status.Quiet(r))
}

func invited(_ context.Context, object client.Object) []reconcile.Request {
	invitation, ok := object.(*accessv1.Invitation)
	if !ok {
		return nil
	}
	return []reconcile.Request{watch.Request(invitation.Namespace, invitation.Spec.UserRef.Name)}
}

func (r *Reconciler) sharingAddress(ctx context.Context, object client.Object) []reconcile.Request {
	user, ok := object.(*accessv1.User)
	if !ok || index.EmailKey(user.Spec.Email) == "" {
		return nil
	}
	same, err := r.Graph.UsersWithEmail(ctx, user.Namespace, index.EmailKey(user.Spec.Email))
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find who shares an address")
		return nil
	}
	var out []reconcile.Request
	for i := range same {
		if same[i].Name != user.Name {
			out = append(out, watch.Request(same[i].Namespace, same[i].Name))
		}
	}
	return out
}

func (r *Reconciler) membersOfGroup(ctx context.Context, object client.Object) []reconcile.Request {
	group, ok := object.(*accessv1.UserGroup)
	if !ok {
		return nil
	}
	out := make([]reconcile.Request, 0, len(group.Spec.Members))
	for i := range group.Spec.Members {
		out = append(out, watch.Request(group.Namespace, group.Spec.Members[i].Name))
	}
	listing, err := r.Graph.UsersListing(ctx, group.Namespace, group.Name)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find who lists a group")
	}
	for i := range listing {
		out = append(out, watch.Request(group.Namespace, listing[i].Name))
	}
	return out
}

func (r *Reconciler) membersBy(key string) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		groups, err := r.Graph.GroupsBy(ctx, object.GetNamespace(), key, object.GetName())
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "Could not find the groups of an object")
			return nil
		}
		var out []reconcile.Request
		for i := range groups {
			out = append(out, r.membersOfGroup(ctx, &groups[i])...)
		}
		return out
	}
}
