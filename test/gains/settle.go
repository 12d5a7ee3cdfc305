package gains

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// settled is the namespace once the cluster has deleted what vendors left, and Roster has made all that it makes under names
// that are free, or become so: the roles of the catalog, the restrictions of Synced dimensions, and the children of vendors. A
// vendor that is written takes the names of its children, whoever has them for now.
func (s *space) settled(written *accessv1.Vendor) *space {
	s = s.cleaned()
	if s.catalog == nil {
		return s
	}
	out := *s
	for i := range s.catalog.Spec.Roles {
		if of := &s.catalog.Spec.Roles[i]; living(s.roles, of.Name) == nil {
			out.roles = replaced(out.roles, copyOf(s.tenant, of), true)
		}
	}
	for _, restriction := range synced(s.tenant) {
		if living(s.restrictions, restriction.Name) == nil {
			out.restrictions = replaced(out.restrictions, restriction, true)
		}
	}
	for _, vendor := range s.vendors {
		if vendor.DeletionTimestamp == nil {
			out.settle(vendor, written != nil && vendor.Name == written.Name)
		}
	}
	return &out
}

// cleaned is the namespace without what was made for vendors that are there no more.
func (s *space) cleaned() *space {
	out := *s
	out.groups = slices.DeleteFunc(slices.Clone(s.groups), func(g *accessv1.UserGroup) bool { return s.isLeft(g) })
	out.restrictions = slices.DeleteFunc(slices.Clone(s.restrictions), func(r *accessv1.Restriction) bool { return s.isLeft(r) })
	return &out
}

func (s *space) isLeft(child metav1.Object) bool {
	owner := metav1.GetControllerOf(child)
	if owner == nil || owner.Kind != "Vendor" {
		return false
	}
	vendor := living(s.vendors, owner.Name)
	return vendor == nil || vendor.UID != owner.UID
}

// settle lets a vendor have its children; those who were named in a group's list stay there.
func (s *space) settle(vendor *accessv1.Vendor, takes bool) {
	group, restriction := children(vendor)
	if living(s.restrictions, restriction.Name) == nil || takes {
		s.restrictions = replaced(s.restrictions, restriction, true)
	}
	there := living(s.groups, group.Name)
	if there == nil || takes {
		if there != nil {
			group.Spec.Members = there.Spec.Members
		}
		s.groups = replaced(s.groups, group, true)
	}
}

// copyOf is a tenant's copy of a role of its catalog.
func copyOf(tenant *accessv1.Tenant, of *accessv1.CatalogRole) *accessv1.Role {
	return &accessv1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: of.Name, OwnerReferences: ownedBy(tenant, "Tenant")},
		Spec:       accessv1.RoleSpec{Rules: of.Rules, Protection: of.Protection, UserTypes: of.UserTypes},
	}
}

// synced are the restrictions of a tenant's Synced dimensions, one for each value.
func synced(tenant *accessv1.Tenant) []*accessv1.Restriction {
	var out []*accessv1.Restriction
	for i := range tenant.Spec.Dimensions {
		dimension := &tenant.Spec.Dimensions[i]
		if dimension.Restrictions != accessv1.RestrictionsSynced {
			continue
		}
		for _, value := range dimension.Values {
			out = append(out, &accessv1.Restriction{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: tenant.Name, Name: dimension.Name + "." + strings.ToLower(value), OwnerReferences: ownedBy(tenant, "Tenant"),
				},
				Spec: accessv1.RestrictionSpec{Dimension: dimension.Name, Values: &[]string{value}},
			})
		}
	}
	return out
}

func ownedBy(owner client.Object, kind string) []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(owner, accessv1.SchemeGroupVersion.WithKind(kind))}
}

// staying is the world as if what is written were not being deleted: nobody has to trust that it goes.
func (w *world) staying() *world {
	if w.write.object().GetDeletionTimestamp() == nil {
		return w
	}
	out := *w
	out.write.was, out.write.is = kept(w.write.was), kept(w.write.is)
	if out.write.was != nil {
		out.acme = w.acme.with(out.write.was, true)
	}
	return &out
}

func kept(object client.Object) client.Object {
	if object == nil {
		return nil
	}
	same, _ := object.DeepCopyObject().(client.Object) // a deep copy is of the same type
	same.SetDeletionTimestamp(nil)
	return same
}
