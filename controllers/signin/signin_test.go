package signin_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/test/env"
)

// belongTo matches a sign-in that names the user and has a password.
func belongTo(user *accessv1.User) gomegatypes.GomegaMatcher {
	return And(
		WithTransform(func(p *identity.Password) string { return p.UserID }, Equal(string(user.UID))),
		WithTransform(func(p *identity.Password) string { return string(p.Hash) }, HavePrefix("$2a$")),
	)
}

// named matches a sign-in of that name.
func named(name string) gomegatypes.GomegaMatcher {
	return WithTransform(func(p *identity.Password) string { return p.Name }, Equal(name))
}

var _ = Describe("a sign-in", func() {
	var w world
	var ana *accessv1.User
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		ana = w.joined(ctx, "ana")
	})

	It("is the user's who chose the password, as Dex reads it", func(ctx context.Context) {
		stored := env.ExpectEventually(ctx, cluster, env.SignIn(ana.Spec.Email), belongTo(ana))
		Expect(stored.Email).To(Equal(ana.Spec.Email))
		Expect(*stored.EmailVerified).To(BeTrue())
		Expect([]string{stored.Name, stored.Username}).To(HaveEach("Ana Silva"))
		Expect(stored.Labels).To(HaveKeyWithValue(accessv1.LabelManagedBy, accessv1.ManagedByRoster))
		Expect(stored.Labels).To(HaveKeyWithValue(accessv1.LabelUser, string(ana.UID)))
	})

	It("follows the user's name, and keeps the password", func(ctx context.Context) {
		change(ctx, ana, func(u *accessv1.User) { u.Spec.LastName = "Costa" })
		stored := env.ExpectEventually(ctx, cluster, env.SignIn(ana.Spec.Email), And(belongTo(ana), named("Ana Costa")))
		Expect(stored.Username).To(Equal("Ana Costa"))
	})

	DescribeTable("goes when its user may not come in any more", func(ctx context.Context, end func(context.Context)) {
		end(ctx)
		cluster.ExpectGone(ctx, env.SignIn(ana.Spec.Email))
	},
		Entry("deactivated", func(ctx context.Context) { change(ctx, ana, inactive) }),
		Entry("deleted", func(ctx context.Context) { cluster.ExpectDeleted(ctx, ana) }),
		Entry("at another address", func(ctx context.Context) { change(ctx, ana, at("ana.silva@"+w.name+".example")) }),
		Entry("of a suspended tenant", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		}),
		Entry("of a tenant that is deleted", func(ctx context.Context) { cluster.ExpectDeleted(ctx, w.tenant()) }),
		Entry("at an address that is not allowed any more", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.AllowedEmailDomains = []string{"other.example"} })
		}),
	)

	It("stays when the catalog is away, which takes access and nothing else", func(ctx context.Context) {
		before := env.ExpectEventually(ctx, cluster, env.SignIn(ana.Spec.Email), belongTo(ana))
		cluster.ExpectDeleted(ctx, &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: w.name}})
		change(ctx, ana, func(u *accessv1.User) { u.Spec.LastName = "Costa" }) // something that comes after
		after := env.ExpectEventually(ctx, cluster, env.SignIn(ana.Spec.Email), named("Ana Costa"))
		Expect(after.UID).To(Equal(before.UID))
	})

	It("is asked for by mail when the user comes back, each time anew", func(ctx context.Context) {
		for range 2 {
			change(ctx, ana, inactive)
			cluster.ExpectGone(ctx, env.SignIn(ana.Spec.Email))
			Eventually(ctx, w.resets).Should(BeEmpty(), "what was asked before is withdrawn")
			change(ctx, ana, active)
			Eventually(ctx, w.resets).Should(HaveLen(1))
		}
		reset := w.resets(ctx)[0]
		Expect(reset.Spec).To(HaveField("ValidSeconds", BeEquivalentTo(86400)))
		Expect(metav1.IsControlledBy(&reset, ana)).To(BeTrue())

		By("and when the password was set, not any more")
		answers(ctx, ana, &reset)
		change(ctx, ana, func(u *accessv1.User) { u.Spec.LastName = "Costa" })
		env.ExpectEventually(ctx, cluster, env.SignIn(ana.Spec.Email), And(belongTo(ana), named("Ana Costa")))
		Expect(w.resets(ctx)).To(HaveLen(1))
	})

	DescribeTable("is asked for anew of somebody who needs no invitation and lost it", func(ctx context.Context, lose func(context.Context, *accessv1.User)) {
		ben, first := w.user("ben", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone }), w.byHand("ben")
		cluster.ExpectApplied(ctx, ben)
		ben = env.ExpectEventually(ctx, cluster, ben, env.HaveState(accessv1.UserActive))
		cluster.ExpectApplied(ctx, first)
		answers(ctx, ben, sent(ctx, first))
		lose(ctx, ben)
		Eventually(ctx, w.resets).Should(ConsistOf(HaveField("Name", "by-hand"), HaveField("Spec.UserRef.Name", "ben")))
		cluster.ExpectSettled(ctx, w.name)
		Expect(w.resets(ctx)).To(HaveLen(2))
	},
		Entry("deactivated and reactivated", func(ctx context.Context, ben *accessv1.User) {
			change(ctx, ben, inactive)
			cluster.ExpectGone(ctx, env.SignIn(ben.Spec.Email))
			change(ctx, ben, active)
		}),
		Entry("in a tenant that was suspended and resumed", func(ctx context.Context, ben *accessv1.User) {
			change(ctx, ana, inactive) // who would be asked too
			env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
			cluster.ExpectGone(ctx, env.SignIn(ben.Spec.Email))
			env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		}),
		Entry("when somebody deleted it", func(ctx context.Context, ben *accessv1.User) { cluster.ExpectDeleted(ctx, env.SignIn(ben.Spec.Email)) }),
	)

	It("is asked for anew of somebody who left its address before he answered, and is back", func(ctx context.Context) {
		home, away := ana.Spec.Email, "ana.silva@"+w.name+".example"
		moved, invitation := w.invited(ctx, w.user("ana", at(away)))
		chooses(ctx, moved, invitation.UID)
		accepts(ctx, invitation)
		env.ExpectEventually(ctx, cluster, ana, env.HaveState(accessv1.UserActive))
		asked := map[types.UID]bool{}
		for range 2 {
			for _, email := range []string{home, away} {
				change(ctx, ana, at(email))
				w.asks(ctx, email, asked)
			}
		}
		Expect(asked).To(HaveLen(4))
	})

	It("is not asked for of a robot that was somebody", func(ctx context.Context) {
		change(ctx, ana, func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot })
		cluster.ExpectDeleted(ctx, env.SignIn(ana.Spec.Email))
		change(ctx, ana, func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		cluster.ExpectSettled(ctx, w.name)
		Expect(w.resets(ctx)).To(BeEmpty())
	})

	It("that somebody deletes is asked for once", func(ctx context.Context) {
		cluster.ExpectDeleted(ctx, env.SignIn(ana.Spec.Email))
		Eventually(ctx, w.resets).Should(HaveLen(1))
		reset := w.resets(ctx)[0]
		env.ExpectForged(ctx, cluster, &reset, func(r *accessv1.PasswordReset) { r.Status.State = accessv1.InvitationExpired })
		change(ctx, ana, func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		env.ExpectEventually(ctx, cluster, ana, env.HaveState(accessv1.UserActive))
		cluster.ExpectSettled(ctx, w.name)
		Expect(w.resets(ctx)).To(HaveLen(1))
		Expect(w.resets(ctx)[0].UID).To(Equal(reset.UID))
	})

	It("is not asked for while somebody else's reset is on its way", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.byHand("ana"))
		cluster.ExpectDeleted(ctx, env.SignIn(ana.Spec.Email))
		change(ctx, ana, func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		cluster.ExpectSettled(ctx, w.name)
		Expect(w.resets(ctx)).To(HaveLen(1))
	})

	It("is asked for once a reset by hand has come to nothing", func(ctx context.Context) {
		byHand := w.byHand("ana")
		cluster.ExpectApplied(ctx, byHand)
		cluster.ExpectDeleted(ctx, env.SignIn(ana.Spec.Email))
		cluster.ExpectSettled(ctx, w.name)
		Expect(w.resets(ctx)).To(HaveLen(1))
		env.ExpectForged(ctx, cluster, byHand, func(r *accessv1.PasswordReset) { r.Status.State = accessv1.InvitationExpired })
		Eventually(ctx, w.resets).Should(HaveLen(2))
	})

	It("that is gone is asked for again and again while a quota is in the way", func(ctx context.Context) {
		quota := cluster.ExpectUsedUp(ctx, &accessv1.PasswordReset{
			ObjectMeta: metav1.ObjectMeta{Name: "any", Namespace: w.name},
			Spec:       accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: "ana"}},
		})
		before := lookingAgain()
		cluster.ExpectDeleted(ctx, env.SignIn(ana.Spec.Email))
		Eventually(lookingAgain).Should(BeNumerically(">", before))
		Expect(w.resets(ctx)).To(BeEmpty())
		cluster.ExpectDeleted(ctx, quota)
		change(ctx, ana, func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		Eventually(ctx, w.resets).Should(HaveLen(1))
	})

	It("goes although what was asked cannot be withdrawn", func(ctx context.Context) {
		cluster.ExpectDeleted(ctx, env.SignIn(ana.Spec.Email))
		Eventually(ctx, w.resets).Should(HaveLen(1))
		asked := w.resets(ctx)[0]
		chooses(ctx, ana, asked.UID)
		env.ExpectEventually(ctx, cluster, env.SignIn(ana.Spec.Email), belongTo(ana))
		broken := cluster.ExpectBroken(ctx, admissionv1.Delete, &asked)
		change(ctx, ana, inactive)
		cluster.ExpectGone(ctx, env.SignIn(ana.Spec.Email))
		Expect(w.resets(ctx)).To(HaveLen(1))
		cluster.ExpectDeleted(ctx, broken)
		Eventually(ctx, w.resets).Should(BeEmpty())
	})

	It("is asked of nobody who never had one", func(ctx context.Context) {
		user, invitation := w.invited(ctx, w.user("ben"))
		env.ExpectForged(ctx, cluster, invitation, func(i *accessv1.Invitation) { i.Status.State = accessv1.InvitationAccepted })
		env.ExpectEventually(ctx, cluster, user, env.HaveState(accessv1.UserActive))
		cluster.ExpectSettled(ctx, w.name)
		Expect(w.resets(ctx)).To(BeEmpty())
	})
})

