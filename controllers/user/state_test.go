package user_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/env"
)

const (
	yes     = metav1.ConditionTrue
	no      = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
)

var _ = Describe("where a user stands", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx, inviting) })

	It("is Inactive by his spec, whatever else is wrong", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", inactive, in("nowhere"), at("ana@elsewhere.example")))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInactive), env.BeReady(), env.HaveAccess(),
			haveCondition(accessv1.ConditionReady, yes, accessv1.ReasonInactive),
			haveCondition(accessv1.ConditionEmailAllowed, no, accessv1.ReasonEmailNotAllowed),
			haveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonGroupNotFound))
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
	})

	It("is Pending while the address is not allowed, and is invited once it is", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", at("ana@elsewhere.example")))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending),
			haveCondition(accessv1.ConditionReady, no, accessv1.ReasonEmailNotAllowed),
			haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonEmailNotAllowed),
			haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonNotInvited))
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())

		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.AllowedEmailDomains = nil })
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), env.BeReady(), haveInvitation(accessv1.InvitationSent))
	})

	It("is Pending while the address is none", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", at("a..na@acme.example")))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending),
			haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonEmailInvalid),
			haveCondition(accessv1.ConditionEmailAllowed, no, accessv1.ReasonEmailInvalid),
			haveCondition(accessv1.ConditionEmailUnique, unknown, accessv1.ReasonEmailInvalid))
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
	})

	It("is Pending without a tenant, and goes on when it comes", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		late := world{name: namespace}
		cluster.ExpectApplied(ctx, late.user("ana", in("viewers")))
		late.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), env.HaveAccess(),
			haveCondition(accessv1.ConditionReady, no, accessv1.ReasonTenantNotFound),
			haveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonTenantNotFound),
			haveCondition(accessv1.ConditionEmailAllowed, unknown, accessv1.ReasonTenantNotFound),
			haveCondition(accessv1.ConditionAccessResolved, unknown, accessv1.ReasonTenantNotFound))
		Expect(late.invitations(ctx, "ana")).To(BeEmpty())

		cluster.ExpectApplied(ctx, late.tenant(inviting))
		late.expectUser(ctx, "ana", haveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonCatalogNotFound))
		Expect(late.invitations(ctx, "ana")).To(BeEmpty(), "the mail could not say what one is invited to")
		cluster.ExpectApplied(ctx, late.catalog())
		late.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		cluster.ExpectApplied(ctx, late.group("viewers", roles("viewer")))
		cluster.ExpectSoundStatuses(ctx, namespace)
	})

	It("is Active at once as a robot, with an address or without", func(ctx context.Context) {
		robot := func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")),
			w.user("mailer", robot, in("viewers")), w.user("silent", robot, at(""), in("viewers")))
		for _, name := range []string{"mailer", "silent"} {
			w.expectUser(ctx, name, env.HaveState(accessv1.UserActive), env.BeReady(),
				env.HaveAccess("orders, products, tax: Read via viewers/viewer"),
				haveCondition(accessv1.ConditionInvitationAccepted, yes, accessv1.ReasonNotNeeded))
			Expect(w.invitations(ctx, name)).To(BeEmpty())
		}
		w.expectUser(ctx, "silent", haveCondition(accessv1.ConditionEmailAllowed, yes, accessv1.ReasonNotNeeded))
	})

	It("is Active at once when onboarding is None, of the user or of the tenant", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone }), w.user("ben"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.BeReady())
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
		w.expectUser(ctx, "ben", env.HaveState(accessv1.UserInvited))

		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.Onboarding.Mode = accessv1.OnboardingNone })
		w.expectUser(ctx, "ben", env.HaveState(accessv1.UserActive), haveInvitation(accessv1.InvitationCancelled))
	})

	It("asks a single user for his acceptance where the tenant asks nobody", func(ctx context.Context) {
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.Onboarding.Mode = accessv1.OnboardingNone })
		cluster.ExpectApplied(ctx, w.user("ana", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation }))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
	})

	It("is Invited, and Ready, while the person has not answered; Active after acceptance", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent), env.HaveAccess(),
			haveCondition(accessv1.ConditionReady, yes, accessv1.ReasonInvited),
			haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonWaiting),
			haveCondition(accessv1.ConditionAccessResolved, yes, accessv1.ReasonNotActive))
		Expect(ana.Status.Invitation.Email).To(Equal("ana@acme.example"))
		Expect(ana.Status.Invitation.ExpiresAt).NotTo(BeNil())

		cluster.Accept(ctx, ana)
		ana = w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), haveInvitation(accessv1.InvitationAccepted),
			env.HaveAccess("orders, products, tax: Read via viewers/viewer"),
			haveCondition(accessv1.ConditionInvitationAccepted, yes, accessv1.ReasonAccepted))
		Expect(ana.Status.AcceptedEmail).To(Equal("ana@acme.example"))
		Expect(ana.Status.AcceptedAt).NotTo(BeNil())
		Expect(ana.Status.AccessSummary).To(Equal("manage 0, read 3"))
	})

	It("stays Active when the invitation that he accepted is deleted", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		cluster.Accept(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive))
		cluster.ExpectDeleted(ctx, ptr.To(w.invitations(ctx, "ana")[0]))
		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.BeReady(), haveInvitation(accessv1.InvitationAccepted))
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
	})

	DescribeTable("is Pending when the invitation came to nothing, and the condition says why",
		func(ctx context.Context, end accessv1.InvitationState, ready metav1.ConditionStatus, reason string) {
			cluster.ExpectApplied(ctx, w.user("ana"))
			w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
			env.ExpectForged(ctx, cluster, ptr.To(w.invitations(ctx, "ana")[0]), func(i *accessv1.Invitation) { i.Status.State = end })
			w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), haveInvitation(end),
				haveCondition(accessv1.ConditionInvitationAccepted, no, reason),
				haveCondition(accessv1.ConditionReady, ready, reason))
			Expect(w.invitations(ctx, "ana")).To(HaveLen(1), "asking again is for people to decide")
		},
		Entry("expired", accessv1.InvitationExpired, yes, accessv1.ReasonInvitationExpired),
		Entry("failed", accessv1.InvitationFailed, no, accessv1.ReasonInvitationFailed),
		Entry("cancelled", accessv1.InvitationCancelled, yes, accessv1.ReasonInvitationCancelled),
		Entry("superseded by one that is gone", accessv1.InvitationSuperseded, yes, accessv1.ReasonInvitationCancelled),
	)

	It("is Pending when the invitation is deleted, and none is made again", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
		cluster.ExpectDeleted(ctx, ptr.To(w.invitations(ctx, "ana")[0]))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), haveInvitation(accessv1.InvitationCancelled),
			haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationCancelled))
		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), env.BeReady())
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
	})

	It("can be asked again by another invitation", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
		cluster.ExpectDeleted(ctx, ptr.To(w.invitations(ctx, "ana")[0]))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending))
		cluster.ExpectApplied(ctx, w.invitation("again", "ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		cluster.Accept(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive))
	})

	It("needs no new invitation when he comes back from Inactive", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		cluster.Accept(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), Not(env.HaveAccess()))
		w.change(ctx, "ana", inactive)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInactive), env.HaveAccess())
		w.change(ctx, "ana", active)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess("orders, products, tax: Read via viewers/viewer"))
		Expect(w.invitations(ctx, "ana")).To(HaveLen(1))
	})

	It("is Pending, not invited by itself, when he was deactivated before he had accepted", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
		w.change(ctx, "ana", inactive)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInactive), haveInvitation(accessv1.InvitationCancelled))
		w.change(ctx, "ana", active)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending),
			haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationCancelled))
	})
})

