package tenant_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("The namespace of a tenant", func() {
	It("is made with the tenant's name and Roster's labels", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		Expect(tenant.Status.Namespace).To(Equal(tenant.Name))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionNamespaceReady, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		namespace := env.ExpectEventually(ctx, cluster, namespaceOf(tenant.Name), Not(BeNil()))
		Expect(namespace.Labels).To(And(
			HaveKeyWithValue(accessv1.LabelTenant, tenant.Name),
			HaveKeyWithValue(accessv1.LabelManagedBy, accessv1.ManagedByRoster)))
	})

	It("has the name that the tenant asks for", func(ctx context.Context) {
		name := env.Unique("asked-for")
		tenant, _ := newReadyTenant(ctx, func(spec *accessv1.TenantSpec) { spec.Namespace = name })
		Expect(tenant.Status.Namespace).To(Equal(name))
		namespace := env.ExpectEventually(ctx, cluster, namespaceOf(name), Not(BeNil()))
		Expect(namespace.Labels).To(HaveKeyWithValue(accessv1.LabelTenant, tenant.Name))
	})

	It("is taken over when it was there before, keeps its labels, and does not count as made by Roster", func(ctx context.Context) {
		namespace := namespaceOf(env.Unique("before"))
		namespace.Labels = map[string]string{"team": "shop"}
		Expect(cluster.Client.Create(ctx, namespace)).To(Succeed())
		tenant, _ := newReadyTenant(ctx, func(spec *accessv1.TenantSpec) { spec.Namespace = namespace.Name })
		namespace = env.ExpectEventually(ctx, cluster, namespace, haveLabel(accessv1.LabelTenant, tenant.Name))
		Expect(namespace.Labels).To(HaveKeyWithValue("team", "shop"))
		Expect(namespace.Labels).NotTo(HaveKey(accessv1.LabelManagedBy))
		Expect(roles(ctx, namespace.Name)).To(ConsistOf("viewer"))
	})

	It("gets its label back when somebody takes it off or puts another tenant's on", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		for _, label := range []string{"", "somebody-else"} {
			env.ExpectChanged(ctx, cluster, namespaceOf(tenant.Name), func(n *corev1.Namespace) { n.Labels[accessv1.LabelTenant] = label })
			env.ExpectEventually(ctx, cluster, namespaceOf(tenant.Name), haveLabel(accessv1.LabelTenant, tenant.Name))
		}
	})

	It("is made again, with everything in it, after somebody deleted it", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, dimension("DE"))
		first := env.ExpectEventually(ctx, cluster, namespaceOf(tenant.Name), Not(BeNil()))
		held := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "held", Finalizers: []string{"test.example/hold"}}}
		Expect(cluster.Client.Create(ctx, held)).To(Succeed())
		cluster.ExpectDeleted(ctx, namespaceOf(tenant.Name))
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, accessv1.ReasonNamespaceTerminating))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonNamespaceTerminating))
		Expect(tenant.Status.Namespace).To(BeEmpty())

		env.ExpectChanged(ctx, cluster, held, func(c *corev1.ConfigMap) { c.Finalizers = nil })
		env.ExpectEventually(ctx, cluster, namespaceOf(tenant.Name), Not(HaveField("UID", first.UID)))
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer"))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE"))
	})
})