// lookingAgain counts the rounds of the controller that ended with the wish to look again some time later, without an error.
func lookingAgain() (count float64) {
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if family.GetName() == "controller_runtime_reconcile_total" && labels["controller"] == "signin" && labels["result"] == "requeue_after" {
				count += metric.GetCounter().GetValue()
			}
		}
	}
	return count
}

var _ = Describe("an address in two tenants", func() {
	var a, b world
	var first, second *accessv1.User
	BeforeEach(func(ctx context.Context) {
		a, b = newWorld(ctx), newWorld(ctx)
		first = a.joined(ctx, "ana")
		second = b.shares(ctx, "ana-b", at(first.Spec.Email))
	})

	It("has one sign-in, which is the first's", func(ctx context.Context) {
		env.ExpectEventually(ctx, cluster, env.SignIn(first.Spec.Email), belongTo(first))
	})

	It("keeps it, with the password, when the first user goes, and loses it with the last", func(ctx context.Context) {
		before := env.ExpectEventually(ctx, cluster, env.SignIn(first.Spec.Email), belongTo(first))
		change(ctx, first, inactive)
		after := env.ExpectEventually(ctx, cluster, env.SignIn(first.Spec.Email), belongTo(second))
		Expect(after.Hash).To(Equal(before.Hash))
		Expect(after.Labels).To(HaveKeyWithValue(accessv1.LabelUser, string(second.UID)))
		cluster.ExpectDeleted(ctx, second)
		cluster.ExpectGone(ctx, env.SignIn(first.Spec.Email))
	})

	It("keeps it when the other tenant is suspended", func(ctx context.Context) {
		env.ExpectChanged(ctx, cluster, b.tenant(), func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		change(ctx, first, func(u *accessv1.User) { u.Spec.LastName = "Costa" })
		env.ExpectEventually(ctx, cluster, env.SignIn(first.Spec.Email), And(belongTo(first), named("Ana Costa")))
	})

	It("is never handed to a user who did not accept", func(ctx context.Context) {
		c := newWorld(ctx)
		cluster.ExpectApplied(ctx, c.user("waits", at(first.Spec.Email)), c.user("robot", func(u *accessv1.User) {
			u.Spec.Email, u.Spec.Onboarding = "", accessv1.OnboardingNone
			u.Spec.Type = accessv1.UserTypeRobot
		}))
		d := newWorld(ctx)
		cluster.ExpectApplied(ctx, d.user("unasked", at(first.Spec.Email), func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone }))
		env.ExpectEventually(ctx, cluster, d.user("unasked"), env.HaveState(accessv1.UserActive))
		change(ctx, first, inactive)
		env.ExpectEventually(ctx, cluster, env.SignIn(first.Spec.Email), belongTo(second))
		change(ctx, second, inactive)
		cluster.ExpectGone(ctx, env.SignIn(first.Spec.Email))
	})
})

