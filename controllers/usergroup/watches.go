package usergroup

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	groups := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.UserGroupList{} }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("usergroup").
		WithOptions(options).
		For(&accessv1.UserGroup{}).
		// What the group points at decides what it gives.
		Watches(&accessv1.Role{}, watch.Wide(groups.By(index.GroupByRole)), watch.SpecChanged()).
		Watches(&accessv1.Restriction{}, watch.Wide(groups.By(index.GroupByRestriction)), watch.SpecChanged()).
		Watches(&accessv1.Vendor{}, watch.Wide(groups.By(index.GroupByVendor)), watch.SpecChanged()).
		Watches(&accessv1.Tenant{}, watch.Wide(groups.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(groups.Catalog), watch.SpecChanged()).
		// Users who come, go, or change their own list change the number of members.
		Watches(&accessv1.User{}, watch.Later(r.groupsOfUser), watch.SpecChanged()).
		Complete(status.Quiet(r))
}

func (r *Reconciler) groupsOfUser(ctx context.Context, object client.Object) []reconcile.Request {
	user, ok := object.(*accessv1.User)
	if !ok {
		return nil
	}
	out := make([]reconcile.Request, 0, len(user.Spec.Groups))
	for _, m := range user.Spec.Groups {
		out = append(out, watch.Request(user.Namespace, m.Name))
	}
	naming, err := r.Graph.GroupsBy(ctx, user.Namespace, index.GroupByMember, user.Name)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Could not find the groups that name a user")
	}
	for i := range naming {
		out = append(out, watch.Request(user.Namespace, naming[i].Name))
	}
	return out
}
