package access_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

var update = flag.Bool("update", false, "write the golden traces in testdata/explain")

var (
	noon      = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	yesterday = noon.AddDate(0, 0, -1)
	tomorrow  = noon.AddDate(0, 0, 1)
)

// example is one worked example of the access model: who is in which groups, what he has, and what he may do.
type example struct {
	name     string
	sentence string
	catalog  access.Catalog
	tenant   access.Tenant
	user     access.User
	groups   []access.Group       // the user is in all of them
	until    map[string]time.Time // by group
	grants   []string
	answers  []answer
}

// answer is a question such as "update orders site=FR" and "allowed" or the reason for the denial.
type answer struct{ asks, want string }

func TestWorkedExamples(t *testing.T) {
	for _, ex := range slices.Concat(examplesOfScopes(), examplesOfAbsence(), examplesOfRoles()) {
		t.Run(ex.sentence, func(t *testing.T) {
			tenant, memberships := ex.compile()
			grants := access.Resolve(tenant, ex.user, memberships, noon).Grants
			if diff := cmp.Diff(ex.grants, describeAll(grants)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			var trace strings.Builder
			for _, a := range ex.answers {
				q := query(a.asks)
				got := answerTo(tenant.Vocabulary(), grants, q)
				if got != a.want {
					t.Errorf("%s: got %s, want %s", a.asks, got, a.want)
				}
				fmt.Fprintf(&trace, "%s: %s\n", a.asks, got)
				for _, path := range access.Explain(tenant, ex.user, memberships, q, noon) {
					fmt.Fprintf(&trace, "  %s\n", path)
				}
			}
			checkGolden(t, ex.name, trace.String())
		})
	}
}

func examplesOfScopes() []example {
	return []example{{
		name:     "1-viewer-and-manager",
		sentence: "ana views everything and manages orders of one site",
		user:     person("ana"),
		groups:   []access.Group{viewers(), deOrders()},
		grants: []string{
			"orders products tax: Read everywhere via viewers/viewer",
			"orders: Manage site=DE via de-ofm/ofm",
		},
		answers: []answer{
			{"read orders site=FR", "allowed"},
			{"update orders site=FR", "OutsideRestriction site"},
			{"update orders site=DE", "allowed"},
			{"update orders", "OutsideRestriction site"},
			{"read tax", "allowed"},
		},
	}, {
		name:     "2-manager-only",
		sentence: "ben sees the orders of his site and nothing else",
		user:     person("ben"),
		groups:   []access.Group{deOrders()},
		grants:   []string{"orders: Manage site=DE via de-ofm/ofm"},
		answers: []answer{
			{"read orders site=DE", "allowed"},
			{"update orders site=DE", "allowed"},
			{"read orders site=FR", "OutsideRestriction site"},
			{"read orders", "OutsideRestriction site"},
			{"read tax", "NoGrant"},
		},
	}, {
		name:     "3-resource-that-is-not-narrowed",
		sentence: "a restriction does not narrow a resource that is not restriction-aware",
		user:     person("ben"),
		groups:   []access.Group{with(deOrders(), rule("Read", "tax"))},
		grants: []string{
			"tax: Read everywhere via de-ofm",
			"orders: Manage site=DE via de-ofm/ofm",
		},
		answers: []answer{{"read tax", "allowed"}, {"read tax site=FR", "allowed"}, {"update tax", "NoGrant"}},
	}, {
		name:     "4-restrictions-of-one-dimension",
		sentence: "restrictions of one dimension are united",
		user:     person("ben"),
		groups:   []access.Group{within(deOrders(), listed("site.fr", "site", "FR"))},
		grants:   []string{"orders: Manage site=DE,FR via de-ofm/ofm"},
		answers: []answer{
			{"read orders site=DE", "allowed"},
			{"read orders site=FR", "allowed"},
			{"read orders site=NL", "OutsideRestriction site"},
		},
	}, {
		name:     "4-restrictions-of-two-dimensions",
		sentence: "restrictions of different dimensions must all hold",
		user:     person("ben"),
		groups:   []access.Group{within(deOrders(), listed("abc.vendor", "vendor", "abc"))},
		grants:   []string{"orders: Manage site=DE and vendor=abc via de-ofm/ofm"},
		answers: []answer{
			{"read orders site=DE vendor=abc", "allowed"},
			{"read orders site=DE", "OutsideRestriction vendor"},
			{"read orders vendor=abc", "OutsideRestriction site"},
			{"read orders", "OutsideRestriction site"},
		},
	}}
}

func examplesOfAbsence() []example {
	return []example{{
		name:     "5-restriction-deleted",
		sentence: "a restriction that is gone closes what it could narrow and leaves the rest",
		user:     person("ben"),
		groups: []access.Group{
			within(with(group("de-ofm", role("ofm", rule("Manage", "orders"))), rule("Read", "tax", "products")),
				missingRestriction("site.de"), listed("site.fr", "site", "FR")),
		},
		grants:  []string{"tax: Read everywhere via de-ofm"},
		answers: []answer{{"read orders site=DE", "NoGrant"}, {"read products", "NoGrant"}, {"read tax", "allowed"}},
	}, {
		name:     "7-user-with-attribute",
		sentence: "ana is narrowed to her own attribute values",
		catalog:  withDimension(shop(), "sales-rep"),
		user:     personWith("ana", "sales-rep", "1043", "1042"),
		groups:   []access.Group{ownReps()},
		grants:   []string{"orders: Manage sales-rep=1042,1043 via reps/ofm"},
		answers: []answer{
			{"read orders sales-rep=1042", "allowed"},
			{"read orders sales-rep=7", "OutsideRestriction sales-rep"},
		},
	}, {
		name:     "7-user-without-attribute",
		sentence: "ben without the attribute has nothing on what it narrows",
		catalog:  withDimension(shop(), "sales-rep"),
		user:     person("ben"),
		groups:   []access.Group{with(ownReps(), rule("Read", "tax"))},
		grants:   []string{"tax: Read everywhere via reps"},
		answers:  []answer{{"read orders sales-rep=1042", "NoGrant"}, {"read orders", "NoGrant"}, {"read tax", "allowed"}},
	}, {
		name:     "8-membership-ended",
		sentence: "a membership that ended yesterday gives nothing",
		user:     person("ana"),
		groups:   []access.Group{viewers(), deOrders()},
		until:    map[string]time.Time{"viewers": yesterday, "de-ofm": tomorrow},
		grants:   []string{"orders: Manage site=DE until 2026-06-16T12:00:00Z via de-ofm/ofm"},
		answers:  []answer{{"read tax", "NoGrant"}, {"read orders site=DE", "allowed"}},
	}}
}

func examplesOfRoles() []example {
	owners := group("owners", role("owner", rule("Manage", "*")))
	tomorrows := shop()
	tomorrows.Resources = append(tomorrows.Resources, access.Resource{Name: "webhooks", Service: "admin"})
	return []example{{
		name:     "6-manage-overrides-read",
		sentence: "of two groups the one that manages overrides the one that reads",
		user:     person("ana"),
		groups:   []access.Group{with(group("a"), rule("Read", "products")), with(group("b"), rule("Manage", "products"))},
		grants:   []string{"products: Manage everywhere via a b"},
		answers:  []answer{{"delete products", "allowed"}, {"publish products", "NoGrant"}},
	}, {
		name:     "9-owner-today",
		sentence: "an owner manages every resource of the catalog",
		user:     person("olga"),
		groups:   []access.Group{owners},
		grants:   []string{"orders products tax: Manage everywhere via owners/owner"},
		answers:  []answer{{"delete tax", "allowed"}, {"delete webhooks", "UnknownResource"}},
	}, {
		name:     "9-owner-tomorrow",
		sentence: "an owner manages a resource that is added to the catalog",
		catalog:  tomorrows,
		user:     person("olga"),
		groups:   []access.Group{owners},
		grants:   []string{"orders products tax webhooks: Manage everywhere via owners/owner"},
		answers:  []answer{{"delete webhooks", "allowed"}},
	}, {
		name:     "10-vendor-product-viewer",
		sentence: "a vendor's option gives nothing to a role that does not have it",
		user:     person("vera"),
		groups:   []access.Group{vendorGroup("viewer", access.Role{Rules: []access.Rule{rule("Read", "products")}})},
		grants:   []string{"products: Read vendor=abc via abc.viewer/viewer"},
		answers: []answer{
			{"read products vendor=abc", "allowed"},
			{"publish products vendor=abc", "NoGrant"},
		},
	}, {
		name:     "10-vendor-product-manager",
		sentence: "a vendor's option extends the role that has it",
		user:     person("max"),
		groups: []access.Group{vendorGroup("manager", access.Role{
			Rules: []access.Rule{rule("Manage", "products")},
			Options: []access.Option{
				{Name: "publishing", Rules: []access.Rule{actions("products", "publish")}},
				{Name: "taxing", Rules: []access.Rule{rule("Manage", "tax")}},
			},
		})},
		grants: []string{"products: Manage publish vendor=abc via abc.manager/manager"},
		answers: []answer{
			{"publish products vendor=abc", "allowed"},
			{"publish products vendor=xyz", "OutsideRestriction vendor"},
			{"read tax", "NoGrant"},
		},
	}}
}

func (ex example) compile() (*access.CompiledTenant, []access.Membership) {
	if ex.catalog.Resources == nil {
		ex.catalog = shop()
	}
	if ex.tenant.Name == "" {
		ex.tenant = access.Tenant{Name: "acme", Active: true}
	}
	v := access.NewVocabulary(ex.catalog)
	var memberships []access.Membership
	for _, g := range ex.groups {
		memberships = append(memberships, access.Membership{
			Name: g.Name, Group: access.Compile(v, ex.tenant.Dimensions, g), Until: ex.until[g.Name], From: access.FromUser,
		})
	}
	return access.CompileTenant(v, ex.tenant), memberships
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "explain", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
