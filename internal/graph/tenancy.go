package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// Tenancy is what a namespace's objects are judged by.
type Tenancy struct {
	// Tenant owns the namespace; nil: no tenant does.
	Tenant *accessv1.Tenant
	// Catalog is the tenant's; nil: there is none of that name.
	Catalog *accessv1.ResourceCatalog
	// Vocabulary is the compiled catalog; nil when Catalog is.
	Vocabulary *access.Vocabulary
	// Access is the compiled tenant; it gives nothing while Tenant or Catalog is nil.
	Access *access.CompiledTenant
}

// Problem says why nobody in the namespace has any access: a reason and a sentence, both empty when nothing is wrong.
func (t *Tenancy) Problem(namespace string) (reason, message string) {
	switch {
	case t.Tenant == nil:
		return accessv1.ReasonTenantNotFound, fmt.Sprintf("no Tenant owns the namespace %s", namespace)
	case !t.Tenant.DeletionTimestamp.IsZero():
		return accessv1.ReasonTenantDeleting, fmt.Sprintf("Tenant %s is being deleted", t.Tenant.Name)
	case t.Catalog == nil:
		return accessv1.ReasonCatalogNotFound, fmt.Sprintf("ResourceCatalog %s of Tenant %s does not exist", t.Tenant.Spec.CatalogRef.Name, t.Tenant.Name)
	case t.Tenant.Spec.State == accessv1.TenantSuspended:
		return accessv1.ReasonTenantSuspended, fmt.Sprintf("Tenant %s is suspended", t.Tenant.Name)
	default:
		return "", ""
	}
}

// InBusiness tells whether people of the tenant may come in at all; nil is no tenant.
func InBusiness(t *accessv1.Tenant) bool {
	return t != nil && t.DeletionTimestamp.IsZero() && t.Spec.State != accessv1.TenantSuspended
}

// Tenancy finds the tenant that owns a namespace, and its catalog.
func (g *Graph) Tenancy(ctx context.Context, namespace string) (*Tenancy, error) {
	candidates, err := g.TenantsBy(ctx, index.TenantByNamespace, namespace)
	if err != nil {
		return nil, err
	}
	return g.TenancyOf(ctx, Owner(candidates))
}

// Owner is the tenant that keeps a namespace for which several ask: the oldest. Nil when none asks.
func Owner(candidates []accessv1.Tenant) *accessv1.Tenant {
	if len(candidates) == 0 {
		return nil
	}
	oldest := slices.MinFunc(candidates, func(a, b accessv1.Tenant) int { return Older(&a, &b) })
	return &oldest
}

// Older orders objects by age, then by name: negative when a came first.
func Older(a, b client.Object) int {
	if c := a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time); c != 0 {
		return c
	}
	return strings.Compare(a.GetName(), b.GetName())
}

// TenancyOf is the tenancy of a tenant, whether it keeps its namespace or not; nil gives an empty one.
func (g *Graph) TenancyOf(ctx context.Context, tenant *accessv1.Tenant) (*Tenancy, error) {
	if tenant == nil {
		return &Tenancy{}, nil
	}
	catalog := &accessv1.ResourceCatalog{}
	found, err := g.find(ctx, "", tenant.Spec.CatalogRef.Name, catalog)
	if err != nil {
		return nil, err
	}
	if !found {
		return &Tenancy{Tenant: tenant}, nil
	}
	vocabulary := g.vocabularies.get(catalog.Name, versionOf(catalog), func() *access.Vocabulary {
		return access.NewVocabulary(Catalog(catalog))
	})
	compiled := g.tenants.get(tenant.Name, fmt.Sprintf("%s %p", versionOf(tenant), vocabulary), func() *access.CompiledTenant {
		return access.CompileTenant(vocabulary, modelTenant(tenant))
	})
	return &Tenancy{Tenant: tenant, Catalog: catalog, Vocabulary: vocabulary, Access: compiled}, nil
}

// Partner is the tenancy of the tenant whose administrators administer this one too; nil when there is none of that name
// that keeps its namespace.
func (g *Graph) Partner(ctx context.Context, tenant *accessv1.Tenant) (*Tenancy, error) {
	if tenant.Spec.ManagedBy == nil {
		return nil, nil
	}
	partner := &accessv1.Tenant{}
	// One that is on its way out is found all the same: it is the tenancy that says so.
	err := g.reader.Get(ctx, client.ObjectKey{Name: tenant.Spec.ManagedBy.Name}, partner)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("could not read Tenant %s: %w", tenant.Spec.ManagedBy.Name, err)
	}
	tenancy, err := g.Tenancy(ctx, partner.TargetNamespace())
	if err != nil || tenancy.Tenant == nil || tenancy.Tenant.Name != partner.Name {
		return nil, err
	}
	return tenancy, nil
}

// Dimension finds what the tenant declares for a dimension; nil: nothing.
func (t *Tenancy) Dimension(name string) *accessv1.TenantDimension {
	if t.Tenant == nil {
		return nil
	}
	for i := range t.Tenant.Spec.Dimensions {
		if t.Tenant.Spec.Dimensions[i].Name == name {
			return &t.Tenant.Spec.Dimensions[i]
		}
	}
	return nil
}

// Values are those that a tenant's dimension has, in the order written, and whether they could be found: a ConfigMap or
// key that does not exist (yet) is not the same as an empty list.
func (g *Graph) Values(ctx context.Context, namespace string, dimension *accessv1.TenantDimension) (values []string, found bool, err error) {
	if dimension.ValuesFrom == nil {
		return dimension.Values, true, nil
	}
	ref := dimension.ValuesFrom.ConfigMapKeyRef
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	if found, err := g.find(ctx, namespace, ref.Name, meta); err != nil || !found {
		return nil, false, err
	}
	var readErr error
	key := namespace + "/" + ref.Name + "/" + ref.Key
	values = g.values.get(key, string(meta.UID)+"/"+meta.ResourceVersion, func() []string {
		var lines []string
		lines, readErr = g.readLines(ctx, namespace, ref)
		return lines
	})
	if readErr != nil {
		g.values.entries.Remove(key)
		return nil, false, readErr
	}
	return values, values != nil, nil
}

// readLines returns nil, without an error, when the ConfigMap or the key is not there.
func (g *Graph) readLines(ctx context.Context, namespace string, ref accessv1.ConfigMapKeyReference) ([]string, error) {
	configMap := &corev1.ConfigMap{}
	err := g.live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, configMap)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("could not read ConfigMap %s: %w", ref.Name, err)
	}
	text, ok := configMap.Data[ref.Key]
	if !ok {
		return nil, nil
	}
	lines := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines, nil
}
