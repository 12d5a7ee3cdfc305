package vendor_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var cluster *env.Cluster

func TestVendor(t *testing.T) {
	suite.Run(t, "The vendor controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	suite.Manager(cluster)
})

// The groups that the commerce catalog gives a vendor abc.
var groupNames = []string{"abc.vendor.order.manager", "abc.vendor.order.viewer", "abc.vendor.product.manager", "abc.vendor.product.viewer"}

// newCatalog is the commerce catalog under a name that no other spec uses.
func newCatalog() *accessv1.ResourceCatalog {
	objects, err := env.ReadFile("config/samples/commerce/catalog.yaml")
	Expect(err).NotTo(HaveOccurred())
	catalog := &accessv1.ResourceCatalog{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, catalog)).To(Succeed())
	catalog.Name = env.Unique("commerce")
	return catalog
}

// newTenant makes a tenant that no other spec uses. Its users need no invitation.
func newTenant(catalog string) *accessv1.Tenant {
	return &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("tenant")},
		Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: catalog},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		},
	}
}

// newReadyTenant applies a commerce catalog and a tenant of it, and waits for it.
func newReadyTenant(ctx context.Context) (namespace string, catalog *accessv1.ResourceCatalog) {
	catalog = newCatalog()
	tenant := newTenant(catalog.Name)
	cluster.ExpectApplied(ctx, catalog, tenant)
	env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	return tenant.Name, catalog
}

func newVendor(namespace, name, title string, options ...string) *accessv1.Vendor {
	return &accessv1.Vendor{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       accessv1.VendorSpec{DisplayName: title, Options: options},
	}
}

// newReadyVendor applies the vendor abc to a tenant of its own, and waits for it.
func newReadyVendor(ctx context.Context, options ...string) (*accessv1.Vendor, *accessv1.ResourceCatalog) {
	namespace, catalog := newReadyTenant(ctx)
	abc := newVendor(namespace, "abc", "ABC Company", options...)
	cluster.ExpectApplied(ctx, abc)
	return env.ExpectEventually(ctx, cluster, abc, env.BeReady()), catalog
}

func groupOf(namespace, name string) *accessv1.UserGroup {
	return &accessv1.UserGroup{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func restrictionOf(namespace, name string) *accessv1.Restriction {
	return &accessv1.Restriction{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// newUser is a member of groups, by his own list.
func newUser(namespace, name string, groups ...string) *accessv1.User {
	user := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       accessv1.UserSpec{Email: name + "@abc.example"},
	}
	for _, group := range groups {
		user.Spec.Groups = append(user.Spec.Groups, accessv1.GroupMembership{Name: group})
	}
	return user
}

// groups are the names of the groups of a namespace.
func groups(ctx context.Context, namespace string) []string {
	list := &accessv1.UserGroupList{}
	Expect(cluster.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	out := []string{}
	for _, g := range list.Items {
		out = append(out, g.Name)
	}
	return out
}
