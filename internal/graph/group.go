package graph

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// Group compiles a group with everything that it points at, once per version of all of that.
func (g *Graph) Group(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup) (*access.CompiledGroup, error) {
	key := client.ObjectKeyFromObject(group)
	if known, ok := g.settled[key]; ok {
		return known, nil
	}
	r, err := g.follow(ctx, tenancy, group)
	if err != nil {
		return nil, err
	}
	compiled := g.groups.get(group.Namespace+"/"+group.Name, r.version.String(), func() *access.CompiledGroup {
		return access.Compile(tenancy.Vocabulary, dimensionNames(tenancy.Tenant), r.model(tenancy, group))
	})
	if g.settled != nil {
		g.settled[key] = compiled
	}
	return compiled, nil
}

// references are the objects that a group points at, nil where there is none that counts, and the version of them all.
type references struct {
	vendor       *accessv1.Vendor
	roles        []*accessv1.Role
	restrictions []*accessv1.Restriction
	version      strings.Builder
}

func (r *references) note(version string) {
	r.version.WriteString(version)
	r.version.WriteByte(' ')
}

// noteMissing notes that nothing was found, which is a version too.
func (r *references) noteMissing() { r.note("-") }

// follow resolves the group's references. It is done for every member, so the model is left to be made when it is asked
// for.
func (g *Graph) follow(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup) (*references, error) {
	r := &references{}
	r.note(versionOf(group))
	if tenancy.Tenant != nil {
		r.note(versionOf(tenancy.Tenant))
	}
	// The vocabulary by its address: compiled anew, it is another one, and a group compiled for the old gives nothing.
	r.note(fmt.Sprintf("%p", tenancy.Vocabulary))
	if err := g.followVendor(ctx, group, r); err != nil {
		return nil, err
	}
	if err := g.followRoles(ctx, tenancy, group, r); err != nil {
		return nil, err
	}
	return r, g.followRestrictions(ctx, group, r)
}

func (g *Graph) followVendor(ctx context.Context, group *accessv1.UserGroup, r *references) error {
	if group.Spec.VendorRef == nil {
		return nil
	}
	vendor := &accessv1.Vendor{}
	found, err := g.find(ctx, group.Namespace, group.Spec.VendorRef.Name, vendor)
	if err != nil || !found {
		r.noteMissing()
		return err
	}
	// A group that only claims a vendor is not that vendor's: it gives nothing.
	owned := metav1.IsControlledBy(group, vendor)
	r.note(versionOf(vendor) + strconv.FormatBool(owned))
	if owned {
		r.vendor = vendor
	}
	return nil
}

func (g *Graph) followRoles(ctx context.Context, tenancy *Tenancy, group *accessv1.UserGroup, r *references) error {
	for _, ref := range group.Spec.Roles {
		role := &accessv1.Role{}
		found, err := g.find(ctx, group.Namespace, ref.Name, role)
		if err != nil {
			return err
		}
		if !found {
			r.noteMissing()
			r.roles = append(r.roles, nil)
			continue
		}
		r.note(versionOf(role) + strconv.FormatBool(tenancy.predefines(role)))
		r.roles = append(r.roles, role)
	}
	return nil
}

func (g *Graph) followRestrictions(ctx context.Context, group *accessv1.UserGroup, r *references) error {
	for _, ref := range group.Spec.Restrictions {
		restriction := &accessv1.Restriction{}
		found, err := g.find(ctx, group.Namespace, ref.Name, restriction)
		if err != nil {
			return err
		}
		// A vendor's group is narrowed by what was made for that vendor; somebody else's object of that name counts as
		// missing.
		if !found || group.Spec.VendorRef != nil && !sameController(group, restriction) {
			r.noteMissing()
			r.restrictions = append(r.restrictions, nil)
			continue
		}
		r.note(versionOf(restriction))
		r.restrictions = append(r.restrictions, restriction)
	}
	return nil
}

func sameController(a, b metav1.Object) bool {
	of, other := metav1.GetControllerOf(a), metav1.GetControllerOf(b)
	return of != nil && other != nil && of.UID == other.UID
}

// model is the group in the model's terms.
func (r *references) model(tenancy *Tenancy, group *accessv1.UserGroup) access.Group {
	out := access.Group{Name: group.Name, Rules: modelRules(group.Spec.Access)}
	if group.Spec.VendorRef != nil {
		out.VendorName = group.Spec.VendorRef.Name
	}
	if r.vendor != nil {
		out.Vendor = &access.Vendor{Name: r.vendor.Name, Options: r.vendor.Spec.Options}
	}
	for i, role := range r.roles {
		ref := access.RoleRef{Name: group.Spec.Roles[i].Name}
		if role != nil {
			ref.Role = modelRole(role, tenancy.optionsOf(role))
		}
		out.Roles = append(out.Roles, ref)
	}
	for i, restriction := range r.restrictions {
		ref := access.RestrictionRef{Name: group.Spec.Restrictions[i].Name}
		if restriction != nil {
			ref.Restriction = modelRestriction(restriction)
		}
		out.Restrictions = append(out.Restrictions, ref)
	}
	return out
}

// RoleAlone compiles a role as a group without restrictions would have it. A vendor's options are not in it.
func RoleAlone(tenancy *Tenancy, role *accessv1.Role) *access.CompiledGroup {
	alone := access.Group{Roles: []access.RoleRef{{Name: role.Name, Role: modelRole(role, nil)}}}
	return access.Compile(tenancy.Vocabulary, nil, alone)
}

// predefines tells whether a role is the tenant's copy of one of its catalog's.
func (t *Tenancy) predefines(role *accessv1.Role) bool {
	return t.Tenant != nil && metav1.IsControlledBy(role, t.Tenant)
}

// optionsOf are the options of a predefined role: they stand in the catalog, and a copy of the role has no place for
// them. A role of the same name that somebody else made has none.
func (t *Tenancy) optionsOf(role *accessv1.Role) []accessv1.CatalogRoleOption {
	if t.Catalog == nil || !t.predefines(role) {
		return nil
	}
	for i := range t.Catalog.Spec.Roles {
		if t.Catalog.Spec.Roles[i].Name == role.Name {
			return t.Catalog.Spec.Roles[i].Options
		}
	}
	return nil
}
