package guard_test

import (
	"testing"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func TestVendors(t *testing.T) {
	options := func(v *accessv1.Vendor) { v.Spec.Options = []string{"publishing"} }
	publish := accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}}
	run(t, map[string]row{
		"switching an option on":                    changed(ana, "abc", "group abc.vendor.editor would gain publish on products at vendor=abc", options),
		"switching an option on, as the platform":   changed(platform, "abc", "", options),
		"a new title":                               changed(vic, "abc", "", func(v *accessv1.Vendor) { v.Spec.DisplayName = "ABC" }),
		"creating one brings groups":                created(ana, vendor("new"), ""),
		"creating one brings groups that give more": created(vic, vendor("new"), "group new.vendor.editor would gain Manage on products at vendor=new"),
		"creating one with an option":               created(ana, vendor("new", "publishing"), "does not hold publish on products at vendor=new"),
		"deleting one":                              deleted[*accessv1.Vendor](vic, "abc", "user zoe would gain"),
		"creating one whose group's name is taken":  created(vic, vendor("new"), "group new.vendor.editor would gain").beside(group("new.vendor.editor")),
		"switching an option on while a name is taken": func() row {
			was, is := change(vendor("new"), options)
			return row{by: ana, was: was, is: is, refused: "group new.vendor.editor would gain publish"}.beside(was, group("new.vendor.editor"))
		}(),
		"creating one for whose restriction a group waits": created(ana, vendor("new"), "group waiting would gain publish on products at vendor=new").
			beside(group("waiting", rules(publish), restricted("new.vendor"))),
		"creating one for whose restriction a group waits that gives what one has": created(ana, vendor("new"), "").
			beside(group("waiting", roles("owner"), restricted("new.vendor"))),
		"deleting one whose people list another's group that is yet to be made": deleted[*accessv1.Vendor](vic, "abc", "user ben would gain Manage on products at vendor=new").
			beside(vendor("new"), vendorGroup(vendor("abc"), members("ben")), user("ben", of("new.vendor.editor")), user("zoe")),
		"deleting one whose group is somebody else's": deleted[*accessv1.Vendor](vic, "abc", "").beside(group("abc.vendor.editor")),
		"taking the name of a group that is yet to be made": created(vic, group("new.vendor.editor"), "user zoe would gain Manage on products at vendor=xyz").
			beside(vendor("new"), user("zoe", of("new.vendor.editor", "xyz.vendor.editor"))),
		"taking a name that nobody waits for":            created(vic, group("new.vendor.editor"), "").beside(vendor("new")),
		"deleting one that nobody is in":                 deleted[*accessv1.Vendor](vic, "abc", "").beside(user("zoe")),
		"deleting one by who holds what its people gain": deleted[*accessv1.Vendor](ana, "abc", ""),
	})
}
