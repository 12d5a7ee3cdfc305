package vendor_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func haveLabel(key, value string) types.GomegaMatcher {
	return HaveField("ObjectMeta.Labels", HaveKeyWithValue(key, value))
}

// haveMessage matches an object whose condition's message matches.
func haveMessage(kind string, matcher types.GomegaMatcher) types.GomegaMatcher {
	return HaveField("Status.Conditions", ContainElement(And(HaveField("Type", kind), HaveField("Message", matcher))))
}

var stalledByName = env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNameConflict)

var _ = Describe("A vendor of the commerce catalog", func() {
	It("has a restriction and four groups with its title and the role's", func(ctx context.Context) {
		abc, catalog := newReadyVendor(ctx)
		Expect(abc.Status.Groups).To(Equal(groupNames))
		Expect(abc.Status.Restriction).To(Equal("abc.vendor"))

		restriction := env.ExpectEventually(ctx, cluster, restrictionOf(abc.Namespace, "abc.vendor"), env.BeReady())
		Expect(restriction.Spec).To(Equal(accessv1.RestrictionSpec{DisplayName: "ABC Company", Dimension: "vendor", Values: &[]string{"abc"}}))
		Expect(metav1.IsControlledBy(restriction, abc)).To(BeTrue())
		Expect(restriction).To(And(haveLabel(accessv1.LabelVendor, "abc"), haveLabel(accessv1.LabelManagedBy, accessv1.ManagedByRoster)))

		titles := map[string]string{
			"vendor.order.manager": "ABC Company Vendor Order Manager", "vendor.order.viewer": "ABC Company Vendor Order Viewer",
			"vendor.product.manager": "ABC Company Vendor Product Manager", "vendor.product.viewer": "ABC Company Vendor Product Viewer",
		}
		Expect(groups(ctx, abc.Namespace)).To(ConsistOf(groupNames))
		for role, title := range titles {
			group := env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, "abc."+role), env.BeReady())
			Expect(group.Spec).To(Equal(accessv1.UserGroupSpec{
				DisplayName: title, Roles: []accessv1.Reference{{Name: role}},
				Restrictions: []accessv1.Reference{{Name: "abc.vendor"}}, VendorRef: &accessv1.Reference{Name: "abc"},
			}))
			Expect(metav1.IsControlledBy(group, abc)).To(BeTrue())
			Expect(group).To(And(haveLabel(accessv1.LabelVendor, "abc"), haveLabel(accessv1.LabelManagedBy, accessv1.ManagedByRoster)))
		}
		Expect(catalog.Spec.Roles).To(HaveLen(10), "the other roles give no group")
		cluster.ExpectSoundStatuses(ctx, abc.Namespace)
	})

	It("gives its people what is the vendor's, and nothing of another's", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		cem := newUser(abc.Namespace, "cem", "abc.vendor.order.manager", "abc.vendor.product.viewer")
		cluster.ExpectApplied(ctx, cem)
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess(
			"orders: Manage at vendor=abc via abc.vendor.order.manager/vendor.order.manager",
			"availability, media, prices, products: Read at vendor=abc via abc.vendor.product.viewer/vendor.product.viewer"))
	})

	It("passes a new title on", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		env.ExpectChanged(ctx, cluster, abc, func(v *accessv1.Vendor) { v.Spec.DisplayName = "AB+C" })
		env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, groupNames[0]), HaveField("Spec.DisplayName", "AB+C Vendor Order Manager"))
		env.ExpectEventually(ctx, cluster, restrictionOf(abc.Namespace, "abc.vendor"), HaveField("Spec.DisplayName", "AB+C"))
	})

	DescribeTable("takes back what somebody changed in a group",
		func(ctx context.Context, drift func(*accessv1.UserGroup), asMade types.GomegaMatcher) {
			abc, _ := newReadyVendor(ctx)
			group := env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, groupNames[0]), asMade)
			drifted := env.ExpectChanged(ctx, cluster, group, drift)
			Expect(drifted).NotTo(asMade)
			reverted := env.ExpectEventually(ctx, cluster, group, asMade)
			Expect(reverted.UID).To(Equal(group.UID))
			env.ExpectEventually(ctx, cluster, abc, env.BeReady())
		},
		Entry("its title", func(g *accessv1.UserGroup) { g.Spec.DisplayName = "The best" },
			HaveField("Spec.DisplayName", "ABC Company Vendor Order Manager")),
		Entry("a role more", func(g *accessv1.UserGroup) {
			g.Spec.Roles = append(g.Spec.Roles, accessv1.Reference{Name: "administrator"})
		},
			HaveField("Spec.Roles", Equal([]accessv1.Reference{{Name: "vendor.order.manager"}}))),
		Entry("another role", func(g *accessv1.UserGroup) { g.Spec.Roles[0].Name = "administrator" },
			HaveField("Spec.Roles", Equal([]accessv1.Reference{{Name: "vendor.order.manager"}}))),
		Entry("rules of its own", func(g *accessv1.UserGroup) {
			g.Spec.Access = []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelManage}}
		}, HaveField("Spec.Access", BeEmpty())),
		Entry("no restriction", func(g *accessv1.UserGroup) { g.Spec.Restrictions = nil },
			HaveField("Spec.Restrictions", Equal([]accessv1.Reference{{Name: "abc.vendor"}}))),
		Entry("a restriction more", func(g *accessv1.UserGroup) {
			g.Spec.Restrictions = append(g.Spec.Restrictions, accessv1.Reference{Name: "site.de"})
		}, HaveField("Spec.Restrictions", Equal([]accessv1.Reference{{Name: "abc.vendor"}}))),
		Entry("its label", func(g *accessv1.UserGroup) { delete(g.Labels, accessv1.LabelVendor) }, haveLabel(accessv1.LabelVendor, "abc")),
		Entry("another vendor's label", func(g *accessv1.UserGroup) { g.Labels[accessv1.LabelVendor] = "xyz" }, haveLabel(accessv1.LabelVendor, "abc")),
		Entry("the label of what Roster keeps", func(g *accessv1.UserGroup) { g.Labels[accessv1.LabelManagedBy] = "me" },
			haveLabel(accessv1.LabelManagedBy, accessv1.ManagedByRoster)),
	)

	It("takes back a role that a pipeline applied under another owner", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		group := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": accessv1.SchemeGroupVersion.String(), "kind": "UserGroup",
			"metadata": map[string]any{"namespace": abc.Namespace, "name": groupNames[1]},
			"spec":     map[string]any{"roles": []any{map[string]any{"name": "administrator"}}},
		}}
		cem := newUser(abc.Namespace, "cem", groupNames[1])
		cluster.ExpectApplied(ctx, cem)
		for range 2 {
			Expect(cluster.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(group.DeepCopy()), client.FieldOwner("pipeline"))).To(Succeed())
			env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, groupNames[1]),
				HaveField("Spec.Roles", Equal([]accessv1.Reference{{Name: "vendor.order.viewer"}})))
		}
		env.ExpectEventually(ctx, cluster, cem, env.HaveAccess("orders: Read at vendor=abc via abc.vendor.order.viewer/vendor.order.viewer"))
	})

	It("makes a deleted group and a deleted or changed restriction again", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		restriction := restrictionOf(abc.Namespace, "abc.vendor")
		asMade := And(
			HaveField("Spec.Values", HaveValue(Equal([]string{"abc"}))), HaveField("Spec.ValuesFrom", BeNil()),
			HaveField("Spec.Dimension", "vendor"), haveLabel(accessv1.LabelVendor, "abc"))
		for _, drift := range []func(*accessv1.Restriction){
			func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"abc", "xyz"} },
			func(r *accessv1.Restriction) { r.Spec.Dimension = "site" },
			func(r *accessv1.Restriction) {
				r.Spec.Values, r.Spec.ValuesFrom = nil, &accessv1.RestrictionSource{UserAttribute: "vendor"}
			},
			func(r *accessv1.Restriction) { delete(r.Labels, accessv1.LabelVendor) },
		} {
			env.ExpectChanged(ctx, cluster, restriction, drift)
			env.ExpectEventually(ctx, cluster, restriction, asMade)
		}
		cluster.ExpectDeleted(ctx, restriction, groupOf(abc.Namespace, groupNames[2]))
		env.ExpectEventually(ctx, cluster, restriction, asMade)
		env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, groupNames[2]), env.BeReady())
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", Equal(groupNames))))
	})

	It("never touches members, description and other labels", func(ctx context.Context) {
		abc, _ := newReadyVendor(ctx)
		until := metav1.Date(2099, 1, 1, 0, 0, 0, 0, metav1.Now().Location())
		group := env.ExpectChanged(ctx, cluster, groupOf(abc.Namespace, groupNames[0]), func(g *accessv1.UserGroup) {
			g.Spec.Members = []accessv1.GroupMember{{Name: "cem"}, {Name: "nobody-yet", Until: &until}}
			g.Spec.Description = "Ours."
			g.Labels["team"] = "shop"
			g.Spec.DisplayName = "Drifted"
		})
		people := And(
			HaveField("Spec.Members", HaveLen(2)), HaveField("Spec.Description", "Ours."), haveLabel("team", "shop"))
		env.ExpectEventually(ctx, cluster, group, And(people, HaveField("Spec.DisplayName", "ABC Company Vendor Order Manager")))
		env.ExpectChanged(ctx, cluster, abc, func(v *accessv1.Vendor) { v.Spec.DisplayName = "ABC" })
		env.ExpectEventually(ctx, cluster, group, And(people, HaveField("Spec.DisplayName", "ABC Vendor Order Manager")))
		cluster.ExpectApplied(ctx, newUser(abc.Namespace, "cem"))
		env.ExpectEventually(ctx, cluster, newUser(abc.Namespace, "cem"),
			env.HaveAccess("orders: Manage at vendor=abc via abc.vendor.order.manager/vendor.order.manager"))
	})

	It("stalls at a group that somebody else made, keeps the others, and takes the name when it is free", func(ctx context.Context) {
		namespace, _ := newReadyTenant(ctx)
		foreign := groupOf(namespace, groupNames[1])
		foreign.Labels = map[string]string{accessv1.LabelVendor: "abc", accessv1.LabelManagedBy: accessv1.ManagedByRoster}
		foreign.Spec = accessv1.UserGroupSpec{Roles: []accessv1.Reference{{Name: "administrator"}}}
		abc := newVendor(namespace, "abc", "ABC")
		cluster.ExpectApplied(ctx, foreign, abc)
		abc = env.ExpectEventually(ctx, cluster, abc, stalledByName)
		Expect(abc).To(haveMessage(accessv1.ConditionStalled, ContainSubstring(groupNames[1])))
		Expect(abc.Status.Groups).To(ConsistOf(groupNames[0], groupNames[2], groupNames[3]))
		Expect(abc.Status.Restriction).To(Equal("abc.vendor"))
		env.ExpectEventually(ctx, cluster, foreign, And(
			HaveField("Spec.Roles", Equal([]accessv1.Reference{{Name: "administrator"}})), HaveField("ObjectMeta.OwnerReferences", BeEmpty())))

		cluster.ExpectDeleted(ctx, foreign)
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", Equal(groupNames))))
	})

	It("stalls at a restriction that somebody else made, and its groups give nothing by that one", func(ctx context.Context) {
		namespace, _ := newReadyTenant(ctx)
		foreign := restrictionOf(namespace, "abc.vendor")
		foreign.Spec = accessv1.RestrictionSpec{Dimension: "vendor", Values: &[]string{"abc", "xyz"}}
		abc := newVendor(namespace, "abc", "ABC")
		cem := newUser(namespace, "cem", groupNames[0])
		cluster.ExpectApplied(ctx, foreign, abc, cem)
		abc = env.ExpectEventually(ctx, cluster, abc, stalledByName)
		Expect(abc.Status.Restriction).To(BeEmpty())
		Expect(abc.Status.Groups).To(Equal(groupNames))
		env.ExpectEventually(ctx, cluster, groupOf(namespace, groupNames[0]),
			env.HaveCondition(accessv1.ConditionRestrictionsResolved, metav1.ConditionFalse, accessv1.ReasonRestrictionNotFound))
		env.ExpectEventually(ctx, cluster, cem, And(env.HaveState(accessv1.UserActive), env.HaveAccess()))
		Expect(env.ExpectEventually(ctx, cluster, foreign, Not(BeNil())).Spec.Values).To(HaveValue(Equal([]string{"abc", "xyz"})))

		cluster.ExpectDeleted(ctx, foreign)
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Restriction", "abc.vendor")))
		env.ExpectEventually(ctx, cluster, cem,
			env.HaveAccess("orders: Manage at vendor=abc via abc.vendor.order.manager/vendor.order.manager"))
	})

	It("follows the catalog's vendor roles", func(ctx context.Context) {
		abc, catalog := newReadyVendor(ctx)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			kept := c.Spec.Roles[:0]
			for _, role := range c.Spec.Roles {
				switch role.Name {
				case "vendor.order.viewer":
					continue
				case "vendor.order.manager":
					role.DisplayName = "Order Keeper"
				case "viewer":
					yes := true
					role.Vendor = &yes
				}
				kept = append(kept, role)
			}
			c.Spec.Roles = kept
		})
		want := []string{groupNames[0], groupNames[2], groupNames[3], "abc.viewer"}
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", Equal(want))))
		Expect(groups(ctx, abc.Namespace)).To(ConsistOf(want))
		env.ExpectEventually(ctx, cluster, groupOf(abc.Namespace, groupNames[0]), HaveField("Spec.DisplayName", "ABC Company Order Keeper"))
	})

	It("has a group for an Entitled role only where the tenant lists it", func(ctx context.Context) {
		namespace, catalog := newReadyTenant(ctx)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			for i := range c.Spec.Roles {
				if c.Spec.Roles[i].Name == "vendor.product.manager" {
					c.Spec.Roles[i].Visibility = accessv1.VisibilityEntitled
				}
			}
		})
		env.ExpectEventually(ctx, cluster, catalog, env.BeReady())
		abc := newVendor(namespace, "abc", "ABC")
		cluster.ExpectApplied(ctx, abc)
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", HaveLen(3))))
		env.ExpectChanged(ctx, cluster, &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, func(t *accessv1.Tenant) {
			t.Spec.EntitledRoles = []string{"vendor.product.manager"}
		})
		env.ExpectEventually(ctx, cluster, abc, And(env.BeReady(), HaveField("Status.Groups", Equal(groupNames))))
	})
})
