// Package index names the field indexes over Roster's kinds. Each is a key and a pure extractor; Register puts all of
// them into a cache once, and tests build the same ones.
package index

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
)

// Keys of the indexes, by what they find and what they are asked with.
const (
	// TenantByNamespace finds Tenants by the namespace that they ask for.
	TenantByNamespace = "tenant.namespace"
	// TenantByCatalog finds Tenants by the name of their catalog.
	TenantByCatalog = "tenant.catalog"
	// TenantByPartner finds Tenants by the name of the tenant that manages them.
	TenantByPartner = "tenant.partner"
	// UserByEmail finds Users by the comparable form of their address.
	UserByEmail = "user.email"
	// UserByGroup finds Users by the groups in their own list.
	UserByGroup = "user.group"
	// GroupByMember finds UserGroups by the users in their list of members.
	GroupByMember = "group.member"
	// GroupByRole finds UserGroups by their roles.
	GroupByRole = "group.role"
	// GroupByRestriction finds UserGroups by their restrictions.
	GroupByRestriction = "group.restriction"
	// GroupByVendor finds UserGroups by their vendor.
	GroupByVendor = "group.vendor"
	// InvitationByUser finds Invitations by the name of their user.
	InvitationByUser = "invitation.user"
	// InvitationByUID finds an Invitation by its UID.
	InvitationByUID = "invitation.uid"
	// PasswordResetByUser finds PasswordResets by the name of their user.
	PasswordResetByUser = "passwordreset.user"
	// PasswordResetByUID finds a PasswordReset by its UID.
	PasswordResetByUID = "passwordreset.uid"
)

// Index is one field index.
type Index struct {
	Object  client.Object
	Key     string
	Extract client.IndexerFunc
}

// All are the indexes that the manager and the tests register.
func All() []Index {
	return []Index{
		{&accessv1.Tenant{}, TenantByNamespace, extract(func(t *accessv1.Tenant) []string { return one(t.TargetNamespace()) })},
		{&accessv1.Tenant{}, TenantByCatalog, extract(func(t *accessv1.Tenant) []string { return one(t.Spec.CatalogRef.Name) })},
		{&accessv1.Tenant{}, TenantByPartner, extract(func(t *accessv1.Tenant) []string {
			if t.Spec.ManagedBy == nil {
				return nil
			}
			return one(t.Spec.ManagedBy.Name)
		})},
		{&accessv1.User{}, UserByEmail, extract(func(u *accessv1.User) []string { return one(EmailKey(u.Spec.Email)) })},
		{&accessv1.User{}, UserByGroup, extract(func(u *accessv1.User) []string {
			return names(u.Spec.Groups, func(m accessv1.GroupMembership) string { return m.Name })
		})},
		{&accessv1.UserGroup{}, GroupByMember, extract(func(g *accessv1.UserGroup) []string {
			return names(g.Spec.Members, func(m accessv1.GroupMember) string { return m.Name })
		})},
		{&accessv1.UserGroup{}, GroupByRole, extract(func(g *accessv1.UserGroup) []string { return names(g.Spec.Roles, refName) })},
		{&accessv1.UserGroup{}, GroupByRestriction, extract(func(g *accessv1.UserGroup) []string {
			return names(g.Spec.Restrictions, refName)
		})},
		{&accessv1.UserGroup{}, GroupByVendor, extract(func(g *accessv1.UserGroup) []string {
			if g.Spec.VendorRef == nil {
				return nil
			}
			return one(g.Spec.VendorRef.Name)
		})},
		{&accessv1.Invitation{}, InvitationByUser, extract(func(i *accessv1.Invitation) []string { return one(i.Spec.UserRef.Name) })},
		{&accessv1.Invitation{}, InvitationByUID, extract(func(i *accessv1.Invitation) []string { return one(string(i.UID)) })},
		{&accessv1.PasswordReset{}, PasswordResetByUser, extract(func(r *accessv1.PasswordReset) []string { return one(r.Spec.UserRef.Name) })},
		{&accessv1.PasswordReset{}, PasswordResetByUID, extract(func(r *accessv1.PasswordReset) []string { return one(string(r.UID)) })},
	}
}

// Register puts all indexes into a cache.
func Register(ctx context.Context, indexer client.FieldIndexer) error {
	for _, i := range All() {
		if err := indexer.IndexField(ctx, i.Object, i.Key, i.Extract); err != nil {
			return err
		}
	}
	return nil
}

// EmailKey is the comparable form of an address as somebody typed it; empty when it is not one plain address.
func EmailKey(email string) string {
	if email == "" {
		return ""
	}
	parsed, err := address.Parse(email)
	if err != nil {
		return ""
	}
	return parsed.Key()
}

func extract[T client.Object](values func(T) []string) client.IndexerFunc {
	return func(object client.Object) []string {
		typed, ok := object.(T)
		if !ok {
			return nil
		}
		return values(typed)
	}
}

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func refName(r accessv1.Reference) string { return r.Name }

func names[T any](items []T, name func(T) string) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = name(item)
	}
	return out
}
