// Package vendor says which children a vendor has: one restriction to its own entities, and one group for each vendor
// role of the catalog. It is pure; the controller carries it out.
package vendor

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// dimension is the dimension in which a vendor's restriction narrows; its value is the vendor's name.
const dimension = "vendor"

// maxTitle bounds a group's title, by its schema.
const maxTitle = 256

// Children are the restriction and the groups that a vendor has, with their label and without ownership. Groups are in the
// catalog's order.
type Children struct {
	Restriction *accessv1.Restriction
	Groups      []*accessv1.UserGroup
}

// ChildrenOf derives a vendor's children from the catalog's vendor roles that the tenant has.
func ChildrenOf(vendor *accessv1.Vendor, tenant *accessv1.Tenant, catalog *accessv1.ResourceCatalog) Children {
	title := vendor.Spec.DisplayName
	if title == "" {
		title = vendor.Name
	}
	restriction := &accessv1.Restriction{
		ObjectMeta: childMeta(vendor, restrictionName(vendor.Name)),
		Spec:       accessv1.RestrictionSpec{DisplayName: title, Dimension: dimension, Values: &[]string{vendor.Name}},
	}
	out := Children{Restriction: restriction}
	for i := range catalog.Spec.Roles {
		role := &catalog.Spec.Roles[i]
		if role.Vendor != nil && *role.Vendor && Visible(role, tenant) {
			out.Groups = append(out.Groups, groupOf(vendor, title, role))
		}
	}
	return out
}

// restrictionName is the name of a vendor's restriction.
func restrictionName(vendor string) string { return vendor + ".vendor" }

func groupOf(vendor *accessv1.Vendor, title string, role *accessv1.CatalogRole) *accessv1.UserGroup {
	roleTitle := role.DisplayName
	if roleTitle == "" {
		roleTitle = role.Name
	}
	return &accessv1.UserGroup{
		ObjectMeta: childMeta(vendor, vendor.Name+"."+role.Name),
		Spec: accessv1.UserGroupSpec{
			DisplayName:  shorten(title + " " + roleTitle),
			Roles:        []accessv1.Reference{{Name: role.Name}},
			Restrictions: []accessv1.Reference{{Name: restrictionName(vendor.Name)}},
			VendorRef:    &accessv1.Reference{Name: vendor.Name},
		},
	}
}

func childMeta(vendor *accessv1.Vendor, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: vendor.Namespace, Labels: map[string]string{accessv1.LabelVendor: vendor.Name},
	}
}

// shorten cuts a title to what the schema takes: each of its two halves may be as long as half of it, and a space stands
// between.
func shorten(title string) string {
	characters := []rune(title)
	if len(characters) <= maxTitle {
		return title
	}
	return string(characters[:maxTitle-1]) + "…"
}

// Visible tells whether a tenant has a role of its catalog.
func Visible(role *accessv1.CatalogRole, tenant *accessv1.Tenant) bool {
	return role.Visibility != accessv1.VisibilityEntitled || slices.Contains(tenant.Spec.EntitledRoles, role.Name)
}

// UnknownOptions are the vendor's options that no vendor role of the catalog has, in the vendor's order.
func UnknownOptions(vendor *accessv1.Vendor, catalog *accessv1.ResourceCatalog) []string {
	known := map[string]bool{}
	for i := range catalog.Spec.Roles {
		for _, option := range catalog.Spec.Roles[i].Options {
			known[option.Name] = true
		}
	}
	var out []string
	for _, option := range vendor.Spec.Options {
		if !known[option] {
			out = append(out, option)
		}
	}
	return out
}
