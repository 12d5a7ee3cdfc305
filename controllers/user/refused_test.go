package user_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("an invitation that the API server refuses", func() {
	const access = "orders, products, tax: Read via viewers/viewer"
	robot := func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }
	asked := func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation }

	DescribeTable("leaves nobody the access that he had, says why, and is made when nothing is in the way any more",
		func(ctx context.Context, before func(*accessv1.User), change func(context.Context, world)) {
			w := newWorld(ctx)
			cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers"), before))
			if w.user("ana", before).Spec.Onboarding == accessv1.OnboardingInvitation {
				cluster.Accept(ctx, w.user("ana"))
			}
			w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(access))
			quota := cluster.ExpectUsedUp(ctx, w.invitation("any", "ana"))
			change(ctx, w)
			ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), env.HaveAccess(),
				haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonRefused),
				haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonRefused))
			Expect(messageOf(ana, accessv1.ConditionStalled)).To(And(HavePrefix("The API server refused"), ContainSubstring("exceeded quota")))

			cluster.ExpectDeleted(ctx, quota)
			w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
			w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), env.BeReady(), haveInvitation(accessv1.InvitationSent))
		},
		Entry("when the tenant begins to ask", active, func(ctx context.Context, w world) {
			env.ExpectChanged(ctx, cluster, w.tenant(), inviting)
		}),
		Entry("when a robot becomes a person", robot, func(ctx context.Context, w world) {
			w.change(ctx, "ana", func(u *accessv1.User) { asked(u); u.Spec.Type = accessv1.UserTypeEmployee })
		}),
		Entry("when an address changes", asked, func(ctx context.Context, w world) {
			w.change(ctx, "ana", at("ana.silva@acme.example"))
		}),
	)

	It("leaves nobody the access that he had when it cannot be made for another reason", func(ctx context.Context) {
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(access))
		broken := cluster.ExpectBroken(ctx, admissionv1.Create, w.invitation("any", "ana"))
		DeferCleanup(func(ctx context.Context) { cluster.ExpectDeleted(ctx, broken) })
		env.ExpectChanged(ctx, cluster, w.tenant(), inviting)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), env.HaveAccess())
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
	})
})
