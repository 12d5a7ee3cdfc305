package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/vendor"
)

// syncRoles keeps one Role for each role of the catalog that the tenant has.
func (r *Reconciler) syncRoles(ctx context.Context, s *scope) error {
	catalog := s.tenancy.Catalog
	if !s.usable() || catalog == nil {
		return nil // unknown is not empty: nothing is removed while the catalog is missing
	}
	var wanted []*accessv1.Role
	for i := range catalog.Spec.Roles {
		if role := &catalog.Spec.Roles[i]; vendor.Visible(role, s.tenant) {
			wanted = append(wanted, roleOf(s.namespace.Name, role.DeepCopy()))
		}
	}
	var err error
	s.roles, err = children.Sync(ctx, r.Client, children.Set[*accessv1.Role]{
		Owner: s.tenant, Namespace: s.namespace.Name, List: &accessv1.RoleList{}, Wanted: wanted,
		Bring: func(to, wanted *accessv1.Role) { to.Spec = wanted.Spec },
	})
	return err
}

func roleOf(namespace string, role *accessv1.CatalogRole) *accessv1.Role {
	return &accessv1.Role{
		ObjectMeta: metav1.ObjectMeta{
			Name: role.Name, Namespace: namespace, Labels: map[string]string{accessv1.LabelPredefined: "true"},
		},
		Spec: accessv1.RoleSpec{
			DisplayName: role.DisplayName, Description: role.Description, Rules: role.Rules,
			Protection: role.Protection, UserTypes: role.UserTypes,
		},
	}
}

// syncRestrictions keeps one Restriction for each value of a Synced dimension. What was made of a source that cannot be
// found now stays as it is.
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
	var err error
	s.restrictions, err = children.Sync(ctx, r.Client, children.Set[*accessv1.Restriction]{
		Owner: s.tenant, Namespace: s.namespace.Name, List: &accessv1.RestrictionList{}, Wanted: wanted,
		Bring: func(to, wanted *accessv1.Restriction) { to.Spec = wanted.Spec },
		Spare: s.ofMissingSource,
	})
	return err
}

// ofMissingSource goes by the name, which nobody can change: the name of a dimension has no dot.
func (s *scope) ofMissingSource(restriction *accessv1.Restriction) bool {
	dimension, _, _ := strings.Cut(restriction.Name, ".")
	return slices.Contains(s.missingSources, dimension)
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
			ObjectMeta: metav1.ObjectMeta{
				Name: name, Namespace: s.namespace.Name, Labels: map[string]string{accessv1.LabelDimension: dimension.Name},
			},
			Spec: accessv1.RestrictionSpec{DisplayName: value, Dimension: dimension.Name, Values: &[]string{value}},
		})
	}
	return out
}
