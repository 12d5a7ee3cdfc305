package user_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

const readsAll = "orders, products, tax: Read via viewers/viewer"

// soon is near enough to wait for, in whole seconds as the API keeps them.
func soon() time.Time { return time.Now().Add(2 * time.Second).Truncate(time.Second) }

var _ = Describe("effective access", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("follows memberships on either side", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer"), members("ben")), w.user("ana", in("viewers")), w.user("ben"))
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll), haveGroups("viewers User"))
		w.expectUser(ctx, "ben", env.HaveAccess(readsAll), haveGroups("viewers UserGroup"))

		env.ExpectChanged(ctx, cluster, w.group("viewers"), members("ana"))
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll), haveGroups("viewers Both"))
		w.expectUser(ctx, "ben", env.HaveAccess(), haveGroups())

		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Groups = nil })
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll), haveGroups("viewers UserGroup"))
		env.ExpectChanged(ctx, cluster, w.group("viewers"), members())
		w.expectUser(ctx, "ana", env.HaveAccess())
	})

	It("says who administers the tenant, and who looks on", func(ctx context.Context) {
		administers := func(level accessv1.Level) gomegatypes.GomegaMatcher { return HaveField("Status.Administration", level) }
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")), w.user("kim", inactive, in("viewers")))
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll), administers(""))
		By("the catalog naming what it takes")
		env.ExpectChanged(ctx, cluster, w.catalog(), func(c *accessv1.ResourceCatalog) { c.Spec.AdministrationResource = "orders" })
		w.expectUser(ctx, "ana", administers(accessv1.LevelRead))
		w.expectUser(ctx, "kim", administers(""))
		By("managing it, everywhere, and then only somewhere")
		env.ExpectChanged(ctx, cluster, w.group("viewers"), roles("order-manager"))
		w.expectUser(ctx, "ana", administers(accessv1.LevelManage))
		env.ExpectChanged(ctx, cluster, w.group("viewers"), restrictions("site.de"))
		w.expectUser(ctx, "ana", administers(""))
	})

	It("follows the group, its roles, its own rules and its restrictions", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("team", roles("order-manager")), w.user("ana", in("team")))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage via team/order-manager"))

		env.ExpectChanged(ctx, cluster, w.group("team"), restrictions("site.de"))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage at site=DE via team/order-manager"))

		env.ExpectChanged(ctx, cluster, w.group("team"), func(g *accessv1.UserGroup) {
			g.Spec.Access = []accessv1.Rule{rule(accessv1.LevelRead, "tax")}
		})
		w.expectUser(ctx, "ana", env.HaveAccess("tax: Read via team", "orders: Manage at site=DE via team/order-manager"))

		By("a role, a restriction and the group of one's own, changed in place, and going and coming back")
		cluster.ExpectApplied(ctx, w.role("clerk", rule(accessv1.LevelRead, "orders")), w.restriction("north", "site", "FI", "SE"))
		env.ExpectChanged(ctx, cluster, w.group("team"), func(g *accessv1.UserGroup) {
			g.Spec.Access = nil
			roles("clerk")(g)
			restrictions("north")(g)
		})
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Read at site=FI,SE via team/clerk"))
		env.ExpectChanged(ctx, cluster, w.role("clerk"), func(r *accessv1.Role) { r.Spec.Rules[0].Actions = []string{"update"} })
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Read, update at site=FI,SE via team/clerk"))
		env.ExpectChanged(ctx, cluster, w.restriction("north", "site"), func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"NO"} })
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Read, update at site=NO via team/clerk"))

		cluster.ExpectDeleted(ctx, w.restriction("north", "site"))
		w.expectUser(ctx, "ana", env.HaveAccess())
		cluster.ExpectApplied(ctx, w.restriction("north", "site", "DK"))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Read, update at site=DK via team/clerk"))
		cluster.ExpectDeleted(ctx, w.role("clerk"))
		w.expectUser(ctx, "ana", env.HaveAccess())
		cluster.ExpectApplied(ctx, w.role("clerk", rule(accessv1.LevelManage, "orders")))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage at site=DK via team/clerk"))
		cluster.ExpectDeleted(ctx, w.group("team"))
		w.expectUser(ctx, "ana", env.HaveAccess(), haveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonGroupNotFound))
	})

	It("is the same in whatever order things appear", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", in("team")))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(), haveGroups(),
			haveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonGroupNotFound),
			haveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonGroupNotFound))
		cluster.ExpectApplied(ctx, w.group("team", roles("clerk"), restrictions("north")))
		w.expectUser(ctx, "ana", env.HaveAccess(), haveGroups("team User"), env.BeReady())
		cluster.ExpectApplied(ctx, w.restriction("north", "site", "FI"))
		cluster.ExpectApplied(ctx, w.role("clerk", rule(accessv1.LevelRead, "orders")))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Read at site=FI via team/clerk"), env.BeReady())
	})

	It("reads the user's own attributes", func(ctx context.Context) {
		own := w.restriction("own", "vendor")
		own.Spec.Values, own.Spec.ValuesFrom = nil, &accessv1.RestrictionSource{UserAttribute: "brand"}
		cluster.ExpectApplied(ctx, own, w.group("team", roles("order-manager"), restrictions("own")),
			w.user("ana", in("team"), func(u *accessv1.User) {
				u.Spec.Attributes = []accessv1.UserAttribute{{Name: "brand", Values: []string{"b", "a"}}}
			}), w.user("ben", in("team")))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage at vendor=a,b via team/order-manager"))
		w.expectUser(ctx, "ben", env.HaveState(accessv1.UserActive), env.HaveAccess())
		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Attributes[0].Values = []string{"c"} })
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage at vendor=c via team/order-manager"))
	})

	It("holds what the tenant gives everybody", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"), w.user("kim", inactive))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess())
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) {
			t.Spec.DefaultAccess = []accessv1.Rule{rule(accessv1.LevelRead, "tax")}
		})
		w.expectUser(ctx, "ana", env.HaveAccess("tax: Read via "+w.name))
		w.expectUser(ctx, "kim", env.HaveState(accessv1.UserInactive), env.HaveAccess())
	})

	It("goes with the tenant's suspension and comes back with it", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll))
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(), haveGroups("viewers User"),
			haveCondition(accessv1.ConditionAccessResolved, unknown, accessv1.ReasonTenantSuspended),
			haveCondition(accessv1.ConditionReady, yes, accessv1.ReasonTenantSuspended))
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll), env.BeReady())
	})

	It("follows the catalog: changed, gone, and back", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", func(g *accessv1.UserGroup) {
			g.Spec.Access = []accessv1.Rule{rule(accessv1.LevelRead, "*")}
		}), w.user("ana", in("viewers")))
		w.expectUser(ctx, "ana", env.HaveAccess("orders, products, tax: Read via viewers"))
		env.ExpectChanged(ctx, cluster, w.catalog(), func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[1].Resources = append(c.Spec.Services[1].Resources, accessv1.CatalogResource{Name: "audit"})
		})
		w.expectUser(ctx, "ana", env.HaveAccess("audit, orders, products, tax: Read via viewers"))
		cluster.ExpectDeleted(ctx, w.catalog())
		w.expectUser(ctx, "ana", env.HaveAccess(), haveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonCatalogNotFound))
		cluster.ExpectApplied(ctx, w.catalog())
		w.expectUser(ctx, "ana", env.HaveAccess("orders, products, tax: Read via viewers"), env.BeReady())

		By("the tenant turning to another catalog")
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.CatalogRef.Name = w.name + "-other" })
		w.expectUser(ctx, "ana", env.HaveAccess())
		other := w.catalog()
		other.Name, other.Spec.Services = w.name+"-other", other.Spec.Services[1:]
		cluster.ExpectApplied(ctx, other)
		w.expectUser(ctx, "ana", env.HaveAccess("tax: Read via viewers"))
	})

	It("goes when the tenant is deleted", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", func(g *accessv1.UserGroup) {
			g.Spec.Access = []accessv1.Rule{rule(accessv1.LevelRead, "*")}
		}), w.user("ana", in("viewers")))
		w.expectUser(ctx, "ana", Not(env.HaveAccess()))
		cluster.ExpectDeleted(ctx, w.tenant())
		w.expectUser(ctx, "ana", env.HaveAccess(), env.HaveState(accessv1.UserPending),
			haveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonTenantNotFound))
	})

	It("says which roles a user of his type may not hold, and gives the rest", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("team", roles("staff", "order-manager")), w.user("ana", in("team")),
			w.user("robot", in("team"), func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }))
		w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage via team/order-manager", "tax: Read via team/staff"))
		robot := w.expectUser(ctx, "robot", env.HaveAccess("orders: Manage via team/order-manager"), env.BeReady(),
			haveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonRoleWithheld))
		Expect(messageOf(robot, accessv1.ConditionAccessResolved)).To(ContainSubstring("staff (group team)"))
	})
})

