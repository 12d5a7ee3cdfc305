package resourcecatalog_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var cluster *env.Cluster

func TestResourceCatalog(t *testing.T) {
	suite.Run(t, "The resource catalog controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	suite.Manager(cluster)
})

// newCatalog makes a catalog without problems that no other spec uses: orders (which can be approved) and returns, tax, and
// a role.
func newCatalog(changes ...func(*accessv1.ResourceCatalogSpec)) *accessv1.ResourceCatalog {
	catalog := &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: env.Unique("shop")},
		Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: "tax",
			Services: []accessv1.CatalogService{
				{Name: "selling", Resources: []accessv1.CatalogResource{{Name: "orders", Actions: []string{"approve"}}, {Name: "returns"}}},
				{Name: "settings", Resources: []accessv1.CatalogResource{{Name: "tax"}}},
			},
			Roles: []accessv1.CatalogRole{{Name: "viewer", Rules: reads("*")}},
		},
	}
	for _, change := range changes {
		change(&catalog.Spec)
	}
	return catalog
}

func reads(resources ...string) []accessv1.Rule {
	return []accessv1.Rule{{Resources: resources, Level: accessv1.LevelRead}}
}
