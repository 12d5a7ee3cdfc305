package crd_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/test/addresses"
)

// TestTheCRDsTakeEveryAddressThatRosterTakes: what the parser reads, the CRDs let through, so that the parser's sentence, and not
// a pattern, says why an address is none.
func TestTheCRDsTakeEveryAddressThatRosterTakes(t *testing.T) {
	for input := range addresses.Valid {
		if err := createWithAddress(t, "User", "email", input); err != nil {
			t.Errorf("%q as a user's: %v", input, err)
		}
	}
}

// TestTheCRDsTakeEverySupportAddressThatMailsName holds the tenants' field to the same.
func TestTheCRDsTakeEverySupportAddressThatMailsName(t *testing.T) {
	for input := range addresses.Valid {
		if err := createWithAddress(t, "Tenant", "supportEmail", input); err != nil {
			t.Errorf("%q for support: %v", input, err)
		}
	}
}

// TestTheCRDRefusesMostOfWhatIsNoAddress keeps the pattern from being loosened to nothing. What takes more than a pattern to see,
// such as a domain that IDNA refuses, is left to the parser.
func TestTheCRDRefusesMostOfWhatIsNoAddress(t *testing.T) {
	for input, reason := range addresses.Invalid {
		sees := strings.Contains(reason, "name, quotes") || strings.Contains(reason, "white space") || strings.Contains(reason, "@") || reason == "has no dot"
		if !sees || !utf8.ValidString(input) || strings.ContainsAny(input, "\u00a0\u0085\u1680\u2003\u2028\u2029\u3000\v") {
			continue
		}
		if err := createWithAddress(t, "User", "email", input); err == nil {
			t.Errorf("%q is taken", input)
		}
	}
}

func createWithAddress(t *testing.T, kind, field, value string) error {
	t.Helper()
	spec := map[string]any{field: value}
	if kind == "Tenant" {
		spec = map[string]any{"catalogRef": map[string]any{"name": "x"}, "onboarding": spec}
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "access.roster.dev/v1alpha1", "kind": kind, "metadata": map[string]any{"name": "sample"}, "spec": spec,
	}}
	if kind == "User" {
		object.SetNamespace("default")
	}
	return server.Create(t.Context(), object, client.DryRunAll)
}
