package vendor_test

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

const (
	manages   = "availability, media, prices, products: Manage at vendor=abc via abc.vendor.product.manager/vendor.product.manager"
	views     = "availability, media, prices, products: Read at vendor=abc via abc.vendor.product.viewer/vendor.product.viewer"
	publishes = "products: Manage, publish, unpublish at vendor=abc via abc.vendor.product.manager/vendor.product.manager"
	besides   = "availability, media, prices: Manage at vendor=abc via abc.vendor.product.manager/vendor.product.manager"
)

var _ = Describe("An option of a vendor", func() {
	It("reaches the people of the role that has it, and nobody else, while it is on", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		cem, vera := newUser(abc.Namespace, "cem", "abc.vendor.product.manager"), newUser(abc.Namespace, "vera", "abc.vendor.product.viewer")
		cluster.ExpectApplied(ctx, cem, vera)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(manages))
		env.ExpectEventually(ctx, cluster, vera, env.HaveAccess(views))

		env.ExpectChanged(ctx, cluster, abc, func(v *accessv1.Vendor) { v.Spec.Options = []string{"publishing"} })
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(besides, publishes))
		env.ExpectEventually(ctx, cluster, abc, env.BeReady())
		env.ExpectEventually(ctx, cluster, vera, env.HaveAccess(views))

		env.ExpectChanged(ctx, cluster, abc, func(v *accessv1.Vendor) { v.Spec.Options = nil })
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(manages))
		env.ExpectEventually(ctx, cluster, vera, env.HaveAccess(views))
	})

	It("is one vendor's alone", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		xyz := newVendor(abc.Namespace, "xyz", "XYZ", "publishing")
		cem := newUser(abc.Namespace, "cem", "abc.vendor.product.manager")
		cluster.ExpectApplied(ctx, xyz, cem)
		env.ExpectEventually(ctx, cluster, xyz, env.BeReady())
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(manages))
	})

	It("that no role has is named, and works once the catalog has it", func(ctx context.Context) {
		namespace, catalog := newReadyTenant(ctx)
		abc := newVendor(namespace, "abc", "ABC Company", "publishing", "discounts")
		cem := newUser(namespace, "cem", "abc.vendor.product.manager")
		cluster.ExpectApplied(ctx, abc, cem)
		abc = env.ExpectEventually(ctx, cluster, abc,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonOptionUnknown))
		Expect(abc).To(haveMessage(accessv1.ConditionReconciling, And(ContainSubstring("discounts"), Not(ContainSubstring("publishing")))))
		Expect(abc.Status.Groups).To(Equal(groupNames))
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(besides, publishes))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			for i := range c.Spec.Roles {
				if c.Spec.Roles[i].Name == "vendor.product.manager" {
					c.Spec.Roles[i].Options = append(c.Spec.Roles[i].Options, accessv1.CatalogRoleOption{
						Name: "discounts", Rules: []accessv1.Rule{{Resources: []string{"coupons"}, Level: accessv1.LevelRead}},
					})
				}
			}
		})
		env.ExpectEventually(ctx, cluster, abc, env.BeReady())
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(
			"coupons: Read via abc.vendor.product.manager/vendor.product.manager", besides, publishes))
	})
})

