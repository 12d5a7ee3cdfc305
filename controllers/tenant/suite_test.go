package tenant_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var (
	cluster *env.Cluster
	manager *env.Manager
)

func TestTenant(t *testing.T) {
	suite.Run(t, "The tenant controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	Expect(cluster.StartControllerManager(context.Background(), GinkgoT().TempDir())).To(Succeed())
	startManager()
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
})

// startManager starts one that takes itself for guarding, so that it binds administrators.
func startManager() {
	GinkgoHelper()
	var err error
	guarded := func(deps *controllers.Deps) { deps.Guarded = true }
	manager, err = env.StartManagerWith(cluster.Config, cluster, guarded, withGate)
	Expect(err).NotTo(HaveOccurred())
}

// newCatalog makes a catalog that no other spec uses: orders, narrowed by site, and tax; the roles viewer, and partner for
// those entitled to it.
func newCatalog() *accessv1.ResourceCatalog {
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("shop")},
		Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: "tax",
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
				{Name: "orders", RestrictedBy: []string{"site"}}, {Name: "tax"},
			}}},
			Roles: []accessv1.CatalogRole{
				{Name: "viewer", DisplayName: "Viewer", Description: "Sees everything.", Rules: reads("*")},
				{Name: "partner", Visibility: accessv1.VisibilityEntitled, Protection: accessv1.ProtectionPlatform,
					UserTypes: []accessv1.UserType{accessv1.UserTypeRobot}, Rules: reads("orders")},
			},
		},
	}
}

func reads(resources ...string) []accessv1.Rule {
	return []accessv1.Rule{{Resources: resources, Level: accessv1.LevelRead}}
}

// newTenant makes a tenant that no other spec uses, of a catalog that may not be there yet. Its users need no invitation.
func newTenant(catalog string) *accessv1.Tenant {
	return &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("tenant")},
		Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: catalog},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		},
	}
}

// newReadyTenant applies a catalog and a tenant of it, and waits for it.
func newReadyTenant(ctx context.Context, changes ...func(*accessv1.TenantSpec)) (*accessv1.Tenant, *accessv1.ResourceCatalog) {
	catalog := newCatalog()
	tenant := newTenant(catalog.Name)
	for _, change := range changes {
		change(&tenant.Spec)
	}
	cluster.ExpectApplied(ctx, catalog, tenant)
	return env.ExpectEventually(ctx, cluster, tenant, env.BeReady()), catalog
}

// dimension sets the tenant's only dimension: site, with these values and a Restriction for each.
func dimension(values ...string) func(*accessv1.TenantSpec) {
	return func(spec *accessv1.TenantSpec) {
		spec.Dimensions = []accessv1.TenantDimension{{Name: "site", Values: values, Restrictions: accessv1.RestrictionsSynced}}
	}
}

// dimensionFrom is dimension with the values in a ConfigMap.
func dimensionFrom(name, key string) func(*accessv1.TenantSpec) {
	return func(spec *accessv1.TenantSpec) {
		spec.Dimensions = []accessv1.TenantDimension{{
			Name: "site", Restrictions: accessv1.RestrictionsSynced,
			ValuesFrom: &accessv1.DimensionSource{ConfigMapKeyRef: accessv1.ConfigMapKeyReference{Name: name, Key: key}},
		}}
	}
}

func namespaceOf(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func roleOf(namespace, name string) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func restrictionOf(namespace, name string) *accessv1.Restriction {
	return &accessv1.Restriction{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// newUser is a user whose group is "team".
func newUser(namespace, name string) *accessv1.User {
	return &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: accessv1.UserSpec{
			Email: name + "@acme.example", Groups: []accessv1.GroupMembership{{Name: "team"}},
		},
	}
}

// newTeam is the group "team", which reads tax.
func newTeam(namespace string) *accessv1.UserGroup {
	return &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "team"},
		Spec:       accessv1.UserGroupSpec{Access: reads("tax")},
	}
}

// restrictions are "name: dimension=values" of every restriction of a namespace.
func restrictions(ctx context.Context, namespace string) []string {
	list := &accessv1.RestrictionList{}
	Expect(cluster.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	out := []string{}
	for _, r := range list.Items {
		for _, value := range *r.Spec.Values {
			out = append(out, r.Name+": "+r.Spec.Dimension+"="+value)
		}
	}
	return out
}

// roles are the names of the roles of a namespace.
func roles(ctx context.Context, namespace string) []string {
	list := &accessv1.RoleList{}
	Expect(cluster.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	out := []string{}
	for _, r := range list.Items {
		out = append(out, r.Name)
	}
	return out
}

func keyOf(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
