package tenant

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
)

// TestAWrittenRoleSharesNoMemoryWithTheCatalog: nothing that the cache hands out is copied, and a client reads the API
// server's answer into the object that it wrote.
func TestAWrittenRoleSharesNoMemoryWithTheCatalog(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	catalog := &accessv1.ResourceCatalog{Spec: accessv1.ResourceCatalogSpec{Roles: []accessv1.CatalogRole{
		{Name: "new", Rules: []accessv1.Rule{{Resources: []string{"tax"}}}, UserTypes: []accessv1.UserType{accessv1.UserTypeRobot}},
		{Name: "drifted", Rules: []accessv1.Rule{{Resources: []string{"tax"}}}, UserTypes: []accessv1.UserType{accessv1.UserTypeRobot}},
	}}}
	tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: "1"}}
	drifted := graph.PredefinedRole("acme", &accessv1.CatalogRole{Name: "drifted"})
	drifted.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(tenant, accessv1.SchemeGroupVersion.WithKind("Tenant"))}
	written := 0
	scribble := func(object client.Object) {
		role, ok := object.(*accessv1.Role)
		if !ok {
			t.Fatalf("%T was written", object)
		}
		role.Spec.Rules[0].Resources[0], role.Spec.UserTypes[0] = "scribbled", "Scribbled"
		written++
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(drifted).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, object client.Object, _ ...client.CreateOption) error {
			scribble(object)
			return nil
		},
		Patch: func(_ context.Context, _ client.WithWatch, object client.Object, _ client.Patch, _ ...client.PatchOption) error {
			scribble(object)
			return nil
		},
	}).Build()
	before := catalog.DeepCopy()
	s := &scope{
		tenant: tenant, owner: tenant, tenancy: &graph.Tenancy{Tenant: tenant, Catalog: catalog},
		namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme"}},
	}
	if err := (&Reconciler{Client: c}).syncRoles(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if written != 2 {
		t.Fatalf("%d roles were written, not 2", written)
	}
	if diff := cmp.Diff(before, catalog); diff != "" {
		t.Errorf("the catalog changed (-before +after):\n%s", diff)
	}
}
