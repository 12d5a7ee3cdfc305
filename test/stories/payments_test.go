package stories_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("payments", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) { begin(ctx, "payments", "streamly") })
	expectSound("streamly")

	It("lists users with name, email, status and role", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, invitee("streamly", "vic", "admins"))
		eventually(ctx, userNamed("streamly", "vic"), env.HaveState(accessv1.UserInvited))
		Expect(kubectl(ctx, "get", "users.access.roster.dev", "-n", "streamly", "--sort-by", ".spec.email", "-o",
			"custom-columns=NAME:.spec.lastName,EMAIL:.spec.email,STATUS:.status.state,ROLES:.status.groups[*].name",
		)).To(Equal([]string{
			"NAME EMAIL STATUS ROLES",
			"Stone adam@streamly.example Active admins",
			"Faro ines@streamly.example Active reporting,system-integrators",
			"Petrov olga@streamly.example Active owners",
			"Grant paul@streamly.example Active payment-managers",
			"Lind rae@streamly.example Inactive reporting",
			"<none> vic@streamly.example Invited admins",
		}))
	})

	Describe("roles", func() {
		It("give an owner everything", func(ctx context.Context) {
			olga := eventually(ctx, userNamed("streamly", "olga"), env.HaveState(accessv1.UserActive), may("retry", "payments"))
			for _, resource := range vocabularies["streamly"].Resources() {
				Expect(olga).To(mayManage(resource))
			}
		})

		It("give an admin all content, and not the account", func(ctx context.Context) {
			eventually(ctx, userNamed("streamly", "adam"), env.HaveAccess(
				"analytics, api-access, customer-support, gateways, reports, subscriptions, users-and-groups, webhooks: Manage via admins/admin",
				"payments: Manage, retry via admins/admin"), mayNot(access.NoGrant, "read", "billing"))
		})

		It("give a system integrator the technical side, and reporting analytics and reports: two roles add up", func(ctx context.Context) {
			eventually(ctx, userNamed("streamly", "ines"), env.HaveAccess(
				"api-access, gateways, webhooks: Manage via system-integrators/system-integrator",
				"analytics, reports: Read via reporting/reporting"), mayNot(access.NoGrant, "read", "payments"))
		})

		It("give payment management payments and customer support", func(ctx context.Context) {
			eventually(ctx, userNamed("streamly", "paul"), env.HaveAccess(
				"customer-support, subscriptions: Manage via payment-managers/payment-management",
				"payments: Manage, retry via payment-managers/payment-management"),
				mayNot(access.NoGrant, "read", "reports"), mayNot(access.NoGrant, "read", "gateways"))
		})

		It("let owners and admins invite, and nobody else", func(ctx context.Context) {
			for _, name := range []string{"olga", "adam"} {
				eventually(ctx, userNamed("streamly", name), mayManage("users-and-groups"))
			}
			for _, name := range []string{"ines", "paul"} {
				eventually(ctx, userNamed("streamly", name), mayNot(access.NoGrant, "create", "users-and-groups"), mayNot(access.NoGrant, "read", "users-and-groups"))
			}
		})
	})

	Describe("an invitation", func() {
		It("is pending until it is accepted, and gives nothing before", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("streamly", "wim", "payment-managers", "reporting"))
			wim := eventually(ctx, userNamed("streamly", "wim"), env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent),
				env.HaveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonWaiting), env.BeReady(),
				env.HaveAccess(), mayNot(access.NotActive, "read", "payments"))
			sent := invitationsOf(ctx, wim)[0].Status
			Expect(sent.ExpiresAt.Sub(sent.FirstAttemptAt.Time).Hours()).To(Equal(72.0))
			Expect(subjects(manager.Outbox.To("wim@streamly.example"))).To(Equal([]string{"Streamly invites you to Payment recovery"}))

			cluster.Accept(ctx, wim)
			eventually(ctx, wim, env.HaveState(accessv1.UserActive), env.HaveCondition(accessv1.ConditionInvitationAccepted, yes, accessv1.ReasonAccepted),
				mayManage("payments"), mayOnlyRead("reports"))
		})

		It("can be cancelled until then, and not afterwards", func(ctx context.Context) {
			cancel := func(name string) {
				change(ctx, invitationNamed("streamly", name), func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
			}
			cluster.ExpectApplied(ctx, invitee("streamly", "xena", "reporting"), invitee("streamly", "yves", "reporting"))
			xena := eventually(ctx, userNamed("streamly", "xena"), haveInvitation(accessv1.InvitationSent))
			cancel(xena.Status.Invitation.Name)
			eventually(ctx, xena, env.HaveState(accessv1.UserPending), haveInvitation(accessv1.InvitationCancelled), env.HaveAccess(),
				env.HaveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationCancelled))
			Expect(manager.Outbox.To("xena@streamly.example")).To(HaveLen(1))

			cluster.Accept(ctx, userNamed("streamly", "yves"))
			yves := eventually(ctx, userNamed("streamly", "yves"), env.HaveState(accessv1.UserActive))
			cancel(yves.Status.Invitation.Name)
			eventually(ctx, invitationNamed("streamly", yves.Status.Invitation.Name), env.HaveState(accessv1.InvitationAccepted),
				env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonAccepted))
			eventually(ctx, yves, env.HaveState(accessv1.UserActive), mayOnlyRead("reports"))
		})
	})

	Describe("a user", func() {
		It("is deactivated rather than deleted, which takes the access and keeps the history", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("streamly", "zack", "payment-managers"))
			cluster.Accept(ctx, userNamed("streamly", "zack"))
			zack := eventually(ctx, userNamed("streamly", "zack"), env.HaveState(accessv1.UserActive), mayManage("payments"))
			accepted := zack.Status.AcceptedAt

			setState(ctx, zack, accessv1.AccountInactive)
			zack = eventually(ctx, zack, env.HaveState(accessv1.UserInactive), env.BeReady(), env.HaveAccess(), mayNot(access.NotActive, "read", "payments"))
			Expect(zack).To(And(haveGroups("payment-managers from User"), haveInvitation(accessv1.InvitationAccepted),
				HaveField("Status.AcceptedAt", accepted), HaveField("Status.AcceptedEmail", "zack@streamly.example")))
			Expect(invitationsOf(ctx, zack)).To(ConsistOf(HaveField("Status.State", accessv1.InvitationAccepted)))
			eventually(ctx, tenantNamed("streamly"), HaveField("Spec.UserRemoval", accessv1.RemovalRetain))

			By("reactivating without another mail")
			setState(ctx, zack, accessv1.AccountActive)
			eventually(ctx, zack, env.HaveState(accessv1.UserActive), mayManage("payments"))
			Expect(invitationsOf(ctx, zack)).To(HaveLen(1))
			Expect(manager.Outbox.To("zack@streamly.example")).To(HaveLen(1))
		})

		It("who is deactivated is asked for nothing any more", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("streamly", "lea", "reporting"))
			lea := eventually(ctx, userNamed("streamly", "lea"), env.HaveState(accessv1.UserActive))
			cluster.ExpectApplied(ctx, resetFor(lea, "lea-open"))
			eventually(ctx, resetNamed("streamly", "lea-open"), env.HaveState(accessv1.InvitationSent))
			change(ctx, lea, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
			eventually(ctx, resetNamed("streamly", "lea-open"), env.HaveState(accessv1.InvitationCancelled))
			cluster.ExpectApplied(ctx, resetFor(lea, "lea-late"), invitationTo(lea, "lea-back"))
			eventually(ctx, resetNamed("streamly", "lea-late"), env.HaveState(accessv1.InvitationCancelled))
			eventually(ctx, invitationNamed("streamly", "lea-back"), env.HaveState(accessv1.InvitationCancelled))
			Expect(manager.Outbox.To("lea@streamly.example")).To(HaveLen(1))
		})

		It("who is deactivated while invited is no longer waited for", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("streamly", "una", "reporting"))
			una := eventually(ctx, userNamed("streamly", "una"), haveInvitation(accessv1.InvitationSent))
			setState(ctx, una, accessv1.AccountInactive)
			eventually(ctx, una, env.HaveState(accessv1.UserInactive), haveInvitation(accessv1.InvitationCancelled), env.HaveAccess())
		})

		It("who was never in is asked first when he becomes active", func(ctx context.Context) {
			rae := eventually(ctx, userNamed("streamly", "rae"), env.HaveState(accessv1.UserInactive), env.HaveAccess())
			Expect(invitationsOf(ctx, rae)).To(BeEmpty())
			Expect(manager.Outbox.To("rae@streamly.example")).To(BeEmpty())
			setState(ctx, rae, accessv1.AccountActive)
			cluster.Accept(ctx, rae)
			eventually(ctx, rae, env.HaveAccess("analytics, reports: Read via reporting/reporting"))
			setState(ctx, rae, accessv1.AccountInactive)
			eventually(ctx, rae, env.HaveState(accessv1.UserInactive), env.HaveAccess())
		})
	})

	Describe("an application that asks", paymentsDecisions)
})

func setState(ctx context.Context, user *accessv1.User, state accessv1.AccountState) *accessv1.User {
	GinkgoHelper()
	return change(ctx, userNamed(user.Namespace, user.Name), func(u *accessv1.User) { u.Spec.State = state })
}
