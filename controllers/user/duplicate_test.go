package user_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("an address that two users have", func() {
	var w world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx, inviting)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")))
	})

	// applyInTurn makes the first older than the second: creation times have whole seconds, and within one the name
	// decides, so the names have to be in order.
	applyInTurn := func(ctx context.Context, first, second *accessv1.User) {
		GinkgoHelper()
		Expect(slices.IsSorted([]string{first.Name, second.Name})).To(BeTrue())
		cluster.ExpectApplied(ctx, first)
		w.expectUser(ctx, first.Name, haveInvitation(accessv1.InvitationSent))
		cluster.ExpectApplied(ctx, second)
	}

	DescribeTable("is the older one's, however it is spelled",
		func(ctx context.Context, first, second string) {
			applyInTurn(ctx, w.user("a", at(first)), w.user("b", at(second), in("viewers")))
			b := w.expectUser(ctx, "b", env.HaveState(accessv1.UserPending), env.HaveAccess(),
				haveCondition(accessv1.ConditionEmailUnique, no, accessv1.ReasonDuplicateEmail),
				haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonDuplicateEmail))
			Expect(b.Status.Invitation).To(BeNil())
			w.expectUser(ctx, "a", env.HaveState(accessv1.UserInvited), env.BeReady())
			Expect(w.invitations(ctx, "b")).To(BeEmpty())
		},
		Entry("the same", "sam@acme.example", "sam@acme.example"),
		Entry("in another case", "sam@acme.example", "SAM@Acme.Example"),
		Entry("in another script", "sam@bücher.example", "sam@xn--bcher-kva.example"),
	)

	It("does not let a duplicate in without an invitation either", func(ctx context.Context) {
		none := func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone }
		robot := func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }
		applyInTurn(ctx, w.user("a", at("sam@acme.example")), w.user("b", at("sam@acme.example"), none, in("viewers")))
		cluster.ExpectApplied(ctx, w.user("c", at("sam@acme.example"), robot, in("viewers")))
		for _, name := range []string{"b", "c"} {
			w.expectUser(ctx, name, env.HaveState(accessv1.UserPending), env.HaveAccess(),
				haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonDuplicateEmail))
		}
	})

	It("passes on to the next in age when the older goes", func(ctx context.Context) {
		applyInTurn(ctx, w.user("a", at("sam@acme.example")), w.user("b", at("sam@acme.example")))
		cluster.ExpectApplied(ctx, w.user("c", at("sam@acme.example")))
		c := w.expectUser(ctx, "c", haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonDuplicateEmail))
		Expect(messageOf(c, accessv1.ConditionEmailUnique)).To(HavePrefix("User a is older"), "the oldest is named, whatever the order of reading")
		cluster.ExpectDeleted(ctx, w.user("a"))
		w.expectUser(ctx, "b", env.HaveState(accessv1.UserInvited), env.BeReady(), haveInvitation(accessv1.InvitationSent))
		w.expectUser(ctx, "c", haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonDuplicateEmail),
			WithTransform(func(u *accessv1.User) string { return messageOf(u, accessv1.ConditionEmailUnique) }, HavePrefix("User b is older")))
		Expect(w.invitations(ctx, "c")).To(BeEmpty())
	})

	It("passes on when the older changes it, and the younger of two takes the older's place only then", func(ctx context.Context) {
		applyInTurn(ctx, w.user("a", at("sam@acme.example"), in("viewers")), w.user("b", at("sam@acme.example"), in("viewers")))
		cluster.Accept(ctx, w.user("a"))
		w.expectUser(ctx, "a", env.HaveState(accessv1.UserActive))
		w.expectUser(ctx, "b", env.HaveState(accessv1.UserPending))
		w.change(ctx, "a", at("sam.berg@acme.example"))
		w.expectUser(ctx, "b", haveInvitation(accessv1.InvitationSent), env.HaveAccess())
		cluster.Accept(ctx, w.user("b"))
		w.expectUser(ctx, "b", Not(env.HaveAccess()))
	})

	It("is lost at once by the younger who had taken it, when the older comes back to it", func(ctx context.Context) {
		applyInTurn(ctx, w.user("a", at("other@acme.example")), w.user("b", at("sam@acme.example"), in("viewers")))
		cluster.Accept(ctx, w.user("b"))
		w.expectUser(ctx, "b", Not(env.HaveAccess()))
		w.change(ctx, "a", at("sam@acme.example"))
		w.expectUser(ctx, "b", env.HaveState(accessv1.UserPending), env.HaveAccess(),
			haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonDuplicateEmail))
	})
})

func messageOf(u *accessv1.User, kind string) string {
	for _, c := range u.Status.Conditions {
		if c.Type == kind {
			return c.Message
		}
	}
	return ""
}
