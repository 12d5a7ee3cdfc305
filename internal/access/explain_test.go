package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

// TestExplainNamesEveryWayToBreak follows one user through groups that are broken in every way there is.
func TestExplainNamesEveryWayToBreak(t *testing.T) {
	v, other := access.NewVocabulary(shop()), access.NewVocabulary(shop())
	robots := access.RoleRef{Name: "robots", Role: &access.Role{
		Rules: []access.Rule{rule("Manage", "*")}, UserTypes: []string{"Robot"},
	}}
	abc := vendorGroup("viewer", access.Role{Rules: []access.Rule{rule("Read", "*")}})
	xyz, gone := abc, abc
	xyz.Name, xyz.VendorName = "xyz.viewer", "xyz"
	gone.Name, gone.VendorName, gone.Vendor = "gone.viewer", "gone", nil
	groups := []access.Group{
		abc, xyz, gone, deOrders(), group("empty"),
		group("roles", robots, access.RoleRef{Name: "nowhere"},
			role("clerk", rule("Read", "orders", "foo"), rule("Read", "tax"))),
		within(with(group("typo"), rule("Read", "orders")), listed("t", "sight", "DE"), missingRestriction("u")),
		within(with(group("none"), rule("Read", "orders")), listed("nothing", "site")),
		within(with(group("fr"), rule("Read", "orders"), rule("Read", "nonsense")), listed("site.fr", "site", "FR")),
	}
	in := []access.Membership{
		{Name: "absent", Until: tomorrow},
		{Name: "old", Group: access.Compile(v, nil, viewers()), Until: yesterday},
		{Name: "foreign", Group: access.Compile(other, nil, viewers())},
	}
	for _, g := range groups {
		in = append(in, access.Membership{Name: g.Name, Group: access.Compile(v, nil, g)})
	}
	defaults := acme
	defaults.DefaultAccess = append(defaults.DefaultAccess, rule("Read", "bar"))
	got := ""
	tenant := access.CompileTenant(v, defaults)
	for _, path := range access.Explain(tenant, person("ana"), in, query("read orders site=FR"), noon) {
		got += path.String() + "\n"
	}
	checkGolden(t, "every-way-to-break", got)
}

func TestExplainWhatBarsEverything(t *testing.T) {
	v := access.NewVocabulary(shop())
	tenant := access.CompileTenant(v, acme)
	suspended := acme
	suspended.Active = false
	inactive := person("ana")
	inactive.Active = false
	for _, tt := range []struct {
		tenant *access.CompiledTenant
		user   access.User
		asks   string
		want   string
	}{
		{nil, person("ana"), "read tax", "tenant unknown"},
		{access.CompileTenant(v, suspended), person("ana"), "read tax", "tenant acme not active"},
		{access.CompileTenant(nil, acme), person("ana"), "read tax", "catalog unknown"},
		{tenant, inactive, "read tax", "user not active"},
		{tenant, person("ana"), "read foo", "unknown resource foo"},
		{tenant, person("ana"), "fly tax", "resource tax has no action fly"},
	} {
		want := []access.Path{{Broken: tt.want, Steps: []string{"ana"}}}
		if diff := cmp.Diff(want, access.Explain(tt.tenant, tt.user, nil, query(tt.asks), noon)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.want, diff)
		}
	}
}

func TestExplainAnActingGroup(t *testing.T) {
	v := access.NewVocabulary(shop())
	tenant := access.CompileTenant(v, access.Tenant{Name: "acme", Active: true})
	in := []access.Membership{
		{Name: "viewers", Group: access.Compile(v, nil, viewers())},
		{Name: "de-ofm", Group: access.Compile(v, nil, deOrders())},
	}
	got := ""
	for _, asks := range []string{
		"read orders site=DE as=viewers", "update orders site=DE as=viewers", "read orders site=DE as=nobody",
	} {
		q := query(asks)
		r := access.Resolve(tenant, person("ana"), in, noon)
		has := access.Effective{Vocabulary: v, Grants: r.Grants, Alone: access.Alone(tenant, person("ana"), r)}
		got += asks + ": " + spoken(access.Decide(has, q, noon)) + "\n"
		for _, path := range access.Explain(tenant, person("ana"), in, q, noon) {
			got += "  " + path.String() + "\n"
		}
	}
	checkGolden(t, "acting-group", got)
}
