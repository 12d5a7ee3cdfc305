package crd_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// TestTheLeastThatOneCanWriteIsFilledInWithTheDefaults writes the shortest spec of each kind and compares all that
// the API server makes of it. Every status begins at generation -1, which no finished object has.
func TestTheLeastThatOneCanWriteIsFilledInWithTheDefaults(t *testing.T) {
	tests := map[string]struct{ kind, spec, want string }{
		"a catalog is administered by users-and-groups": {"ResourceCatalog", `{}`, `
administrationResource: users-and-groups`},
		"a tenant is active, and its users may be deleted, but not its namespace": {"Tenant", `
catalogRef: {name: commerce}`, `
catalogRef: {name: commerce}
state: Active
userRemoval: Delete
deletionPolicy: Retain`},
		"an onboarding is an invitation that is good for a week": {"Tenant", `
catalogRef: {name: commerce}
onboarding: {locale: de}`, `
catalogRef: {name: commerce}
state: Active
userRemoval: Delete
deletionPolicy: Retain
onboarding: {locale: de, mode: Invitation, validSeconds: 604800}`},
		"the restrictions of a dimension are written by hand": {"Tenant", `
catalogRef: {name: commerce}
dimensions: [{name: site}]`, `
catalogRef: {name: commerce}
state: Active
userRemoval: Delete
deletionPolicy: Retain
dimensions: [{name: site, restrictions: Manual}]`},
		"a user is an active employee": {"User", `
email: ana@acme.example`, `
email: ana@acme.example
type: Employee
state: Active`},
		"a role may be assigned by the tenant": {"Role", `{}`, `
protection: Tenant`},
		"a role of a catalog may be assigned by every tenant": {"ResourceCatalog", `
roles: [{name: clerk}]`, `
administrationResource: users-and-groups
roles: [{name: clerk, protection: Tenant, visibility: Everyone}]`},
		"a group is empty":                       {"UserGroup", `{}`, `{}`},
		"a restriction is what is written in it": {"Restriction", `{dimension: site, values: []}`, `{dimension: site, values: []}`},
		"a vendor has no options":                {"Vendor", `{}`, `{}`},
		"an invitation is not cancelled":         {"Invitation", `{userRef: {name: ana}}`, `{userRef: {name: ana}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: map[string]any{"spec": decode(t, test.spec)}}
			object.SetAPIVersion("access.roster.dev/v1alpha1")
			object.SetKind(test.kind)
			object.SetName("sample")
			if test.kind != "ResourceCatalog" && test.kind != "Tenant" {
				object.SetNamespace("default")
			}
			if err := server.Create(t.Context(), object, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, test.want), object.Object["spec"]); diff != "" {
				t.Errorf("spec is another (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(decode(t, `observedGeneration: -1`), object.Object["status"]); diff != "" {
				t.Errorf("status is another (-want +got):\n%s", diff)
			}
		})
	}
}

func decode(t *testing.T, text string) any {
	t.Helper()
	content, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(content, &value); err != nil { // whole numbers as int64, like the client's
		t.Fatal(err)
	}
	return value
}
