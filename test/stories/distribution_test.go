package stories_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
)

// onForEveryone is what northwind gives to each of its users.
const onForEveryone = "default-order-location, gross-margin, mission-control, sales-reporting: Read via northwind"

var _ = Describe("distribution", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) { begin(ctx, "distribution", "northwind", "southwind") })
	expectSound("northwind", "southwind")

	Describe("administrators", func() {
		It("are those who may invite users and set their permissions, and nobody else is", func(ctx context.Context) {
			eventually(ctx, userNamed("northwind", "alma"), mayManage("users"))
			for _, name := range []string{"rita", "sam", "nora", "pete", "theo"} {
				eventually(ctx, userNamed("northwind", name), env.HaveState(accessv1.UserActive),
					mayNot(access.NoGrant, "read", "users"), mayNot(access.NoGrant, "create", "users"), mayNot(access.NoGrant, "update", "users"))
			}
		})

		It("invite by mail and send the invitation again, which ends the earlier link", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("northwind", "ivo", "sales-reps"))
			ivo := eventually(ctx, userNamed("northwind", "ivo"), haveInvitation(accessv1.InvitationSent), env.HaveState(accessv1.UserInvited))
			first := invitationNamed("northwind", ivo.Status.Invitation.Name)

			first = eventually(ctx, first, env.HaveState(accessv1.InvitationSent))
			again := invitationTo(ivo, "ivo-again")
			expectSecondPassed(first)
			cluster.ExpectApplied(ctx, again)
			first = eventually(ctx, first, env.HaveState(accessv1.InvitationSuperseded))
			again = eventually(ctx, again, env.HaveState(accessv1.InvitationSent))
			eventually(ctx, ivo, env.HaveState(accessv1.UserInvited), HaveField("Status.Invitation.Name", "ivo-again"))
			mails := manager.Outbox.To("ivo@northwind.example")
			Expect(mails).To(HaveLen(2))
			Expect(mails[0].Text).To(ContainSubstring(string(first.UID)))
			Expect(mails[1].Text).To(And(ContainSubstring(string(again.UID)), Not(ContainSubstring(string(first.UID)))))
			Expect(subjects(mails)).To(HaveEach("Northwind Distribution invites you to Distribution companion"))

			cluster.Accept(ctx, ivo)
			eventually(ctx, ivo, env.HaveState(accessv1.UserActive))
		})

		It("reset passwords, as often as is no nuisance", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("northwind", "mia", "sales-reps"))
			mia := userNamed("northwind", "mia")
			cluster.Accept(ctx, mia)
			mia = eventually(ctx, mia, env.HaveState(accessv1.UserActive))
			for _, name := range []string{"mia-1", "mia-2"} {
				cluster.ExpectApplied(ctx, resetFor(mia, name))
				eventually(ctx, resetNamed("northwind", name), env.HaveState(accessv1.InvitationSent))
			}
			cluster.ExpectApplied(ctx, resetFor(mia, "mia-3"))
			eventually(ctx, resetNamed("northwind", "mia-3"), env.HaveState(accessv1.InvitationPending),
				env.HaveCondition(accessv1.ConditionReady, no, accessv1.ReasonRateLimited), HaveField("Status.NextAttemptAt", Not(BeNil())))
			eventually(ctx, resetNamed("northwind", "mia-2"), env.HaveState(accessv1.InvitationSuperseded))
			Expect(subjects(manager.Outbox.To("mia@northwind.example"))).To(HaveLen(3))
		})

		It("revoke an invitation, and the access of somebody who is in", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("northwind", "jan", "admins"))
			jan := eventually(ctx, userNamed("northwind", "jan"), haveInvitation(accessv1.InvitationSent))
			open := invitationNamed("northwind", jan.Status.Invitation.Name)
			change(ctx, open, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
			eventually(ctx, open, env.HaveState(accessv1.InvitationCancelled))
			eventually(ctx, jan, env.HaveState(accessv1.UserPending), env.HaveAccess(),
				env.HaveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationCancelled))
			Expect(manager.Outbox.To("jan@northwind.example")).To(HaveLen(1))

			By("taking it back from one who has accepted")
			cluster.ExpectApplied(ctx, invitee("northwind", "kai", "admins"))
			kai := userNamed("northwind", "kai")
			cluster.Accept(ctx, kai)
			eventually(ctx, kai, mayManage("users"))
			change(ctx, kai, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
			eventually(ctx, kai, env.HaveState(accessv1.UserInactive), env.HaveAccess(), mayNot(access.NotActive, "read", "users"))
		})
	})

	Describe("roles by data", func() {
		It("let an admin reach everything but the connection to the ERP", func(ctx context.Context) {
			alma := eventually(ctx, userNamed("northwind", "alma"), env.HaveAccess(
				"default-order-location, gross-margin, mission-control, sales-reporting: Manage via northwind, admins/admin",
				"customers, demand-planning-settings, items, orders, planning-data, planning-settings, prices, users: Manage via admins/admin",
				"payments: Manage, refund via admins/admin"))
			Expect(alma).To(And(mayManage("customers", "sales-rep=1042"), mayManage("customers", "sales-rep=1077"), mayManage("orders"),
				mayNot(access.NoGrant, "read", "integration-details")))
		})

		It("let a manager reach the customers of several sales representatives", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("northwind", "mona", "managers-north"))
			mona := eventually(ctx, userNamed("northwind", "mona"), mayManage("orders", "sales-rep=1042"))
			Expect(restrictedTo(mona, "sales-rep")).To(Equal([]string{"customers", "orders"}))
			for _, resource := range []string{"customers", "orders"} {
				Expect(mona).To(And(mayManage(resource, "sales-rep=1042"), mayManage(resource, "sales-rep=1043"),
					mayNot(access.OutsideRestriction, "read", resource, "sales-rep=1077"), mayNot(access.OutsideRestriction, "read", resource)))
			}
			Expect(mona).To(mayOnlyRead("items"))
		})

		It("let a manager's representatives be picked from those that the ERP knows", func(ctx context.Context) {
			north := restrictionNamed("northwind", "north")
			known := env.HaveCondition(accessv1.ConditionValuesKnown, yes, accessv1.ReasonSucceeded)
			unknown := env.HaveCondition(accessv1.ConditionValuesKnown, no, accessv1.ReasonValuesUnknown)
			eventually(ctx, north, known)
			change(ctx, north, func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"1042", "1043", "1099"} })
			eventually(ctx, north, unknown)
			change(ctx, &corev1.ConfigMap{ObjectMeta: named("northwind", "erp-sales-reps")}, func(c *corev1.ConfigMap) { c.Data["ids"] += "1099\n" })
			eventually(ctx, north, known)
			eventually(ctx, userNamed("northwind", "mona"), mayManage("orders", "sales-rep=1099"))
			change(ctx, north, func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"1042", "1043"} })
			eventually(ctx, userNamed("northwind", "mona"), mayNot(access.OutsideRestriction, "read", "orders", "sales-rep=1099"))
		})

		It("let a sales representative reach the customers of his own id, and none without one", func(ctx context.Context) {
			sam := eventually(ctx, userNamed("northwind", "sam"), env.HaveAccess(
				onForEveryone, "items: Read via sales-reps/sales-rep",
				"customers: Read at sales-rep=1042 via sales-reps/sales-rep",
				"orders: Read, create at sales-rep=1042 via sales-reps/sales-rep"))
			Expect(sam).To(And(mayOnlyRead("customers", "sales-rep=1042"), may("create", "orders", "sales-rep=1042"),
				mayNot(access.OutsideRestriction, "read", "customers", "sales-rep=1043"), mayNot(access.OutsideRestriction, "read", "customers")))

			nora := eventually(ctx, userNamed("northwind", "nora"), env.HaveAccess(onForEveryone, "items: Read via sales-reps/sales-rep"),
				mayNot(access.NoGrant, "read", "customers", "sales-rep=1042"), mayNot(access.NoGrant, "read", "customers"))
			change(ctx, nora, func(u *accessv1.User) {
				u.Spec.Attributes = []accessv1.UserAttribute{{Name: "sales-rep", Values: []string{"1043"}}}
			})
			eventually(ctx, nora, mayOnlyRead("customers", "sales-rep=1043"), mayNot(access.OutsideRestriction, "read", "customers", "sales-rep=1042"))
		})

		It("are several for one user, who acts in one at a time", func(ctx context.Context) {
			rita := eventually(ctx, userNamed("northwind", "rita"), haveGroups("managers-north from User", "sales-reps from User"),
				mayManage("orders", "sales-rep=1042"), may("create", "orders", "sales-rep=1077"))
			manager, representative := actingIn("managers-north"), actingIn("sales-reps")
			Expect(rita).To(And(
				manager.may("update", "orders", "sales-rep=1042"), manager.mayNot(access.OutsideRestriction, "read", "orders", "sales-rep=1077"),
				representative.may("create", "orders", "sales-rep=1077"), representative.mayNot(access.OutsideRestriction, "read", "orders", "sales-rep=1042"),
				representative.mayNot(access.NoGrant, "update", "orders", "sales-rep=1077"),
				actingIn("admins").mayNot(access.NoGrant, "read", "orders", "sales-rep=1042")))
		})
	})

	Describe("roles of the platform", func() {
		It("are invisible in a tenant until they are granted, and give nothing there", func(ctx context.Context) {
			eventually(ctx, userNamed("northwind", "theo"), env.HaveAccess("integration-details: Manage via technical-contacts/technical-contact", onForEveryone))
			eventually(ctx, roleNamed("northwind", "technical-contact"), env.BeReady(), HaveField("Spec.Protection", accessv1.ProtectionPlatform))
			roles := &accessv1.RoleList{}
			Expect(cluster.Client.List(ctx, roles, client.InNamespace("southwind"))).To(Succeed())
			Expect(roles.Items).NotTo(BeEmpty())
			Expect(roles.Items).NotTo(ContainElement(HaveField("Name", "technical-contact")))

			cluster.ExpectApplied(ctx, groupWith("southwind", "technical-contacts", "technical-contact"), newcomer("southwind", "tess", "technical-contacts"))
			eventually(ctx, groupNamed("southwind", "technical-contacts"), env.HaveCondition(accessv1.ConditionRolesResolved, no, accessv1.ReasonRoleNotFound))
			tess := eventually(ctx, userNamed("southwind", "tess"), haveGroups("technical-contacts from User"), env.HaveAccess())

			entitle := func(roles ...string) {
				change(ctx, tenantNamed("southwind"), func(t *accessv1.Tenant) { t.Spec.EntitledRoles = roles })
			}
			entitle("technical-contact")
			eventually(ctx, tess, env.HaveAccess("integration-details: Manage via technical-contacts/technical-contact"))
			entitle()
			eventually(ctx, tess, env.HaveAccess())
			expectGone(ctx, roleNamed("southwind", "technical-contact"))
		})
	})

	Describe("permissions by module", func() {
		DescribeTable("are given one by one", func(ctx context.Context, role string, lines ...string) {
			name := "only-" + role
			cluster.ExpectApplied(ctx, groupWith("southwind", name, role), newcomer("southwind", name, name))
			for i := range lines {
				lines[i] += " via " + name + "/" + role
			}
			eventually(ctx, userNamed("southwind", name), env.HaveAccess(lines...))
		},
			Entry("all settings and users of planning and purchasing", "planning-administrator", "demand-planning-settings, planning-data, planning-settings, users: Manage"),
			Entry("settings of demand planning", "demand-planner", "demand-planning-settings: Manage"),
			Entry("planning data", "planner", "planning-data: Manage"),
			Entry("view gross margin", "gross-margin-viewer", "gross-margin: Read"),
			Entry("view the default order location", "order-location-viewer", "default-order-location: Read"),
			Entry("change prices", "price-editor", "prices: Manage"),
			Entry("sales reporting and mission control", "sales-reporter", "mission-control, sales-reporting: Read"),
			Entry("create items", "item-creator", "items: Read, create"),
			Entry("create orders", "order-creator", "orders: Read, create"),
			Entry("view payments", "payment-viewer", "payments: Read"),
			Entry("process refunds", "refund-clerk", "payments: Read, refund"),
		)

		It("reach the data of certain companies only, where a group says so", func(ctx context.Context) {
			pete := eventually(ctx, userNamed("northwind", "pete"), env.HaveAccess(
				"demand-planning-settings: Manage via planners-east/demand-planner", onForEveryone,
				"payments: Read, refund via payment-desk/refund-clerk",
				"planning-data: Manage at company=east via planners-east/planner"))
			Expect(pete).To(And(mayManage("planning-data", "company=east"), mayManage("demand-planning-settings"),
				mayNot(access.OutsideRestriction, "read", "planning-data", "company=west"), mayNot(access.NoGrant, "update", "planning-settings"),
				may("refund", "payments"), mayNot(access.NoGrant, "delete", "payments")))
		})

		It("are on for everyone in the tenant where it says so, and for nobody elsewhere", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("northwind", "zoe"), newcomer("southwind", "zoe"))
			zoe := eventually(ctx, userNamed("northwind", "zoe"), env.HaveAccess(onForEveryone))
			eventually(ctx, userNamed("southwind", "zoe"), env.HaveState(accessv1.UserActive), env.HaveAccess())

			By("switching on the others")
			everyone := func(rules ...accessv1.Rule) {
				change(ctx, tenantNamed("northwind"), func(t *accessv1.Tenant) { t.Spec.DefaultAccess = rules })
			}
			before := tenantNamed("northwind")
			Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(before), before)).To(Succeed())
			everyone(append(slices.Clone(before.Spec.DefaultAccess),
				accessv1.Rule{Resources: []string{"items", "orders"}, Level: accessv1.LevelRead, Actions: []string{"create"}},
				accessv1.Rule{Resources: []string{"prices"}, Level: accessv1.LevelManage})...)
			eventually(ctx, zoe, may("create", "items"), may("create", "orders"), mayManage("prices"), may("read", "gross-margin"))
			eventually(ctx, userNamed("northwind", "theo"), may("create", "items"), may("create", "orders"), mayManage("prices"))
			everyone(before.Spec.DefaultAccess...)
			eventually(ctx, zoe, env.HaveAccess(onForEveryone))
		})
	})

	Describe("an application that asks", distributionDecisions)
})
