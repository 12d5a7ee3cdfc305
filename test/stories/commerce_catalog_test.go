package stories_test

import (
	"encoding/csv"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// supporting are the resources of the catalog that have no row in the matrix.
var supporting = []string{"availability", "carts", "customer-addresses", "media", "payment-methods", "prices"}

func TestTheCommerceCatalogHasTheServicesResourcesAndTitlesOfTheMatrix(t *testing.T) {
	want := map[string][2]string{}
	for _, row := range readTable(t, "role-matrix.csv") {
		want[row["resource"]] = [2]string{row["service"], row["title"]}
	}
	if len(want) != 31 {
		t.Fatalf("the matrix has %d rows, not 31", len(want))
	}
	got := map[string][2]string{}
	for _, service := range readCatalog(t, "commerce").Spec.Services {
		for _, resource := range service.Resources {
			if !slices.Contains(supporting, resource.Name) {
				got[resource.Name] = [2]string{service.Name, resource.DisplayName}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("other resources (-matrix +catalog):\n%s", diff)
	}
}

// TestTheCommerceRolesAreTheMatrixCellForCell also holds what the roles give beyond the matrix: declared actions, and
// the resources that have no row in it.
func TestTheCommerceRolesAreTheMatrixCellForCell(t *testing.T) {
	publishing := []string{"publish", "unpublish"}
	beyond := map[string]struct {
		onProducts []string
		supporting access.Level
	}{
		"viewer":                    {nil, access.Read},
		"manager":                   {publishing, access.Manage},
		"administrator":             {publishing, access.Manage},
		"catalog-manager":           {publishing, access.None},
		"pricing-manager":           {nil, access.None},
		"order-fulfillment-manager": {nil, access.None},
	}
	catalog, matrix := readCatalog(t, "commerce"), readTable(t, "role-matrix.csv")
	for name, extra := range beyond {
		t.Run(name, func(t *testing.T) {
			want := map[string]held{}
			for _, row := range matrix {
				level, ok := row[name]
				if !ok {
					t.Fatal("the matrix has no column for it")
				}
				want[row["resource"]] = held{level: access.Level(level)}
			}
			want["products"] = held{want["products"].level, extra.onProducts}
			for _, resource := range supporting {
				want[resource] = held{level: extra.supporting}
			}
			maps.DeleteFunc(want, func(_ string, h held) bool { return h.level == access.None })
			if diff := cmp.Diff(want, given(catalog, roleOf(t, catalog, name).Rules), cmp.AllowUnexported(held{})); diff != "" {
				t.Errorf("gives something else (-matrix +catalog):\n%s", diff)
			}
		})
	}
	for _, role := range catalog.Spec.Roles {
		if _, ok := beyond[role.Name]; !ok && role.Vendor == nil {
			t.Errorf("role %s is not in the matrix", role.Name)
		}
	}
}

func TestTheCommerceVendorRolesReachTheirVendorsThingsAlone(t *testing.T) {
	products := []string{"availability", "media", "prices", "products"}
	tests := map[string]struct {
		title     string
		resources []string
		level     access.Level
		options   []string
	}{
		"vendor.order.manager":   {"Vendor Order Manager", []string{"orders"}, access.Manage, nil},
		"vendor.order.viewer":    {"Vendor Order Viewer", []string{"orders"}, access.Read, nil},
		"vendor.product.manager": {"Vendor Product Manager", products, access.Manage, []string{"publishing"}},
		"vendor.product.viewer":  {"Vendor Product Viewer", products, access.Read, nil},
	}
	catalog := readCatalog(t, "commerce")
	vocabulary := access.NewVocabulary(graph.Catalog(catalog))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			role := roleOf(t, catalog, name)
			want := map[string]held{}
			for _, resource := range test.resources {
				want[resource] = held{level: test.level}
				if r, _ := vocabulary.Resource(resource); !slices.Contains(r.RestrictedBy, "vendor") {
					t.Errorf("the vendor's restriction would not narrow %s", resource)
				}
			}
			if diff := cmp.Diff(want, given(catalog, role.Rules), cmp.AllowUnexported(held{})); diff != "" {
				t.Errorf("gives something else (-want +got):\n%s", diff)
			}
			var options []string
			for _, option := range role.Options {
				options = append(options, option.Name)
				publish := map[string]held{"products": {actions: []string{"publish", "unpublish"}}}
				if diff := cmp.Diff(publish, given(catalog, option.Rules), cmp.AllowUnexported(held{})); diff != "" {
					t.Errorf("option %s gives something else (-want +got):\n%s", option.Name, diff)
				}
			}
			if role.Vendor == nil || !*role.Vendor || role.DisplayName != test.title || !slices.Equal(options, test.options) {
				t.Errorf("is a vendor role %v titled %q with options %v", role.Vendor, role.DisplayName, options)
			}
		})
	}
}

