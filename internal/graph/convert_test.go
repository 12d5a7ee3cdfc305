package graph_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestACatalogInTheModelsTerms(t *testing.T) {
	t.Parallel()
	catalog := &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: accessv1.ResourceCatalogSpec{Services: []accessv1.CatalogService{
			{Name: "one", Resources: []accessv1.CatalogResource{
				{
					Name: "orders", RestrictedBy: []string{"site"}, Actions: []string{"publish"}, IdentifiedBy: "order",
					Requires: []accessv1.CatalogRequirement{{Level: accessv1.LevelManage, Read: []string{"tax"}, Manage: []string{"media"}}},
				},
				{Name: "twice"}, {Name: "also"},
			}},
			{Name: "two", Resources: []accessv1.CatalogResource{{Name: "twice"}, {Name: "tax"}, {Name: "also"}}},
		}},
	}
	want := access.Catalog{Name: "shop", Resources: []access.Resource{
		{
			Name: "orders", Service: "one", RestrictedBy: []string{"site"}, Actions: []string{"publish"}, IdentifiedBy: "order",
			Requires: []access.Requirement{{Level: access.Manage, Read: []string{"tax"}, Manage: []string{"media"}}},
		},
		{Name: "tax", Service: "two"},
	}}
	if diff := cmp.Diff(want, graph.Catalog(catalog)); diff != "" {
		t.Errorf("what stands twice is left out (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"also", "twice"}, graph.Duplicates(catalog)); diff != "" {
		t.Errorf("duplicates (-want +got):\n%s", diff)
	}
}

func TestAUserInTheModelsTerms(t *testing.T) {
	t.Parallel()
	attributes := func(pairs ...string) []accessv1.UserAttribute {
		var out []accessv1.UserAttribute
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, accessv1.UserAttribute{Name: pairs[i], Values: []string{pairs[i+1]}})
		}
		return out
	}
	for _, c := range []struct {
		sentence string
		spec     accessv1.UserSpec
		want     map[string][]string
	}{
		{
			"fields are attributes", accessv1.UserSpec{Email: "ana@acme.example", Department: "Sales", Attributes: attributes("rep", "1")},
			map[string][]string{"email": {"ana@acme.example"}, "department": {"Sales"}, "name": {"ana"}, "rep": {"1"}},
		},
		{
			"no attribute of the list stands in for a field",
			accessv1.UserSpec{Attributes: attributes("email", "boss@acme.example", "name", "boss", "department", "Board")},
			map[string][]string{"name": {"ana"}},
		},
	} {
		got := graph.ModelUser(&accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: "ana"}, Spec: c.spec}, true)
		if diff := cmp.Diff(access.User{Name: "ana", Active: true, Attributes: c.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
	inactive := graph.ModelUser(&accessv1.User{Spec: accessv1.UserSpec{State: accessv1.AccountActive, Type: accessv1.UserTypeRobot}}, false)
	if inactive.Active || inactive.Type != "Robot" {
		t.Error("whether a user is active is not his spec's to say")
	}
}

func TestGrantsAsAStatusShowsThem(t *testing.T) {
	t.Parallel()
	if graph.Entries(nil) != nil || graph.Entries([]access.Grant{}) != nil {
		t.Error("no grants are no list")
	}
	got := graph.Entries([]access.Grant{{
		Resources: []string{"orders"}, Level: access.Manage, Actions: []string{"publish"}, Until: now,
		Scope: access.Scope{{Name: "site", Values: []string{"DE"}, Attributes: []string{"home"}}},
		Via:   []access.Via{{Tenant: "acme"}, {Group: "team", Role: "editor"}},
	}, {Resources: []string{"tax"}, Level: access.Read}})
	want := []accessv1.AccessEntry{{
		Resources: []string{"orders"}, Level: accessv1.LevelManage, Actions: []string{"publish"}, Until: &metav1.Time{Time: now},
		RestrictedTo: []accessv1.DimensionValues{{Dimension: "site", Values: []string{"DE"}, UserAttributes: []string{"home"}}},
		Via:          []accessv1.AccessSource{{Tenant: "acme"}, {Group: "team", Role: "editor"}},
	}, {Resources: []string{"tax"}, Level: accessv1.LevelRead}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoIsOlder(t *testing.T) {
	t.Parallel()
	user := func(name string, age time.Duration) *accessv1.User {
		return &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age))}}
	}
	for sentence, c := range map[string]struct {
		a, b *accessv1.User
		want int
	}{
		"by time":                      {user("b", 2), user("a", 1), -1},
		"the other way round":          {user("a", 1), user("b", 2), 1},
		"by name within an instant":    {user("a", 1), user("b", 1), -1},
		"and the other way round":      {user("b", 1), user("a", 1), 1},
		"nobody is older than oneself": {user("a", 1), user("a", 1), 0},
	} {
		if got := graph.Older(c.a, c.b); got != c.want {
			t.Errorf("%s: %d, want %d", sentence, got, c.want)
		}
	}
	if graph.Owner(nil) != nil {
		t.Error("a namespace that nobody asks for has no owner")
	}
}

func TestRulesAreCheckedAgainstTheVocabulary(t *testing.T) {
	t.Parallel()
	vocabulary := access.NewVocabulary(access.Catalog{Resources: []access.Resource{{Name: "orders"}}})
	rules := []accessv1.Rule{
		{Resources: []string{"orders"}, Level: accessv1.LevelRead}, {Resources: []string{"nothing"}, Level: accessv1.LevelRead},
	}
	if got := graph.CheckRules(vocabulary, rules); len(got) != 1 {
		t.Errorf("%v", got)
	}
}
