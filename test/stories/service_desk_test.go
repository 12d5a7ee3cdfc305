package stories_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("service desk", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) { begin(ctx, "service-desk", "helpline") })
	expectSound("helpline")

	Describe("users", func() {
		It("are service agents, self-service users and robots, each in a list of their own", func(ctx context.Context) {
			Expect(namesWhere(ctx, "helpline", "spec.type=Employee")).To(ContainElements("greta", "hugo", "uma"))
			Expect(namesWhere(ctx, "helpline", "spec.type=SelfService")).To(Equal([]string{"selma"}))
			Expect(namesWhere(ctx, "helpline", "spec.type=Robot")).To(Equal([]string{"intake-robot"}))
		})

		DescribeTable("are created, edited and deleted, and listed at all, by permission only", func(ctx context.Context, list string, agent, dispatcher types.GomegaMatcher) {
			eventually(ctx, userNamed("helpline", "uma"), mayManage(list))
			eventually(ctx, userNamed("helpline", "greta"), env.HaveState(accessv1.UserActive), agent)
			eventually(ctx, userNamed("helpline", "hugo"), env.HaveState(accessv1.UserActive), dispatcher)
		},
			Entry("service agents", "service-agents", mayNot(access.NoGrant, "read", "service-agents"), mayOnlyRead("service-agents")),
			Entry("self-service users", "self-service-users", mayNot(access.NoGrant, "read", "self-service-users"), mayNot(access.NoGrant, "read", "self-service-users")),
			Entry("robots", "robots", mayNot(access.NoGrant, "read", "robots"), mayNot(access.NoGrant, "read", "robots")),
		)

		It("are invited if they are people; a robot has no address, is never invited and is active at once", func(ctx context.Context) {
			for _, address := range []string{"greta@helpline.example", "hugo@helpline.example", "uma@helpline.example", "selma@contoso.example"} {
				Expect(subjects(manager.Outbox.To(address))).To(Equal([]string{"Helpline Services invites you to Service desk"}))
			}
			robot := eventually(ctx, userNamed("helpline", "intake-robot"), env.HaveState(accessv1.UserActive), env.BeReady(),
				env.HaveCondition(accessv1.ConditionInvitationAccepted, yes, accessv1.ReasonNotNeeded))
			Expect(robot.Status.Invitation).To(BeNil())
			Expect(invitationsOf(ctx, robot)).To(BeEmpty())

			By("giving a robot an address, to which nothing is sent either")
			mailed := invitee("helpline", "reply-robot", "intake")
			mailed.Spec.Type = accessv1.UserTypeRobot
			cluster.ExpectApplied(ctx, mailed)
			mailed = eventually(ctx, mailed, env.HaveState(accessv1.UserActive), may("create", "tickets"))
			Expect(invitationsOf(ctx, mailed)).To(BeEmpty())
			Expect(manager.Outbox.To(mailed.Spec.Email)).To(BeEmpty())
			Expect(cluster.Client.Delete(ctx, mailed)).To(Succeed())
		})

		It("are removed with their access, whether people or robots", func(ctx context.Context) {
			robot := userNamed("helpline", "night-robot")
			robot.Spec.Type = accessv1.UserTypeRobot
			robot.Spec.Groups = []accessv1.GroupMembership{{Name: "intake"}}
			cluster.ExpectApplied(ctx, robot, newcomer("helpline", "ilse", "dispatchers"))
			eventually(ctx, robot, may("create", "tickets"))
			eventually(ctx, userNamed("helpline", "ilse"), may("assign", "tickets"))
			eventually(ctx, groupNamed("helpline", "intake"), haveMembers(2))
			eventually(ctx, groupNamed("helpline", "dispatchers"), haveMembers(2))
			for _, name := range []string{"night-robot", "ilse"} {
				Expect(cluster.Client.Delete(ctx, userNamed("helpline", name))).To(Succeed())
				expectGone(ctx, userNamed("helpline", name))
			}
			eventually(ctx, groupNamed("helpline", "intake"), haveMembers(1))
			eventually(ctx, groupNamed("helpline", "dispatchers"), haveMembers(1))
		})

		It("whose open invitation is removed with them can no longer accept it", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("helpline", "jule", "dispatchers"))
			jule := eventually(ctx, userNamed("helpline", "jule"), haveInvitation(accessv1.InvitationSent))
			Expect(cluster.Client.Delete(ctx, userNamed("helpline", "jule"))).To(Succeed())
			eventually(ctx, invitationNamed("helpline", jule.Status.Invitation.Name), env.HaveState(accessv1.InvitationCancelled))
		})
	})

	Describe("a password reset", func() {
		It("lets somebody who is in without an invitation choose his first password", func(ctx context.Context) {
			first := eventually(ctx, resetNamed("helpline", "kim-first-password"), env.HaveState(accessv1.InvitationSent), env.BeReady())
			Expect(first.Status.ExpiresAt.Sub(first.Status.FirstAttemptAt.Time)).To(Equal(24 * time.Hour))
			Expect(manager.Outbox.To("kim@helpline.example")).To(HaveLen(1))
		})

		It("mails an agent a link under which a new password is chosen", func(ctx context.Context) {
			greta := eventually(ctx, userNamed("helpline", "greta"), env.HaveState(accessv1.UserActive))
			cluster.ExpectApplied(ctx, resetFor(greta, "greta-forgot"))
			reset := eventually(ctx, resetNamed("helpline", "greta-forgot"), env.HaveState(accessv1.InvitationSent), env.BeReady())
			mails := manager.Outbox.To(greta.Spec.Email)
			Expect(mails[len(mails)-1].Text).To(And(ContainSubstring("https://roster.example/password-resets/"+string(reset.UID)), ContainSubstring("Greta")))
			Expect(eventually(ctx, greta, env.BeReady()).Status.EffectiveAccess).NotTo(BeEmpty(), "asking takes nothing away")

			By("withdrawing it")
			change(ctx, reset, func(r *accessv1.PasswordReset) { r.Spec.Cancel = ptr.To(true) })
			eventually(ctx, reset, env.HaveState(accessv1.InvitationCancelled))
		})

		It("is refused for a robot, and for whoever has not joined", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, invitee("helpline", "otto", "dispatchers"))
			otto := eventually(ctx, userNamed("helpline", "otto"), env.HaveState(accessv1.UserInvited))
			for _, user := range []*accessv1.User{otto, userNamed("helpline", "intake-robot")} {
				cluster.ExpectApplied(ctx, resetFor(user, user.Name+"-reset"))
				eventually(ctx, resetNamed("helpline", user.Name+"-reset"), env.HaveState(accessv1.InvitationCancelled),
					env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonUserNotActive))
			}
			Expect(subjects(manager.Outbox.To("otto@helpline.example"))).To(Equal([]string{"Helpline Services invites you to Service desk"}))
			Expect(cluster.Client.Delete(ctx, otto)).To(Succeed())
		})
	})

	Describe("groups of agents", func() {
		It("limit work to a customer", func(ctx context.Context) {
			greta := eventually(ctx, userNamed("helpline", "greta"), mayManage("tickets", "customer=contoso"))
			agent := actingIn("contoso-agents")
			Expect(greta).To(And(mayManage("tickets", "customer=contoso", "contract=standard"), mayManage("time-entries", "customer=contoso"),
				mayNot(access.OutsideRestriction, "read", "tickets", "customer=fabrikam"), mayNot(access.OutsideRestriction, "read", "tickets"),
				mayOnlyRead("customers", "id=contoso"), mayNot(access.OutsideRestriction, "read", "customers", "id=fabrikam"),
				mayOnlyRead("contracts", "id=gold", "customer=contoso"), mayNot(access.OutsideRestriction, "read", "contracts", "id=gold", "customer=fabrikam"),
				agent.mayNot(access.OutsideRestriction, "read", "time-entries", "customer=fabrikam")))
		})

		It("limit work to a service under a contract, where both must hold", func(ctx context.Context) {
			hugo := eventually(ctx, userNamed("helpline", "hugo"), haveGroups("dispatchers from User", "gold-network-agents from User"),
				mayManage("tickets", "contract=gold", "service=network"))
			agent := actingIn("gold-network-agents")
			Expect(hugo).To(And(agent.may("update", "tickets", "contract=gold", "service=network"),
				agent.mayNot(access.OutsideRestriction, "read", "tickets", "contract=gold", "service=workplace"),
				agent.mayNot(access.OutsideRestriction, "read", "tickets", "contract=standard", "service=network"),
				agent.mayNot(access.OutsideRestriction, "read", "tickets", "contract=gold"),
				mayManage("time-entries", "contract=gold"), mayNot(access.OutsideRestriction, "read", "time-entries", "contract=standard"),
				mayOnlyRead("contracts", "id=gold"), mayNot(access.OutsideRestriction, "read", "contracts", "id=standard")))
		})

		It("limit work to single processes", func(ctx context.Context) {
			cluster.ExpectApplied(ctx, newcomer("helpline", "kurt", "back-office"))
			eventually(ctx, userNamed("helpline", "kurt"), env.HaveAccess("processes: Manage at process=onboarding,procurement via back-office"),
				mayManage("processes", "id=onboarding"), mayManage("processes", "id=procurement"),
				mayNot(access.OutsideRestriction, "read", "processes", "id=offboarding"))

			onboarding := groupWith("helpline", "onboarding-agents", "agent")
			onboarding.Spec.Restrictions = references("process.onboarding")
			cluster.ExpectApplied(ctx, onboarding, newcomer("helpline", "lara", "onboarding-agents"))
			eventually(ctx, userNamed("helpline", "lara"), mayManage("tickets", "process=onboarding"), mayOnlyRead("processes", "id=onboarding"),
				mayNot(access.OutsideRestriction, "read", "tickets", "process=procurement"), mayNot(access.OutsideRestriction, "read", "processes", "id=procurement"))
		})

		It("limit self-service users to the requests of their own company", func(ctx context.Context) {
			selma := eventually(ctx, userNamed("helpline", "selma"), env.HaveAccess("requests: Read, create at customer=contoso via portal/self-service"))
			Expect(selma).To(And(may("create", "requests", "customer=contoso"), mayNot(access.OutsideRestriction, "read", "requests", "customer=fabrikam"),
				mayNot(access.NoGrant, "delete", "requests", "customer=contoso")))
		})
	})

	Describe("roles", func() {
		It("decide features", func(ctx context.Context) {
			eventually(ctx, userNamed("helpline", "hugo"), may("assign", "tickets"), mayOnlyRead("tickets", "customer=fabrikam"))
			eventually(ctx, userNamed("helpline", "greta"), mayNot(access.NoGrant, "assign", "tickets", "customer=contoso"))
			eventually(ctx, userNamed("helpline", "intake-robot"), env.HaveAccess(
				"requests: Read via intake/intake", "tickets: create via intake/intake"), mayNot(access.NoGrant, "read", "tickets"))
			eventually(ctx, userNamed("helpline", "uma"), env.HaveAccess(
				"robots, self-service-users, service-agents, users-and-groups: Manage via user-administrators/user-administrator"),
				mayNot(access.NoGrant, "read", "tickets"))
		})

		It("are for one type of user, and give others nothing", func(ctx context.Context) {
			selma := eventually(ctx, userNamed("helpline", "selma"), haveGroups("contoso-agents from User", "portal from User"),
				env.HaveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonRoleWithheld),
				mayNot(access.NoGrant, "read", "tickets", "customer=contoso"))
			Expect(selma).To(env.BeReady())
			robot := userNamed("helpline", "stray-robot")
			robot.Spec.Type = accessv1.UserTypeRobot
			robot.Spec.Groups = []accessv1.GroupMembership{{Name: "user-administrators"}}
			cluster.ExpectApplied(ctx, robot)
			eventually(ctx, robot, haveGroups("user-administrators from User"), env.HaveAccess(),
				env.HaveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonRoleWithheld))
			Expect(cluster.Client.Delete(ctx, robot)).To(Succeed())
		})
	})

	Describe("an application that asks", serviceDeskDecisions)
})
