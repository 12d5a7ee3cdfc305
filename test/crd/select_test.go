package crd_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func TestUsersAreSelectedByTheirFields(t *testing.T) {
	for name, spec := range map[string]map[string]any{
		"ana": {"email": "ana@acme.example", "firstName": "Ana", "lastName": "Silva", "department": "Logistics"},
		"ben": {"email": "ben@acme.example", "firstName": "Ben", "lastName": "Silva", "state": "Inactive"},
		"bot": {"type": "Robot"},
	} {
		createUser(t, name, spec)
	}
	for selector, want := range map[string][]string{
		"spec.email=ana@acme.example":                 {"ana"},
		"spec.firstName=Ben":                          {"ben"},
		"spec.lastName=Silva":                         {"ana", "ben"},
		"spec.department=Logistics":                   {"ana"},
		"spec.type=Robot":                             {"bot"},
		"spec.type=Employee":                          {"ana", "ben"},
		"spec.state=Inactive":                         {"ben"},
		"spec.state!=Inactive":                        {"ana", "bot"},
		"status.state=Active":                         {"ana", "ben", "bot"},
		"status.state=Invited":                        nil,
		"spec.lastName=Silva,spec.state=Active":       {"ana"},
		"spec.email=ANA@acme.example":                 nil,
		"metadata.name=bot":                           {"bot"},
		"metadata.name=bot,spec.department=Logistics": nil,
	} {
		t.Run(selector, func(t *testing.T) {
			names, err := selectUsers(t, selector)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("selects others (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a field that is not selectable is refused rather than passed over", func(t *testing.T) {
		if _, err := selectUsers(t, "spec.onboarding=None"); !apierrors.IsBadRequest(err) {
			t.Errorf("got %v", err)
		}
	})
}

func createUser(t *testing.T, name string, spec map[string]any) {
	t.Helper()
	user := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	user.SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind("User"))
	user.SetNamespace(metav1.NamespaceDefault)
	user.SetName(name)
	if err := server.Create(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, user) })
	user.Object["status"] = map[string]any{"state": "Active"}
	if err := server.Status().Update(t.Context(), user); err != nil {
		t.Fatal(err)
	}
}

func selectUsers(t *testing.T, selector string) ([]string, error) {
	t.Helper()
	users := &unstructured.UnstructuredList{}
	users.SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind("UserList"))
	err := server.List(t.Context(), users, client.InNamespace(metav1.NamespaceDefault),
		&client.ListOptions{Raw: &metav1.ListOptions{FieldSelector: selector}})
	var names []string
	for _, user := range users.Items {
		names = append(names, user.GetName())
	}
	return names, err
}
