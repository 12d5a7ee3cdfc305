package invitation_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("what becomes of an invitation", func() {
	var w world
	var first *accessv1.Invitation
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		cluster.ExpectApplied(ctx, w.user("ana"))
		first = w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
	})

	It("is Accepted, and stays", func(ctx context.Context) {
		cluster.Accept(ctx, w.user("ana"))
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationAccepted), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonAccepted))
		env.ExpectChanged(ctx, cluster, first, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationAccepted), env.BeReady())
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive))
	})

	It("is Expired when its time runs out, without any event", func(ctx context.Context) {
		end := metav1.NewTime(time.Now().Add(2 * time.Second).Truncate(time.Second))
		env.ExpectForged(ctx, cluster, first, func(i *accessv1.Invitation) { i.Status.ExpiresAt = &end })
		w.expectUser(ctx, "ana", WithTransform(func(u *accessv1.User) int64 { return u.Status.Invitation.ExpiresAt.Unix() }, Equal(end.Unix())))
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationExpired), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonExpired))
		Expect(time.Now()).To(BeTemporally(">=", end.Time))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending),
			env.HaveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationExpired))
	})

	It("is Superseded by a newer one, which is sent and can be accepted", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.invitation("again", "ana"))
		w.expectInvitation(ctx, "again", env.HaveState(accessv1.InvitationSent))
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSuperseded), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonSuperseded))
		Expect(office.to(w.address("ana"))).To(HaveLen(2))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		Expect(ana.Status.Invitation.Name).To(Equal("again"))
		cluster.Accept(ctx, ana)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive))
	})

	It("belongs to its user from the first attempt on, whoever wrote it", func(ctx context.Context) {
		byHand := w.invitation("by-hand", "ana")
		byHand.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "example.org/v1", Kind: "Pipeline", Name: "p", UID: "1", Controller: ptr.To(true),
		}}
		cluster.ExpectApplied(ctx, byHand)
		sent := w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationSent))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		Expect(sent.OwnerReferences).To(HaveLen(2))
		Expect(sent.OwnerReferences[1].UID).To(Equal(ana.UID))
		Expect(sent.Labels).To(HaveKeyWithValue(accessv1.LabelUser, string(ana.UID)))
	})

	DescribeTable("is Cancelled",
		func(ctx context.Context, change func(ctx context.Context), reason string) {
			change(ctx)
			w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationCancelled), env.HaveCondition(accessv1.ConditionReady, yes, reason))
		},
		Entry("by its field", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, first, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		}, accessv1.ReasonCancelled),
		Entry("when its user is deactivated", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), inactive)
		}, accessv1.ReasonUserNotWaiting),
		Entry("when its user is deleted", func(ctx context.Context) {
			cluster.ExpectDeleted(ctx, w.user("ana"))
		}, accessv1.ReasonUserNotFound),
		Entry("when its user has another address", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.Email = w.address("silva") })
			Eventually(func() int { return len(office.to(w.address("silva"))) }, "20s").Should(Equal(1))
		}, accessv1.ReasonAddressChanged),
		Entry("when its user needs none any more", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone })
		}, accessv1.ReasonUserNotWaiting),
	)

	It("survives a status that somebody else emptied", func(ctx context.Context) {
		env.ExpectForged(ctx, cluster, first, func(i *accessv1.Invitation) {
			i.Status = accessv1.InvitationStatus{ObservedGeneration: -1, State: accessv1.InvitationSent}
		})
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSent), env.BeReady())
		env.ExpectForged(ctx, cluster, first, func(i *accessv1.Invitation) {
			i.Status = accessv1.InvitationStatus{ObservedGeneration: -1, State: accessv1.InvitationSending}
		})
		again := w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSent), env.BeReady())
		Expect(again.Status.ExpiresAt).NotTo(BeNil())
	})
})

