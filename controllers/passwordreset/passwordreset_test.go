package passwordreset_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("a password reset", func() {
	var w world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		cluster.ExpectApplied(ctx, w.user("ana"))
		env.ExpectEventually(ctx, cluster, w.user("ana"), env.HaveState(accessv1.UserActive))
	})

	It("mails an active user a link that works for an hour", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.reset("forgot", "ana"))
		sent := w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationSent), env.BeReady(),
			env.HaveCondition(accessv1.ConditionDelivered, yes, accessv1.ReasonSent))
		Expect(sent.Status.Email).To(Equal(w.address("ana")))
		Expect(sent.Status.ExpiresAt.Sub(sent.Status.FirstAttemptAt.Time)).To(Equal(time.Hour), "the tenant's own is for invitations")
		mails := manager.Outbox.To(w.address("ana"))
		Expect(mails).To(HaveLen(1))
		Expect(mails[0].Subject).To(ContainSubstring("password"))
		Expect(mails[0].Text).To(And(ContainSubstring("https://roster.example/password-resets/"+string(sent.UID)), ContainSubstring("Ana")))
		Expect(mails[0].MessageID).To(Equal(sent.Status.MessageID))
	})

	It("is valid for as long as it says", func(ctx context.Context) {
		short := w.reset("short", "ana")
		short.Spec.ValidSeconds = 300
		cluster.ExpectApplied(ctx, short)
		sent := w.expect(ctx, "short", env.HaveState(accessv1.InvitationSent))
		Expect(sent.Status.ExpiresAt.Sub(sent.Status.FirstAttemptAt.Time)).To(Equal(5 * time.Minute))
	})

	It("is his from the first attempt on, and says when he has chosen a password", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.reset("forgot", "ana"))
		sent := w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationSent))
		ana := env.ExpectEventually(ctx, cluster, w.user("ana"), env.BeReady())
		Expect(sent.OwnerReferences).To(ConsistOf(HaveField("UID", ana.UID)))
		env.ExpectForged(ctx, cluster, sent, func(r *accessv1.PasswordReset) {
			r.Status.State, r.Status.AcceptedAt = accessv1.InvitationAccepted, ptr.To(metav1.Now())
		})
		done := w.expect(ctx, "forgot", env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonAccepted))
		Expect(done.Status.State).To(Equal(accessv1.InvitationAccepted))
	})

	It("takes the place of an older one", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.reset("a", "ana"))
		w.expect(ctx, "a", env.HaveState(accessv1.InvitationSent))
		cluster.ExpectApplied(ctx, w.reset("b", "ana"))
		w.expect(ctx, "b", env.HaveState(accessv1.InvitationSent))
		w.expect(ctx, "a", env.HaveState(accessv1.InvitationSuperseded), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonSuperseded))
	})

	DescribeTable("ends as Cancelled",
		func(ctx context.Context, change func(ctx context.Context), reason string) {
			cluster.ExpectApplied(ctx, w.reset("forgot", "ana"))
			w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationSent))
			change(ctx)
			w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationCancelled), env.HaveCondition(accessv1.ConditionReady, yes, reason))
		},
		Entry("by its field", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.reset("forgot", ""), func(r *accessv1.PasswordReset) { r.Spec.Cancel = ptr.To(true) })
		}, accessv1.ReasonCancelled),
		Entry("when its user is deactivated", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		}, accessv1.ReasonUserNotActive),
		Entry("when its user has another address", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.Email = w.address("silva") })
		}, accessv1.ReasonAddressChanged),
		Entry("when its user is deleted", func(ctx context.Context) {
			cluster.ExpectDeleted(ctx, w.user("ana"))
		}, accessv1.ReasonUserNotFound),
	)

	DescribeTable("ends without a mail for whoever cannot have a password",
		func(ctx context.Context, change func(*accessv1.User)) {
			cluster.ExpectApplied(ctx, w.user("ben", change), w.reset("forgot", "ben"))
			w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationCancelled), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonUserNotActive))
			for _, mail := range manager.Outbox.To(w.address("ben")) {
				Expect(mail.Subject).NotTo(ContainSubstring("password"))
			}
		},
		Entry("who is Inactive", func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }),
		Entry("who has not accepted yet", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation }),
		Entry("a robot", func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }),
		Entry("a robot without an address", func(u *accessv1.User) { u.Spec.Type, u.Spec.Email = accessv1.UserTypeRobot, "" }),
	)

	It("waits for its user", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.reset("early", "ben"))
		w.expect(ctx, "early", env.HaveState(accessv1.InvitationPending), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotFound))
		cluster.ExpectApplied(ctx, w.user("ben"))
		w.expect(ctx, "early", env.HaveState(accessv1.InvitationSent))
	})

	It("waits while the tenant is suspended", func(ctx context.Context) {
		env.ExpectSuspended(ctx, cluster, w.tenant())
		cluster.ExpectApplied(ctx, w.reset("forgot", "ana"))
		w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationPending), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonTenantSuspended))
		Expect(manager.Outbox.To(w.address("ana"))).To(BeEmpty())
	})

	It("counts together with invitations", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ben", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation }))
		cluster.Accept(ctx, w.user("ben"))
		env.ExpectEventually(ctx, cluster, w.user("ben"), env.HaveState(accessv1.UserActive))
		for _, name := range []string{"a", "b", "c"} {
			cluster.ExpectApplied(ctx, w.reset(name, "ben"))
			w.expect(ctx, name, Not(env.HaveState("")))
		}
		w.expect(ctx, "b", env.HaveState(accessv1.InvitationSuperseded))
		waiting := w.expect(ctx, "c", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonRateLimited),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonRateLimited))
		Expect(waiting.Status.NextAttemptAt.Time).To(BeTemporally("~", time.Now().Add(10*time.Minute), time.Minute))
		Expect(manager.Outbox.To(w.address("ben"))).To(HaveLen(3))
	})

	It("leaves five behind", func(ctx context.Context) {
		for i := range 8 {
			one := w.reset("", "ana")
			one.GenerateName = fmt.Sprintf("again-%d-", i)
			Expect(cluster.Client.Create(ctx, one)).To(Succeed())
		}
		Eventually(func(g Gomega) {
			list := &accessv1.PasswordResetList{}
			g.Expect(cluster.Client.List(ctx, list, client.InNamespace(w.name))).To(Succeed())
			g.Expect(list.Items).To(HaveLen(5))
			g.Expect(list.Items).To(ContainElement(HaveField("GenerateName", "again-7-")))
		}).Should(Succeed())
	})
})

var _ = Describe("without a password store", Serial, func() {
	It("a password reset is Stalled and sends nothing, until there is one", func(ctx context.Context) {
		restart(func(d *controllers.Deps) { d.PasswordStore = false })
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.user("ana"), w.reset("forgot", "ana"))
		w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonNoPasswordStore),
			env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonPending))
		Expect(manager.Outbox.To(w.address("ana"))).To(BeEmpty())
		restart()
		w.expect(ctx, "forgot", env.HaveState(accessv1.InvitationSent), env.BeReady())
	})
})
