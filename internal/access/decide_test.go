package access_test

import (
	"testing"

	"github.com/roster-dev/roster/internal/access"
)

func TestDecide(t *testing.T) {
	site, vendor := dim("site", "DE"), dim("vendor", "abc")
	shopOfSites := shop()
	shopOfSites.Resources = append(shopOfSites.Resources, access.Resource{
		Name: "sites", RestrictedBy: []string{"site"}, IdentifiedBy: "site",
	})
	v := access.NewVocabulary(shopOfSites)
	for _, tt := range []struct {
		sentence string
		grants   []access.Grant
		asks     string
		want     string
	}{
		{"nothing allows nothing", nil, "read tax", "NoGrant"},
		{"a resource that the catalog does not list", []access.Grant{grant("Manage", "foo")}, "read foo", "UnknownResource"},
		{"an action that the resource does not declare", []access.Grant{doing(grant("", "tax"), "publish")},
			"publish tax", "UnknownAction"},
		{"an action that the resource declares", []access.Grant{doing(grant("", "products"), "publish")},
			"publish products", "allowed"},
		{"a declared action is not part of Manage", []access.Grant{grant("Manage", "products")}, "publish products", "NoGrant"},
		{"one of several values suffices", []access.Grant{grant("Read", "orders", site)}, "read orders site=FR,DE", "allowed"},
		{"every dimension must hold", []access.Grant{grant("Read", "orders", site, vendor)},
			"read orders site=DE vendor=xyz", "OutsideRestriction vendor"},
		{"the first failing dimension over all entries is named",
			[]access.Grant{grant("Read", "orders", vendor), grant("Read", "orders", site)},
			"read orders", "OutsideRestriction site"},
		{"an id is a value of what identifies the resource", []access.Grant{grant("Read", "sites", site)},
			"read sites id=DE", "allowed"},
		{"an id is no value of other dimensions", []access.Grant{grant("Read", "orders", site)},
			"read orders id=DE", "OutsideRestriction site"},
		{"no id is not a value", []access.Grant{grant("Read", "sites", dim("site", ""))},
			"read sites", "OutsideRestriction site"},
		{"an entry ends at its until", []access.Grant{until(grant("Read", "tax"), noon)}, "read tax", "Expired"},
		{"an entry lasts up to its until", []access.Grant{until(grant("Read", "tax"), noon.Add(1))}, "read tax", "allowed"},
		{"expired is named before elsewhere",
			[]access.Grant{grant("Read", "orders", dim("site", "FR")), until(grant("Read", "orders", site), yesterday)},
			"read orders site=DE", "Expired"},
		{"what ended elsewhere is no reason", []access.Grant{until(grant("Read", "orders", site), yesterday)},
			"read orders site=FR", "NoGrant"},
		{"an acting group has what came via it", []access.Grant{from(grant("Read", "tax"), "a", "b")},
			"read tax as=b", "allowed"},
		{"an acting group has nothing else", []access.Grant{from(grant("Read", "tax"), "a", "b")},
			"read tax as=c", "NoGrant"},
		{"an attribute that nobody filled in admits nothing",
			[]access.Grant{grant("Read", "orders", access.Dimension{Name: "site", Attributes: []string{"DE"}})},
			"read orders site=DE", "OutsideRestriction site"},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			if got := answerTo(v, tt.grants, query(tt.asks)); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.asks, got, tt.want)
			}
		})
	}
}

func TestDenialsThatComeBeforeGrants(t *testing.T) {
	v := access.NewVocabulary(shop())
	grants := []access.Grant{grant("Manage", "tax")}
	for _, reason := range []access.Reason{access.UnknownUser, access.NotActive, access.TenantSuspended} {
		e := access.Effective{Vocabulary: v, Denied: reason, Grants: grants}
		if got := access.Decide(e, query("read tax"), noon); got != (access.Decision{Reason: reason}) {
			t.Errorf("%s: got %+v", reason, got)
		}
	}
	if got := answerTo(nil, grants, query("read tax")); got != "UnknownResource" {
		t.Errorf("an unknown catalog: got %s", got)
	}
}
