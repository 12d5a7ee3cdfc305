package usergroup_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

const (
	yes     = metav1.ConditionTrue
	no      = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
)

var _ = Describe("the number of members", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("counts existing users once, on whichever side they are written down", func(ctx context.Context) {
		in := accessv1.GroupMembership{Name: "team"}
		cluster.ExpectApplied(ctx, w.user("both", in), w.user("by-group"), w.user("by-user", in),
			w.group("team", func(g *accessv1.UserGroup) {
				g.Spec.Members = []accessv1.GroupMember{{Name: "both"}, {Name: "by-group"}, {Name: "nobody"}}
			}))
		w.expectGroup(ctx, "team", haveMembers(3), env.BeReady())
		cluster.ExpectApplied(ctx, w.user("nobody"))
		w.expectGroup(ctx, "team", haveMembers(4))
		cluster.ExpectDeleted(ctx, w.user("by-user"), w.user("by-group"))
		w.expectGroup(ctx, "team", haveMembers(2))
		env.ExpectChanged(ctx, cluster, w.user("both"), func(u *accessv1.User) { u.Spec.Groups = nil })
		env.ExpectChanged(ctx, cluster, w.group("team"), func(g *accessv1.UserGroup) { g.Spec.Members = nil })
		w.expectGroup(ctx, "team", haveMembers(0))
	})

	It("goes down when a membership ends, without any event", func(ctx context.Context) {
		soon := &metav1.Time{Time: time.Now().Add(2 * time.Second).Truncate(time.Second)}
		past := &metav1.Time{Time: time.Now().Add(-time.Hour)}
		cluster.ExpectApplied(ctx,
			w.user("ends-here", accessv1.GroupMembership{Name: "team", Until: soon}), w.user("ends-there"),
			w.user("stays-by-the-other-side", accessv1.GroupMembership{Name: "team", Until: past}),
			w.user("ended", accessv1.GroupMembership{Name: "team", Until: past}),
			w.group("team", func(g *accessv1.UserGroup) {
				g.Spec.Members = []accessv1.GroupMember{{Name: "ends-there", Until: soon}, {Name: "stays-by-the-other-side"}}
			}))
		w.expectGroup(ctx, "team", haveMembers(3))
		team := w.expectGroup(ctx, "team", haveMembers(1))
		Expect(team.Generation).To(BeEquivalentTo(1))
		Expect(time.Now()).To(BeTemporally(">=", soon.Time))
	})
})

