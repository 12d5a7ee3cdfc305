package role_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func haveMessage(kind string, matcher types.GomegaMatcher) types.GomegaMatcher {
	return HaveField("Status.Conditions", ContainElement(And(HaveField("Type", kind), HaveField("Message", matcher))))
}

func haveGroups(n int) types.GomegaMatcher {
	return HaveField("Status.Groups", HaveValue(BeEquivalentTo(n)))
}

var (
	resolved = env.HaveCondition(accessv1.ConditionRulesResolved, metav1.ConditionTrue, accessv1.ReasonSucceeded)
	unknown  = And(
		env.HaveCondition(accessv1.ConditionRulesResolved, metav1.ConditionFalse, accessv1.ReasonUnknownNames),
		env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, accessv1.ReasonUnknownNames),
		env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonUnknownNames))
)

var _ = Describe("The rules of a role", func() {
	DescribeTable("are resolved against the tenant's catalog",
		func(ctx context.Context, rules []accessv1.Rule, problems ...string) {
			namespace, tenant, catalog := newTenancy()
			role := newRole(tenant.Name, "clerk", rules...)
			cluster.ExpectApplied(ctx, namespace, catalog, tenant, role)
			if len(problems) == 0 {
				env.ExpectEventually(ctx, cluster, role, And(resolved, env.BeReady()))
			} else {
				role = env.ExpectEventually(ctx, cluster, role, unknown)
			}
			for _, problem := range problems {
				Expect(role).To(haveMessage(accessv1.ConditionRulesResolved,
					And(ContainSubstring("ResourceCatalog "+catalog.Name), ContainSubstring(problem))))
			}
			cluster.ExpectSoundStatuses(ctx, tenant.Name)
		},
		Entry("no rules", nil),
		Entry("names that are all known", []accessv1.Rule{
			{Services: []string{"selling"}, Resources: []string{"tax"}, Level: accessv1.LevelManage},
			{Resources: []string{"orders"}, Actions: []string{"approve", "update"}}, {Resources: []string{"*"}, Level: accessv1.LevelRead},
		}),
		Entry("a service that is unknown", []accessv1.Rule{{Services: []string{"buying"}, Level: accessv1.LevelRead}},
			"rule 1 names unknown service buying"),
		Entry("resources that are unknown, in the second rule",
			[]accessv1.Rule{{Resources: []string{"tax"}, Level: accessv1.LevelRead}, {Resources: []string{"taxes", "order"}, Level: accessv1.LevelRead}},
			"rule 2 names unknown resource order, rule 2 names unknown resource taxes"),
		Entry("an action that no resource of the rule has", []accessv1.Rule{{Resources: []string{"tax"}, Actions: []string{"approve"}}},
			"rule 1 names unknown action approve"),
	)

	It("that are unknown give nothing; the others stay in force, and all do once the catalog knows them", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		tenant.Spec.Onboarding.Mode = accessv1.OnboardingNone
		role := newRole(tenant.Name, "clerk",
			accessv1.Rule{Resources: []string{"tax"}, Level: accessv1.LevelRead},
			accessv1.Rule{Resources: []string{"reports", "orders"}, Level: accessv1.LevelRead})
		ana := &accessv1.User{
			ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "ana"},
			Spec:       accessv1.UserSpec{Email: "ana@acme.example", Groups: []accessv1.GroupMembership{{Name: "clerks"}}},
		}
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, role, newGroup(tenant.Name, "clerks", "clerk"), ana)
		env.ExpectEventually(ctx, cluster, role, unknown)
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via clerks/clerk"))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[1].Resources = append(c.Spec.Services[1].Resources, accessv1.CatalogResource{Name: "reports"})
		})
		env.ExpectEventually(ctx, cluster, role, And(resolved, env.BeReady()))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("orders, reports, tax: Read via clerks/clerk"))

		By("taking a name out of the catalog")
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[0].Resources = c.Spec.Services[0].Resources[1:]
		})
		env.ExpectEventually(ctx, cluster, role, And(unknown, haveMessage(accessv1.ConditionReady, ContainSubstring("orders"))))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via clerks/clerk"))

		By("mending the role")
		env.ExpectChanged(ctx, cluster, role, func(r *accessv1.Role) { r.Spec.Rules[1].Resources = []string{"reports"} })
		env.ExpectEventually(ctx, cluster, role, And(resolved, env.BeReady()))
	})

	It("wait for a tenant, then for its catalog, and for another when the tenant changes to it", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		role := newRole(tenant.Name, "clerk", accessv1.Rule{Resources: []string{"tax"}, Level: accessv1.LevelRead})
		waiting := func(reason string) types.GomegaMatcher {
			return And(
				env.HaveCondition(accessv1.ConditionRulesResolved, metav1.ConditionUnknown, reason),
				env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, reason),
				env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, reason))
		}
		cluster.ExpectApplied(ctx, namespace, role)
		env.ExpectEventually(ctx, cluster, role, waiting(accessv1.ReasonTenantNotFound))
		cluster.ExpectApplied(ctx, tenant)
		env.ExpectEventually(ctx, cluster, role, waiting(accessv1.ReasonCatalogNotFound))
		cluster.ExpectApplied(ctx, catalog)
		env.ExpectEventually(ctx, cluster, role, And(resolved, env.BeReady()))
		cluster.ExpectSoundStatuses(ctx, tenant.Name)

		_, _, other := newTenancy()
		other.Spec.Services, other.Spec.AdministrationResource = other.Spec.Services[:1], "orders"
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.CatalogRef.Name = other.Name })
		env.ExpectEventually(ctx, cluster, role, waiting(accessv1.ReasonCatalogNotFound))
		cluster.ExpectApplied(ctx, other)
		env.ExpectEventually(ctx, cluster, role, unknown)
		cluster.ExpectDeleted(ctx, tenant)
		env.ExpectEventually(ctx, cluster, role, waiting(accessv1.ReasonTenantNotFound))
	})

	It("are not judged by a tenant that does not keep the namespace", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		_, younger, poor := newTenancy()
		poor.Spec.Services, poor.Spec.AdministrationResource = poor.Spec.Services[:1], "orders"
		younger.Spec.Namespace = tenant.Name
		younger.Name = "z-" + younger.Name
		role := newRole(tenant.Name, "clerk", accessv1.Rule{Resources: []string{"tax"}, Level: accessv1.LevelRead})
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, poor, younger, role)
		env.ExpectEventually(ctx, cluster, younger,
			env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNamespaceTaken))
		env.ExpectEventually(ctx, cluster, role, And(resolved, env.BeReady()))
	})
})

