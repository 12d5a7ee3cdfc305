package access_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

func TestCompileReportsWhatIsMissing(t *testing.T) {
	v := access.NewVocabulary(shop())
	g := access.Group{
		Name:  "g",
		Rules: []access.Rule{rule("Read", "foo")},
		Roles: []access.RoleRef{
			{Name: "zz"}, role("clerk", rule("Read", "tax"), rule("Read", "bar")), {Name: "aa"}, {Name: "zz"},
			{Name: "maker", Role: &access.Role{Options: []access.Option{
				{Name: "unused", Rules: []access.Rule{rule("Read", "unseen")}},
				{Name: "publishing", Rules: []access.Rule{actions("tax", "publish")}},
			}}},
		},
		Restrictions: []access.RestrictionRef{
			missingRestriction("r.gone"), listed("r.typo", "sites", "DE"), listed("r.fine", "region", "EU"),
		},
		VendorName: "abc", Vendor: &access.Vendor{Name: "abc", Options: []string{"publishing"}},
	}
	c := access.Compile(v, []string{"region"}, g)
	var problems []string
	for _, p := range c.RuleProblems {
		problems = append(problems, p.String())
	}
	for _, tt := range []struct {
		what      string
		want, got []string
	}{
		{"rule problems", []string{
			"rule 1 names unknown resource foo", "role clerk: rule 2 names unknown resource bar",
			"role maker: option publishing: rule 1 names unknown action publish",
		}, problems},
		{"missing roles", []string{"aa", "zz"}, c.MissingRoles},
		{"unresolved restrictions", []string{"r.gone", "r.typo"}, c.UnresolvedRestrictions},
		{"grants", []string{"tax: Read everywhere via g/clerk"}, describeAll(c.Grants())},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
	if c.MissingVendor {
		t.Error("the vendor is there")
	}
}

func TestCompiledGrants(t *testing.T) {
	v := access.NewVocabulary(shop())
	everything := group("g", role("r", rule("Read", "*")))
	for _, tt := range []struct {
		sentence string
		group    access.Group
		want     []string
	}{
		{"attributes are named in the scope", within(everything, attribute("own", "site", "home")), []string{
			"tax: Read everywhere via g/r", "orders products: Read site=<home> via g/r",
		}},
		{"values and attributes of one dimension are united",
			within(everything, attribute("own", "site", "home"), listed("de", "site", "DE", "", "AT", "DE")), []string{
				"tax: Read everywhere via g/r", "orders products: Read site=AT,DE,<home> via g/r",
			}},
		{"a restriction without values closes", within(everything, listed("none", "site")), []string{
			"tax: Read everywhere via g/r",
		}},
		{"a restriction without values beside another adds nothing",
			within(everything, listed("none", "site"), listed("de", "site", "DE")), []string{
				"tax: Read everywhere via g/r", "orders products: Read site=DE via g/r",
			}},
		{"an empty value is none", within(everything, listed("blank", "site", "")), []string{
			"tax: Read everywhere via g/r",
		}},
		{"a dimension of the tenant that narrows no resource does not count",
			within(everything, listed("eu", "region", "EU")), []string{"orders products tax: Read everywhere via g/r"}},
		{"a role counts once, whoever may hold it",
			group("g", everything.Roles[0], everything.Roles[0],
				access.RoleRef{Name: "s", Role: &access.Role{
					Rules: []access.Rule{rule("Manage", "tax")}, UserTypes: []string{"Robot"},
				}}),
			[]string{"tax: Manage everywhere via g/r g/s", "orders products: Read everywhere via g/r"}},
		{"the group of a missing vendor gives nothing",
			access.Group{Name: "g", Roles: everything.Roles, VendorName: "abc"}, nil},
		{"a group that is no vendor's has no options", func() access.Group {
			g := vendorGroup("manager", access.Role{Options: []access.Option{
				{Name: "publishing", Rules: []access.Rule{rule("Read", "tax")}},
			}})
			g.VendorName = ""
			return g
		}(), nil},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			got := access.Compile(v, []string{"region"}, tt.group).Grants()
			if diff := cmp.Diff(tt.want, describeAll(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			slices.Reverse(tt.group.Roles)
			slices.Reverse(tt.group.Restrictions)
			if diff := cmp.Diff(got, access.Compile(v, []string{"region"}, tt.group).Grants()); diff != "" {
				t.Errorf("in reverse order (-forward +reverse):\n%s", diff)
			}
		})
	}
}

// Two references of one name that differ are a contradiction; where one of them leads nowhere, that closes.
func TestAMissingRestrictionClosesWhateverStandsBesideIt(t *testing.T) {
	v := access.NewVocabulary(shop())
	g := within(deOrders(), missingRestriction("site.de"))
	g.Roles = append(g.Roles, access.RoleRef{Name: "ofm"})
	c := access.Compile(v, nil, g)
	if got := c.Grants(); got != nil {
		t.Errorf("gives %v", describeAll(got))
	}
	if diff := cmp.Diff([]string{"site.de"}, c.UnresolvedRestrictions); diff != "" || c.MissingRoles != nil {
		t.Errorf("unresolved (-want +got):\n%s; missing roles %v", diff, c.MissingRoles)
	}
}

func TestCompileWithoutCatalog(t *testing.T) {
	g := within(viewers(), missingRestriction("gone"), listed("site.de", "site", "DE"))
	c := access.Compile(nil, nil, g)
	if c.Grants() != nil || c.RuleProblems != nil {
		t.Errorf("got %v, %v", c.Grants(), c.RuleProblems)
	}
	if diff := cmp.Diff([]string{"gone"}, c.UnresolvedRestrictions); diff != "" {
		t.Errorf("unresolved (-want +got):\n%s", diff)
	}
}
