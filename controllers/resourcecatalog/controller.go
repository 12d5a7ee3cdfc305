// Package resourcecatalog keeps ResourceCatalogs: it counts what they hold and names what in them leads nowhere.
package resourcecatalog

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=resourcecatalogs,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=resourcecatalogs/status,verbs=patch

// Reconciler reconciles ResourceCatalogs. All fields are required.
type Reconciler struct {
	Client client.Client
	Status status.Writer
	Clock  clock.PassiveClock
}

// Reconcile brings one catalog's status in line with its spec.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	catalog := &accessv1.ResourceCatalog{}
	if err := r.Client.Get(ctx, request.NamespacedName, catalog); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	after := catalog.DeepCopy()
	conditions := status.NewConditions(catalog.Status.Conditions, catalog.Generation, r.Clock.Now())
	after.Status = count(catalog)
	after.Status.Problems = problems(catalog)
	if len(after.Status.Problems) > 0 {
		conditions.Stalled(accessv1.ReasonCatalogProblems, "What is named here grants nothing: "+status.Names(after.Status.Problems))
	} else {
		conditions.Ready(accessv1.ReasonSucceeded, "Every name in the catalog is known")
	}
	after.Status.ObservedGeneration = catalog.Generation
	after.Status.Conditions = conditions.Result()
	if equality.Semantic.DeepEqual(catalog.Status, after.Status) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.Status.Write(ctx, after)
}

func count(catalog *accessv1.ResourceCatalog) accessv1.ResourceCatalogStatus {
	var resources int32
	for i := range catalog.Spec.Services {
		resources += int32(len(catalog.Spec.Services[i].Resources)) //nolint:gosec // the schema bounds it to 64
	}
	return accessv1.ResourceCatalogStatus{
		Services:  ptr.To(int32(len(catalog.Spec.Services))), //nolint:gosec // the schema bounds it to 32
		Resources: ptr.To(resources),
		Roles:     ptr.To(int32(len(catalog.Spec.Roles))), //nolint:gosec // the schema bounds it to 128
	}
}

// maxProblems bounds status.problems, by its schema. Each problem is far shorter than the schema allows, because names
// are bounded.
const maxProblems = 32

// problems are sentences about what names nothing, sorted. Past the limit the last one says how many more there are.
func problems(catalog *accessv1.ResourceCatalog) []string {
	vocabulary := access.NewVocabulary(graph.Catalog(catalog))
	var out []string
	for _, name := range graph.Duplicates(catalog) {
		out = append(out, fmt.Sprintf("resource %s stands in more than one service", name))
	}
	if _, ok := vocabulary.Resource(catalog.Spec.AdministrationResource); !ok && len(catalog.Spec.Services) > 0 {
		out = append(out, fmt.Sprintf("administrationResource %s is no resource of the catalog", catalog.Spec.AdministrationResource))
	}
	for i := range catalog.Spec.Services {
		for j := range catalog.Spec.Services[i].Resources {
			out = append(out, requirementProblems(vocabulary, &catalog.Spec.Services[i].Resources[j])...)
		}
	}
	for i := range catalog.Spec.Roles {
		out = append(out, roleProblems(vocabulary, &catalog.Spec.Roles[i])...)
	}
	return bounded(out)
}

func requirementProblems(vocabulary *access.Vocabulary, resource *accessv1.CatalogResource) []string {
	var out []string
	for _, need := range resource.Requires {
		for _, name := range slices.Concat(need.Read, need.Manage) {
			if _, ok := vocabulary.Resource(name); !ok {
				out = append(out, fmt.Sprintf("resource %s requires %s, which is no resource of the catalog", resource.Name, name))
			}
		}
	}
	return out
}

func roleProblems(vocabulary *access.Vocabulary, role *accessv1.CatalogRole) []string {
	var out []string
	for _, p := range graph.CheckRules(vocabulary, role.Rules) {
		out = append(out, fmt.Sprintf("role %s: %s", role.Name, p))
	}
	for _, option := range role.Options {
		for _, p := range graph.CheckRules(vocabulary, option.Rules) {
			out = append(out, fmt.Sprintf("role %s, option %s: %s", role.Name, option.Name, p))
		}
	}
	return out
}

func bounded(sentences []string) []string {
	slices.Sort(sentences)
	sentences = slices.Compact(sentences)
	if len(sentences) > maxProblems {
		rest := len(sentences) - maxProblems + 1
		sentences = append(sentences[:maxProblems-1], fmt.Sprintf("… and %d more", rest))
	}
	return sentences
}

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("resourcecatalog").
		WithOptions(options).
		For(&accessv1.ResourceCatalog{}).
		Complete(status.Quiet(r))
}