var _ = Describe("Two tenants that ask for one namespace", func() {
	It("leaves it with the older, whose name comes later, until the older goes", func(ctx context.Context) {
		catalog := newCatalog()
		name := env.Unique("shared")
		older, younger := newTenant(catalog.Name), newTenant(catalog.Name)
		older.Name, younger.Name = "z-"+name, "a-"+name
		for _, tenant := range []*accessv1.Tenant{older, younger} {
			tenant.Spec.Namespace = name
		}
		younger.Spec.DefaultAccess = reads("orders")
		younger.Spec.Dimensions = []accessv1.TenantDimension{{Name: "site", Values: []string{"DE"}, Restrictions: accessv1.RestrictionsSynced}}

		By("making the older one")
		cluster.ExpectApplied(ctx, catalog, older)
		older = env.ExpectEventually(ctx, cluster, older, env.BeReady())
		ana := newUser(name, "ana")
		cluster.ExpectApplied(ctx, newTeam(name), ana)
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))

		By("making the younger one, in a later second: ages have no more detail")
		Eventually(time.Now, "5s").Should(BeTemporally(">=", older.CreationTimestamp.Add(time.Second)))
		cluster.ExpectApplied(ctx, younger)
		younger = env.ExpectEventually(ctx, cluster, younger,
			env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNamespaceTaken))
		for _, condition := range []string{
			accessv1.ConditionReady, accessv1.ConditionNamespaceReady, accessv1.ConditionRolesSynced, accessv1.ConditionRestrictionsSynced,
		} {
			Expect(younger).To(env.HaveCondition(condition, metav1.ConditionFalse, accessv1.ReasonNamespaceTaken))
		}
		Expect(younger.Status.Namespace).To(BeEmpty())
		Expect(younger.Status.Users.Total).To(BeNil())

		By("seeing that it gives nobody anything and that the older one has what it had")
		Expect(restrictions(ctx, name)).To(BeEmpty())
		env.ExpectEventually(ctx, cluster, namespaceOf(name), haveLabel(accessv1.LabelTenant, older.Name))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
		env.ExpectEventually(ctx, cluster, older, env.BeReady())

		By("deleting the older one")
		cluster.ExpectDeleted(ctx, older)
		cluster.ExpectGone(ctx, older)
		env.ExpectEventually(ctx, cluster, younger, env.BeReady())
		env.ExpectEventually(ctx, cluster, namespaceOf(name), haveLabel(accessv1.LabelTenant, younger.Name))
		Expect(restrictions(ctx, name)).To(ConsistOf("site.de: site=DE"))
		viewer := env.ExpectEventually(ctx, cluster, roleOf(name, "viewer"), Not(BeNil()))
		Expect(metav1.IsControlledBy(viewer, younger)).To(BeTrue())
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("orders: Read via "+younger.Name, "tax: Read via team"))
	})

	It("gives it to the younger when the older goes and leaves nothing behind", func(ctx context.Context) {
		const hold = "test.example/hold"
		older, younger := newTenant("never"), newTenant("never")
		older.Finalizers = []string{hold}
		younger.Name, younger.Spec.Namespace = "z-"+younger.Name, older.Name
		waiting := env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonCatalogNotFound)
		taken := env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNamespaceTaken)
		cluster.ExpectApplied(ctx, older)
		env.ExpectEventually(ctx, cluster, older, waiting)
		cluster.ExpectApplied(ctx, younger)
		env.ExpectEventually(ctx, cluster, younger, taken)

		cluster.ExpectDeleted(ctx, older)
		env.ExpectEventually(ctx, cluster, namespaceOf(older.Name), HaveField("ObjectMeta.Labels", Not(HaveKey(accessv1.LabelTenant))))
		env.ExpectEventually(ctx, cluster, older, HaveField("ObjectMeta.Finalizers", ConsistOf(hold)))
		Consistently(func() *accessv1.Tenant {
			return env.ExpectEventually(ctx, cluster, younger, Not(BeNil()))
		}, "300ms", "50ms").Should(taken)
		env.ExpectChanged(ctx, cluster, older, func(t *accessv1.Tenant) { t.Finalizers = nil })
		env.ExpectEventually(ctx, cluster, younger, waiting)
		env.ExpectEventually(ctx, cluster, namespaceOf(older.Name), haveLabel(accessv1.LabelTenant, younger.Name))
	})

	It("lets the younger go at once, and leaves the older's namespace as it is", func(ctx context.Context) {
		older, catalog := newReadyTenant(ctx)
		younger := newTenant(catalog.Name)
		younger.Name, younger.Spec.Namespace = "z-"+younger.Name, older.Name
		younger.Spec.DeletionPolicy = accessv1.RemovalDelete
		ana := newUser(older.Name, "ana")
		cluster.ExpectApplied(ctx, newTeam(older.Name), ana, younger)
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
		env.ExpectEventually(ctx, cluster, younger,
			env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNamespaceTaken))

		cluster.ExpectDeleted(ctx, younger)
		cluster.ExpectGone(ctx, younger)
		namespace := env.ExpectEventually(ctx, cluster, namespaceOf(older.Name), haveLabel(accessv1.LabelTenant, older.Name))
		Expect(namespace.DeletionTimestamp).To(BeNil())
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
	})
})
