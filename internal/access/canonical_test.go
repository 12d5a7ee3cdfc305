package access_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

func until(g access.Grant, end time.Time) access.Grant {
	g.Until = end
	return g
}

func from(g access.Grant, groups ...string) access.Grant {
	for _, name := range groups {
		g.Via = append(g.Via, access.Via{Group: name})
	}
	return g
}

func doing(g access.Grant, actions ...string) access.Grant {
	g.Actions = actions
	return g
}

func TestCanonicalForm(t *testing.T) {
	de, deFR := dim("site", "DE"), dim("site", "FR", "DE", "FR")
	for _, tt := range []struct {
		sentence string
		grants   []access.Grant
		want     []string
	}{
		{"nothing is nothing", nil, nil},
		{"a grant without actions is nothing", []access.Grant{grant("", "orders")}, nil},
		{"lists are sorted, without duplicates", []access.Grant{
			from(grant("Read", "tax orders tax", dim("vendor", "b", "a"), deFR), "b", "a", "b"),
		}, []string{"orders tax: Read site=DE,FR and vendor=a,b via a b"}},
		{"actions of equal scope and end are united, with their origins", []access.Grant{
			from(grant("Read", "orders tax"), "a"), from(doing(grant("", "orders"), "update"), "b"),
		}, []string{"tax: Read everywhere via a", "orders: Read update everywhere via a b"}},
		{"the four actions are Manage", []access.Grant{
			doing(grant("", "orders"), "read", "publish", "create"), doing(grant("", "orders"), "delete", "update"),
		}, []string{"orders: Manage publish everywhere"}},
		{"what a wider scope holds is dropped", []access.Grant{
			from(grant("Read", "orders", de), "a"), from(grant("Manage", "orders"), "b"),
		}, []string{"orders: Manage everywhere via b"}},
		{"what two wider scopes hold together is dropped", []access.Grant{
			grant("Manage", "orders", de, dim("vendor", "abc")), grant("Read", "orders", de),
			doing(grant("", "orders", dim("vendor", "abc")), "create", "update", "delete"),
		}, []string{"orders: Read site=DE", "orders: create delete update vendor=abc"}},
		{"what a wider scope holds in part is kept whole", []access.Grant{
			grant("Manage", "orders", de), grant("Read", "orders"),
		}, []string{"orders: Read everywhere", "orders: Manage site=DE"}},
		{"what a wider scope holds for a shorter time is kept", []access.Grant{
			grant("Read", "orders", de), until(grant("Read", "orders"), tomorrow),
		}, []string{"orders: Read everywhere until 2026-06-16T12:00:00Z", "orders: Read site=DE"}},
		{"what ends earlier is dropped", []access.Grant{
			until(grant("Read", "orders"), noon), until(grant("Read", "orders"), tomorrow),
		}, []string{"orders: Read everywhere until 2026-06-16T12:00:00Z"}},
		{"scopes that only overlap are both kept", []access.Grant{
			grant("Read", "orders", deFR), grant("Read", "orders", dim("site", "DE", "NL")),
		}, []string{"orders: Read site=DE,FR", "orders: Read site=DE,NL"}},
		{"resources that differ in origin only are two entries", []access.Grant{
			from(grant("Read", "tax"), "b"), from(grant("Read", "orders"), "c"), from(grant("Read", "products"), "b"),
		}, []string{"products tax: Read everywhere via b", "orders: Read everywhere via c"}},
		{"entries are sorted by scope, level, actions, end", []access.Grant{
			grant("Manage", "orders", de), until(grant("Read", "tax"), noon), grant("Read", "products"),
			doing(grant("", "sepa"), "export"), doing(grant("Read", "returns"), "book"), grant("Manage", "labels"),
			grant("Read", "brands", dim("region", "EU")),
		}, []string{
			"labels: Manage everywhere", "products: Read everywhere", "tax: Read everywhere until 2026-06-15T12:00:00Z",
			"returns: Read book everywhere", "sepa: export everywhere", "brands: Read region=EU", "orders: Manage site=DE",
		}},
		{"instants are compared, not their zones", []access.Grant{
			until(grant("Read", "tax"), noon.In(time.FixedZone("zone", 3600))), until(grant("Read", "orders"), noon),
		}, []string{"orders tax: Read everywhere until 2026-06-15T12:00:00Z"}},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			got := access.Canonical(tt.grants)
			if diff := cmp.Diff(tt.want, describeAll(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			slices.Reverse(tt.grants)
			if diff := cmp.Diff(got, access.Canonical(tt.grants)); diff != "" {
				t.Errorf("in reverse order (-forward +reverse):\n%s", diff)
			}
			if diff := cmp.Diff(got, access.Canonical(got)); diff != "" {
				t.Errorf("not stable (-once +twice):\n%s", diff)
			}
		})
	}
}

func TestCut(t *testing.T) {
	v := access.NewVocabulary(shop())
	grants := []access.Grant{
		from(doing(grant("Manage", "orders products"), "publish"), "a"),
		from(until(grant("Read", "tax", dim("site", "DE")), tomorrow), "b"),
	}
	for _, tt := range []struct {
		sentence string
		rules    []access.Rule
		want     []string
	}{
		{"no rules leave nothing", nil, nil},
		{"a lower level lowers", []access.Rule{rule("Read", "*")}, []string{
			"orders products: Read everywhere via a", "tax: Read site=DE until 2026-06-16T12:00:00Z via b",
		}},
		{"a higher level does not raise", []access.Rule{rule("Manage", "tax")}, []string{
			"tax: Read site=DE until 2026-06-16T12:00:00Z via b",
		}},
		{"an action is cut out", []access.Rule{actions("products", "publish", "update")}, []string{
			"products: publish update everywhere via a",
		}},
		{"a void rule names nothing", []access.Rule{rule("Read", "tax", "nonsense")}, nil},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, describeAll(access.Cut(v, grants, tt.rules))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := access.Cut(nil, grants, []access.Rule{rule("Read", "*")}); got != nil {
		t.Errorf("an unknown catalog leaves %v", got)
	}
}
