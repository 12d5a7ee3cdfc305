package guard_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// leftOver is the group of a vendor that was there before one of its name, or is there no more.
func leftOver(vendorName string, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
	earlier := vendor(vendorName)
	earlier.UID = "earlier"
	return vendorGroup(earlier, change...)
}

// withVendorRole is the catalog whose role of vendors is changed.
func withVendorRole(change func(*accessv1.CatalogRole)) *accessv1.ResourceCatalog {
	with := catalog()
	for i := range with.Spec.Roles {
		if with.Spec.Roles[i].Name == "vendor.editor" {
			change(&with.Spec.Roles[i])
		}
	}
	return with
}

func protectedRole(r *accessv1.CatalogRole) { r.Protection = accessv1.ProtectionPlatform }

// administered is a tenant whose only administrator is kim, as one of a vendor's editors, beside what is usually there.
func administered(more ...client.Object) []client.Object {
	editor := ownedBy(tenant("acme"), "Tenant", role("vendor.editor", rule(accessv1.LevelManage, "users-and-groups")))
	abc := vendorGroup(vendor("abc"))
	abc.Spec.Restrictions = nil
	return append(more, editor, abc, user("kim", of("abc.vendor.editor", "new.vendor.editor")),
		group("owners"), group("own-site"), group("user-admins"), group("gone-restriction"))
}

func TestTheLastAdministratorInAVendorsGroup(t *testing.T) {
	enters := func(of *accessv1.UserGroup) (was, is *accessv1.UserGroup) {
		return of, of.DeepCopy()
	}
	was, is := enters(leftOver("gone"))
	members("kim")(is)
	kim := "oidc:kim@acme.example"
	mine := group("new.vendor.editor")
	run(t, map[string]row{
		"enters what an earlier vendor left": row{by: platform, was: was, is: is, refused: "would have no active user any more who administers it"}.
			beside(administered(was)...),
		"puts himself there": row{by: kim, was: was, is: is, refused: "nobody takes that away from himself"}.beside(administered(was)...),
		"comes to be in another's group that Roster makes": row{by: platform, was: mine, refused: "would have no active user any more"}.
			beside(administered(mine, vendor("new"))...),
		"lets Roster make another's group that he is in": row{by: kim, was: mine, refused: "nobody takes that away from himself"}.
			beside(administered(mine, vendor("new"))...),
		"lists the group of a vendor that comes": created(platform, vendor("new"), "would have no active user any more").
			beside(administered()...),
		"is in a group that has the name of a new vendor's": created(platform, vendor("new"), "").
			beside(administered(group("new.vendor.editor", roles("vendor.editor"), members("lou")), user("lou"))...),
		"lists a group that nobody makes": row{by: platform, was: mine}.beside(administered(mine)...),
	})
}

func TestWhatRosterMakesNextIsJudged(t *testing.T) {
	taken := ownedBy(tenant("acme"), "Tenant", restriction("new.vendor", "site", "DE"))
	taken.OwnerReferences = nil
	editor := role("vendor.editor", rule(accessv1.LevelManage, "products"))
	mine := group("new.vendor.editor")
	fresh, protected := vendor("new"), withVendorRole(protectedRole)
	run(t, map[string]row{
		"freeing a restriction's name for a vendor's group that is missing": row{by: vic, was: taken, refused: "group new.vendor.editor would gain Manage on products at vendor=new"}.
			beside(taken, fresh),
		"freeing it by who holds that": row{by: ana, was: taken}.beside(taken, fresh),
		"freeing a role's name for a vendor's group that is missing": row{by: ana, was: editor, refused: "group new.vendor.editor would gain publish on products at vendor=new"}.
			beside(editor, vendor("new", "publishing")),
		"joining what a vendor's earlier namesake left": changed(vic, "ben", "user ben would gain Manage on products at vendor=abc", join("abc.vendor.editor")).beside(leftOver("abc")),
		"joining what a vendor left that is gone":       changed(vic, "ben", "", join("gone.vendor.editor")).beside(leftOver("gone")),
		"what is left beside a vendor's hides no gain":  changed(vic, "ben", "user ben would gain Manage on products at vendor=abc", join("abc.vendor.editor", "gone.vendor.editor")).beside(leftOver("gone")),
		"assigning a protected role that is to be made": changed(ana, "ben", "role vendor.editor is protected by the platform", join("new.vendor.editor")).beside(fresh, protected),
		"assigning it with bind":                        changed(platform, "ben", "", join("new.vendor.editor")).beside(fresh, protected),
		"freeing a name for a group with it":            row{by: ana, was: mine, refused: "role vendor.editor is protected by the platform"}.beside(mine, fresh, protected),
		"freeing a name for a group with it, with bind": row{by: platform, was: mine}.beside(mine, fresh, protected),
		"creating a vendor whose groups have it":        created(ana, fresh, "role vendor.editor is protected by the platform").beside(protected),
		"a vendor that calls itself its own child": changed(vic, "ben", "user ben would gain", join("abc.vendor.editor")).
			beside(ownedBy(vendor("abc"), "Vendor", vendor("abc"))),
		"creating a vendor whose groups have it, as the platform": created(platform, fresh, "").beside(protected),
	})
}