var _ = Describe("A vendor", func() {
	It("waits for its tenant, then for the catalog, and needs no touch when they come", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		abc := newVendor(tenant.Name, "abc", "ABC Company")
		cem := newUser(tenant.Name, "cem", "abc.vendor.product.viewer")
		cluster.ExpectApplied(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant.Name}}, abc, cem)
		waitingFor := func(reason string) {
			GinkgoHelper()
			abc = env.ExpectEventually(ctx, cluster, abc, env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, reason))
			Expect(abc).To(env.HaveCondition(accessv1.ConditionReady, metav1.ConditionFalse, reason))
			Expect(groups(ctx, tenant.Name)).To(BeEmpty())
		}
		waitingFor(accessv1.ReasonTenantNotFound)
		cluster.ExpectApplied(ctx, tenant)
		waitingFor(accessv1.ReasonCatalogNotFound)
		cluster.ExpectApplied(ctx, catalog)
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", Equal(groupNames))))
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(views))
	})

	It("keeps its children while the catalog is missing, and gives nothing", func(ctx context.Context) {
		abc, catalog := newReadyVendor(ctx)
		cem := newUser(abc.Namespace, "cem", "abc.vendor.product.viewer")
		cluster.ExpectApplied(ctx, cem)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(views))
		cluster.ExpectDeleted(ctx, catalog)
		abc = env.ExpectEventually(ctx, cluster, abc,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonCatalogNotFound))
		Expect(abc.Status.Groups).To(Equal(groupNames))
		Expect(abc.Status.Restriction).To(Equal("abc.vendor"))
		Expect(groups(ctx, abc.Namespace)).To(ConsistOf(groupNames))
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess())
	})

	It("is Ready, and gives nothing, while its tenant is suspended", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		cem := newUser(abc.Namespace, "cem", "abc.vendor.product.viewer")
		cluster.ExpectApplied(ctx, cem)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(views))
		tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: abc.Namespace}}
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess())
		env.ExpectChanged(ctx, cluster, groupOf(abc.Namespace, groupNames[0]), func(g *accessv1.UserGroup) { g.Spec.DisplayName = "Drifted" })
		env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, groupNames[0]), HaveField("Spec.DisplayName", "ABC Company Vendor Order Manager"))
		env.ExpectEventually(ctx, cluster, abc, env.BeReady())
	})

	It("may have dots in its name", func(ctx context.Context) {
		namespace, _ := newReadyTenant(ctx)
		dotted, plain := newVendor(namespace, "abc.de.shop", "ABC Germany"), newVendor(namespace, "abc", "ABC Company")
		cem := newUser(namespace, "cem", "abc.de.shop.vendor.order.viewer")
		cluster.ExpectApplied(ctx, dotted, plain, cem)
		dotted = env.ExpectEventually(ctx, cluster, dotted, env.BeReady())
		env.ExpectEventually(ctx, cluster, plain, And(env.BeReady(), HaveField("Status.Groups", Equal(groupNames))))
		Expect(dotted.Status.Restriction).To(Equal("abc.de.shop.vendor"))
		Expect(dotted.Status.Groups).To(HaveExactElements(
			"abc.de.shop.vendor.order.manager", "abc.de.shop.vendor.order.viewer",
			"abc.de.shop.vendor.product.manager", "abc.de.shop.vendor.product.viewer"))
		env.ExpectEventually(ctx, cluster, cem,
			env.HaveAccess("orders: Read at vendor=abc.de.shop via abc.de.shop.vendor.order.viewer/vendor.order.viewer"))

		By("drifting and deleting")
		env.ExpectChanged(ctx, cluster, groupOf(namespace, "abc.de.shop.vendor.order.viewer"), func(g *accessv1.UserGroup) {
			g.Spec.Roles = nil
			g.Labels = nil
		})
		env.ExpectEventually(ctx, cluster, groupOf(namespace, "abc.de.shop.vendor.order.viewer"),
			And(HaveField("Spec.Roles", HaveLen(1)), haveLabel(accessv1.LabelVendor, "abc.de.shop")))
		cluster.ExpectDeleted(ctx, restrictionOf(namespace, "abc.de.shop.vendor"))
		env.ExpectEventually(ctx, cluster, restrictionOf(namespace, "abc.de.shop.vendor"), env.BeReady())
	})

	It("whose child would have the name of another vendor's child stalls, and the other keeps it", func(ctx context.Context) {
		namespace, catalog := newReadyTenant(ctx)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			yes := true
			c.Spec.Roles = append(c.Spec.Roles, accessv1.CatalogRole{Name: "order.viewer", Vendor: &yes})
		})
		first, second := newVendor(namespace, "abc", "ABC"), newVendor(namespace, "abc.vendor", "ABC")
		cluster.ExpectApplied(ctx, first)
		first = env.ExpectEventually(ctx, cluster, first, And(env.BeReady(), HaveField("Status.Groups", HaveLen(5))))
		cluster.ExpectApplied(ctx, second)
		second = env.ExpectEventually(ctx, cluster, second, stalledByName)
		Expect(second).To(haveMessage(accessv1.ConditionStalled, ContainSubstring("abc.vendor.order.viewer")))
		group := env.ExpectEventually(ctx, cluster, groupOf(namespace, "abc.vendor.order.viewer"), env.BeReady())
		Expect(metav1.IsControlledBy(group, first)).To(BeTrue())
	})

	It("whose title fills its room has groups all the same", func(ctx context.Context) {
		namespace, catalog := newReadyTenant(ctx)
		long := strings.Repeat("東", 128)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			for i := range c.Spec.Roles {
				c.Spec.Roles[i].DisplayName = long
			}
		})
		abc := newVendor(namespace, "abc", long)
		cluster.ExpectApplied(ctx, abc)
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", Equal(groupNames))))
	})

	It("gives nothing by a group that merely claims it", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx, "publishing")
		claims := groupOf(abc.Namespace, "claims")
		claims.Labels = map[string]string{accessv1.LabelVendor: "abc", accessv1.LabelManagedBy: accessv1.ManagedByRoster}
		claims.Spec = accessv1.UserGroupSpec{
			Roles: []accessv1.Reference{{Name: "vendor.product.manager"}}, Restrictions: []accessv1.Reference{{Name: "abc.vendor"}},
			VendorRef: &accessv1.Reference{Name: "abc"},
		}
		cem := newUser(abc.Namespace, "cem", "claims")
		cluster.ExpectApplied(ctx, claims, cem)
		env.ExpectEventually(ctx, cluster, claims,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonVendorNotFound))
		env.ExpectEventually(ctx, cluster, cem, And(env.HaveState(accessv1.UserActive), env.HaveAccess()))

		By("copying the vendor's role without a claim: the option stays the vendor's")
		plain := groupOf(abc.Namespace, "plain")
		plain.Spec = accessv1.UserGroupSpec{Roles: claims.Spec.Roles, Restrictions: claims.Spec.Restrictions}
		vera := newUser(abc.Namespace, "vera", "plain")
		cluster.ExpectApplied(ctx, plain, vera)
		env.ExpectEventually(ctx, cluster, vera,
			env.HaveAccess("availability, media, prices, products: Manage at vendor=abc via plain/vendor.product.manager"))
		Expect(groups(ctx, abc.Namespace)).To(ContainElements("claims", "plain"), "what somebody else made is left alone")
	})

	It("is not written, nor are its children, when nothing changes", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx, "publishing")
		before := cluster.ExpectSettled(ctx, abc.Namespace)
		Expect(before).To(HaveLen(10 + 1 + 1 + 4))
		By("changing what everything in the namespace is looked at for again")
		tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: abc.Namespace}}
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.DisplayName = "Look again" })
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Consistently(cluster.Versions, "600ms", "100ms").WithArguments(ctx, abc.Namespace).Should(Equal(before))
	})
})