var _ = Describe("a membership that ends", func() {
	var w world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")))
	})

	It("takes its access along, without any event, and leaves what has another end", func(ctx context.Context) {
		end := soon()
		cluster.ExpectApplied(ctx, w.group("managers", roles("order-manager")), w.user("ana", inUntil("viewers", end), in("managers")))
		w.expectUser(ctx, "ana", env.HaveAccess(
			"orders: Manage via managers/order-manager",
			"products, tax: Read until "+end.UTC().Format(time.RFC3339)+" via viewers/viewer"))
		ana := w.expectUser(ctx, "ana", env.HaveAccess("orders: Manage via managers/order-manager"), haveGroups("managers User"))
		Expect(time.Now()).To(BeTemporally(">=", end))
		Expect(ana.Generation).To(BeEquivalentTo(1))
	})

	It("ends on the group's side as well", func(ctx context.Context) {
		env.ExpectChanged(ctx, cluster, w.group("viewers"), func(g *accessv1.UserGroup) {
			g.Spec.Members = []accessv1.GroupMember{{Name: "ana", Until: &metav1.Time{Time: soon()}}}
		})
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", Not(env.HaveAccess()))
		w.expectUser(ctx, "ana", env.HaveAccess(), haveGroups())
	})

	It("ends when the later of both sides does, and never when one is for ever", func(ctx context.Context) {
		past, later := time.Now().Add(-time.Hour), time.Now().Add(time.Hour).Truncate(time.Second)
		env.ExpectChanged(ctx, cluster, w.group("viewers"), func(g *accessv1.UserGroup) {
			g.Spec.Members = []accessv1.GroupMember{{Name: "ana", Until: &metav1.Time{Time: later}}, {Name: "ben"}}
		})
		cluster.ExpectApplied(ctx, w.user("ana", inUntil("viewers", past)), w.user("ben", inUntil("viewers", past)))
		stamp := later.UTC().Format(time.RFC3339)
		w.expectUser(ctx, "ana", haveGroups("viewers Both until "+stamp),
			env.HaveAccess("orders, products, tax: Read until "+stamp+" via viewers/viewer"))
		w.expectUser(ctx, "ben", haveGroups("viewers Both"), env.HaveAccess(readsAll))
	})

	It("gives nothing when it had ended before", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", inUntil("viewers", time.Now().Add(-time.Hour)), inUntil("nowhere", time.Now().Add(-time.Hour))))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(), haveGroups(),
			haveCondition(accessv1.ConditionAccessResolved, yes, accessv1.ReasonSucceeded))
	})
})

