package stories_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// serviceDeskDecisions are what the suite asks before it shows a list, a ticket or a button.
func serviceDeskDecisions() {
	var suite application
	BeforeAll(func(ctx context.Context) { suite = applicationIn(ctx, "helpline") })

	It("shows each list of users to those who may read it", func(ctx context.Context) {
		suite.hears(ctx,
			"? read service-agents: hugo uma", "? read self-service-users: uma", "? read robots: uma",
			"greta@helpline.example read service-agents: deny NoGrant", "selma@contoso.example read self-service-users: deny NoGrant")
	})

	It("lets users be created, edited and deleted by those who may", func(ctx context.Context) {
		for _, list := range []string{"service-agents", "self-service-users", "robots"} {
			suite.hears(ctx, "? create "+list+": uma", "? delete "+list+": uma", "uma@helpline.example ? "+list+": create delete read update")
		}
		suite.hears(ctx, "hugo@helpline.example ? service-agents: read", "hugo@helpline.example update service-agents: deny NoGrant")
	})

	It("keeps agents to the work for their customer", func(ctx context.Context) {
		suite.hears(ctx,
			"greta@helpline.example ? tickets customer=contoso: create delete read update",
			"greta@helpline.example read tickets customer=fabrikam: deny OutsideRestriction customer",
			"greta@helpline.example read tickets: deny OutsideRestriction customer",
			"greta@helpline.example read tickets where=?: customer=contoso",
			"greta@helpline.example read customers id=?: contoso",
			"greta@helpline.example read customers id=fabrikam: deny OutsideRestriction customer",
			"? update tickets customer=contoso: greta")
	})

	It("keeps agents to a contract and a service, where both must hold", func(ctx context.Context) {
		suite.hears(ctx,
			"hugo@helpline.example update tickets where=?: contract=gold and service=network",
			"hugo@helpline.example update tickets contract=gold service=network: allow",
			"hugo@helpline.example update tickets contract=gold service=workplace: deny OutsideRestriction service",
			"hugo@helpline.example update tickets contract=standard service=network: deny OutsideRestriction contract",
			"hugo@helpline.example as gold-network-agents read tickets contract=gold: deny OutsideRestriction service",
			"hugo@helpline.example as dispatchers read tickets contract=standard: allow",
			"hugo@helpline.example read contracts id=?: gold",
			"hugo@helpline.example update time-entries contract=standard: deny OutsideRestriction contract")
	})

	It("keeps agents to single processes", func(ctx context.Context) {
		group := groupWith("helpline", "onboarding-desk", "agent")
		group.Spec.Restrictions = references("process.onboarding")
		cluster.ExpectApplied(ctx, group, newcomer("helpline", "mika", "onboarding-desk"))
		suite.hears(ctx,
			"greta@helpline.example update processes id=?: onboarding procurement",
			"mika@helpline.example read processes id=?: onboarding",
			"mika@helpline.example update processes id=onboarding: deny NoGrant",
			"mika@helpline.example update tickets process=onboarding: allow",
			"mika@helpline.example update tickets process=procurement: deny OutsideRestriction process")
	})

	It("keeps self-service users to the requests of their own company", func(ctx context.Context) {
		suite.hears(ctx,
			"selma@contoso.example ? requests customer=contoso: create read",
			"selma@contoso.example create requests where=?: customer=contoso",
			"selma@contoso.example read requests customer=fabrikam: deny OutsideRestriction customer",
			"selma@contoso.example delete requests customer=contoso: deny NoGrant")
	})

	It("shows the features of one's role, and none of a role for another type of user", func(ctx context.Context) {
		suite.hears(ctx,
			"? assign tickets: hugo", "greta@helpline.example assign tickets customer=contoso: deny NoGrant",
			"intake-robot ? tickets: create", "intake-robot ? requests: read", "intake-robot read tickets: deny NoGrant",
			"uma@helpline.example read tickets: deny NoGrant",
			"selma@contoso.example ? tickets customer=contoso: none", "selma@contoso.example as contoso-agents read tickets customer=contoso: deny NoGrant",
			"greta@helpline.example close tickets customer=contoso: deny UnknownAction")
	})

	It("takes the work of a group away with the next answer", func(ctx context.Context) {
		lotte := newcomer("helpline", "lotte", "contoso-agents", "back-office")
		cluster.ExpectApplied(ctx, lotte)
		suite.hears(ctx, "lotte@helpline.example update tickets customer=contoso: allow")
		change(ctx, lotte, func(u *accessv1.User) { u.Spec.Groups = u.Spec.Groups[1:] })
		suite.since(lotte.ResourceVersion).hears(ctx, "lotte@helpline.example update tickets customer=contoso: deny NoGrant",
			"lotte@helpline.example update processes id=procurement: allow")
		Expect(cluster.Client.Delete(ctx, lotte)).To(Succeed())
		suite.hears(ctx, "lotte@helpline.example update processes id=procurement: deny UnknownUser")
	})

	It("takes access away with robots that are stopped or removed", func(ctx context.Context) {
		robot := userNamed("helpline", "mail-robot")
		robot.Spec.Type = accessv1.UserTypeRobot
		robot.Spec.Groups = []accessv1.GroupMembership{{Name: "intake"}}
		cluster.ExpectApplied(ctx, robot)
		suite.hears(ctx, "mail-robot create tickets: allow")
		change(ctx, robot, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		suite.since(robot.ResourceVersion).hears(ctx, "mail-robot create tickets: deny NotActive", "intake-robot create tickets: allow")
		Expect(cluster.Client.Delete(ctx, robot)).To(Succeed())
		suite.hears(ctx, "mail-robot create tickets: deny UnknownUser")
	})
}
