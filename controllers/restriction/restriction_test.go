package restriction_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
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

// advice matches a restriction that is Ready whatever is known of its values.
func advice(known metav1.ConditionStatus, reason string) types.GomegaMatcher {
	return And(env.BeReady(), env.HaveCondition(accessv1.ConditionValuesKnown, known, reason))
}

func waiting(known metav1.ConditionStatus, reason string) types.GomegaMatcher {
	return And(
		env.HaveCondition(accessv1.ConditionValuesKnown, known, reason),
		env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, reason),
		env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, reason))
}

var _ = Describe("The values of a restriction", func() {
	It("are compared with those that the tenant lists, which is advice: they narrow either way", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy(sites("DE", "FR"))
		west := newRestriction(tenant.Name, "west", "site", "FR", "DE")
		ana := newUser(tenant.Name, "ana", "westerners")
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, west, newGroup(tenant.Name, "westerners", "west"), ana)
		env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionTrue, accessv1.ReasonSucceeded))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via westerners", "orders: Read at site=DE,FR via westerners"))

		By("using values that the tenant does not list")
		env.ExpectChanged(ctx, cluster, west, func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"DE", "UK", "ES"} })
		west = env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionFalse, accessv1.ReasonValuesUnknown))
		Expect(west).To(haveMessage(accessv1.ConditionValuesKnown, Equal("The tenant's dimension site does not list: ES, UK")))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via westerners", "orders: Read at site=DE,ES,UK via westerners"))

		By("listing them")
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.Dimensions[0].Values = []string{"DE", "ES", "UK"} })
		env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionTrue, accessv1.ReasonSucceeded))

		By("using none, which lets nothing through")
		env.ExpectChanged(ctx, cluster, west, func(r *accessv1.Restriction) { r.Spec.Values = &[]string{} })
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via westerners"))
		env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionTrue, accessv1.ReasonSucceeded))
		cluster.ExpectSoundStatuses(ctx, tenant.Name)
	})

	It("are open when the tenant lists none, or says nothing of the dimension", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		west := newRestriction(tenant.Name, "west", "site", "DE")
		open := advice(metav1.ConditionTrue, accessv1.ReasonValuesOpen)
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, west)
		env.ExpectEventually(ctx, cluster, west, open)
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.Dimensions = []accessv1.TenantDimension{sites("FR")} })
		env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionFalse, accessv1.ReasonValuesUnknown))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.Dimensions = []accessv1.TenantDimension{sites()} })
		env.ExpectEventually(ctx, cluster, west, open)
	})

	It("are each member's own when they come from an attribute", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy(sites("DE"))
		own := newRestriction(tenant.Name, "own", "site")
		own.Spec.Values, own.Spec.ValuesFrom = nil, &accessv1.RestrictionSource{UserAttribute: "sites"}
		ana, ben := newUser(tenant.Name, "ana", "everybody"), newUser(tenant.Name, "ben", "everybody")
		ana.Spec.Attributes = []accessv1.UserAttribute{{Name: "sites", Values: []string{"US"}}}
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, own, newGroup(tenant.Name, "everybody", "own"), ana, ben)
		env.ExpectEventually(ctx, cluster, own, advice(metav1.ConditionTrue, accessv1.ReasonFromUser))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via everybody", "orders: Read at site=US via everybody"))
		env.ExpectEventually(ctx, cluster, ben, env.HaveAccess("tax: Read via everybody"))
	})

	It("cannot be compared while the list is missing, and are once it is there", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy(sitesFrom("sites", "ids"))
		west := newRestriction(tenant.Name, "west", "site", "DE")
		missing := advice(metav1.ConditionUnknown, accessv1.ReasonValuesNotFound)
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, west)
		west = env.ExpectEventually(ctx, cluster, west, missing)
		Expect(west).To(haveMessage(accessv1.ConditionValuesKnown, Equal("ConfigMap sites has no key ids, or does not exist")))

		list := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "sites"}, Data: map[string]string{"other": "DE"}}
		Expect(cluster.Client.Create(ctx, list)).To(Succeed())
		cluster.ExpectSettled(ctx, tenant.Name)
		env.ExpectEventually(ctx, cluster, west, missing)
		for _, step := range []struct {
			values string
			want   types.GomegaMatcher
		}{
			{"DE\nFR", advice(metav1.ConditionTrue, accessv1.ReasonSucceeded)},
			{"FR", advice(metav1.ConditionFalse, accessv1.ReasonValuesUnknown)},
			{"", advice(metav1.ConditionFalse, accessv1.ReasonValuesUnknown)},
			{"\n DE \n", advice(metav1.ConditionTrue, accessv1.ReasonSucceeded)},
		} {
			env.ExpectChanged(ctx, cluster, list, func(c *corev1.ConfigMap) { c.Data = map[string]string{"ids": step.values} })
			env.ExpectEventually(ctx, cluster, west, step.want)
		}
		cluster.ExpectDeleted(ctx, list)
		env.ExpectEventually(ctx, cluster, west, missing)
	})
})