var _ = Describe("what a group gives", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("is compiled from roles, own rules and restrictions, with the members' attributes left open", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.attribute("own-reps", "sales-rep", "rep"), w.attribute("own-sites", "site", "home"),
			w.group("team", roles("order-manager"), own(rule(accessv1.LevelRead, "tax")), restrictions("site.de", "own-reps", "own-sites")))
		w.expectGroup(ctx, "team", env.BeReady(),
			give("tax: Read via team", "orders: Manage at sales-rep=$rep and site=DE,$home via team/order-manager"),
			env.HaveCondition(accessv1.ConditionRolesResolved, yes, accessv1.ReasonSucceeded),
			env.HaveCondition(accessv1.ConditionRestrictionsResolved, yes, accessv1.ReasonSucceeded),
			env.HaveCondition(accessv1.ConditionDependenciesMet, yes, accessv1.ReasonSucceeded))
	})

	It("lacks a role that does not exist, and says so until it appears", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("team", roles("zeta", "order-manager", "alpha")))
		team := w.expectGroup(ctx, "team", give("orders: Manage via team/order-manager"),
			env.HaveCondition(accessv1.ConditionRolesResolved, no, accessv1.ReasonRoleNotFound),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonRoleNotFound))
		Expect(messageOf(team, accessv1.ConditionRolesResolved)).To(Equal("These roles do not exist and give nothing: alpha, zeta"))
		cluster.ExpectApplied(ctx, w.role("alpha", rule(accessv1.LevelRead, "tax")), w.role("zeta", rule(accessv1.LevelRead, "tax")))
		w.expectGroup(ctx, "team", env.BeReady(), give("orders: Manage via team/order-manager", "tax: Read via team/alpha, team/zeta"))
		cluster.ExpectDeleted(ctx, w.role("zeta"))
		w.expectGroup(ctx, "team", give("orders: Manage via team/order-manager", "tax: Read via team/alpha"))
	})

	It("lacks rules that name something unknown, until the catalog knows it", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.role("auditor", rule(accessv1.LevelRead, "audit")),
			w.group("team", roles("auditor"), own(rule(accessv1.LevelRead, "tax"), rule(accessv1.LevelRead, "tax", "nothing"))))
		team := w.expectGroup(ctx, "team", give("tax: Read via team"),
			env.HaveCondition(accessv1.ConditionRolesResolved, no, accessv1.ReasonUnknownNames))
		Expect(messageOf(team, accessv1.ConditionRolesResolved)).To(And(ContainSubstring("role auditor"), ContainSubstring("audit"), ContainSubstring("nothing")))
		env.ExpectChanged(ctx, cluster, w.catalog(), func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[0].Resources = append(c.Spec.Services[0].Resources,
				accessv1.CatalogResource{Name: "audit"}, accessv1.CatalogResource{Name: "nothing"})
		})
		w.expectGroup(ctx, "team", env.BeReady(), give("nothing, tax: Read via team", "audit: Read via team/auditor"))
	})

	It("is closed by a restriction that is missing or of an unknown dimension, where a restriction could count", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.restriction("odd", "shoe-size", "43"),
			w.group("team", roles("viewer"), restrictions("site.de", "missing", "odd")))
		team := w.expectGroup(ctx, "team", give("tax: Read via team/viewer"),
			env.HaveCondition(accessv1.ConditionRestrictionsResolved, no, accessv1.ReasonRestrictionNotFound),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonRestrictionNotFound))
		Expect(messageOf(team, accessv1.ConditionRestrictionsResolved)).To(ContainSubstring("missing, odd;"))
		cluster.ExpectApplied(ctx, w.restriction("missing", "site", "NO"))
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) {
			t.Spec.Dimensions = append(t.Spec.Dimensions, accessv1.TenantDimension{Name: "shoe-size"})
		})
		w.expectGroup(ctx, "team", env.BeReady(), give("tax: Read via team/viewer", "orders: Read at site=DE,NO via team/viewer"))
	})

	It("comes with advice on what members would also need", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("team", roles("order-manager")))
		team := w.expectGroup(ctx, "team", env.BeReady(), env.HaveCondition(accessv1.ConditionDependenciesMet, no, accessv1.ReasonReadsMissing))
		Expect(messageOf(team, accessv1.ConditionDependenciesMet)).To(And(HavePrefix("Members would also need: "), ContainSubstring("tax")))
		env.ExpectChanged(ctx, cluster, w.group("team"), own(rule(accessv1.LevelRead, "tax")))
		w.expectGroup(ctx, "team", env.HaveCondition(accessv1.ConditionDependenciesMet, yes, accessv1.ReasonSucceeded))
	})

	It("is nothing without tenant or catalog, and members are counted all the same", func(ctx context.Context) {
		late := world{name: env.Unique("late")}
		namespace := late.tenant()
		cluster.ExpectApplied(ctx, namespaceNamed(late.name), late.user("ana", accessv1.GroupMembership{Name: "team"}), late.group("team", roles("viewer")))
		for _, reason := range []string{accessv1.ReasonTenantNotFound, accessv1.ReasonCatalogNotFound} {
			late.expectGroup(ctx, "team", give(), haveMembers(1),
				env.HaveCondition(accessv1.ConditionReconciling, yes, reason),
				env.HaveCondition(accessv1.ConditionRolesResolved, unknown, reason),
				env.HaveCondition(accessv1.ConditionDependenciesMet, unknown, reason))
			if reason == accessv1.ReasonTenantNotFound {
				cluster.ExpectApplied(ctx, namespace)
			}
		}
		cluster.ExpectApplied(ctx, late.catalog())
		late.expectGroup(ctx, "team", env.BeReady(), give("orders, tax: Read via team/viewer"))
		cluster.ExpectDeleted(ctx, late.catalog())
		late.expectGroup(ctx, "team", give(), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonCatalogNotFound))
		cluster.ExpectSoundStatuses(ctx, late.name)
	})

	It("is nothing for a group that names a vendor which did not make it", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("team", roles("viewer"), func(g *accessv1.UserGroup) { g.Spec.VendorRef = &accessv1.Reference{Name: "abc"} }))
		w.expectGroup(ctx, "team", give(), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonVendorNotFound))
		cluster.ExpectApplied(ctx, &accessv1.Vendor{
			ObjectMeta: metav1.ObjectMeta{Name: "abc", Namespace: w.name}, Spec: accessv1.VendorSpec{DisplayName: "ABC"},
		})
		w.expectGroup(ctx, "team", give(), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonVendorNotFound))
	})

	It("counts the vendor's options from the moment that the group is the vendor's", func(ctx context.Context) {
		vendor := &accessv1.Vendor{ObjectMeta: metav1.ObjectMeta{Name: "abc", Namespace: w.name}, Spec: accessv1.VendorSpec{DisplayName: "ABC"}}
		cluster.ExpectApplied(ctx, vendor)
		Expect(cluster.Client.Get(ctx, keyOf(vendor), vendor)).To(Succeed())
		cluster.ExpectApplied(ctx, w.group("team", roles("viewer"), func(g *accessv1.UserGroup) { g.Spec.VendorRef = &accessv1.Reference{Name: "abc"} }))
		w.expectGroup(ctx, "team", give())
		env.ExpectChanged(ctx, cluster, w.group("team"), func(g *accessv1.UserGroup) {
			g.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vendor, accessv1.SchemeGroupVersion.WithKind("Vendor"))}
		})
		w.expectGroup(ctx, "team", Not(env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonVendorNotFound)))
	})
})