// TestTheCommerceCatalogRequiresWhatTheTableOfReadsSays leaves out that a resource needs itself: whoever manages it
// reads and manages it.
func TestTheCommerceCatalogRequiresWhatTheTableOfReadsSays(t *testing.T) {
	type needs struct{ Read, Manage []string }
	want := map[string]needs{}
	for _, row := range readTable(t, "required-reads.csv") {
		n := needs{namesBut(row["resource"], row["read"]), namesBut(row["resource"], row["manage"])}
		if n.Read != nil || n.Manage != nil {
			want[row["resource"]] = n
		}
	}
	got := map[string]needs{}
	for _, service := range readCatalog(t, "commerce").Spec.Services {
		for _, resource := range service.Resources {
			for _, requirement := range resource.Requires {
				if requirement.Level != accessv1.LevelManage || len(resource.Requires) != 1 {
					t.Errorf("%s requires something at other levels than Manage", resource.Name)
				}
				got[resource.Name] = needs{slices.Sorted(slices.Values(requirement.Read)), slices.Sorted(slices.Values(requirement.Manage))}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requires something else (-table +catalog):\n%s", diff)
	}
}

// held is what rules give on one resource: the level, and the actions beyond it.
type held struct {
	level   access.Level
	actions []string
}

// given is what a group without restrictions would give with these rules alone, by resource.
func given(catalog *accessv1.ResourceCatalog, rules []accessv1.Rule) map[string]held {
	group := access.Group{Name: "any"}
	for _, r := range rules {
		group.Rules = append(group.Rules, access.Rule{
			Services: r.Services, Resources: r.Resources, Level: access.Level(r.Level), Actions: r.Actions,
		})
	}
	all := map[string]held{}
	for _, grant := range access.Compile(access.NewVocabulary(graph.Catalog(catalog)), nil, group).Grants() {
		for _, resource := range grant.Resources {
			all[resource] = held{grant.Level, grant.Actions}
		}
	}
	return all
}

func readCatalog(t *testing.T, story string) *accessv1.ResourceCatalog {
	t.Helper()
	content, err := os.ReadFile("../../config/samples/" + story + "/catalog.yaml")
	if err != nil {
		t.Fatal(err)
	}
	catalog := &accessv1.ResourceCatalog{}
	if err := yaml.UnmarshalStrict(content, catalog); err != nil {
		t.Fatal(err)
	}
	return catalog
}

func roleOf(t *testing.T, catalog *accessv1.ResourceCatalog, name string) accessv1.CatalogRole {
	t.Helper()
	at := slices.IndexFunc(catalog.Spec.Roles, func(r accessv1.CatalogRole) bool { return r.Name == name })
	if at < 0 {
		t.Fatalf("the catalog has no role %s", name)
	}
	return catalog.Spec.Roles[at]
}

// readTable returns the rows of a file in test/data, each by the names of the columns.
func readTable(t testing.TB, name string) []map[string]string {
	t.Helper()
	file, err := os.Open("../data/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// namesBut returns the names of a cell, sorted and without the one.
func namesBut(one, cell string) []string {
	names := slices.Sorted(strings.SplitSeq(cell, ";"))
	names = slices.DeleteFunc(names, func(name string) bool { return name == one || name == "" })
	if len(names) == 0 {
		return nil
	}
	return names
}