var _ = Describe("A role", func() {
	It("counts the groups that have it: those that gain it, lose it, come and go", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		clerk, boss := newRole(tenant.Name, "clerk"), newRole(tenant.Name, "boss")
		cluster.ExpectApplied(ctx, namespace, catalog, tenant,
			newGroup(tenant.Name, "one", "clerk"), newGroup(tenant.Name, "two", "clerk", "boss"), newGroup(tenant.Name, "none"), clerk, boss)
		env.ExpectEventually(ctx, cluster, clerk, haveGroups(2))
		env.ExpectEventually(ctx, cluster, boss, haveGroups(1))

		By("exchanging one for the other in a group")
		env.ExpectChanged(ctx, cluster, newGroup(tenant.Name, "one"), func(g *accessv1.UserGroup) { g.Spec.Roles[0].Name = "boss" })
		env.ExpectEventually(ctx, cluster, clerk, haveGroups(1))
		env.ExpectEventually(ctx, cluster, boss, haveGroups(2))

		By("deleting a group, and making one")
		cluster.ExpectDeleted(ctx, newGroup(tenant.Name, "two"))
		env.ExpectEventually(ctx, cluster, clerk, haveGroups(0))
		env.ExpectEventually(ctx, cluster, boss, haveGroups(1))
		cluster.ExpectApplied(ctx, newGroup(tenant.Name, "three", "clerk"))
		env.ExpectEventually(ctx, cluster, clerk, haveGroups(1))
	})

	It("does not count groups of another tenant", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		elsewhere, other, _ := newTenancy()
		clerk := newRole(tenant.Name, "clerk")
		cluster.ExpectApplied(ctx, namespace, elsewhere, catalog, tenant, newGroup(other.Name, "one", "clerk"), newGroup(tenant.Name, "one", "clerk"), clerk)
		env.ExpectEventually(ctx, cluster, clerk, haveGroups(1))
		cluster.ExpectSettled(ctx, tenant.Name)
		env.ExpectEventually(ctx, cluster, clerk, haveGroups(1))
	})

	It("is not written when nothing changes for it", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		clerk := newRole(tenant.Name, "clerk", accessv1.Rule{Resources: []string{"tax", "gone"}, Level: accessv1.LevelRead})
		group := newGroup(tenant.Name, "one", "clerk")
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, clerk, group)
		env.ExpectEventually(ctx, cluster, clerk, And(unknown, haveGroups(1)))
		cluster.ExpectSettled(ctx, tenant.Name)
		before := env.ExpectEventually(ctx, cluster, clerk, unknown).ResourceVersion
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Spec.DisplayName = "Look again" })
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.DisplayName = "Look again" })
		env.ExpectChanged(ctx, cluster, group, func(g *accessv1.UserGroup) { g.Spec.DisplayName = "Look again" })
		env.ExpectEventually(ctx, cluster, group, HaveField("Status.ObservedGeneration", BeEquivalentTo(2)))
		cluster.ExpectSettled(ctx, tenant.Name)
		Expect(env.ExpectEventually(ctx, cluster, clerk, unknown).ResourceVersion).To(Equal(before))
	})
})
