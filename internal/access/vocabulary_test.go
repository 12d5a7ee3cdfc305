package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

func TestVocabulary(t *testing.T) {
	catalog := shop()
	v := access.NewVocabulary(catalog)
	catalog.Resources[1].Actions[0] = "changed"
	if diff := cmp.Diff([]string{"orders", "products", "tax"}, v.Resources()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	want := access.Resource{
		Name: "products", Service: "products", RestrictedBy: []string{"site", "vendor"}, Actions: []string{"publish"},
	}
	got, ok := v.Resource("products")
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("resource (-want +got):\n%s", diff)
	}
	got.Actions[0] = "changed"
	for _, tt := range []struct {
		resource, action string
		want             bool
	}{
		{"products", "publish", true}, {"products", "delete", true}, {"tax", "read", true},
		{"tax", "publish", false}, {"foo", "read", false}, {"products", "changed", false},
	} {
		if got := v.HasAction(tt.resource, tt.action); got != tt.want {
			t.Errorf("%s %s: got %v", tt.action, tt.resource, got)
		}
	}
}

func TestUnknownVocabulary(t *testing.T) {
	var v *access.Vocabulary
	if _, ok := v.Resource("tax"); ok || v.Resources() != nil || v.HasAction("tax", "read") {
		t.Error("an unknown catalog has resources")
	}
	if got := v.Check([]access.Rule{rule("Read", "nonsense")}); got != nil {
		t.Errorf("an unknown catalog judges rules: %v", got)
	}
	if got := access.Summary(v, []access.Grant{grant("Read", "tax")}); got != "none" {
		t.Errorf("summary: %s", got)
	}
}

func TestRules(t *testing.T) {
	catalog := shop()
	catalog.Resources = append(catalog.Resources, access.Resource{
		Name: "returns", Service: "orders", Actions: []string{"book", "read"},
	})
	v := access.NewVocabulary(catalog)
	for _, tt := range []struct {
		sentence string
		rules    []access.Rule
		problems []string
		grants   []string
	}{
		{sentence: "no rules", rules: nil},
		{sentence: "a rule that reaches nothing is void without a problem",
			rules: []access.Rule{{Level: access.Manage, Actions: []string{"publish"}}}},
		{sentence: "a service is all its resources",
			rules:  []access.Rule{{Services: []string{"orders"}, Level: access.Read}},
			grants: []string{"orders returns: Read everywhere via g"}},
		{sentence: "the wildcard is every resource", rules: []access.Rule{rule("Read", "*", "tax")},
			grants: []string{"orders products returns tax: Read everywhere via g"}},
		{sentence: "a declared action is given where it is declared",
			rules: []access.Rule{{Resources: []string{"*"}, Level: access.Read, Actions: []string{"publish", "book"}}},
			grants: []string{
				"orders tax: Read everywhere via g", "returns: Read book everywhere via g",
				"products: Read publish everywhere via g",
			}},
		{sentence: "the four actions are known everywhere",
			rules:  []access.Rule{actions("tax", "update", "read"), actions("tax", "create", "delete")},
			grants: []string{"tax: Manage everywhere via g"}},
		{sentence: "an unknown name voids its rule and no other",
			rules:    []access.Rule{rule("Read", "tax", "foo"), rule("Read", "orders")},
			problems: []string{"rule 1 names unknown resource foo"},
			grants:   []string{"orders: Read everywhere via g"}},
		{sentence: "an unknown service voids the rule",
			rules: []access.Rule{{Services: []string{"nowhere", "*"}, Resources: []string{"*", "bar"}, Level: access.Manage}},
			problems: []string{
				"rule 1 names unknown service *", "rule 1 names unknown service nowhere", "rule 1 names unknown resource bar",
			}},
		{sentence: "an action that nothing reached declares voids the rule",
			rules: []access.Rule{
				rule("Read", "tax"),
				{Resources: []string{"tax", "orders"}, Level: access.Manage, Actions: []string{"publish", "fly"}},
			},
			problems: []string{"rule 2 names unknown action fly", "rule 2 names unknown action publish"},
			grants:   []string{"tax: Read everywhere via g"}},
		{sentence: "a level that does not exist gives nothing", rules: []access.Rule{rule("Everything", "tax")}},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			var problems []string
			for _, p := range v.Check(tt.rules) {
				problems = append(problems, p.String())
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			grants := access.Compile(v, nil, access.Group{Name: "g", Rules: tt.rules}).Grants()
			if diff := cmp.Diff(tt.grants, describeAll(grants)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
		})
	}
}