var _ = Describe("a password without an acceptance", func() {
	It("stays while the invitation waits, and goes with it", func(ctx context.Context) {
		w := newWorld(ctx)
		user, invitation := w.invited(ctx, w.user("ana"))
		chooses(ctx, user, invitation.UID)
		change(ctx, user, func(u *accessv1.User) { u.Spec.LastName = "Costa" })
		env.ExpectEventually(ctx, cluster, env.SignIn(user.Spec.Email), And(belongTo(user), named("Ana Costa")))
		env.ExpectChanged(ctx, cluster, invitation, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		cluster.ExpectGone(ctx, env.SignIn(user.Spec.Email))
	})

	It("of nobody goes at once", func(ctx context.Context) {
		orphan := env.SignIn("nobody@" + env.Unique("nowhere") + ".example")
		orphan.Labels = map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster}
		Expect(cluster.Client.Create(ctx, orphan)).To(Succeed())
		cluster.ExpectGone(ctx, orphan)
	})

	It("that Roster did not make is left alone", func(ctx context.Context) {
		w := newWorld(ctx)
		foreign := env.SignIn("ana@" + w.name + ".example")
		foreign.UserID, foreign.Hash = "somebody", []byte("hash")
		Expect(cluster.Client.Create(ctx, foreign)).To(Succeed())
		user := w.shares(ctx, "ana")
		change(ctx, user, inactive)
		env.ExpectEventually(ctx, cluster, user, env.HaveState(accessv1.UserInactive))
		change(ctx, user, active)
		env.ExpectEventually(ctx, cluster, user, env.HaveState(accessv1.UserActive))
		cluster.ExpectSettled(ctx, w.name)
		stored := env.ExpectEventually(ctx, cluster, env.SignIn(user.Spec.Email), Not(BeNil()))
		Expect([]string{stored.UserID, string(stored.Hash), stored.ResourceVersion}).To(Equal([]string{"somebody", "hash", foreign.ResourceVersion}))
		Expect(w.resets(ctx)).To(BeEmpty())
	})
})
