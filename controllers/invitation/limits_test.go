package invitation_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/internal/ledger"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("asking again and again", Serial, func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	limited := func(ctx context.Context, name string) *accessv1.Invitation {
		GinkgoHelper()
		return w.expectInvitation(ctx, name, env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonRateLimited),
			env.HaveCondition(accessv1.ConditionReady, no, accessv1.ReasonRateLimited),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonRateLimited))
	}
	// thrice has ana be sent as many mails as she may get in ten minutes.
	thrice := func(ctx context.Context) {
		GinkgoHelper()
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		for _, name := range []string{"second", "third"} {
			cluster.ExpectApplied(ctx, w.invitation(name, "ana"))
			w.expectInvitation(ctx, name, env.HaveState(accessv1.InvitationSent))
		}
	}

	It("lets the fourth mail in ten minutes wait, whatever is deleted or restarted meanwhile", func(ctx context.Context) {
		thrice(ctx)
		cluster.ExpectApplied(ctx, w.invitation("zz-fourth", "ana"))
		fourth := limited(ctx, "zz-fourth")
		Expect(fourth.Status.NextAttemptAt.Time).To(BeTemporally("~", time.Now().Add(10*time.Minute), time.Minute))
		Expect(fourth.Status.FirstAttemptAt).To(BeNil(), "its validity has not begun")
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), env.BeReady())

		By("restarting the manager")
		before := cluster.ExpectSettled(ctx, w.name)
		restart(&wire{})
		Expect(cluster.ExpectSettled(ctx, w.name)).To(Equal(before), "its turn stays")

		By("deleting the invitations, and making another")
		Expect(cluster.Client.DeleteAllOf(ctx, &accessv1.Invitation{}, client.InNamespace(w.name))).To(Succeed())
		cluster.ExpectApplied(ctx, w.invitation("fifth", "ana"))
		limited(ctx, "fifth")

		By("deleting the user, and making her anew")
		cluster.ExpectDeleted(ctx, w.user("ana"))
		cluster.ExpectGone(ctx, w.user("ana"))
		Expect(cluster.Client.DeleteAllOf(ctx, &accessv1.Invitation{}, client.InNamespace(w.name))).To(Succeed())
		cluster.ExpectApplied(ctx, w.user("ana"))
		again := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited))
		limited(ctx, again.Status.Invitation.Name)

		By("giving somebody else the address")
		cluster.ExpectDeleted(ctx, w.user("ana"))
		cluster.ExpectApplied(ctx, w.user("anna", func(u *accessv1.User) { u.Spec.Email = w.address("ana") }))
		anna := w.expectUser(ctx, "anna", env.HaveState(accessv1.UserInvited))
		limited(ctx, anna.Status.Invitation.Name)
		Expect(office.to(w.address("ana"))).To(HaveLen(3))

		By("sending to everybody else")
		cluster.ExpectApplied(ctx, w.user("ben"))
		w.expectFirst(ctx, "ben", env.HaveState(accessv1.InvitationSent))
	})

	It("has what waits withdrawn like what was sent", func(ctx context.Context) {
		thrice(ctx)
		cluster.ExpectApplied(ctx, w.invitation("zz-fourth", "ana"))
		limited(ctx, "zz-fourth")
		env.ExpectChanged(ctx, cluster, w.user("ana"), inactive)
		ended := w.expectInvitation(ctx, "zz-fourth", env.HaveState(accessv1.InvitationCancelled), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonUserNotWaiting))
		Expect(ended.Status.NextAttemptAt).To(BeNil())
		Expect(messageOf(ended, accessv1.ConditionReady)).To(Equal("User ana is Inactive, and is not invited"))
	})

	It("gives others the turn of what waits no longer", func(ctx context.Context) {
		Expect(manager.Stop()).To(Succeed())
		start(&wire{}, func(d *controllers.Deps) {
			d.Limits = ledger.Limits{User: []ledger.Limit{{Mails: 1, In: time.Minute}}, Tenant: ledger.Limit{Mails: 3, In: 10_000 * time.Hour}}
		})
		DeferCleanup(func() { restart(&wire{}) })
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		cluster.ExpectApplied(ctx, w.invitation("second", "ana"))
		second := limited(ctx, "second")
		env.ExpectChanged(ctx, cluster, second, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		w.expectInvitation(ctx, "second", env.HaveState(accessv1.InvitationCancelled))
		cluster.ExpectApplied(ctx, w.invitation("third", "ana"))
		third := limited(ctx, "third")
		cluster.ExpectDeleted(ctx, third)
		cluster.ExpectGone(ctx, third)
		for _, name := range []string{"ben", "carl"} {
			cluster.ExpectApplied(ctx, w.user(name))
			w.expectFirst(ctx, name, env.HaveState(accessv1.InvitationSent))
		}
	})

	It("sends what waited when its turn comes, by itself", func(ctx context.Context) {
		Expect(manager.Stop()).To(Succeed())
		start(&wire{}, func(d *controllers.Deps) {
			d.Limits = ledger.Limits{User: []ledger.Limit{{Mails: 1, In: 4 * time.Second}}, Tenant: ledger.Limit{Mails: 1000, In: time.Hour}}
		})
		DeferCleanup(func() { restart(&wire{}) })
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		cluster.ExpectApplied(ctx, w.invitation("second", "ana"))
		limited(ctx, "second")
		sent := w.expectInvitation(ctx, "second", env.HaveState(accessv1.InvitationSent), env.BeReady())
		Expect(sent.Status.Attempt).To(BeEquivalentTo(1))
		mails := office.to(w.address("ana"))
		Expect(mails).To(HaveLen(2))
		Expect(mails[1].Date.Sub(mails[0].Date)).To(BeNumerically(">=", 4*time.Second))
	})

	It("lets a tenant's mails go out hour by hour, and others' at once", func(ctx context.Context) {
		Expect(manager.Stop()).To(Succeed())
		start(&wire{}, func(d *controllers.Deps) {
			d.Limits = ledger.Limits{Tenant: ledger.Limit{Mails: 3, In: 100 * time.Hour}}
		})
		DeferCleanup(func() { restart(&wire{}) })
		for i := range 8 {
			cluster.ExpectApplied(ctx, w.user(fmt.Sprint("user-", i)))
		}
		states := func() map[accessv1.InvitationState]int {
			list := &accessv1.InvitationList{}
			Expect(cluster.Client.List(ctx, list, client.InNamespace(w.name))).To(Succeed())
			out := map[accessv1.InvitationState]int{}
			for _, i := range list.Items {
				out[i.Status.State]++
			}
			return out
		}
		Eventually(states).Should(Equal(map[accessv1.InvitationState]int{accessv1.InvitationSent: 3, accessv1.InvitationPending: 5}))
		other := newWorld(ctx)
		cluster.ExpectApplied(ctx, other.user("ana"))
		other.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		cluster.ExpectSettled(ctx, w.name)
		Expect(states()).To(HaveKeyWithValue(accessv1.InvitationSent, 3))
	})

	It("sends nothing while what was sent cannot be read, and says what to do", func(ctx context.Context) {
		broken := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "roster-system", Name: "roster-mails-" + w.name},
			Data:       map[string]string{"mails": "yesterday, I think\n"},
		}
		Expect(cluster.Client.Create(ctx, broken)).To(Succeed())
		cluster.ExpectApplied(ctx, w.user("ana"))
		stalled := w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationPending),
			env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonMisconfigured),
			env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonMisconfigured))
		Expect(messageOf(stalled, accessv1.ConditionReady)).To(ContainSubstring("roster-system/roster-mails-" + w.name))
		Expect(office.to(w.address("ana"))).To(BeEmpty())
		cluster.ExpectDeleted(ctx, broken)
		w.expectInvitation(ctx, stalled.Name, env.HaveState(accessv1.InvitationSent), env.BeReady())
	})
})

