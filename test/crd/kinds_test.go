package crd_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kind is what `kubectl api-resources` and `kubectl get` show of one kind.
type kind struct {
	shortName, scope string
	selectable       []string
	columns          []column
}

// column is a column and what it shows of valid/<kind>-status.yaml; a wide one is there with -o wide only.
type column struct {
	name string
	wide bool
	cell any
}

var kinds = map[string]kind{
	"resourcecatalog": {"rcat", "Cluster", nil, []column{
		{"Name", false, "sample"}, {"Services", false, 9.0}, {"Resources", false, 31.0}, {"Roles", false, 6.0},
		{"Ready", false, "False"}, {"Age", false, "0s"},
	}},
	"tenant": {"tn", "Cluster", nil, []column{
		{"Name", false, "sample"}, {"Title", false, "Acme GmbH"}, {"Namespace", false, "sample"},
		{"State", false, "Active"}, {"Users", false, 5.0}, {"Active", false, 3.0}, {"Groups", true, 4.0},
		{"Vendors", true, 1.0}, {"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"user": {"ruser", "Namespaced", []string{
		".spec.email", ".spec.firstName", ".spec.lastName", ".spec.department", ".spec.type", ".spec.state", ".status.state",
	}, []column{
		{"Name", false, "sample"}, {"Email", false, "ana@acme.example"}, {"First name", false, "Ana"},
		{"Last name", false, "Silva"}, {"Department", true, "Logistics"}, {"State", false, "Active"},
		{"Access", false, "manage 3"}, {"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"usergroup": {"ugroup", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"Title", false, "Order fulfillment Germany"}, {"Members", false, 2.0},
		{"Vendor", true, "abc"},
		{"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"role": {"arole", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"Title", false, "Clerk"}, {"Predefined", false, "true"},
		{"Protection", true, "Platform"}, {"Groups", false, 2.0}, {"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"restriction": {"rst", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"Dimension", false, "site"}, {"Values", false, `["DE","FR"]`},
		{"Attribute", false, nil}, {"Groups", false, 2.0}, {"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"vendor": {"vnd", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"Title", false, "ABC Company"}, {"Options", false, `["publishing"]`},
		{"Restriction", true, "sample.vendor"}, {"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"invitation": {"inv", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"User", false, "ana"}, {"Email", false, "ana@acme.example"},
		{"State", false, "Sent"}, {"Expires", false, "2126-01-08T00:00:00Z"}, {"Attempt", true, 2.0},
		{"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"passwordreset": {"pwr", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"User", false, "ana"}, {"Email", false, "ana@acme.example"},
		{"State", false, "Sent"}, {"Expires", false, "2126-01-08T00:00:00Z"}, {"Attempt", true, 2.0},
		{"Ready", false, "True"}, {"Age", false, "0s"},
	}},
	"applicationcredential": {"appcred", "Namespaced", nil, []column{
		{"Name", false, "sample"}, {"User", false, "ana"}, {"Client ID", true, "5f0c7f7e-5b0a-4c1e-9f33-0f8f6a0f9d11"},
		{"Access", false, "read 1"}, {"Expires", false, "2126-01-01T00:00:00Z"}, {"Ready", false, "True"}, {"Age", false, "0s"},
	}},
}

func TestEveryKindHasItsNamesScopeAndStatus(t *testing.T) {
	for name := range definitions {
		if _, ok := kinds[name]; !ok {
			t.Errorf("%s is a kind that this test knows nothing of", name)
		}
	}
	for name, want := range kinds {
		t.Run(name, func(t *testing.T) {
			spec := definitions[name].Spec
			if spec.Group != "access.roster.dev" || len(spec.Versions) != 1 || spec.Versions[0].Name != "v1alpha1" {
				t.Errorf("is not in access.roster.dev/v1alpha1 alone: %s", definitions[name].Name)
			}
			var selectable []string
			for _, field := range spec.Versions[0].SelectableFields {
				selectable = append(selectable, field.JSONPath)
			}
			got := kind{strings.Join(spec.Names.ShortNames, " "), string(spec.Scope), selectable, want.columns}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(kind{}, column{})); diff != "" {
				t.Errorf("is another (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"roster"}, spec.Names.Categories); diff != "" {
				t.Errorf("is in other categories (-want +got):\n%s", diff)
			}
			if subresources := spec.Versions[0].Subresources; subresources == nil || subresources.Status == nil {
				t.Error("has no status subresource: whoever can write a spec could write its status")
			}
		})
	}
}

func TestKubectlGetShowsTheColumnsOfEveryKind(t *testing.T) {
	for name, want := range kinds {
		t.Run(name, func(t *testing.T) {
			f := readFile(t, "valid/"+name+"-status.yaml")
			if err := f.write(t); err != nil {
				t.Fatal(err)
			}
			got := printed(t, f.documents[0])
			if diff := cmp.Diff(want.columns, got, cmp.AllowUnexported(column{})); diff != "" {
				t.Errorf("shows something else (-want +got):\n%s", diff)
			}
		})
	}
}

// printed returns the row that kubectl would print for the object. An age is always none.
func printed(t *testing.T, object client.Object) []column {
	t.Helper()
	var table metav1.Table
	if err := json.Unmarshal(getAs(t, object, "application/json;as=Table;v=v1;g=meta.k8s.io"), &table); err != nil {
		t.Fatal(err)
	}
	var columns []column
	for i, definition := range table.ColumnDefinitions {
		cell := table.Rows[0].Cells[i]
		if definition.Name == "Age" && cell != "<unknown>" {
			cell = "0s"
		}
		columns = append(columns, column{definition.Name, definition.Priority > 0, cell})
	}
	return columns
}

func getAs(t *testing.T, object client.Object, mediaType string) []byte {
	t.Helper()
	web, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	kind := definitions[strings.ToLower(object.GetObjectKind().GroupVersionKind().Kind)]
	address := strings.TrimSuffix(config.Host, "/") + "/apis/access.roster.dev/v1alpha1"
	if namespace := object.GetNamespace(); namespace != "" {
		address += "/namespaces/" + namespace
	}
	address += "/" + kind.Spec.Names.Plural + "/" + object.GetName()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", mediaType)
	response, err := web.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %v", address, response.Status, err)
	}
	return body
}