var _ = Describe("A restriction of a dimension that nobody knows", func() {
	It("closes its groups where any restriction could count, until the dimension is known", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy(sites("DE"))
		typo := newRestriction(tenant.Name, "typo", "sit", "DE")
		good := newRestriction(tenant.Name, "good", "site", "DE")
		group := newGroup(tenant.Name, "westerners", "good", "typo")
		ana := newUser(tenant.Name, "ana", "westerners")
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, typo, good, group, ana)
		typo = env.ExpectEventually(ctx, cluster, typo, waiting(metav1.ConditionFalse, accessv1.ReasonDimensionUnknown))
		for _, name := range []string{tenant.Name, catalog.Name, "dimension sit;"} {
			Expect(typo).To(haveMessage(accessv1.ConditionReady, ContainSubstring(name)))
		}
		env.ExpectEventually(ctx, cluster, group,
			env.HaveCondition(accessv1.ConditionRestrictionsResolved, metav1.ConditionFalse, accessv1.ReasonRestrictionNotFound))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via westerners"))

		By("mending the typo")
		env.ExpectChanged(ctx, cluster, typo, func(r *accessv1.Restriction) { r.Spec.Dimension = "site" })
		env.ExpectEventually(ctx, cluster, typo, advice(metav1.ConditionTrue, accessv1.ReasonSucceeded))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via westerners", "orders: Read at site=DE via westerners"))

		By("deleting it")
		cluster.ExpectDeleted(ctx, typo)
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via westerners"))
	})

	It("is mended by the tenant that declares it, or by the catalog", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		tours := newRestriction(tenant.Name, "tours", "tour", "T1")
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, tours)
		unknown := waiting(metav1.ConditionFalse, accessv1.ReasonDimensionUnknown)
		env.ExpectEventually(ctx, cluster, tours, unknown)
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.Dimensions = []accessv1.TenantDimension{{Name: "tour"}} })
		env.ExpectEventually(ctx, cluster, tours, advice(metav1.ConditionTrue, accessv1.ReasonValuesOpen))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.Dimensions = nil })
		env.ExpectEventually(ctx, cluster, tours, unknown)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[0].Resources[0].RestrictedBy = []string{"site", "tour"}
		})
		env.ExpectEventually(ctx, cluster, tours, advice(metav1.ConditionTrue, accessv1.ReasonValuesOpen))
	})

	It("is not judged before there is a tenant with a catalog", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy(sites("DE"))
		west := newRestriction(tenant.Name, "west", "site", "DE")
		cluster.ExpectApplied(ctx, namespace, west)
		env.ExpectEventually(ctx, cluster, west, waiting(metav1.ConditionUnknown, accessv1.ReasonTenantNotFound))
		cluster.ExpectApplied(ctx, tenant)
		env.ExpectEventually(ctx, cluster, west, waiting(metav1.ConditionUnknown, accessv1.ReasonCatalogNotFound))
		cluster.ExpectApplied(ctx, catalog)
		env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionTrue, accessv1.ReasonSucceeded))
		cluster.ExpectSoundStatuses(ctx, tenant.Name)
	})
})

var _ = Describe("A restriction", func() {
	It("counts the groups that have it: those that gain it, lose it, come and go", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy()
		west, east := newRestriction(tenant.Name, "west", "site", "DE"), newRestriction(tenant.Name, "east", "site", "PL")
		cluster.ExpectApplied(ctx, namespace, catalog, tenant, newGroup(tenant.Name, "one", "west"), newGroup(tenant.Name, "two", "west", "east"), west, east)
		env.ExpectEventually(ctx, cluster, west, haveGroups(2))
		env.ExpectEventually(ctx, cluster, east, haveGroups(1))
		env.ExpectChanged(ctx, cluster, newGroup(tenant.Name, "one"), func(g *accessv1.UserGroup) { g.Spec.Restrictions[0].Name = "east" })
		env.ExpectEventually(ctx, cluster, west, haveGroups(1))
		env.ExpectEventually(ctx, cluster, east, haveGroups(2))
		cluster.ExpectDeleted(ctx, newGroup(tenant.Name, "two"))
		env.ExpectEventually(ctx, cluster, west, haveGroups(0))
		env.ExpectEventually(ctx, cluster, east, haveGroups(1))
	})

	It("is not written when nothing changes for it", func(ctx context.Context) {
		namespace, tenant, catalog := newTenancy(sitesFrom("sites", "ids"))
		list := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "sites"}, Data: map[string]string{"ids": "DE"}}
		west := newRestriction(tenant.Name, "west", "site", "DE", "FR")
		cluster.ExpectApplied(ctx, namespace, list, catalog, tenant, west)
		env.ExpectEventually(ctx, cluster, west, advice(metav1.ConditionFalse, accessv1.ReasonValuesUnknown))
		before := cluster.ExpectSettled(ctx, tenant.Name)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Spec.DisplayName = "Look again" })
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.DisplayName = "Look again" })
		env.ExpectChanged(ctx, cluster, list, func(c *corev1.ConfigMap) { c.Data["ids"] = "DE\n\n" })
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(cluster.ExpectSettled(ctx, tenant.Name)).To(Equal(before))
	})
})
