package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

// FuzzRules reads rules, one a line: services; resources; level; actions, with commas between names. Whatever they say,
// checking and compiling must not fail, a void rule must give nothing, and nothing outside the catalog is ever given.
func FuzzRules(f *testing.F) {
	for _, seed := range []string{
		"", ";;;", ";*;Manage;", "orders;tax;Read;publish", ";products;;publish,read\n;foo;Read;", "products,nowhere;*;Read;",
		";products,tax;Manage;publish,fly", "*;*;*;*", ";,;Read;,", ";tax;manage;READ",
	} {
		f.Add(seed)
	}
	v := access.NewVocabulary(shop())
	f.Fuzz(func(t *testing.T, text string) {
		rules := parseRules(text)
		void := map[int]bool{}
		for _, p := range v.Check(rules) {
			void[p.Rule] = true
		}
		for i, r := range rules {
			grants := access.Compile(v, nil, access.Group{Name: "g", Rules: []access.Rule{r}}).Grants()
			if void[i] && len(grants) > 0 {
				t.Errorf("rule %+v is void and gives %v", r, describeAll(grants))
			}
		}
		grants := access.Compile(v, nil, access.Group{Name: "g", Rules: rules}).Grants()
		for _, g := range grants {
			for _, resource := range g.Resources {
				for _, action := range g.Actions {
					if !v.HasAction(resource, action) {
						t.Errorf("gives %s on %s", action, resource)
					}
				}
			}
		}
		if diff := cmp.Diff(grants, access.Canonical(grants)); diff != "" {
			t.Errorf("not canonical (-compiled +canonical):\n%s", diff)
		}
	})
}

func parseRules(text string) []access.Rule {
	var rules []access.Rule
	for line := range strings.Lines(text) {
		parts := append(strings.Split(strings.TrimSuffix(line, "\n"), ";"), "", "", "", "")
		rules = append(rules, access.Rule{
			Services: names(parts[0]), Resources: names(parts[1]), Level: access.Level(parts[2]), Actions: names(parts[3]),
		})
	}
	return rules
}

func names(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