var _ = Describe("vendor groups", func() {
	var w world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		for _, name := range []string{"abc", "xyz"} {
			cluster.ExpectApplied(ctx, w.vendor(name))
			env.ExpectEventually(ctx, cluster, w.group(name+".vendor.editor"), env.BeReady())
		}
	})

	It("give their members the vendor's own, and more when the vendor switches an option on", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("vic", in("abc.vendor.editor")))
		w.expectUser(ctx, "vic", env.HaveAccess("products: Manage at vendor=abc via abc.vendor.editor/vendor.editor"))
		env.ExpectChanged(ctx, cluster, w.vendor("abc"), func(v *accessv1.Vendor) { v.Spec.Options = []string{"publishing"} })
		w.expectUser(ctx, "vic", env.HaveAccess("products: Manage, publish at vendor=abc via abc.vendor.editor/vendor.editor"))
		cluster.ExpectDeleted(ctx, w.vendor("abc"))
		w.expectUser(ctx, "vic", env.HaveAccess())
	})

	It("of two vendors give nothing at all, and the rest stays", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("vic", in("abc.vendor.editor", "xyz.vendor.editor", "viewers")))
		vic := w.expectUser(ctx, "vic", env.HaveAccess(readsAll),
			haveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonVendorConflict),
			haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonVendorConflict))
		Expect(messageOf(vic, accessv1.ConditionAccessResolved)).To(ContainSubstring("abc, xyz"))
		w.change(ctx, "vic", func(u *accessv1.User) { u.Spec.Groups = u.Spec.Groups[1:] })
		w.expectUser(ctx, "vic", env.BeReady(), env.HaveAccess(readsAll, "products: Manage at vendor=xyz via xyz.vendor.editor/vendor.editor"))
	})

	It("that only claim a vendor give nothing", func(ctx context.Context) {
		claimed := w.group("claimed", roles("viewer"), func(g *accessv1.UserGroup) { g.Spec.VendorRef = &accessv1.Reference{Name: "abc"} })
		cluster.ExpectApplied(ctx, claimed, w.user("eve", in("claimed")))
		w.expectUser(ctx, "eve", haveGroups("claimed User"), env.HaveAccess())
	})
})

func (w world) vendor(name string) *accessv1.Vendor {
	return &accessv1.Vendor{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: accessv1.VendorSpec{DisplayName: name}}
}
