package restriction_test

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

func TestRestriction(t *testing.T) {
	suite.Run(t, "The restriction controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	suite.Manager(cluster)
})

// newTenancy makes a catalog with orders (narrowed by site) and tax, and a tenant of it, that no other spec uses. The
// tenant's namespace has its name; its users need no invitation.
func newTenancy(dimensions ...accessv1.TenantDimension) (*corev1.Namespace, *accessv1.Tenant, *accessv1.ResourceCatalog) {
	catalog := &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("shop")},
		Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: "tax",
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
				{Name: "orders", RestrictedBy: []string{"site"}}, {Name: "tax"},
			}}},
		},
	}
	tenant := &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("tenant")},
		Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: catalog.Name}, Dimensions: dimensions,
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		},
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant.Name}}, tenant, catalog
}

func sites(values ...string) accessv1.TenantDimension {
	return accessv1.TenantDimension{Name: "site", Values: values}
}

func sitesFrom(configMap, key string) accessv1.TenantDimension {
	return accessv1.TenantDimension{Name: "site", ValuesFrom: &accessv1.DimensionSource{
		ConfigMapKeyRef: accessv1.ConfigMapKeyReference{Name: configMap, Key: key},
	}}
}

func newRestriction(namespace, name, dimension string, values ...string) *accessv1.Restriction {
	return &accessv1.Restriction{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       accessv1.RestrictionSpec{Dimension: dimension, Values: &values},
	}
}

// newGroup reads everything inside its restrictions.
func newGroup(namespace, name string, restrictions ...string) *accessv1.UserGroup {
	group := &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       accessv1.UserGroupSpec{Access: []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelRead}}},
	}
	for _, restriction := range restrictions {
		group.Spec.Restrictions = append(group.Spec.Restrictions, accessv1.Reference{Name: restriction})
	}
	return group
}

func newUser(namespace, name string, groups ...string) *accessv1.User {
	user := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: accessv1.UserSpec{Email: name + "@acme.example"},
	}
	for _, group := range groups {
		user.Spec.Groups = append(user.Spec.Groups, accessv1.GroupMembership{Name: group})
	}
	return user
}
