package access_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

func TestContains(t *testing.T) {
	de, deFR := dim("site", "DE"), dim("site", "DE", "FR")
	for _, tt := range []struct {
		sentence string
		holder   []access.Grant
		grants   []access.Grant
		want     bool
	}{
		{"nothing is contained in nothing", nil, nil, true},
		{"nothing contains nothing else", nil, []access.Grant{grant("Read", "tax")}, false},
		{"Manage contains Read", []access.Grant{grant("Manage", "tax orders")}, []access.Grant{grant("Read", "tax")}, true},
		{"Read does not contain Manage", []access.Grant{grant("Read", "tax")}, []access.Grant{grant("Manage", "tax")}, false},
		{"actions and resources may come from several entries",
			[]access.Grant{grant("Read", "tax"), doing(grant("Read", "orders"), "update"), doing(grant("", "tax"), "update")},
			[]access.Grant{doing(grant("Read", "orders tax"), "update")}, true},
		{"a wider scope contains", []access.Grant{grant("Read", "tax", deFR)}, []access.Grant{grant("Read", "tax", de)}, true},
		{"a scope with fewer dimensions contains",
			[]access.Grant{grant("Read", "tax", de)}, []access.Grant{grant("Read", "tax", de, dim("vendor", "a"))}, true},
		{"a narrower scope does not contain",
			[]access.Grant{grant("Read", "tax", de)}, []access.Grant{grant("Read", "tax", deFR)}, false},
		{"a narrowed holder does not contain everywhere",
			[]access.Grant{grant("Read", "tax", de)}, []access.Grant{grant("Read", "tax")}, false},
		{"two narrow scopes do not add up",
			[]access.Grant{grant("Read", "tax", de), grant("Read", "tax", dim("site", "FR"))},
			[]access.Grant{grant("Read", "tax", deFR)}, false},
		{"a shorter time does not contain",
			[]access.Grant{until(grant("Read", "tax"), noon)}, []access.Grant{until(grant("Read", "tax"), tomorrow)}, false},
		{"a time does not contain for ever",
			[]access.Grant{until(grant("Read", "tax"), noon)}, []access.Grant{grant("Read", "tax")}, false},
		{"for ever contains a time",
			[]access.Grant{grant("Read", "tax")}, []access.Grant{until(grant("Read", "tax"), noon)}, true},
		{"a scope that admits nothing is contained",
			[]access.Grant{grant("Read", "tax", de)}, []access.Grant{grant("Read", "tax", dim("vendor"))}, true},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			if got := access.Contains(tt.holder, tt.grants); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestGained(t *testing.T) {
	de, fr, deFR := dim("site", "DE"), dim("site", "FR"), dim("site", "DE", "FR")
	abc := dim("vendor", "abc")
	for _, tt := range []struct {
		sentence      string
		before, after []access.Grant
		want          []string
	}{
		{"nothing changed", []access.Grant{grant("Read", "tax")}, []access.Grant{grant("Read", "tax")}, nil},
		{"something new", nil, []access.Grant{from(grant("Read", "tax"), "a")}, []string{"tax: Read everywhere via a"}},
		{"another way to the same", []access.Grant{from(grant("Read", "tax"), "a")},
			[]access.Grant{from(grant("Read", "tax"), "b")}, nil},
		{"a level raised", []access.Grant{grant("Read", "tax")}, []access.Grant{grant("Manage", "tax")},
			[]string{"tax: create delete update everywhere"}},
		{"a resource added", []access.Grant{grant("Read", "tax")}, []access.Grant{grant("Read", "tax orders")},
			[]string{"orders: Read everywhere"}},
		{"a restriction removed", []access.Grant{grant("Read", "orders", de)}, []access.Grant{grant("Read", "orders")},
			[]string{"orders: Read everywhere"}},
		{"a restriction widened", []access.Grant{grant("Read", "orders", de)},
			[]access.Grant{grant("Read", "orders", dim("site", "DE", "FR", "NL"))}, []string{"orders: Read site=FR,NL"}},
		{"a restriction added", []access.Grant{grant("Read", "orders")}, []access.Grant{grant("Read", "orders", de)}, nil},
		{"an end moved", []access.Grant{until(grant("Read", "tax"), noon)},
			[]access.Grant{until(grant("Read", "tax"), tomorrow)}, []string{"tax: Read everywhere until 2026-06-16T12:00:00Z"}},
		{"an end removed", []access.Grant{until(grant("Read", "tax"), noon)}, []access.Grant{grant("Read", "tax")},
			[]string{"tax: Read everywhere"}},
		{"two scopes joined", []access.Grant{grant("Read", "tax", de), grant("Read", "tax", fr)},
			[]access.Grant{grant("Read", "tax", deFR)}, nil},
		{"two scopes joined, one with less", []access.Grant{grant("Manage", "tax", de), grant("Read", "tax", fr)},
			[]access.Grant{grant("Manage", "tax", deFR)}, []string{"tax: create delete update site=FR"}},
		{"one dimension given for another", []access.Grant{grant("Read", "orders", de)},
			[]access.Grant{grant("Read", "orders", abc)}, []string{"orders: Read vendor=abc"}},
		{"a product of which a corner was there", []access.Grant{grant("Read", "orders", de, abc)},
			[]access.Grant{grant("Read", "orders", deFR, dim("vendor", "abc", "xyz"))},
			[]string{"orders: Read site=DE,FR and vendor=xyz", "orders: Read site=FR and vendor=abc"}},
		{"a product that two overlapping scopes cover",
			[]access.Grant{grant("Read", "orders", de), grant("Read", "orders", fr, abc)},
			[]access.Grant{grant("Read", "orders", deFR, abc)}, nil},
		{"an attribute added", []access.Grant{grant("Read", "orders", de)},
			[]access.Grant{grant("Read", "orders", access.Dimension{
				Name: "site", Values: []string{"DE"}, Attributes: []string{"site"},
			})}, []string{"orders: Read site=<site>"}},
		{"a scope that admits nothing", nil, []access.Grant{grant("Read", "orders", dim("site"))}, nil},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, describeAll(access.Gained(tt.before, tt.after))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Above the cap the answer must still not miss a gain, and must not invent one where single entries cover everything.
func TestGainedAboveTheCap(t *testing.T) {
	wide := func(name string) access.Dimension {
		var names []string
		for i := range 30 {
			names = append(names, fmt.Sprintf("%s%02d", name, i))
		}
		return dim(name, names...)
	}
	after := []access.Grant{grant("Manage", "orders tax", wide("a"), wide("b"), wide("c"))}
	var before []access.Grant
	for _, axis := range after[0].Scope {
		for _, value := range axis.Values {
			before = append(before, grant("Read", "orders", dim(axis.Name, value)))
		}
	}
	before = append(before, grant("Read", "tax"))
	scope := after[0].Scope.String()
	want := []string{"orders: Manage " + scope, "tax: create delete update " + scope}
	if diff := cmp.Diff(want, describeAll(access.Gained(before, after))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := access.Gained(append(before, grant("Manage", "orders tax")), after); got != nil {
		t.Errorf("covered by one entry: %v", describeAll(got))
	}
}
