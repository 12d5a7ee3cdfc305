package graph

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// Group compiles a group with everything that it points at, once per version of all of that.
func (g *Graph) Group(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup) (*access.CompiledGroup, error) {
	model, version, err := g.follow(ctx, tenancy, group)
	if err != nil {
		return nil, err
	}
	return g.groups.get(group.Namespace+"/"+group.Name, version, func() *access.CompiledGroup {
		return access.Compile(tenancy.Vocabulary, dimensionNames(tenancy.Tenant), model)
	}), nil
}

// versions collects the versions of the objects that go into a group.
type versions struct{ strings.Builder }

func (v *versions) add(version string) {
	v.WriteString(version)
	v.WriteByte(' ')
}

// follow resolves the group's references and notes the version of everything found, or that it was missing.
func (g *Graph) follow(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup) (access.Group, string, error) {
	version := &versions{}
	version.add(versionOf(group))
	if tenancy.Tenant != nil {
		version.add(versionOf(tenancy.Tenant))
	}
	// The vocabulary by its address: compiled anew, it is another one, and a group compiled for the old gives nothing.
	version.add(fmt.Sprintf("%p", tenancy.Vocabulary))
	model := access.Group{Name: group.Name, Rules: modelRules(group.Spec.Access)}
	if err := g.followVendor(ctx, group, &model, version); err != nil {
		return model, "", err
	}
	if err := g.followRoles(ctx, tenancy, group, &model, version); err != nil {
		return model, "", err
	}
	err := g.followRestrictions(ctx, group, &model, version)
	return model, version.String(), err
}

func (g *Graph) followVendor(ctx context.Context, group *accessv1.UserGroup, model *access.Group, version *versions) error {
	if group.Spec.VendorRef == nil {
		return nil
	}
	model.VendorName = group.Spec.VendorRef.Name
	vendor := &accessv1.Vendor{}
	found, err := g.find(ctx, group.Namespace, model.VendorName, vendor)
	if err != nil || !found {
		version.add("-")
		return err
	}
	// A group that only claims a vendor is not that vendor's: it gives nothing.
	owned := metav1.IsControlledBy(group, vendor)
	version.add(versionOf(vendor) + strconv.FormatBool(owned))
	if owned {
		model.Vendor = &access.Vendor{Name: vendor.Name, Options: vendor.Spec.Options}
	}
	return nil
}

func (g *Graph) followRoles(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup, model *access.Group, version *versions) error {
	for _, ref := range group.Spec.Roles {
		role := &accessv1.Role{}
		found, err := g.find(ctx, group.Namespace, ref.Name, role)
		if err != nil {
			return err
		}
		resolved := access.RoleRef{Name: ref.Name}
		if found {
			predefined := tenancy.Tenant != nil && metav1.IsControlledBy(role, tenancy.Tenant)
			version.add(versionOf(role) + strconv.FormatBool(predefined))
			resolved.Role = modelRole(role, optionsOf(tenancy, role.Name, predefined))
		} else {
			version.add("-")
		}
		model.Roles = append(model.Roles, resolved)
	}
	return nil
}

// optionsOf are the options of a predefined role: they stand in the catalog, and a copy of the role has no place for
// them. A role of the same name that somebody else made has none.
func optionsOf(tenancy *Tenancy, role string, predefined bool) []accessv1.CatalogRoleOption {
	if !predefined || tenancy.Catalog == nil {
		return nil
	}
	for i := range tenancy.Catalog.Spec.Roles {
		if tenancy.Catalog.Spec.Roles[i].Name == role {
			return tenancy.Catalog.Spec.Roles[i].Options
		}
	}
	return nil
}

func (g *Graph) followRestrictions(ctx context.Context, group *accessv1.UserGroup, model *access.Group, version *versions) error {
	for _, ref := range group.Spec.Restrictions {
		restriction := &accessv1.Restriction{}
		found, err := g.find(ctx, group.Namespace, ref.Name, restriction)
		if err != nil {
			return err
		}
		resolved := access.RestrictionRef{Name: ref.Name}
		// A vendor's group is narrowed by what was made for that vendor; somebody else's object of that name counts as
		// missing.
		found = found && (group.Spec.VendorRef == nil || sameController(group, restriction))
		if found {
			version.add(versionOf(restriction))
			resolved.Restriction = modelRestriction(restriction)
		} else {
			version.add("-")
		}
		model.Restrictions = append(model.Restrictions, resolved)
	}
	return nil
}

func sameController(a, b metav1.Object) bool {
	of, other := metav1.GetControllerOf(a), metav1.GetControllerOf(b)
	return of != nil && other != nil && of.UID == other.UID
}

// Memberships collects a user's memberships from both sides, in the user's own list and in the groups' lists.
func (g *Graph) Memberships(ctx context.Context, tenancy *Tenancy, user *accessv1.User) ([]access.Membership, error) {
	naming, err := g.GroupsBy(ctx, user.Namespace, index.GroupByMember, user.Name)
	if err != nil {
		return nil, err
	}
	out := make([]access.Membership, 0, len(user.Spec.Groups)+len(naming))
	for _, listed := range user.Spec.Groups {
		group := &accessv1.UserGroup{}
		found, err := g.find(ctx, user.Namespace, listed.Name, group)
		if err != nil {
			return nil, err
		}
		m := access.Membership{Name: listed.Name, Until: timeOf(listed.Until), From: access.FromUser}
		if found {
			if m.Group, err = g.Group(ctx, tenancy, group); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	for i := range naming {
		m, err := g.named(ctx, tenancy, &naming[i], user.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// named is the membership of a user whom the group's own list names.
func (g *Graph) named(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup, user string) (access.Membership, error) {
	m := access.Membership{Name: group.Name, From: access.FromGroup}
	for i := range group.Spec.Members {
		if group.Spec.Members[i].Name == user {
			m.Until = timeOf(group.Spec.Members[i].Until)
			break
		}
	}
	if !group.DeletionTimestamp.IsZero() {
		return m, nil
	}
	var err error
	m.Group, err = g.Group(ctx, tenancy, group)
	return m, err
}
