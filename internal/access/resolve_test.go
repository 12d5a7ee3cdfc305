package access_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roster-dev/roster/internal/access"
)

var acme = access.Tenant{Name: "acme", Active: true, DefaultAccess: []access.Rule{rule("Read", "tax")}}

func TestWhoGetsNothing(t *testing.T) {
	v, other := access.NewVocabulary(shop()), access.NewVocabulary(shop())
	suspended := acme
	suspended.Active = false
	inactive := person("ana")
	inactive.Active = false
	for _, tt := range []struct {
		sentence string
		tenant   *access.CompiledTenant
		user     access.User
		want     []string
	}{
		{"an active user of an active tenant has access", access.CompileTenant(v, acme), person("ana"), []string{
			"tax: Read everywhere via acme viewers/viewer", "orders products: Read everywhere via viewers/viewer",
		}},
		{"an unknown tenant gives nothing", nil, person("ana"), nil},
		{"a suspended tenant gives nothing", access.CompileTenant(v, suspended), person("ana"), nil},
		{"a tenant of an unknown catalog gives nothing", access.CompileTenant(nil, acme), person("ana"), nil},
		{"a user who is not active has nothing", access.CompileTenant(v, acme), inactive, nil},
		{"a group compiled with another catalog gives nothing", access.CompileTenant(other, acme), person("ana"),
			[]string{"tax: Read everywhere via acme"}},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			in := []access.Membership{{Name: "viewers", Group: access.Compile(v, nil, viewers())}}
			got := access.Resolve(tt.tenant, tt.user, in, noon)
			if diff := cmp.Diff(tt.want, describeAll(got.Grants)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			if len(got.Memberships) != 1 {
				t.Errorf("memberships are not reported: %v", got.Memberships)
			}
		})
	}
}

func TestMembershipsAreMerged(t *testing.T) {
	v := access.NewVocabulary(shop())
	a := access.Compile(v, nil, group("a"))
	b := access.Compile(v, nil, group("b"))
	got := access.Resolve(access.CompileTenant(v, acme), person("ana"), []access.Membership{
		{Name: "b", Group: b, Until: tomorrow, From: access.FromGroup},
		{Name: "a", Group: a, Until: noon.Add(time.Hour), From: access.FromGroup},
		{Name: "c", From: access.FromUser}, {Name: "c", From: access.FromGroup},
		{Name: "d", From: access.FromUser, Until: yesterday},
		{Name: "a", Group: a, Until: tomorrow, From: access.FromUser},
		{Name: "b", Group: b, From: access.FromGroup},
		{Name: "e", Group: a, Until: noon, From: access.FromGroup},
	}, noon)
	want := access.Resolution{
		Memberships: []access.Membership{
			{Name: "a", Until: tomorrow, From: access.FromBoth}, {Name: "b", From: access.FromGroup},
		},
		MissingGroups: []string{"c"},
		NextChange:    tomorrow,
	}
	ignore := []cmp.Option{
		cmpopts.IgnoreFields(access.Membership{}, "Group"), cmpopts.IgnoreFields(access.Resolution{}, "Grants"),
	}
	if diff := cmp.Diff(want, got, ignore...); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVendorsConflict(t *testing.T) {
	v := access.NewVocabulary(shop())
	abc := vendorGroup("viewer", access.Role{Rules: []access.Rule{rule("Read", "products")}})
	xyz := abc
	xyz.Name, xyz.VendorName = "xyz.viewer", "xyz"
	in := []access.Membership{
		{Name: xyz.Name, Group: access.Compile(v, nil, xyz), Until: tomorrow},
		{Name: abc.Name, Group: access.Compile(v, nil, abc)},
		{Name: "viewers", Group: access.Compile(v, nil, with(group("viewers"), rule("Read", "orders")))},
	}
	tenant := access.CompileTenant(v, access.Tenant{Name: "acme", Active: true})
	got := access.Resolve(tenant, person("ana"), in, noon)
	if diff := cmp.Diff([]string{"abc", "xyz"}, got.VendorConflict); diff != "" {
		t.Errorf("conflict (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"orders: Read everywhere via viewers"}, describeAll(got.Grants)); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	got = access.Resolve(tenant, person("ana"), in, tomorrow)
	want := []string{"orders: Read everywhere via viewers", "products: Read vendor=abc via abc.viewer/viewer"}
	if diff := cmp.Diff(want, describeAll(got.Grants)); diff != "" || got.VendorConflict != nil {
		t.Errorf("after the conflict (-want +got):\n%s", diff)
	}
}

func TestRolesAreWithheldFromUserTypes(t *testing.T) {
	v := access.NewVocabulary(shop())
	people := access.Role{Rules: []access.Rule{rule("Manage", "*")}, UserTypes: []string{"Employee", "SelfService"}}
	g := access.Compile(v, nil, group("g", role("any", rule("Read", "tax")), access.RoleRef{Name: "people", Role: &people}))
	robot := person("r2")
	robot.Type = "Robot"
	tenant := access.CompileTenant(v, access.Tenant{Name: "acme", Active: true})
	got := access.Resolve(tenant, robot, []access.Membership{{Name: "g", Group: g}}, noon)
	if diff := cmp.Diff([]string{"tax: Read everywhere via g/any"}, describeAll(got.Grants)); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]access.Via{{Group: "g", Role: "people"}}, got.WithheldRoles); diff != "" {
		t.Errorf("withheld (-want +got):\n%s", diff)
	}
}

// A caller who writes into a result must not change what the next user gets.
func TestResultsAreIndependent(t *testing.T) {
	v := access.NewVocabulary(shop())
	tenant := access.CompileTenant(v, acme)
	in := []access.Membership{{Name: "de-ofm", Group: access.Compile(v, nil, deOrders())}}
	q := query("read orders site=DE")
	want := describeAll(access.Resolve(tenant, person("ana"), in, noon).Grants)
	for _, g := range access.Resolve(tenant, person("ben"), in, noon).Grants {
		corrupt(g)
	}
	for _, g := range in[0].Group.Grants() {
		corrupt(g)
	}
	for _, path := range access.Explain(tenant, person("ben"), in, q, noon) {
		corrupt(access.Grant{Scope: path.Scope})
	}
	if diff := cmp.Diff(want, describeAll(access.Resolve(tenant, person("ana"), in, noon).Grants)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

func corrupt(g access.Grant) {
	for i := range g.Resources {
		g.Resources[i] = "corrupt"
	}
	for i := range g.Via {
		g.Via[i].Group = "corrupt"
	}
	for i := range g.Scope {
		g.Scope[i].Name = "corrupt"
		for k := range g.Scope[i].Values {
			g.Scope[i].Values[k] = "corrupt"
		}
	}
}
