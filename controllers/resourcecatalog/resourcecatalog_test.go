package resourcecatalog_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/test/env"
)

func haveCounts(services, resources, roles int) types.GomegaMatcher {
	return HaveField("Status", And(
		HaveField("Services", HaveValue(BeEquivalentTo(services))), HaveField("Resources", HaveValue(BeEquivalentTo(resources))),
		HaveField("Roles", HaveValue(BeEquivalentTo(roles)))))
}

// haveProblems matches a catalog that is Stalled for exactly these.
func haveProblems(problems ...string) types.GomegaMatcher {
	return And(
		env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, accessv1.ReasonCatalogProblems),
		env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonCatalogProblems),
		HaveField("Status.Problems", Equal(problems)))
}

func expectSound(catalog *accessv1.ResourceCatalog) {
	GinkgoHelper()
	Expect(status.Check(catalog.Status.Conditions, catalog.Status.ObservedGeneration, catalog.Generation)).To(Succeed())
}

var _ = Describe("A catalog", func() {
	It("counts what it holds", func(ctx context.Context) {
		catalog := newCatalog()
		cluster.ExpectApplied(ctx, catalog)
		expectSound(env.ExpectEventually(ctx, cluster, catalog, And(env.BeReady(), haveCounts(2, 3, 1), HaveField("Status.Problems", BeEmpty()))))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[0].Resources = c.Spec.Services[0].Resources[1:]
			c.Spec.Roles = nil
		})
		env.ExpectEventually(ctx, cluster, catalog, And(env.BeReady(), haveCounts(2, 2, 0)))
	})

	It("of the commerce sample has no problems", func(ctx context.Context) {
		cluster.ExpectAppliedFiles(ctx, "config/samples/commerce/catalog.yaml")
		commerce := &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "commerce"}}
		env.ExpectEventually(ctx, cluster, commerce, And(env.BeReady(), haveCounts(10, 37, 10)))
	})

	It("that is empty so far has no problems", func(ctx context.Context) {
		catalog := newCatalog(func(s *accessv1.ResourceCatalogSpec) { *s = accessv1.ResourceCatalogSpec{DisplayName: "Soon"} })
		cluster.ExpectApplied(ctx, catalog)
		env.ExpectEventually(ctx, cluster, catalog, And(env.BeReady(), haveCounts(0, 0, 0)))
	})

	DescribeTable("names what in it leads nowhere, until that is mended",
		func(ctx context.Context, change func(*accessv1.ResourceCatalogSpec), problems ...string) {
			catalog := newCatalog(change)
			cluster.ExpectApplied(ctx, catalog)
			stalled := env.ExpectEventually(ctx, cluster, catalog, haveProblems(problems...))
			expectSound(stalled)
			env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Spec = newCatalog().Spec })
			env.ExpectEventually(ctx, cluster, catalog, And(env.BeReady(), HaveField("Status.Problems", BeEmpty())))
		},
		Entry("an administration resource", func(s *accessv1.ResourceCatalogSpec) { s.AdministrationResource = "users" },
			"administrationResource users is no resource of the catalog"),
		Entry("the administration resource that counts by default", func(s *accessv1.ResourceCatalogSpec) { s.AdministrationResource = "" },
			"administrationResource users-and-groups is no resource of the catalog"),
		Entry("requirements", func(s *accessv1.ResourceCatalogSpec) {
			s.Services[1].Resources[0].Requires = []accessv1.CatalogRequirement{
				{Level: accessv1.LevelManage, Read: []string{"orders", "order"}, Manage: []string{"taxes"}},
			}
		}, "resource tax requires order, which is no resource of the catalog", "resource tax requires taxes, which is no resource of the catalog"),
		Entry("a role's service, resource and action", func(s *accessv1.ResourceCatalogSpec) {
			s.Roles = append(s.Roles, accessv1.CatalogRole{Name: "clerk", Rules: []accessv1.Rule{
				{Services: []string{"buying"}, Level: accessv1.LevelRead}, {Resources: []string{"order"}, Level: accessv1.LevelRead},
				{Resources: []string{"tax"}, Actions: []string{"approve"}},
			}})
		}, "role clerk: rule 1 names unknown service buying", "role clerk: rule 2 names unknown resource order", "role clerk: rule 3 names unknown action approve"),
		Entry("an option's resource", func(s *accessv1.ResourceCatalogSpec) {
			yes := true
			s.Roles = append(s.Roles, accessv1.CatalogRole{
				Name: "seller", Vendor: &yes, Options: []accessv1.CatalogRoleOption{{Name: "publishing", Rules: reads("product")}},
			})
		}, "role seller, option publishing: rule 1 names unknown resource product"),
		Entry("a resource that stands twice, and what names it", func(s *accessv1.ResourceCatalogSpec) {
			s.Services[1].Resources = append(s.Services[1].Resources, accessv1.CatalogResource{Name: "orders"})
			s.Roles = append(s.Roles, accessv1.CatalogRole{Name: "clerk", Rules: reads("orders")})
		}, "resource orders stands in more than one service", "role clerk: rule 1 names unknown resource orders"),
	)

	It("names at most 32 problems, and says how many more there are", func(ctx context.Context) {
		var unknown, problems []string
		for i := range 40 {
			unknown = append(unknown, fmt.Sprintf("unknown-%02d", i))
			problems = append(problems, fmt.Sprintf("role viewer: rule 1 names unknown resource unknown-%02d", i))
		}
		catalog := newCatalog(func(s *accessv1.ResourceCatalogSpec) { s.Roles[0].Rules = reads(unknown[:32]...) })
		cluster.ExpectApplied(ctx, catalog)
		env.ExpectEventually(ctx, cluster, catalog, haveProblems(problems[:32]...))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Spec.Roles[0].Rules = reads(unknown...) })
		env.ExpectEventually(ctx, cluster, catalog, haveProblems(append(problems[:31:31], "… and 9 more")...))
	})

	It("names what is as long as a name can be, in any script, and is written once", func(ctx context.Context) {
		catalog := newCatalog(func(s *accessv1.ResourceCatalogSpec) {
			s.Roles[0].Rules = reads(strings.Repeat("東", 63), strings.Repeat("é", 63))
		})
		cluster.ExpectApplied(ctx, catalog)
		stalled := env.ExpectEventually(ctx, cluster, catalog, haveProblems(
			"role viewer: rule 1 names unknown resource "+strings.Repeat("é", 63),
			"role viewer: rule 1 names unknown resource "+strings.Repeat("東", 63)))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Labels = map[string]string{"look": "again"} })
		labelled := env.ExpectEventually(ctx, cluster, catalog, HaveField("ObjectMeta.Labels", HaveLen(1)))
		other := newCatalog()
		cluster.ExpectApplied(ctx, other)
		env.ExpectEventually(ctx, cluster, other, env.BeReady())
		again := env.ExpectEventually(ctx, cluster, catalog, haveProblems(stalled.Status.Problems...))
		Expect(again.ResourceVersion).To(Equal(labelled.ResourceVersion))
	})

	It("with a resource that stands twice gives nobody that resource, in whatever way he is given it", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := &accessv1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: env.Unique("tenant")},
			Spec: accessv1.TenantSpec{
				CatalogRef: accessv1.Reference{Name: catalog.Name}, Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
			},
		}
		cluster.ExpectApplied(ctx, catalog, tenant)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		group := &accessv1.UserGroup{
			ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "team"},
			Spec: accessv1.UserGroupSpec{
				Roles:  []accessv1.Reference{{Name: "viewer"}},
				Access: append(reads("orders"), accessv1.Rule{Services: []string{"selling"}, Level: accessv1.LevelManage}),
			},
		}
		ana := &accessv1.User{
			ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "ana"},
			Spec:       accessv1.UserSpec{Email: "ana@acme.example", Groups: []accessv1.GroupMembership{{Name: "team"}}},
		}
		cluster.ExpectApplied(ctx, group, ana)
		before := env.HaveAccess("orders, returns: Manage via team, team/viewer", "tax: Read via team/viewer")
		env.ExpectEventually(ctx, cluster, ana, before)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[1].Resources = append(c.Spec.Services[1].Resources, accessv1.CatalogResource{Name: "orders"})
		})
		env.ExpectEventually(ctx, cluster, catalog, haveProblems("resource orders stands in more than one service"))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("returns: Manage via team, team/viewer", "tax: Read via team/viewer"))
		env.ExpectEventually(ctx, cluster, group,
			env.HaveCondition(accessv1.ConditionRolesResolved, metav1.ConditionFalse, accessv1.ReasonUnknownNames))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[1].Resources = c.Spec.Services[1].Resources[:1]
		})
		env.ExpectEventually(ctx, cluster, ana, before)
	})
})
