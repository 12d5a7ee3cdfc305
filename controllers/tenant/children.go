package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/graph"
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
			wanted = append(wanted, graph.PredefinedRole(s.namespace.Name, role))
		}
	}
	var err error
	s.roles, err = children.Sync(ctx, r.Client, children.Set[*accessv1.Role]{
		Owner: s.tenant, Namespace: s.namespace.Name, List: &accessv1.RoleList{}, Wanted: wanted,
		Bring: func(to, wanted *accessv1.Role) { to.Spec = wanted.Spec },
	})
	return err
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

// restrictionsOf makes one restriction a value. A value that makes no name, or the same name as another, is reported and
// left out.
func (s *scope) restrictionsOf(dimension *accessv1.TenantDimension, values []string) []*accessv1.Restriction {
	var out []*accessv1.Restriction
	taken := map[string]bool{}
	for _, value := range values {
		restriction := graph.SyncedRestriction(s.namespace.Name, dimension.Name, value)
		if name := restriction.Name; len(validation.IsDNS1123Subdomain(name)) > 0 || taken[name] {
			s.badValues = append(s.badValues, fmt.Sprintf("%s %q", dimension.Name, value))
			continue
		}
		taken[restriction.Name] = true
		out = append(out, restriction)
	}
	return out
}
