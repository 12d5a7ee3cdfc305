package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/vendor"
)

// syncRoles keeps one Role for each role of the catalog that the tenant has.
func (r *Reconciler) syncRoles(ctx context.Context, s *scope) error {
	if !s.usable() || s.catalog == nil {
		return nil // unknown is not empty: nothing is removed while the catalog is missing
	}
	var wanted []*accessv1.Role
	for i := range s.catalog.Spec.Roles {
		if role := &s.catalog.Spec.Roles[i]; vendor.Visible(role, s.tenant) {
			wanted = append(wanted, roleOf(s.tenant, role))
		}
	}
	labels := map[string]string{accessv1.LabelPredefined: "true"}
	if err := claim(r, s, wanted, func(*accessv1.Role) map[string]string { return labels }); err != nil {
		return err
	}
	list := &accessv1.RoleList{}
	if err := r.Client.List(ctx, list, client.InNamespace(s.namespace.Name)); err != nil {
		return err
	}
	stored := make([]*accessv1.Role, len(list.Items))
	for i := range list.Items {
		stored[i] = &list.Items[i]
	}
	plan := children.Make(s.tenant, wanted, stored, bringRole, func(a, b *accessv1.Role) bool {
		return equality.Semantic.DeepEqual(a.Spec, b.Spec) && equality.Semantic.DeepEqual(a.Labels, b.Labels)
	})
	return carryOut(ctx, r.Client, &s.roles, len(wanted), plan)
}

func roleOf(tenant *accessv1.Tenant, role *accessv1.CatalogRole) *accessv1.Role {
	return &accessv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name, Namespace: tenant.TargetNamespace()},
		Spec: accessv1.RoleSpec{
			DisplayName: role.DisplayName, Description: role.Description, Rules: role.Rules,
			Protection: role.Protection, UserTypes: role.UserTypes,
		},
	}
}

func bringRole(stored, wanted *accessv1.Role) *accessv1.Role {
	out := stored.DeepCopy()
	out.Spec = wanted.Spec
	children.BringLabels(out, wanted)
	return out
}

// syncRestrictions keeps one Restriction for each value of a Synced dimension.
func (r *Reconciler) syncRestrictions(ctx context.Context, s *scope) error {
	if !s.usable() {
		return nil
	}
	var wanted []*accessv1.Restriction
	for i := range s.tenant.Spec.Dimensions {
		dimension := &s.tenant.Spec.Dimensions[i]
		if dimension.Restrictions != accessv1.RestrictionsSynced {
			continue
		}
		values, found, err := r.Graph.Values(ctx, s.namespace.Name, dimension)
		if err != nil {
			return err
		}
		if !found {
			s.missingSources = append(s.missingSources, dimension.Name)
			continue
		}
		wanted = append(wanted, s.restrictionsOf(dimension, values)...)
	}
	if err := claim(r, s, wanted, dimensionLabel); err != nil {
		return err
	}
	return r.applyRestrictions(ctx, s, wanted)
}

func (r *Reconciler) applyRestrictions(ctx context.Context, s *scope, wanted []*accessv1.Restriction) error {
	list := &accessv1.RestrictionList{}
	if err := r.Client.List(ctx, list, client.InNamespace(s.namespace.Name)); err != nil {
		return err
	}
	var stored []*accessv1.Restriction
	for i := range list.Items {
		// What was made of a source that cannot be found now stays as it is.
		if !slices.Contains(s.missingSources, list.Items[i].Labels[accessv1.LabelDimension]) {
			stored = append(stored, &list.Items[i])
		}
	}
	plan := children.Make(s.tenant, wanted, stored, bringRestriction, func(a, b *accessv1.Restriction) bool {
		return equality.Semantic.DeepEqual(a.Spec, b.Spec) && equality.Semantic.DeepEqual(a.Labels, b.Labels)
	})
	return carryOut(ctx, r.Client, &s.restrictions, len(wanted), plan)
}

// restrictionsOf makes one restriction a value, named "<dimension>.<value in lower case>". A value that makes no name, or
// the same name as another, is reported and left out.
func (s *scope) restrictionsOf(dimension *accessv1.TenantDimension, values []string) []*accessv1.Restriction {
	var out []*accessv1.Restriction
	taken := map[string]bool{}
	for _, value := range values {
		name := dimension.Name + "." + strings.ToLower(value)
		if len(validation.IsDNS1123Subdomain(name)) > 0 || taken[name] {
			s.badValues = append(s.badValues, fmt.Sprintf("%s %q", dimension.Name, value))
			continue
		}
		taken[name] = true
		out = append(out, &accessv1.Restriction{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.namespace.Name},
			Spec:       accessv1.RestrictionSpec{DisplayName: value, Dimension: dimension.Name, Values: &[]string{value}},
		})
	}
	return out
}

func dimensionLabel(restriction *accessv1.Restriction) map[string]string {
	return map[string]string{accessv1.LabelDimension: restriction.Spec.Dimension}
}

func bringRestriction(stored, wanted *accessv1.Restriction) *accessv1.Restriction {
	out := stored.DeepCopy()
	out.Spec = wanted.Spec
	children.BringLabels(out, wanted)
	return out
}

func claim[T client.Object](r *Reconciler, s *scope, wanted []T, labels func(T) map[string]string) error {
	for _, child := range wanted {
		if err := children.Claim(s.tenant, child, r.Client.Scheme(), labels(child)); err != nil {
			return fmt.Errorf("could not claim %s: %w", child.GetName(), err)
		}
	}
	return nil
}

func carryOut[T client.Object](ctx context.Context, c client.Client, result *synced, wanted int, plan children.Plan[T]) error {
	refused, err := children.Apply(ctx, c, plan)
	result.wanted, result.refused, result.conflicts = wanted, refused, plan.Conflicts
	return err
}
