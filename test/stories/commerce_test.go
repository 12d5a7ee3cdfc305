package stories_test

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("commerce", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) { begin(ctx, "commerce", "acme", "globex") })
	expectSound("acme", "globex")

	Describe("users", func() {
		It("are listed with address, names, department and state, filtered and sorted by each", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("acme", "nina"))
			eventually(ctx, userNamed("acme", "nina"), env.HaveState(accessv1.UserInvited))

			Expect(namesWhere(ctx, "acme", "spec.email=ana@acme.example")).To(Equal([]string{"ana"}))
			Expect(namesWhere(ctx, "acme", "spec.firstName=Carl")).To(Equal([]string{"carl"}))
			Expect(namesWhere(ctx, "acme", "spec.lastName=Novak")).To(Equal([]string{"dora"}))
			Expect(namesWhere(ctx, "acme", "spec.department=Logistics")).To(Equal([]string{"ana", "ben", "dora"}))
			By("telling apart who is active and who was added and has not registered")
			Expect(namesWhere(ctx, "acme", "status.state=Invited")).To(Equal([]string{"nina"}))
			Expect(namesWhere(ctx, "acme", "status.state=Active")).To(ContainElements("ana", "ben", "carl", "cem", "dora", "jo", "vera"))

			list := []string{"get", "users.access.roster.dev", "-n", "acme"}
			logistics := kubectl(ctx, append(list, "-o", "wide", "--sort-by", ".spec.firstName", "--field-selector", "spec.department=Logistics")...)
			Expect(logistics).To(HaveLen(4))
			Expect(logistics[0]).To(Equal("NAME EMAIL FIRST NAME LAST NAME DEPARTMENT STATE ACCESS READY AGE"))
			Expect(logistics[1]).To(HavePrefix("ana ana@acme.example Ana Silva Logistics Active manage 3, read 34 True"))
			for _, field := range []string{".spec.email", ".spec.firstName", ".spec.lastName", ".spec.department", ".status.state"} {
				column := kubectl(ctx, append(list, "--no-headers", "-o", "custom-columns=:"+field, "--sort-by", field)...)
				sorted := slices.DeleteFunc(column, func(value string) bool { return value == "<none>" })
				Expect(len(slices.Compact(slices.Clone(sorted)))).To(BeNumerically(">", 1))
				Expect(slices.IsSorted(sorted)).To(BeTrue(), "%s: %v", field, sorted)
			}
		})

		It("are invited to the tenant by mail, at their own address, and have access once they accept", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("acme", "olaf", "viewers"))
			olaf := eventually(ctx, userNamed("acme", "olaf"), env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent))
			Expect(olaf).To(And(haveGroups("viewers from User"), env.HaveAccess(), mayNot(access.NotActive, "read", "orders")))

			mails := manager.Outbox.To("olaf@acme.example")
			Expect(subjects(mails)).To(Equal([]string{"Acme GmbH invites you to Acme dashboard"}))
			Expect(mails[0].Text).To(And(
				ContainSubstring("https://roster.example/invitations/"+string(invitationsOf(ctx, olaf)[0].UID)),
				ContainSubstring("help@acme.example")))
			Expect(subjects(manager.Outbox.To("mia@globex.example"))).To(Equal([]string{"Globex invites you to Commerce dashboard"}))

			cluster.Accept(ctx, olaf)
			eventually(ctx, olaf, env.HaveState(accessv1.UserActive), mayOnlyRead("orders"))
			Expect(manager.Outbox.To("olaf@acme.example")).To(HaveLen(1))
		})

		It("are never mailed without a company address", func(ctx context.Context) {
			for name, address := range map[string]string{
				"eve": "eve@elsewhere.example", "mal": "mal@notacme.example", "sub": "sub@shop.acme.example", "sly": "sly@acme.example.evil.example",
			} {
				stranger := invitee("acme", name, "viewers")
				stranger.Spec.Email = address
				cluster.ExpectApplied(ctx, stranger)
				stranger = eventually(ctx, stranger, env.HaveState(accessv1.UserPending),
					env.HaveCondition(accessv1.ConditionEmailAllowed, no, accessv1.ReasonEmailNotAllowed),
					env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonEmailNotAllowed), env.HaveAccess())
				Expect(invitationsOf(ctx, stranger)).To(BeEmpty())
			}
			By("asking for an invitation by hand, which changes nothing")
			asked := &accessv1.Invitation{ObjectMeta: named("acme", "eve-please"), Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: "eve"}}}
			cluster.ExpectApplied(ctx, asked)
			eventually(ctx, asked, env.HaveState(accessv1.InvitationPending), env.HaveCondition(accessv1.ConditionReady, no, accessv1.ReasonUserNotWaiting))
			Expect(cluster.Client.Delete(ctx, asked)).To(Succeed())

			change(ctx, userNamed("acme", "eve"), func(eve *accessv1.User) { eve.Spec.Email = "eve@acme.example" })
			eventually(ctx, userNamed("acme", "eve"), env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent))
			Expect(manager.Outbox.To("eve@acme.example")).To(HaveLen(1))
			for _, address := range []string{"eve@elsewhere.example", "mal@notacme.example", "sub@shop.acme.example", "sly@acme.example.evil.example"} {
				Expect(manager.Outbox.To(address)).To(BeEmpty())
			}
		})
	})

	Describe("groups", func() {
		It("have an ID, a name and a description, and hold users who are in several of them", func(ctx context.Context) {
			viewers := eventually(ctx, groupNamed("acme", "viewers"), env.BeReady())
			Expect(viewers.Spec.DisplayName).To(Equal("Viewers"))
			Expect(viewers.Spec.Description).To(Equal("Everybody who needs to look something up."))
			eventually(ctx, userNamed("acme", "ana"), haveGroups("de-order-fulfillment from User", "viewers from User"))
		})

		It("take members from the user's side and the group's, before or after either is there", func(ctx context.Context) {
			By("naming a group that is not there yet")
			early := newcomer("acme", "finn", "night-shift")
			cluster.ExpectApplied(ctx, early)
			eventually(ctx, early, env.HaveAccess(), env.HaveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonGroupNotFound))
			By("naming a user who is not there yet")
			group := groupWith("acme", "night-shift", "viewer")
			group.Spec.Members = []accessv1.GroupMember{{Name: "gail"}, {Name: "hal"}}
			cluster.ExpectApplied(ctx, group)
			eventually(ctx, group, env.BeReady(), haveMembers(1))
			eventually(ctx, early, haveGroups("night-shift from User"), mayOnlyRead("orders"))

			cluster.ExpectApplied(ctx, newcomer("acme", "gail"), newcomer("acme", "hal", "night-shift"))
			eventually(ctx, userNamed("acme", "gail"), haveGroups("night-shift from UserGroup"), mayOnlyRead("orders"))
			eventually(ctx, userNamed("acme", "hal"), haveGroups("night-shift from Both"), mayOnlyRead("orders"))
			eventually(ctx, group, haveMembers(3))

			By("taking both away again, from the side on which they stand")
			change(ctx, group, func(g *accessv1.UserGroup) { g.Spec.Members = nil })
			change(ctx, early, func(u *accessv1.User) { u.Spec.Groups = nil })
			eventually(ctx, userNamed("acme", "gail"), haveGroups(), env.HaveAccess())
			eventually(ctx, early, haveGroups(), env.HaveAccess())
			eventually(ctx, userNamed("acme", "hal"), haveGroups("night-shift from User"), mayOnlyRead("orders"))
			eventually(ctx, group, haveMembers(1))
		})

		It("give rights by a predefined role exactly as the matrix has them", func(ctx context.Context) {
			matrix := readTable(GinkgoTB(), "role-matrix.csv")
			Expect(matrix).To(HaveLen(31))
			for _, role := range []string{"viewer", "manager", "administrator", "catalog-manager", "pricing-manager", "order-fulfillment-manager"} {
				cluster.ExpectApplied(ctx, groupWith("acme", "all-"+role, role), newcomer("acme", "only-"+role, "all-"+role))
				holder := eventually(ctx, userNamed("acme", "only-"+role), Not(env.HaveAccess()))
				for _, row := range matrix {
					switch access.Level(row[role]) {
					case access.Manage:
						Expect(holder).To(mayManage(row["resource"]))
					case access.Read:
						Expect(holder).To(mayOnlyRead(row["resource"]))
					default:
						Expect(holder).To(mayNot(access.NoGrant, "read", row["resource"]))
					}
				}
			}
		})

		It("give rights set by hand instead of a role, or beside it", func(ctx context.Context) {
			eventually(ctx, userNamed("globex", "mia"), env.HaveAccess("orders, quotes: Manage at site=West-EU via west-eu-orders"))
			eventually(ctx, userNamed("acme", "carl"), env.HaveAccess(
				"brands, catalogs, categories, labels, product-templates, suppliers, webhooks: Manage via catalog-team/catalog-manager",
				"products: Manage, publish, unpublish via catalog-team/catalog-manager",
				"media, price-lists, price-models, tax: Read via catalog-team"))

			cluster.ExpectApplied(ctx, groupWith("acme", "brand-desk", "viewer"), newcomer("acme", "ida", "brand-desk"))
			eventually(ctx, userNamed("acme", "ida"), mayOnlyRead("brands"), mayOnlyRead("tax"))
			change(ctx, groupNamed("acme", "brand-desk"), func(g *accessv1.UserGroup) {
				g.Spec.Roles = nil
				g.Spec.Access = []accessv1.Rule{{Resources: []string{"brands"}, Level: accessv1.LevelManage}}
			})
			eventually(ctx, userNamed("acme", "ida"), env.HaveAccess("brands: Manage via brand-desk"))
		})

		It("let manage override read, wherever each comes from", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("acme", "maxi", "viewers", "catalog-team"))
			maxi := eventually(ctx, userNamed("acme", "maxi"), mayManage("brands"), mayOnlyRead("orders"))
			var brands []string
			for _, entry := range maxi.Status.EffectiveAccess {
				if slices.Contains(entry.Resources, "brands") {
					brands = append(brands, string(entry.Level))
				}
			}
			Expect(brands).To(Equal([]string{"Manage"}))
		})

		It("say what their members should be able to read besides what they manage", func(ctx context.Context) {
			conditions := func(g *accessv1.UserGroup) []metav1.Condition { return g.Status.Conditions }
			eventually(ctx, groupNamed("acme", "de-order-fulfillment"), env.BeReady(),
				env.HaveCondition(accessv1.ConditionDependenciesMet, no, accessv1.ReasonReadsMissing),
				haveMessage(conditions, accessv1.ConditionDependenciesMet, "Members would also need: Manage on returns needs Read on products"))
			eventually(ctx, groupNamed("acme", "catalog-team"), env.HaveCondition(accessv1.ConditionDependenciesMet, yes, accessv1.ReasonSucceeded))
		})
	})

	Describe("restrictions", func() {
		It("show members of a restricted group what has the same restriction, and nothing with another or none", func(ctx context.Context) {
			eventually(ctx, userNamed("acme", "ben"), env.HaveAccess(
				"returns, sepa: Manage via de-order-fulfillment/order-fulfillment-manager",
				"sites: Read via de-order-fulfillment/order-fulfillment-manager",
				"orders: Manage at site=DE via de-order-fulfillment/order-fulfillment-manager",
				"customers: Read at site=DE via de-order-fulfillment/order-fulfillment-manager"),
				mayManage("orders", "site=DE"),
				mayNot(access.OutsideRestriction, "read", "orders", "site=FR"),
				mayNot(access.OutsideRestriction, "read", "orders"))
		})

		It("let groups without one see everything, and narrow no group but their own", func(ctx context.Context) {
			eventually(ctx, userNamed("acme", "ana"), mayManage("orders", "site=DE"),
				mayOnlyRead("orders", "site=FR"), mayOnlyRead("orders"), mayOnlyRead("tax"))
		})

		It("show German and American order fulfillment different orders by equal rights", func(ctx context.Context) {
			german := eventually(ctx, groupNamed("acme", "de-order-fulfillment"), env.BeReady())
			american := eventually(ctx, groupNamed("acme", "us-order-fulfillment"), env.BeReady())
			translated := strings.NewReplacer("site=DE", "site=US", "via de-", "via us-")
			for i, line := range env.Lines(german.Status.Access) {
				Expect(env.Lines(american.Status.Access)[i]).To(Equal(translated.Replace(line)))
			}

			cluster.ExpectApplied(ctx, newcomer("acme", "uri", "us-order-fulfillment"))
			ben := eventually(ctx, userNamed("acme", "ben"), Not(env.HaveAccess()))
			uri := eventually(ctx, userNamed("acme", "uri"), Not(env.HaveAccess()))
			Expect(ben).To(And(mayManage("orders", "site=DE"), mayNot(access.OutsideRestriction, "read", "orders", "site=US")))
			Expect(uri).To(And(mayManage("orders", "site=US"), mayNot(access.OutsideRestriction, "read", "orders", "site=DE")))
			eventually(ctx, userNamed("acme", "dora"), mayManage("orders", "site=US"), mayOnlyRead("orders", "site=DE"))
		})

		It("are kept in step with the sites while the setting is on", func(ctx context.Context) {
			setSites := func(sites ...string) {
				change(ctx, tenantNamed("acme"), func(t *accessv1.Tenant) { t.Spec.Dimensions[0].Values = sites })
			}
			for name, site := range map[string]string{"site.de": "DE", "site.fr": "FR", "site.us": "US"} {
				eventually(ctx, restrictionNamed("acme", name), env.BeReady(), HaveField("Spec.Values", HaveValue(Equal([]string{site}))))
			}
			setSites("DE", "FR", "NL", "US")
			eventually(ctx, restrictionNamed("acme", "site.nl"), env.BeReady(), HaveField("Spec.Values", HaveValue(Equal([]string{"NL"}))))
			setSites("DE", "FR", "US")
			expectGone(ctx, restrictionNamed("acme", "site.nl"))
		})

		It("have values of one's own from the configured list while it is off", func(ctx context.Context) {
			list := &accessv1.RestrictionList{}
			Expect(cluster.Client.List(ctx, list, client.InNamespace("globex"))).To(Succeed())
			Expect(list.Items).To(HaveLen(1))
			eventually(ctx, restrictionNamed("globex", "west-eu"), env.HaveCondition(accessv1.ConditionValuesKnown, yes, accessv1.ReasonSucceeded))
			eventually(ctx, userNamed("globex", "mia"), mayManage("orders", "site=West-EU"), mayManage("quotes", "site=West-EU"),
				mayNot(access.OutsideRestriction, "read", "orders", "site=APAC"), mayNot(access.OutsideRestriction, "read", "orders"))

			apac := restrictionNamed("globex", "apac")
			apac.Spec = accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"APAC"}}
			moon := restrictionNamed("globex", "moon")
			moon.Spec = accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"Moon"}}
			cluster.ExpectApplied(ctx, apac, moon)
			eventually(ctx, apac, env.HaveCondition(accessv1.ConditionValuesKnown, yes, accessv1.ReasonSucceeded))
			eventually(ctx, moon, env.HaveCondition(accessv1.ConditionValuesKnown, no, accessv1.ReasonValuesUnknown))
			change(ctx, groupNamed("globex", "west-eu-orders"), func(g *accessv1.UserGroup) { g.Spec.Restrictions = references("west-eu", "apac") })
			eventually(ctx, userNamed("globex", "mia"), mayManage("orders", "site=West-EU"), mayManage("orders", "site=APAC"))
		})

		It("narrow companies, customers, carts, orders and quotes by site, and nothing else", func(ctx context.Context) {
			group := groupWith("acme", "german-management", "administrator")
			group.Spec.Restrictions = references("site.de")
			cluster.ExpectApplied(ctx, group, newcomer("acme", "gero", "german-management"))
			gero := eventually(ctx, userNamed("acme", "gero"), Not(env.HaveAccess()))
			Expect(restrictedTo(gero, "site")).To(Equal([]string{"carts", "companies", "customers", "orders", "quotes"}))
			for _, resource := range vocabularies["acme"].Resources() {
				Expect(gero).To(mayManage(resource, "site=DE"))
			}
		})
	})

	Describe("vendors", func() {
		It("bring four groups by themselves, with titles and roles of their own", func(ctx context.Context) {
			vendor := eventually(ctx, vendorNamed("acme", "abc"), env.BeReady())
			Expect(vendor.Status.Restriction).To(Equal("abc.vendor"))
			titles := map[string]string{
				"vendor.order.manager":   "ABC Company Vendor Order Manager",
				"vendor.order.viewer":    "ABC Company Vendor Order Viewer",
				"vendor.product.manager": "ABC Company Vendor Product Manager",
				"vendor.product.viewer":  "ABC Company Vendor Product Viewer",
			}
			Expect(vendor.Status.Groups).To(HaveLen(len(titles)))
			for role, title := range titles {
				group := eventually(ctx, groupNamed("acme", "abc."+role), env.BeReady())
				Expect(vendor.Status.Groups).To(ContainElement(group.Name))
				Expect(group.Spec.DisplayName).To(Equal(title))
				Expect(group.Spec.Roles).To(Equal(references(role)))
				Expect(group.Spec.Restrictions).To(Equal(references("abc.vendor")))
				Expect(group.Spec.VendorRef).To(HaveValue(Equal(accessv1.Reference{Name: "abc"})))
			}
		})

		It("have order managers and order viewers of their own orders alone", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("acme", "orla", "abc.vendor.order.manager"), newcomer("acme", "otto", "abc.vendor.order.viewer"))
			eventually(ctx, userNamed("acme", "orla"), env.HaveAccess("orders: Manage at vendor=abc via abc.vendor.order.manager/vendor.order.manager"),
				mayManage("orders", "vendor=abc", "site=DE"), mayNot(access.OutsideRestriction, "read", "orders", "vendor=xyz"))
			eventually(ctx, userNamed("acme", "otto"), env.HaveAccess("orders: Read at vendor=abc via abc.vendor.order.viewer/vendor.order.viewer"),
				mayOnlyRead("orders", "vendor=abc"), mayNot(access.OutsideRestriction, "read", "orders"))
		})

		It("have product managers who publish where that is granted, and product viewers who never do", func(ctx context.Context) {
			cem := eventually(ctx, userNamed("acme", "cem"), env.HaveAccess(
				"availability, media, prices: Manage at vendor=abc via abc.vendor.product.manager/vendor.product.manager",
				"products: Manage, publish, unpublish at vendor=abc via abc.vendor.product.manager/vendor.product.manager",
				"orders: Read at vendor=abc via abc.vendor.order.viewer/vendor.order.viewer"))
			Expect(cem).To(And(may("publish", "products", "vendor=abc"), may("unpublish", "products", "vendor=abc"),
				mayNot(access.OutsideRestriction, "publish", "products", "vendor=xyz")))
			vera := eventually(ctx, userNamed("acme", "vera"), env.HaveAccess(
				"availability, media, prices, products: Read at vendor=abc via abc.vendor.product.viewer/vendor.product.viewer"))
			Expect(vera).To(And(mayNot(access.NoGrant, "publish", "products", "vendor=abc"), mayNot(access.NoGrant, "unpublish", "products", "vendor=abc")))

			By("taking the grant away and giving it back")
			publishing := func(options ...string) {
				change(ctx, vendorNamed("acme", "abc"), func(v *accessv1.Vendor) { v.Spec.Options = options })
			}
			publishing()
			eventually(ctx, cem, mayManage("products", "vendor=abc"),
				mayNot(access.NoGrant, "publish", "products", "vendor=abc"), mayNot(access.NoGrant, "unpublish", "products", "vendor=abc"))
			publishing("publishing")
			eventually(ctx, cem, may("publish", "products", "vendor=abc"))
			eventually(ctx, vera, mayNot(access.NoGrant, "publish", "products", "vendor=abc"))
		})

		It("are one for each user: in the groups of two he has nothing from either", func(ctx context.Context) {
			xyz := vendorNamed("acme", "xyz")
			xyz.Spec.DisplayName = "XYZ Ltd"
			cluster.ExpectApplied(ctx, xyz)
			eventually(ctx, groupNamed("acme", "xyz.vendor.order.viewer"), HaveField("Spec.DisplayName", "XYZ Ltd Vendor Order Viewer"))
			cluster.ExpectApplied(ctx, newcomer("acme", "toni", "abc.vendor.order.viewer", "xyz.vendor.order.viewer", "viewers"))
			toni := eventually(ctx, userNamed("acme", "toni"), env.HaveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonVendorConflict),
				env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonVendorConflict))
			for _, entry := range env.Lines(toni.Status.EffectiveAccess) {
				Expect(entry).To(HaveSuffix(" via viewers/viewer"))
			}
			change(ctx, toni, func(u *accessv1.User) { u.Spec.Groups = u.Spec.Groups[1:2] })
			eventually(ctx, toni, env.BeReady(), env.HaveAccess("orders: Read at vendor=xyz via xyz.vendor.order.viewer/vendor.order.viewer"))
		})

		It("stay with their groups: the vendor of a group never changes", func(ctx context.Context) {
			for _, vendor := range []*accessv1.Reference{{Name: "xyz"}, nil} {
				group := groupNamed("acme", "abc.vendor.order.viewer")
				Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(group), group)).To(Succeed())
				group.Spec.VendorRef = vendor
				Expect(cluster.Client.Update(ctx, group)).To(MatchError(ContainSubstring("vendorRef cannot be changed")))
			}
			plain := groupNamed("acme", "viewers")
			Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(plain), plain)).To(Succeed())
			plain.Spec.VendorRef = &accessv1.Reference{Name: "abc"}
			Expect(cluster.Client.Update(ctx, plain)).To(MatchError(ContainSubstring("vendorRef cannot be changed")))
		})

		It("leave the members of their groups to people, from either side", func(ctx context.Context) {
			group := groupNamed("acme", "abc.vendor.product.viewer")
			cluster.ExpectApplied(ctx, newcomer("acme", "pia"), newcomer("acme", "pim", group.Name))
			change(ctx, group, func(g *accessv1.UserGroup) {
				g.Spec.Members = []accessv1.GroupMember{{Name: "pia"}}
				g.Spec.DisplayName, g.Spec.Roles = "Ours", references("administrator")
			})
			By("putting right everything else")
			eventually(ctx, group, HaveField("Spec.DisplayName", "ABC Company Vendor Product Viewer"),
				HaveField("Spec.Roles", Equal(references("vendor.product.viewer"))), HaveField("Spec.Members", Equal([]accessv1.GroupMember{{Name: "pia"}})))
			eventually(ctx, userNamed("acme", "pia"), haveGroups(group.Name+" from UserGroup"), mayOnlyRead("products", "vendor=abc"))
			eventually(ctx, userNamed("acme", "pim"), haveGroups(group.Name+" from User"), mayOnlyRead("products", "vendor=abc"))
			eventually(ctx, group, haveMembers(3))
			change(ctx, group, func(g *accessv1.UserGroup) { g.Spec.Members = nil })
			eventually(ctx, userNamed("acme", "pia"), env.HaveAccess())
		})
	})

	Describe("an application that asks", commerceDecisions)
})
