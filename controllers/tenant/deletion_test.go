package tenant_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func deleting(policy accessv1.RemovalPolicy) func(*accessv1.TenantSpec) {
	return func(spec *accessv1.TenantSpec) { spec.DeletionPolicy = policy }
}

// withUser gives the tenant an active user with access.
func withUser(ctx context.Context, tenant *accessv1.Tenant) *accessv1.User {
	ana := newUser(tenant.Status.Namespace, "ana")
	cluster.ExpectApplied(ctx, newTeam(tenant.Status.Namespace), ana)
	return env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
}

var _ = Describe("Deleting a tenant", func() {
	It("takes everybody's access away before the tenant goes", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		Expect(tenant.Finalizers).To(ConsistOf(accessv1.FinalizerCleanup))
		ana := withUser(ctx, tenant)

		By("holding the tenant, so that what happens in between can be seen")
		const hold = "test.example/hold"
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Finalizers = append(t.Finalizers, hold) })
		cluster.ExpectDeleted(ctx, tenant)
		env.ExpectEventually(ctx, cluster, tenant, HaveField("ObjectMeta.Finalizers", ConsistOf(hold)))
		ana = env.ExpectEventually(ctx, cluster, ana, Not(BeNil()))
		Expect(ana).To(env.HaveAccess(), "access was still there when the tenant was let go")
		Expect(ana).To(env.HaveCondition(accessv1.ConditionAccessResolved, metav1.ConditionUnknown, accessv1.ReasonTenantDeleting))

		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Finalizers = nil })
		cluster.ExpectGone(ctx, tenant)
		env.ExpectEventually(ctx, cluster, ana, And(env.HaveAccess(),
			env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, accessv1.ReasonTenantNotFound)))
	})

	It("waits, and says so, as long as anybody's status still grants something", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		ana := withUser(ctx, tenant)
		By("keeping that status from being written")
		closed.Store(tenant.Name, true)
		cluster.ExpectDeleted(ctx, tenant)
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonDeleting))
		Expect(tenant.Finalizers).To(ContainElement(accessv1.FinalizerCleanup))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))

		closed.Delete(tenant.Name)
		env.ExpectChanged(ctx, cluster, ana, func(u *accessv1.User) { u.Labels = map[string]string{"look": "again"} })
		cluster.ExpectGone(ctx, tenant)
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess())
	})

	It("keeps the namespace and what people wrote with policy Retain; Roster's own go", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx, deleting(accessv1.RemovalRetain), dimension("DE"))
		ana := withUser(ctx, tenant)
		cluster.ExpectDeleted(ctx, tenant)
		cluster.ExpectGone(ctx, tenant, roleOf(tenant.Name, "viewer"), restrictionOf(tenant.Name, "site.de"))
		namespace := env.ExpectEventually(ctx, cluster, namespaceOf(tenant.Name), Not(BeNil()))
		Expect(namespace.DeletionTimestamp).To(BeNil())
		Expect(namespace.Labels).NotTo(HaveKey(accessv1.LabelTenant))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess())

		By("making the tenant again")
		again := newTenant(catalog.Name)
		again.Name = tenant.Name
		cluster.ExpectApplied(ctx, again)
		env.ExpectEventually(ctx, cluster, again, env.BeReady())
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
		env.ExpectEventually(ctx, cluster, namespaceOf(tenant.Name), haveLabel(accessv1.LabelTenant, tenant.Name))
	})

	It("deletes the namespace that Roster made with policy Delete", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, deleting(accessv1.RemovalDelete), dimension("DE"))
		withUser(ctx, tenant)
		cluster.ExpectDeleted(ctx, tenant)
		cluster.ExpectGone(ctx, tenant)
		namespace := &corev1.Namespace{}
		Expect(client.IgnoreNotFound(cluster.Client.Get(ctx, keyOf(namespaceOf(tenant.Name)), namespace))).To(Succeed())
		Expect(namespace.UID == "" || namespace.DeletionTimestamp != nil).To(BeTrue(), "the namespace stays")
	})

	It("never deletes a namespace that was there before, with policy Delete either", func(ctx context.Context) {
		namespace := namespaceOf(env.Unique("before"))
		Expect(cluster.Client.Create(ctx, namespace)).To(Succeed())
		tenant, _ := newReadyTenant(ctx, deleting(accessv1.RemovalDelete), func(spec *accessv1.TenantSpec) { spec.Namespace = namespace.Name })
		ana := withUser(ctx, tenant)
		cluster.ExpectDeleted(ctx, tenant)
		cluster.ExpectGone(ctx, tenant, roleOf(namespace.Name, "viewer"))
		kept := env.ExpectEventually(ctx, cluster, namespace, Not(BeNil()))
		Expect(kept.DeletionTimestamp).To(BeNil())
		Expect(kept.UID).To(Equal(namespace.UID))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess())
	})

	It("is done at once for a tenant whose catalog never came", func(ctx context.Context) {
		tenant := newTenant("never")
		cluster.ExpectApplied(ctx, tenant)
		env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonCatalogNotFound))
		Expect(roles(ctx, tenant.Name)).To(BeEmpty())
		cluster.ExpectDeleted(ctx, tenant)
		cluster.ExpectGone(ctx, tenant)
	})
})

var _ = Describe("A tenant that nobody changes", func() {
	It("is not written, nor is anything of its", func(ctx context.Context) {
		sites := env.Unique("settled")
		tenant, _ := newReadyTenant(ctx, dimension("DE", "FR"), func(spec *accessv1.TenantSpec) {
			spec.Namespace, spec.EntitledRoles = sites, []string{"partner"}
		})
		withUser(ctx, tenant)
		env.ExpectEventually(ctx, cluster, tenant, haveCounts(1, 1, 0, 0, 1, 0))
		cluster.ExpectSettled(ctx, sites)
		versions := func() map[string]string {
			out := cluster.Versions(ctx, sites)
			fresh, namespace := &accessv1.Tenant{}, &corev1.Namespace{}
			Expect(cluster.Client.Get(ctx, keyOf(tenant), fresh)).To(Succeed())
			Expect(cluster.Client.Get(ctx, keyOf(namespaceOf(sites)), namespace)).To(Succeed())
			out["tenant"], out["namespace"] = fresh.ResourceVersion, namespace.ResourceVersion
			for _, name := range []string{"roster-administrators", "roster-viewers"} {
				kept := bindingOf(sites, name)
				Expect(cluster.Client.Get(ctx, keyOf(kept), kept)).To(Succeed())
				out[name] = kept.ResourceVersion
			}
			return out
		}
		before := versions()

		By("waking everything up: a second manager looks at every object anew")
		Expect(manager.Stop()).To(Succeed())
		startManager()
		sentinel := newTenant("never")
		cluster.ExpectApplied(ctx, sentinel)
		env.ExpectEventually(ctx, cluster, sentinel,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonCatalogNotFound))
		Consistently(versions, "1s", "100ms").Should(Equal(before))
	})
})
