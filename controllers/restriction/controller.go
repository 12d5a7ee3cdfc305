// Package restriction keeps Restrictions: whether the tenant knows the dimension and lists the values, and how many groups
// have the restriction.
package restriction

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=restrictions,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=restrictions/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;list;watch

// Reconciler reconciles Restrictions. All fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
}

// Reconcile brings one restriction's status in line with the tenant and the groups that have it.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	restriction := &accessv1.Restriction{}
	if err := r.Client.Get(ctx, request.NamespacedName, restriction); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	tenancy, err := r.Graph.Tenancy(ctx, restriction.Namespace)
	if err != nil {
		return ctrl.Result{}, err
	}
	verdict, err := r.judge(ctx, restriction, tenancy)
	if err != nil {
		return ctrl.Result{}, err
	}
	groups, err := r.Graph.GroupsBy(ctx, restriction.Namespace, index.GroupByRestriction, restriction.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	after := restriction.DeepCopy()
	after.Status = accessv1.RestrictionStatus{
		ObservedGeneration: restriction.Generation, Conditions: r.conditions(restriction, verdict),
		Groups: ptr.To(int32(min(len(groups), 1<<30))), //nolint:gosec // bounded in this line
	}
	if equality.Semantic.DeepEqual(restriction.Status, after.Status) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.Status.Write(ctx, after)
}

// verdict is what is known of a restriction's values. Unknown is true when they could not be compared with anything,
// waiting when groups with the restriction give nothing for now.
type verdict struct {
	known, unknown, waiting bool
	reason, message         string
}

func (r *Reconciler) conditions(restriction *accessv1.Restriction, v verdict) []metav1.Condition {
	conditions := status.NewConditions(restriction.Status.Conditions, restriction.Generation, r.Clock.Now())
	if v.unknown {
		conditions.Unknown(accessv1.ConditionValuesKnown, v.reason, v.message)
	} else {
		conditions.Is(accessv1.ConditionValuesKnown, v.known, v.reason, v.message)
	}
	if v.waiting {
		conditions.Waiting(v.reason, v.message)
	} else {
		conditions.Ready(accessv1.ReasonSucceeded, "Groups with this restriction are narrowed to its values")
	}
	return conditions.Result()
}

func (r *Reconciler) judge(ctx context.Context, restriction *accessv1.Restriction, tenancy *graph.Tenancy) (verdict, error) {
	if tenancy.Vocabulary == nil {
		reason, message := tenancy.Problem(restriction.Namespace)
		return verdict{unknown: true, waiting: true, reason: reason, message: status.Sentence(message)}, nil
	}
	name := restriction.Spec.Dimension
	dimension := tenancy.Dimension(name)
	if dimension == nil && !restrictedBy(tenancy, name) {
		return verdict{waiting: true, reason: accessv1.ReasonDimensionUnknown, message: fmt.Sprintf(
			"Neither Tenant %s nor ResourceCatalog %s knows the dimension %s; groups with this restriction give nothing on resources that can be restricted",
			tenancy.Tenant.Name, tenancy.Catalog.Name, name)}, nil
	}
	if restriction.Spec.Values == nil {
		return verdict{known: true, reason: accessv1.ReasonFromUser, message: "The values are each member's own"}, nil
	}
	return r.judgeValues(ctx, restriction, dimension)
}

// restrictedBy tells whether any resource of the catalog can be narrowed in the dimension.
func restrictedBy(tenancy *graph.Tenancy, dimension string) bool {
	return slices.ContainsFunc(tenancy.Vocabulary.Resources(), func(name string) bool {
		resource, _ := tenancy.Vocabulary.Resource(name)
		return slices.Contains(resource.RestrictedBy, dimension)
	})
}

// judgeValues is advice: a value that nobody lists narrows like any other.
func (r *Reconciler) judgeValues(ctx context.Context, restriction *accessv1.Restriction, dimension *accessv1.TenantDimension) (verdict, error) {
	if dimension == nil || (dimension.Values == nil && dimension.ValuesFrom == nil) {
		return verdict{known: true, reason: accessv1.ReasonValuesOpen, message: "The tenant lists no values for the dimension: any is fine"}, nil
	}
	listed, found, err := r.Graph.Values(ctx, restriction.Namespace, dimension)
	if err != nil {
		return verdict{}, err
	}
	if !found {
		ref := dimension.ValuesFrom.ConfigMapKeyRef
		return verdict{unknown: true, reason: accessv1.ReasonValuesNotFound, message: fmt.Sprintf("ConfigMap %s has no key %s, or does not exist", ref.Name, ref.Key)}, nil
	}
	var unknown []string
	for _, value := range *restriction.Spec.Values {
		if !slices.Contains(listed, value) {
			unknown = append(unknown, value)
		}
	}
	if len(unknown) > 0 {
		return verdict{reason: accessv1.ReasonValuesUnknown, message: fmt.Sprintf(
			"The tenant's dimension %s does not list: %s", dimension.Name, status.Names(unknown))}, nil
	}
	return verdict{known: true, reason: accessv1.ReasonSucceeded, message: "The tenant's dimension lists every value"}, nil
}