var _ = Describe("the history of a user's invitations", func() {
	It("is the newest five, and what a pipeline may hold", func(ctx context.Context) {
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.user("ana"))
		first := w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		cluster.ExpectApplied(ctx, w.invitation("a-pipelines-own", "ana"))
		for i := range 7 {
			again := w.invitation("", "ana")
			again.GenerateName = fmt.Sprintf("again-%d-", i)
			Expect(cluster.Client.Create(ctx, again)).To(Succeed())
		}
		names := func(g Gomega) (generated []string, all []string) {
			list := &accessv1.InvitationList{}
			g.Expect(cluster.Client.List(ctx, list, client.InNamespace(w.name))).To(Succeed())
			for _, i := range list.Items {
				all = append(all, i.Name)
				if i.GenerateName != "" {
					generated = append(generated, i.GenerateName)
				}
			}
			return generated, all
		}
		Eventually(func(g Gomega) {
			generated, all := names(g)
			g.Expect(generated).To(ConsistOf("again-2-", "again-3-", "again-4-", "again-5-", "again-6-"))
			g.Expect(all).To(And(ContainElement("a-pipelines-own"), Not(ContainElement(first.Name))))
		}).Should(Succeed())
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), HaveField("Status.Invitation.Name", HavePrefix("again-6-")))
		Expect(cluster.ExpectSettled(ctx, w.name)).NotTo(BeEmpty())
	})
})
