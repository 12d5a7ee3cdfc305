package role_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var cluster *env.Cluster

func TestRole(t *testing.T) {
	suite.Run(t, "The role controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	suite.Manager(cluster)
})

// newTenancy makes a catalog with orders (which can be approved), returns and tax, and a tenant of it, that no other spec
// uses. The tenant's namespace has its name.
func newTenancy() (*corev1.Namespace, *accessv1.Tenant, *accessv1.ResourceCatalog) {
	catalog := &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("shop")},
		Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: "tax",
			Services: []accessv1.CatalogService{
				{Name: "selling", Resources: []accessv1.CatalogResource{{Name: "orders", Actions: []string{"approve"}}, {Name: "returns"}}},
				{Name: "settings", Resources: []accessv1.CatalogResource{{Name: "tax"}}},
			},
		},
	}
	tenant := &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("tenant")},
		Spec:       accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: catalog.Name}},
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant.Name}}, tenant, catalog
}

func newRole(namespace, name string, rules ...accessv1.Rule) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: accessv1.RoleSpec{DisplayName: name, Rules: rules}}
}

func newGroup(namespace, name string, roles ...string) *accessv1.UserGroup {
	group := &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: accessv1.UserGroupSpec{DisplayName: name},
	}
	for _, role := range roles {
		group.Spec.Roles = append(group.Spec.Roles, accessv1.Reference{Name: role})
	}
	return group
}