var _ = Describe("Deleting a vendor", func() {
	It("takes its people's access away at once, and its children go with garbage collection", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx, "publishing")
		xyz := newVendor(abc.Namespace, "xyz", "XYZ")
		cem, zoe := newUser(abc.Namespace, "cem", "abc.vendor.product.viewer"), newUser(abc.Namespace, "zoe", "xyz.vendor.order.viewer")
		cluster.ExpectApplied(ctx, xyz, cem, zoe)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(views))
		zoes := env.HaveAccess("orders: Read at vendor=xyz via xyz.vendor.order.viewer/vendor.order.viewer")
		env.ExpectEventually(ctx, cluster, zoe, zoes)

		By("deleting it while nothing collects garbage")
		cluster.ExpectDeleted(ctx, abc)
		cluster.ExpectGone(ctx, abc)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess())
		group := env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, "abc.vendor.product.viewer"),
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonVendorNotFound))

		By("making it again: the old groups are the old vendor's")
		again := newVendor(group.Namespace, "abc", "ABC Company")
		cluster.ExpectApplied(ctx, again)
		env.ExpectEventually(ctx, cluster, again, stalledByName)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess())

		By("collecting garbage")
		Expect(cluster.StartControllerManager(context.WithoutCancel(ctx), GinkgoT().TempDir())).To(Succeed())
		env.ExpectEventually(ctx, cluster, again, env.BeReady())
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(views))
		cluster.ExpectDeleted(ctx, again)
		for _, name := range groupNames {
			cluster.ExpectGone(ctx, groupOf(group.Namespace, name))
		}
		cluster.ExpectGone(ctx, restrictionOf(group.Namespace, "abc.vendor"))
		env.ExpectEventually(ctx, cluster, zoe, zoes)
	})
})