var _ = Describe("acceptance", func() {
	var w world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx, inviting)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		cluster.Accept(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive))
	})

	It("is of one address: another one is asked anew, and has no access until then", func(ctx context.Context) {
		w.change(ctx, "ana", at("ana.silva@acme.example"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), env.HaveAccess(),
			haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonWaiting))
		Expect(w.invitations(ctx, "ana")).To(HaveLen(2))
		cluster.Accept(ctx, w.user("ana"))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), Not(env.HaveAccess()))
		Expect(ana.Status.AcceptedEmail).To(Equal("ana.silva@acme.example"))
	})

	It("counts again when the address comes back before the new one was accepted", func(ctx context.Context) {
		w.change(ctx, "ana", at("ana.silva@acme.example"))
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
		w.change(ctx, "ana", at("ana@acme.example"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), Not(env.HaveAccess()))
		Eventually(func() []accessv1.InvitationState {
			var states []accessv1.InvitationState
			for _, i := range w.invitations(ctx, "ana") {
				states = append(states, i.Status.State)
			}
			return states
		}).Should(ConsistOf(accessv1.InvitationAccepted, accessv1.InvitationCancelled))
	})

	It("counts again when the address comes back after the new one was accepted", func(ctx context.Context) {
		w.change(ctx, "ana", at("ana.silva@acme.example"))
		cluster.Accept(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive))
		w.change(ctx, "ana", at("ana@acme.example"))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive),
			haveCondition(accessv1.ConditionInvitationAccepted, yes, accessv1.ReasonAccepted))
		Expect(ana.Status.AcceptedEmail).To(Equal("ana@acme.example"))
	})

	It("counts for every spelling of the same address", func(ctx context.Context) {
		w.change(ctx, "ana", at("Ana@ACME.example"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.BeReady())
		Expect(w.invitations(ctx, "ana")).To(HaveLen(1))
	})

	It("counts for nobody who is later given the same name", func(ctx context.Context) {
		cluster.ExpectDeleted(ctx, w.user("ana"))
		cluster.ExpectApplied(ctx, w.user("ana", in("viewers")))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent), env.HaveAccess())
	})

	It("counts for nobody when the invitation names the user and belongs to none", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("eve"))
		w.expectUser(ctx, "eve", haveInvitation(accessv1.InvitationSent))
		forged := w.invitation("forged", "eve")
		cluster.ExpectApplied(ctx, forged)
		env.ExpectForged(ctx, cluster, forged, func(i *accessv1.Invitation) {
			i.OwnerReferences = nil
			i.Status.State, i.Status.Email = accessv1.InvitationAccepted, "somebody@acme.example"
		})
		w.change(ctx, "eve", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		w.expectUser(ctx, "eve", Not(env.HaveState(accessv1.UserActive)), env.BeReady())
	})
})

