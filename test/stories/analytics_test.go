package stories_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("analytics", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) { begin(ctx, "analytics", "agency", "bakery", "florist") })
	expectSound("agency", "bakery", "florist")

	Describe("a partner", func() {
		It("manages users, and each client names the agency that looks after it", func(ctx context.Context) {
			eventually(ctx, userNamed("agency", "paula"), mayManage("users-and-groups"))
			for _, tenant := range []string{"bakery", "florist"} {
				eventually(ctx, tenantNamed(tenant), HaveField("Spec.ManagedBy", HaveValue(Equal(accessv1.Reference{Name: "agency"}))))
			}
			By("being nobody himself in a client")
			for _, tenant := range []string{"bakery", "florist"} {
				Expect(namesWhere(ctx, tenant, "spec.email=paula@bright.example")).To(BeEmpty())
			}
		})

		It("cannot make dashboards", func(ctx context.Context) {
			eventually(ctx, userNamed("agency", "paula"), env.HaveAccess(
				"users-and-groups: Manage via partners/partner", "dashboards: Read via partners/partner"), mayOnlyRead("dashboards"))
		})

		It("cannot make clients: those are no resource of the application, and stand outside every namespace", func(ctx context.Context) {
			eventually(ctx, userNamed("agency", "paula"), mayNot(access.UnknownResource, "create", "tenants"))
			namespaced, err := cluster.Client.IsObjectNamespaced(&accessv1.Tenant{})
			Expect(err).NotTo(HaveOccurred())
			Expect(namespaced).To(BeFalse())
		})

		It("is made by the platform: in a client nobody can hold the role", func(ctx context.Context) {
			eventually(ctx, roleNamed("agency", "partner"), env.BeReady(), HaveField("Spec.Protection", accessv1.ProtectionPlatform))
			for _, tenant := range []string{"bakery", "florist"} {
				expectGone(ctx, roleNamed(tenant, "partner"))
				cluster.ExpectApplied(ctx, groupWith(tenant, "partners", "partner"), newcomer(tenant, "mona", "partners"))
				eventually(ctx, groupNamed(tenant, "partners"), env.HaveCondition(accessv1.ConditionRolesResolved, no, accessv1.ReasonRoleNotFound))
				eventually(ctx, userNamed(tenant, "mona"), haveGroups("partners from User"), env.HaveAccess())
			}
		})
	})

	Describe("a client's user", func() {
		It("is created, changed and removed in one client, and the other does not notice", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("bakery", "finn", "dashboards"))
			finn := eventually(ctx, userNamed("bakery", "finn"), mayOnlyRead("dashboards", "id=search"))
			change(ctx, finn, func(u *accessv1.User) { u.Spec.Groups = nil })
			eventually(ctx, finn, env.HaveAccess())
			eventually(ctx, groupNamed("bakery", "dashboards"), haveMembers(2))
			Expect(cluster.Client.Delete(ctx, finn)).To(Succeed())
			expectGone(ctx, finn)
			eventually(ctx, groupNamed("florist", "dashboards"), haveMembers(1))
		})

		It("sees the activated dashboards once he has accepted by his link, and no others", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("bakery", "lena", "dashboards"))
			lena := eventually(ctx, userNamed("bakery", "lena"), env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent),
				env.HaveAccess(), mayNot(access.NotActive, "read", "dashboards", "id=search"))
			mails := manager.Outbox.To("lena@bakery.example")
			Expect(subjects(mails)).To(Equal([]string{"Corner Bakery invites you to Client dashboards"}))
			Expect(mails[0].Text).To(ContainSubstring(string(invitationsOf(ctx, lena)[0].UID)))

			cluster.Accept(ctx, lena)
			eventually(ctx, lena, env.HaveAccess("dashboards: Read at dashboard=search,social via dashboards/viewer"),
				mayOnlyRead("dashboards", "id=search"), mayOnlyRead("dashboards", "id=social"),
				mayNot(access.OutsideRestriction, "read", "dashboards", "id=email"))
		})

		It("belongs to one client or to several, and accepts in each", func(ctx context.Context) {
			Expect(subjects(manager.Outbox.To("dana@consultant.example"))).To(ConsistOf(
				"Corner Bakery invites you to Client dashboards", "Corner Florist invites you to Client dashboards"))
			eventually(ctx, userNamed("bakery", "dana"), mayOnlyRead("dashboards", "id=search"), mayOnlyRead("dashboards", "id=social"))
			eventually(ctx, userNamed("florist", "dana"), mayOnlyRead("dashboards", "id=social"),
				mayNot(access.OutsideRestriction, "read", "dashboards", "id=search"))
			eventually(ctx, userNamed("bakery", "bruno"), mayOnlyRead("dashboards", "id=search"))
			Expect(namesWhere(ctx, "florist", "spec.email=bruno@bakery.example")).To(BeEmpty())
		})

		It("has an address of a domain that his client allows", func(ctx context.Context) {
			stray := invitee("florist", "bruno", "dashboards")
			stray.Spec.Email = "bruno@bakery.example"
			mails := len(manager.Outbox.To("bruno@bakery.example"))
			cluster.ExpectApplied(ctx, stray)
			stray = eventually(ctx, stray, env.HaveState(accessv1.UserPending), env.HaveAccess(),
				env.HaveCondition(accessv1.ConditionEmailAllowed, no, accessv1.ReasonEmailNotAllowed))
			Expect(invitationsOf(ctx, stray)).To(BeEmpty())
			Expect(manager.Outbox.To("bruno@bakery.example")).To(HaveLen(mails))
			eventually(ctx, userNamed("bakery", "bruno"), env.HaveState(accessv1.UserActive))
			Expect(cluster.Client.Delete(ctx, stray)).To(Succeed())
		})

		It("loses a client's dashboards with that client, and keeps the other's", func(ctx context.Context) {
			bakery, florist := userNamed("bakery", "dana"), userNamed("florist", "dana")
			By("deactivating her in one")
			change(ctx, florist, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
			eventually(ctx, florist, env.HaveState(accessv1.UserInactive), env.HaveAccess(), mayNot(access.NotActive, "read", "dashboards", "id=social"))
			eventually(ctx, bakery, env.HaveState(accessv1.UserActive), mayOnlyRead("dashboards", "id=search"))
			By("deleting her there")
			Expect(cluster.Client.Delete(ctx, florist)).To(Succeed())
			expectGone(ctx, florist)
			Expect(namesWhere(ctx, "florist", "spec.email=dana@consultant.example")).To(BeEmpty())
			eventually(ctx, groupNamed("florist", "dashboards"), haveMembers(0))
			eventually(ctx, bakery, env.HaveState(accessv1.UserActive), mayOnlyRead("dashboards", "id=search"))
		})

		It("can be taken back: a deleted user's acceptance does not count for a new one of the same name", func(ctx context.Context) {
			first := invitee("bakery", "gus", "dashboards")
			cluster.ExpectApplied(ctx, first)
			cluster.Accept(ctx, userNamed("bakery", "gus"))
			eventually(ctx, userNamed("bakery", "gus"), mayOnlyRead("dashboards", "id=search"))
			Expect(cluster.Client.Delete(ctx, first)).To(Succeed())
			expectGone(ctx, userNamed("bakery", "gus"))
			cluster.ExpectApplied(ctx, invitee("bakery", "gus", "dashboards"))
			eventually(ctx, userNamed("bakery", "gus"), env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent), env.HaveAccess())
			Expect(manager.Outbox.To("gus@bakery.example")).To(HaveLen(2))
		})
	})

	Describe("an application that asks", analyticsDecisions)
})
