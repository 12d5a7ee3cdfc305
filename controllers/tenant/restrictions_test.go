package tenant_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func valuesOf(namespace, key, values string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "sites"}, Data: map[string]string{key: values}}
}

var _ = Describe("The restrictions of a Synced dimension", func() {
	It("are one a value, named in lower case, owned by the tenant", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, dimension("DE", "West-EU", "fr.paris"))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionRestrictionsSynced, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE", "site.west-eu: site=West-EU", "site.fr.paris: site=fr.paris"))
		west := env.ExpectEventually(ctx, cluster, restrictionOf(tenant.Name, "site.west-eu"), env.BeReady())
		Expect(west.Spec.DisplayName).To(Equal("West-EU"))
		Expect(metav1.IsControlledBy(west, tenant)).To(BeTrue())
		Expect(west.Labels).To(And(
			HaveKeyWithValue(accessv1.LabelDimension, "site"), HaveKeyWithValue(accessv1.LabelManagedBy, accessv1.ManagedByRoster)))
		cluster.ExpectSoundStatuses(ctx, tenant.Name)
	})

	It("come back as they were after somebody changed or deleted them", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, dimension("DE"))
		de := restrictionOf(tenant.Name, "site.de")
		asMade := And(
			HaveField("Spec.Values", HaveValue(Equal([]string{"DE"}))), HaveField("Spec.ValuesFrom", BeNil()),
			HaveField("Spec.Dimension", "site"), haveLabel(accessv1.LabelDimension, "site"))
		for _, drift := range []func(*accessv1.Restriction){
			func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"DE", "FR"} },
			func(r *accessv1.Restriction) { r.Spec.Dimension = "tour" },
			func(r *accessv1.Restriction) {
				r.Spec.Values, r.Spec.ValuesFrom = nil, &accessv1.RestrictionSource{UserAttribute: "email"}
			},
			func(r *accessv1.Restriction) { delete(r.Labels, accessv1.LabelDimension) },
		} {
			drifted := env.ExpectChanged(ctx, cluster, de, drift)
			Expect(env.ExpectEventually(ctx, cluster, de, asMade).UID).To(Equal(drifted.UID))
		}
		cluster.ExpectDeleted(ctx, de)
		env.ExpectEventually(ctx, cluster, de, asMade)
	})

	It("go with their value, with the dimension, and when the team takes over the writing", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, dimension("DE", "FR", "US"))
		own := restrictionOf(tenant.Name, "site.own")
		own.Spec = accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"DE", "FR"}}
		cluster.ExpectApplied(ctx, own)
		steps := []struct {
			change func(*accessv1.TenantSpec)
			want   []string
		}{
			{func(s *accessv1.TenantSpec) { s.Dimensions[0].Values = []string{"FR", "US"} }, []string{"site.fr: site=FR", "site.us: site=US"}},
			{func(s *accessv1.TenantSpec) { s.Dimensions[0].Restrictions = accessv1.RestrictionsManual }, nil},
			{func(s *accessv1.TenantSpec) { s.Dimensions[0].Restrictions = accessv1.RestrictionsSynced }, []string{"site.fr: site=FR", "site.us: site=US"}},
			{func(s *accessv1.TenantSpec) { s.Dimensions = nil }, nil},
		}
		for _, step := range steps {
			env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { step.change(&t.Spec) })
			want := append([]string{"site.own: site=DE", "site.own: site=FR"}, step.want...)
			Eventually(restrictions, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf(want))
			env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		}
	})

	It("follow a ConfigMap, and stay as they are while it or its key cannot be found", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { dimensionFrom("sites", "ids")(&t.Spec) })
		waiting := env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonValuesNotFound)
		tenant = env.ExpectEventually(ctx, cluster, tenant, waiting)
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionRestrictionsSynced, metav1.ConditionFalse, accessv1.ReasonValuesNotFound))
		Expect(tenant).To(haveMessage(accessv1.ConditionReconciling, ContainSubstring("site (ConfigMap sites, key ids)")))

		By("writing the ConfigMap with another key first")
		sites := valuesOf(tenant.Name, "names", "DE")
		Expect(cluster.Client.Create(ctx, sites)).To(Succeed())
		Consistently(restrictions, "500ms").WithArguments(ctx, tenant.Name).Should(BeEmpty())
		env.ExpectChanged(ctx, cluster, sites, func(c *corev1.ConfigMap) { c.Data["ids"] = "DE\r\n\n  FR  \nDE\n" })
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE", "site.fr: site=FR"))

		By("changing the values")
		env.ExpectChanged(ctx, cluster, sites, func(c *corev1.ConfigMap) { c.Data["ids"] = "FR\nUS" })
		Eventually(restrictions, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("site.fr: site=FR", "site.us: site=US"))

		By("taking the key away, and a label that says which dimension it was")
		env.ExpectChanged(ctx, cluster, sites, func(c *corev1.ConfigMap) { delete(c.Data, "ids") })
		env.ExpectEventually(ctx, cluster, tenant, waiting)
		env.ExpectChanged(ctx, cluster, restrictionOf(tenant.Name, "site.fr"), func(r *accessv1.Restriction) { delete(r.Labels, accessv1.LabelDimension) })
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.DisplayName = "Again" })
		env.ExpectEventually(ctx, cluster, tenant, waiting)
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.fr: site=FR", "site.us: site=US"))

		By("taking the ConfigMap away, and putting it back without any value")
		cluster.ExpectDeleted(ctx, sites)
		Consistently(restrictions, "500ms").WithArguments(ctx, tenant.Name).Should(HaveLen(2))
		Expect(cluster.Client.Create(ctx, valuesOf(tenant.Name, "ids", "\n"))).To(Succeed())
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(restrictions(ctx, tenant.Name)).To(BeEmpty())
	})

	It("of one dimension are kept while another's values cannot be found", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		dimensionFrom("sites", "ids")(&tenant.Spec)
		tenant.Spec.Dimensions = append(tenant.Spec.Dimensions, accessv1.TenantDimension{
			Name: "tour", Values: []string{"T1"}, Restrictions: accessv1.RestrictionsSynced,
		})
		cluster.ExpectApplied(ctx, catalog, tenant)
		env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonValuesNotFound))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("tour.t1: tour=T1"))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.Dimensions[1].Values = []string{"T2"} })
		Eventually(restrictions, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("tour.t2: tour=T2"))
	})

	DescribeTable("are not made of values that make no name, or the same name, and those are named",
		func(ctx context.Context, values []string, made, named []string) {
			catalog := newCatalog()
			tenant := newTenant(catalog.Name)
			dimension(values...)(&tenant.Spec)
			cluster.ExpectApplied(ctx, catalog, tenant)
			tenant = env.ExpectEventually(ctx, cluster, tenant,
				env.HaveCondition(accessv1.ConditionRestrictionsSynced, metav1.ConditionFalse, accessv1.ReasonInvalidValues))
			Expect(tenant).To(env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonInvalidValues))
			for _, value := range named {
				Expect(tenant).To(haveMessage(accessv1.ConditionStalled, ContainSubstring(value)))
			}
			Expect(restrictions(ctx, tenant.Name)).To(ConsistOf(made))
			env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { dimension("DE")(&t.Spec) })
			env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		},
		Entry("blanks and signs", []string{"DE", "West EU", "a_b", "x/y"}, []string{"site.de: site=DE"}, []string{`site "West EU"`, `site "a_b"`, `site "x/y"`}),
		Entry("a name that ends badly", []string{"-DE", "FR-", "US"}, []string{"site.us: site=US"}, []string{`site "-DE"`, `site "FR-"`}),
		Entry("letters that no name has", []string{"Zürich", "東京"}, []string{}, []string{`site "Zürich"`, `site "東京"`}),
		Entry("two values with one name: the first counts", []string{"De", "DE", "FR"}, []string{"site.de: site=De", "site.fr: site=FR"}, []string{`site "DE"`}),
	)

	It("whose value makes too long a name are named", func(ctx context.Context) {
		long := strings.Repeat("x", 249)
		tenant, _ := newReadyTenant(ctx)
		Expect(cluster.Client.Create(ctx, valuesOf(tenant.Name, "ids", "DE\n"+long))).To(Succeed())
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { dimensionFrom("sites", "ids")(&t.Spec) })
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonInvalidValues))
		Expect(tenant).To(haveMessage(accessv1.ConditionStalled, ContainSubstring(long)))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE"))
	})

	It("never replace one that Roster did not make, until that goes", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		dimension("DE", "FR")(&tenant.Spec)
		foreign := restrictionOf(tenant.Name, "site.de")
		foreign.Spec = accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"US"}}
		cluster.ExpectApplied(ctx, namespaceOf(tenant.Name), foreign, catalog, tenant)
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionRestrictionsSynced, metav1.ConditionFalse, accessv1.ReasonNameConflict))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNameConflict))
		Expect(tenant).To(haveMessage(accessv1.ConditionStalled, ContainSubstring("site.de")))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=US", "site.fr: site=FR"))
		cluster.ExpectDeleted(ctx, foreign)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE", "site.fr: site=FR"))
	})
})