var _ = Describe("access that no status can hold", func() {
	DescribeTable("leaves the access empty, says so, and comes back when it fits",
		func(ctx context.Context, sentence string, apply func(ctx context.Context, w world) (restrictions []string)) {
			w := newWorld(ctx)
			names := apply(ctx, w)
			cluster.ExpectApplied(ctx, w.user("ana", accessv1.GroupMembership{Name: "team"}), w.group("team", roles("order-manager"), restrictions(names...)))
			team := w.expectGroup(ctx, "team", give(), haveMembers(1),
				env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonAccessTooLarge),
				env.HaveCondition(accessv1.ConditionReady, no, accessv1.ReasonAccessTooLarge))
			Expect(messageOf(team, accessv1.ConditionStalled)).To(ContainSubstring(sentence))
			version := team.ResourceVersion
			Consistently(func() string { return w.expectGroup(ctx, "team").ResourceVersion }, "300ms", "50ms").Should(Equal(version), "it does not try for ever")
			env.ExpectChanged(ctx, cluster, w.group("team"), restrictions("site.de"))
			w.expectGroup(ctx, "team", env.BeReady(), give("orders: Manage at site=DE via team/order-manager"))
		},
		Entry("more values than the schema has room for", "4096 values of site", func(ctx context.Context, w world) (names []string) {
			for part := range 9 {
				values := make([]string, 500)
				for i := range values {
					values[i] = fmt.Sprintf("v%d-%d", part, i)
				}
				names = append(names, fmt.Sprintf("part%d", part))
				cluster.ExpectApplied(ctx, w.restriction(names[part], "site", values...))
			}
			return names
		}),
		Entry("more user attributes than the schema has room for", "64 user attributes", func(ctx context.Context, w world) (names []string) {
			for i := range 65 {
				names = append(names, fmt.Sprintf("own%d", i))
				cluster.ExpectApplied(ctx, w.attribute(names[i], "site", fmt.Sprintf("attribute%d", i)))
			}
			return names
		}),
		Entry("more bytes than etcd takes", "256 KiB", func(ctx context.Context, w world) (names []string) {
			for part := range 4 {
				values := make([]string, 300)
				for i := range values {
					values[i] = fmt.Sprintf("%d-%0240d", part, i)
				}
				names = append(names, fmt.Sprintf("part%d", part))
				cluster.ExpectApplied(ctx, w.restriction(names[part], "site", values...))
			}
			return names
		}),
	)
})

var _ = Describe("a status that somebody else wrote", func() {
	It("is put right, whatever is in it", func(ctx context.Context) {
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.group("empty"))
		before := w.expectGroup(ctx, "empty", env.BeReady(), haveMembers(0)).Status
		env.ExpectForged(ctx, cluster, w.group("empty"), func(g *accessv1.UserGroup) {
			g.Status.Members = nil
			g.Status.Access = []accessv1.AccessEntry{{Resources: []string{"orders"}, Level: accessv1.LevelManage, Via: []accessv1.AccessSource{{Group: "empty"}}}}
		})
		w.expectGroup(ctx, "empty", WithTransform(func(g *accessv1.UserGroup) accessv1.UserGroupStatus { return g.Status }, Equal(before)))
	})
})
