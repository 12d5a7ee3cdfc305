// Package role keeps Roles: whether every rule names only what the catalog knows, and how many groups have the role.
package role

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=roles,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=roles/status,verbs=patch

// Reconciler reconciles Roles. All fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
}

// Reconcile brings one role's status in line with the catalog and the groups that have it.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	role := &accessv1.Role{}
	if err := r.Client.Get(ctx, request.NamespacedName, role); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	tenancy, err := r.Graph.Tenancy(ctx, role.Namespace)
	if err != nil {
		return ctrl.Result{}, err
	}
	groups, err := r.Graph.GroupsBy(ctx, role.Namespace, index.GroupByRole, role.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	after := role.DeepCopy()
	conditions := status.NewConditions(role.Status.Conditions, role.Generation, r.Clock.Now())
	judge(conditions, role, tenancy)
	after.Status = accessv1.RoleStatus{
		ObservedGeneration: role.Generation, Conditions: conditions.Result(),
		Groups: ptr.To(int32(min(len(groups), 1<<30))), //nolint:gosec // bounded in this line
	}
	if equality.Semantic.DeepEqual(role.Status, after.Status) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.Status.Write(ctx, after)
}

// judge checks the rules against the catalog. A rule that names something unknown may become good when the catalog
// changes, so the role waits.
func judge(conditions *status.Conditions, role *accessv1.Role, tenancy *graph.Tenancy) {
	if tenancy.Vocabulary == nil {
		reason, message := tenancy.Problem(role.Namespace)
		message = status.Sentence(message)
		conditions.Unknown(accessv1.ConditionRulesResolved, reason, message)
		conditions.Waiting(reason, message)
		return
	}
	problems := graph.CheckRules(tenancy.Vocabulary, role.Spec.Rules)
	if len(problems) == 0 {
		conditions.Is(accessv1.ConditionRulesResolved, true, accessv1.ReasonSucceeded, "Every name in the rules is known")
		conditions.Ready(accessv1.ReasonSucceeded, "The role grants what its rules say")
		return
	}
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	message := fmt.Sprintf("ResourceCatalog %s does not know everything; these rules grant nothing: %s", tenancy.Catalog.Name, status.Names(texts))
	conditions.Is(accessv1.ConditionRulesResolved, false, accessv1.ReasonUnknownNames, message)
	conditions.Waiting(accessv1.ReasonUnknownNames, message)
}

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	roles := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.RoleList{} }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("role").
		WithOptions(options).
		For(&accessv1.Role{}).
		// The catalog says which names are known, and the tenant says which catalog.
		Watches(&accessv1.Tenant{}, watch.Wide(roles.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(roles.Catalog), watch.SpecChanged()).
		// Groups are counted, by their roles as they were and as they are.
		Watches(&accessv1.UserGroup{}, watch.Later(watch.Named(func(g *accessv1.UserGroup) []accessv1.Reference { return g.Spec.Roles })), watch.SpecChanged()).
		Complete(status.Quiet(r))
}