var _ = Describe("the first invitation", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx, inviting) })

	It("has a name that is a function of user and address, and its hash in full as a label", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		ana := w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
		first := w.invitations(ctx, "ana")[0]
		Expect(first.Name).To(MatchRegexp(`^ana-[a-z2-7]{10}$`))
		Expect(first.Labels).To(HaveKeyWithValue(accessv1.LabelAddress, MatchRegexp(`^[a-z2-7]{52}$`)))
		Expect(first.Labels).To(HaveKeyWithValue(accessv1.LabelUser, string(ana.UID)))
		Expect(first.Labels).To(HaveKeyWithValue(accessv1.LabelManagedBy, accessv1.ManagedByRoster))
		Expect(strings.TrimPrefix(first.Name, "ana-")).To(Equal(first.Labels[accessv1.LabelAddress][:10]))
		Expect(metav1.IsControlledBy(&first, ana)).To(BeTrue())
		Expect(first.Spec.RequestedBy).To(BeEmpty())
	})

	It("has a valid name for a user of any name", func(ctx context.Context) {
		long := strings.Repeat("a", 241) + ".b" + strings.Repeat("c", 10)
		cluster.ExpectApplied(ctx, w.user(long, at("long@acme.example")))
		w.expectUser(ctx, long, haveInvitation(accessv1.InvitationSent))
	})

	It("is another one when the user comes back to an address that he left, but not when somebody withdrew it", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana", at("silva@acme.example")))
		first := w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent)).Status.Invitation.Name
		w.change(ctx, "ana", at("typo@acme.example"))
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent), HaveField("Status.Invitation.Email", "typo@acme.example"))
		w.change(ctx, "ana", at("silva@acme.example"))
		again := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent), HaveField("Status.Invitation.Email", "silva@acme.example"))
		Expect(again.Status.Invitation.Name).NotTo(Equal(first))
		Expect(manager.Outbox.To("silva@acme.example")).To(HaveLen(2))

		By("withdrawing it")
		withdrawn := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Namespace: again.Namespace, Name: again.Status.Invitation.Name}}
		env.ExpectChanged(ctx, cluster, withdrawn, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationCancelled), haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationCancelled))
		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), haveInvitation(accessv1.InvitationCancelled))
		Expect(manager.Outbox.To("silva@acme.example")).To(HaveLen(2))
	})

	It("is another one for another address, even if the first was never sent", func(ctx context.Context) {
		manager.Outbox.Fail(env.Failure(mail.Deferred, "not now"))
		DeferCleanup(func() { manager.Outbox.Fail(nil) })
		cluster.ExpectApplied(ctx, w.user("ana", at("unreachable@acme.example")))
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSending))
		env.ExpectEventually(ctx, cluster, ptr.To(w.invitations(ctx, "ana")[0]),
			haveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonDeferred))
		manager.Outbox.Fail(nil)
		w.change(ctx, "ana", at("reachable@acme.example"))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent))
		Expect(ana.Status.Invitation.Email).To(Equal("reachable@acme.example"))
		Expect(w.invitations(ctx, "ana")).To(HaveLen(2))
		Expect(manager.Outbox.To("unreachable@acme.example")).To(BeEmpty())
		Expect(manager.Outbox.To("reachable@acme.example")).To(HaveLen(1))
	})

	It("is not made where somebody has already written one", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.invitation("by-hand", "ana"))
		env.ExpectEventually(ctx, cluster, w.invitation("by-hand", "ana"),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotFound))
		cluster.ExpectApplied(ctx, w.user("ana"))
		ana := w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
		Expect(ana.Status.Invitation.Name).To(Equal("by-hand"))
		Expect(w.invitations(ctx, "ana")).To(HaveLen(1))
	})

	It("is not made by a suspended tenant, and is when the tenant comes back", func(ctx context.Context) {
		env.ExpectSuspended(ctx, cluster, w.tenant())
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending),
			haveCondition(accessv1.ConditionReady, yes, accessv1.ReasonTenantSuspended),
			haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonNotInvited))
		Expect(w.invitations(ctx, "ana")).To(BeEmpty())
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		w.expectUser(ctx, "ana", haveInvitation(accessv1.InvitationSent))
	})
})

func (w world) invitation(name, user string) *accessv1.Invitation {
	return &accessv1.Invitation{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: user}},
	}
}