var _ = Describe("an invitation that somebody wrote", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	DescribeTable("is not sent, and ends, when the user needs none",
		func(ctx context.Context, change func(*accessv1.User)) {
			cluster.ExpectApplied(ctx, w.user("ana", change))
			cluster.ExpectApplied(ctx, w.invitation("by-hand", "ana"))
			w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationCancelled),
				env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonUserNotWaiting))
			Expect(office.to(w.address("ana"))).To(BeEmpty())
		},
		Entry("a robot", func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }),
		Entry("a robot without an address", func(u *accessv1.User) { u.Spec.Type, u.Spec.Email = accessv1.UserTypeRobot, "" }),
		Entry("onboarding None", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone }),
		Entry("inactive", inactive),
	)

	It("waits while the address is not allowed, and goes out once it is", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", func(u *accessv1.User) { u.Spec.Email = "ana@" + w.name + ".elsewhere.example" }), w.invitation("by-hand", "ana"))
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotWaiting),
			WithTransform(func(i *accessv1.Invitation) string { return messageOf(i, accessv1.ConditionReady) }, ContainSubstring("allowedEmailDomains")))
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.AllowedEmailDomains = nil })
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationSent))
		Expect(office.to("ana@" + w.name + ".elsewhere.example")).To(HaveLen(1))
	})

	It("waits while an older user has the address", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("a"))
		w.expectFirst(ctx, "a", env.HaveState(accessv1.InvitationSent))
		cluster.ExpectApplied(ctx, w.user("b", func(u *accessv1.User) { u.Spec.Email = w.address("a") }), w.invitation("by-hand", "b"))
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotWaiting),
			WithTransform(func(i *accessv1.Invitation) string { return messageOf(i, accessv1.ConditionReady) }, ContainSubstring("User a is older")))
		Expect(office.to(w.address("a"))).To(HaveLen(1))
	})

	It("waits while the tenant is suspended, and says so", func(ctx context.Context) {
		env.ExpectSuspended(ctx, cluster, w.tenant())
		cluster.ExpectApplied(ctx, w.user("ana"), w.invitation("by-hand", "ana"))
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonTenantSuspended))
		Expect(office.to(w.address("ana"))).To(BeEmpty())
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationSent))
	})

	It("waits for nobody's settings while the tenant is suspended", func(ctx context.Context) {
		office.answer(w.address("ana"), env.Failure(mail.Misconfigured, "no password"))
		cluster.ExpectApplied(ctx, w.user("ana"))
		first := w.expectFirst(ctx, "ana", env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonMisconfigured))
		env.ExpectSuspended(ctx, cluster, w.tenant())
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSending),
			env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonPending),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonTenantSuspended))
		office.answer(w.address("ana"), nil)
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSent), env.BeReady())
	})

	It("waits for its user, and is then the one that he gets", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.invitation("by-hand", "ana"))
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotFound))
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationSent))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		Expect(office.to(w.address("ana"))).To(HaveLen(1))
	})

	It("that belongs to a user who is gone ends, and is none of his who has the name now", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		stale := w.invitation("stale", "ana")
		stale.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "User", Name: "ana", UID: "00000000-0000-0000-0000-000000000000",
		}}
		cluster.ExpectApplied(ctx, stale)
		w.expectInvitation(ctx, "stale", env.HaveState(accessv1.InvitationCancelled), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonUserNotFound))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		Expect(office.to(w.address("ana"))).To(HaveLen(1))
	})

	It("is valid for as long as it says", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		short := w.invitation("short", "ana")
		short.Spec.ValidSeconds = 3600
		cluster.ExpectApplied(ctx, short)
		sent := w.expectInvitation(ctx, "short", env.HaveState(accessv1.InvitationSent))
		Expect(sent.Status.ExpiresAt.Sub(sent.Status.FirstAttemptAt.Time)).To(Equal(time.Hour))
	})
})

var _ = Describe("the mail", func() {
	It("names tenant, product and person in the tenant's language, and without a guard nobody whom its writer chose", func(ctx context.Context) {
		w := newWorld(ctx, func(t *accessv1.Tenant) {
			t.Spec.Onboarding.ProductName, t.Spec.Onboarding.Locale = "Händlerportal", "de"
			t.Spec.Onboarding.SupportEmail, t.Spec.Onboarding.ValidSeconds = "hilfe@acme.example", 7200
		})
		byHand := w.invitation("by-hand", "ana")
		byHand.Spec.RequestedBy = "jo@acme.example"
		cluster.ExpectApplied(ctx, byHand, w.user("ana", func(u *accessv1.User) { u.Spec.FirstName = "Ana" }))
		sent := w.expectInvitation(ctx, "by-hand", env.HaveState(accessv1.InvitationSent))
		Expect(sent.Status.ExpiresAt.Sub(sent.Status.FirstAttemptAt.Time)).To(Equal(2 * time.Hour))
		message := office.to(w.address("ana"))[0]
		Expect(message.Subject).To(And(ContainSubstring("Acme GmbH"), ContainSubstring("Händlerportal")))
		link := "https://roster.example/invitations/" + string(sent.UID)
		for _, part := range []string{message.Text, message.HTML} {
			Expect(part).To(And(MatchRegexp("Guten Tag (<bdi>)?Ana(</bdi>)?,"), ContainSubstring("Acme GmbH"), ContainSubstring("Händlerportal"),
				ContainSubstring(link), ContainSubstring("Uhr UTC"), ContainSubstring("hilfe@acme.example"), Not(ContainSubstring("jo@"))))
		}
	})

	It("names the catalog's title where the tenant has no product name, and greets without a name", func(ctx context.Context) {
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		message := office.to(w.address("ana"))[0]
		Expect(message.Subject).To(Equal("Acme GmbH invites you to Commerce dashboard"))
		Expect(message.Text).To(HavePrefix("Hello,\n"))
	})
})

func messageOf(i *accessv1.Invitation, kind string) string {
	for _, c := range i.Status.Conditions {
		if c.Type == kind {
			return c.Message
		}
	}
	return ""
}
