package invitation_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/env"
)

const (
	yes = metav1.ConditionTrue
	no  = metav1.ConditionFalse
)

var _ = Describe("the outbox", Serial, func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	// sendingHeld starts an invitation and returns when its mail is being handed over.
	sendingHeld := func(ctx context.Context, user string) (*accessv1.Invitation, *gate) {
		GinkgoHelper()
		held := office.hold(w.address(user))
		cluster.ExpectApplied(ctx, w.user(user))
		Eventually(held.entered).Should(Receive())
		return w.expectFirst(ctx, user, env.HaveState(accessv1.InvitationSending)), held
	}

	It("records an attempt, hands the mail over, and records what became of it, in this order", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("ana"))
		sent := w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent), env.BeReady(),
			env.HaveCondition(accessv1.ConditionDelivered, yes, accessv1.ReasonSent))
		Expect(journal.of(sent)).To(Equal([]string{"record Sending", "send", "record Sent"}))
		status := sent.Status
		Expect(status.Attempt).To(BeEquivalentTo(1))
		Expect(status.Email).To(Equal(w.address("ana")))
		Expect(status.ExpiresAt.Sub(status.FirstAttemptAt.Time)).To(Equal(7 * 24 * time.Hour))
		Expect(status.NextAttemptAt).To(BeNil())
		mails := office.to(w.address("ana"))
		Expect(mails).To(HaveLen(1))
		Expect(mails[0].MessageID).To(Equal(status.MessageID))
		Expect(mails[0].Date.Equal(status.FirstAttemptAt.Time)).To(BeTrue())
	})

	It("sends the same mail again after a crash between sending and recording", func(ctx context.Context) {
		restart(&wire{refuse: func(state accessv1.InvitationState) bool { return state == accessv1.InvitationSent }})
		first, held := sendingHeld(ctx, "ana")
		stopped := make(chan error, 1)
		go func() { stopped <- manager.Stop() }()
		held.open()
		Eventually(stopped, "20s").Should(Receive(Succeed()))
		Expect(office.to(w.address("ana"))).To(HaveLen(1))
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSending))

		start(&wire{})
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSent))
		mails := office.to(w.address("ana"))
		Expect(mails).To(HaveLen(2))
		Expect(mails[1]).To(Equal(mails[0]), "Message-ID, Date, link and everything else")
	})

	It("sends no second mail when recording fails, however often", func(ctx context.Context) {
		var refusals atomic.Int32
		restart(&wire{refuse: func(state accessv1.InvitationState) bool {
			return state == accessv1.InvitationSent && refusals.Add(1) <= 5
		}})
		cluster.ExpectApplied(ctx, w.user("ana"))
		sent := w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		Expect(refusals.Load()).To(BeNumerically(">", 5))
		Expect(sent.Status.Attempt).To(BeEquivalentTo(1))
		Expect(office.to(w.address("ana"))).To(HaveLen(1))
		Expect(journal.of(sent)).To(Equal([]string{"record Sending", "send", "record Sent"}))
	})

	It("records what became of a mail when it is asked to stop meanwhile", func(ctx context.Context) {
		first, held := sendingHeld(ctx, "ana")
		stopped := make(chan error, 1)
		go func() { stopped <- manager.Stop() }()
		Consistently(stopped, "200ms").ShouldNot(Receive(), "the server has all of the mail, and may keep it")
		held.open()
		Eventually(stopped, "20s").Should(Receive(Succeed()))
		w.expectInvitation(ctx, first.Name, env.HaveState(accessv1.InvitationSent))
		start(&wire{})
		cluster.ExpectApplied(ctx, w.user("ben"))
		w.expectFirst(ctx, "ben", env.HaveState(accessv1.InvitationSent))
		Expect(office.to(w.address("ana"))).To(HaveLen(1))
	})

	It("goes on sending while what became of earlier mails is being recorded, so many ahead and no more", func(ctx context.Context) {
		const queued, mostUnrecorded = 60, 36
		slow := make(chan struct{})
		recordNow := sync.OnceFunc(func() { close(slow) })
		DeferCleanup(recordNow)
		restart(&wire{refuse: func(state accessv1.InvitationState) bool {
			if state == accessv1.InvitationSent {
				<-slow
			}
			return false
		}})
		tenants := []world{w, newWorld(ctx), newWorld(ctx), newWorld(ctx), newWorld(ctx), newWorld(ctx)} // enough to fill all lanes
		for i := range queued {
			of := tenants[i%len(tenants)]
			cluster.ExpectApplied(ctx, of.user(fmt.Sprintf("user-%d", i)))
		}
		taken := func() (count int) {
			for i := range queued {
				count += len(office.to(tenants[i%len(tenants)].address(fmt.Sprintf("user-%d", i))))
			}
			return count
		}
		Eventually(taken).Should(Equal(mostUnrecorded))
		Consistently(taken, "300ms", "20ms").Should(Equal(mostUnrecorded), "a crash would repeat them")

		By("withdrawing others all the while")
		cluster.ExpectApplied(ctx, w.user("never"))
		waiting := w.expectFirst(ctx, "never", env.HaveState(accessv1.InvitationSending))
		env.ExpectChanged(ctx, cluster, waiting, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		w.expectInvitation(ctx, waiting.Name, env.HaveState(accessv1.InvitationCancelled))

		By("sending the rest, and each of them once")
		recordNow()
		for i := range queued {
			of, name := tenants[i%len(tenants)], fmt.Sprintf("user-%d", i)
			of.expectFirst(ctx, name, env.HaveState(accessv1.InvitationSent))
			Expect(office.to(of.address(name))).To(HaveLen(1))
		}
	})

	DescribeTable("sends no second mail when the invitation changes while the first is on its way",
		func(ctx context.Context, change func(ctx context.Context, i *accessv1.Invitation), end accessv1.InvitationState) {
			first, held := sendingHeld(ctx, "ana")
			change(ctx, first)
			held.open()
			w.expectInvitation(ctx, first.Name, env.HaveState(end), env.BeReady(), env.HaveCondition(accessv1.ConditionDelivered, yes, accessv1.ReasonSent))
			Expect(office.to(w.address("ana"))).To(HaveLen(1))
		},
		Entry("by a label", func(ctx context.Context, i *accessv1.Invitation) {
			env.ExpectChanged(ctx, cluster, i, func(i *accessv1.Invitation) { i.Labels["colour"] = "red" })
		}, accessv1.InvitationSent),
		Entry("by being withdrawn", func(ctx context.Context, i *accessv1.Invitation) {
			env.ExpectChanged(ctx, cluster, i, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		}, accessv1.InvitationCancelled),
		Entry("by being accepted", func(ctx context.Context, i *accessv1.Invitation) {
			env.ExpectForged(ctx, cluster, i, func(i *accessv1.Invitation) {
				i.Status.State, i.Status.AcceptedAt = accessv1.InvitationAccepted, ptr.To(metav1.Now())
			})
		}, accessv1.InvitationAccepted),
	)

	It("looks at the user again before it sends what had to wait for a connection", func(ctx context.Context) {
		var gates []*gate
		for range 3 { // tenants have four lanes each, and there are twelve connections
			of := newWorld(ctx)
			for i := range 4 {
				name := fmt.Sprint("slow-", i)
				gates = append(gates, office.hold(of.address(name)))
				cluster.ExpectApplied(ctx, of.user(name))
			}
		}
		for _, g := range gates {
			Eventually(g.entered).Should(Receive())
		}
		cluster.ExpectApplied(ctx, w.user("ana"), w.user("ben"))
		moved := w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSending))
		switched := w.expectFirst(ctx, "ben", env.HaveState(accessv1.InvitationSending))
		Consistently(func() int { return len(journal.of(moved)) }, "1500ms").Should(Equal(1), "it waits")
		env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.Email = w.address("ana2") })
		env.ExpectChanged(ctx, cluster, w.user("ben"), inactive)
		w.expectUser(ctx, "ana", HaveField("Status.Invitation.Email", w.address("ana2")))
		w.expectUser(ctx, "ben", env.HaveState(accessv1.UserInactive))
		for _, g := range gates {
			g.open()
		}
		w.expectInvitation(ctx, moved.Name, env.HaveState(accessv1.InvitationCancelled))
		w.expectInvitation(ctx, switched.Name, env.HaveState(accessv1.InvitationCancelled))
		w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))
		Expect(office.to(w.address("ana"))).To(BeEmpty())
		Expect(office.to(w.address("ben"))).To(BeEmpty())
		Expect(office.to(w.address("ana2"))).To(HaveLen(1))
	})

	It("delays nothing else while the mail server answers nothing", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.user("early"))
		early := w.expectFirst(ctx, "early", env.HaveState(accessv1.InvitationSent))
		const queued = 100
		var gates []*gate
		for i := range queued {
			name := fmt.Sprintf("stuck-%d", i)
			gates = append(gates, office.hold(w.address(name)))
			cluster.ExpectApplied(ctx, w.user(name))
		}
		entered := func() (count int) {
			for _, g := range gates {
				count += len(g.entered)
			}
			return count
		}
		Eventually(entered).Should(Equal(4), "one tenant never takes all of it")
		Consistently(entered, "200ms", "20ms").Should(Equal(4))

		By("users, withdrawals, and other tenants' mails going on")
		cluster.ExpectApplied(ctx, w.user("robot", func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }))
		w.expectUser(ctx, "robot", env.HaveState(accessv1.UserActive))
		env.ExpectChanged(ctx, cluster, early, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		w.expectInvitation(ctx, early.Name, env.HaveState(accessv1.InvitationCancelled))
		other := newWorld(ctx)
		cluster.ExpectApplied(ctx, other.user("ana"))
		other.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationSent))

		By("all the others following once it answers")
		for _, g := range gates {
			g.open()
		}
		for i := range queued {
			w.expectFirst(ctx, fmt.Sprintf("stuck-%d", i), env.HaveState(accessv1.InvitationSent))
			Expect(office.to(w.address(fmt.Sprintf("stuck-%d", i)))).To(HaveLen(1))
		}
	})
})

var _ = Describe("a mail that was not taken", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("is tried again by itself when it was deferred, or when Roster's settings were at fault", func(ctx context.Context) {
		office.answer(w.address("later"), env.Failure(mail.Deferred, "busy"))
		office.answer(w.address("wrong"), env.Failure(mail.Misconfigured, "no password"))
		cluster.ExpectApplied(ctx, w.user("later"), w.user("wrong"))
		for name, reason := range map[string]string{"later": accessv1.ReasonDeferred, "wrong": accessv1.ReasonMisconfigured} {
			waiting := w.expectFirst(ctx, name, env.HaveState(accessv1.InvitationSending),
				env.HaveCondition(accessv1.ConditionDelivered, no, reason),
				env.HaveCondition(accessv1.ConditionReady, no, reason),
				env.HaveCondition(accessv1.ConditionReconciling, yes, reason))
			Expect(waiting.Status.NextAttemptAt.Sub(waiting.Status.FirstAttemptAt.Time)).To(BeNumerically("~", 4*time.Second, time.Second))
			w.expectUser(ctx, name, env.HaveState(accessv1.UserInvited), env.BeReady())
		}
		office.answer(w.address("later"), nil)
		office.answer(w.address("wrong"), nil)
		for _, name := range []string{"later", "wrong"} {
			sent := w.expectFirst(ctx, name, env.HaveState(accessv1.InvitationSent), env.BeReady())
			Expect(sent.Status.Attempt).To(BeEquivalentTo(2))
			Expect(journal.of(sent)).To(Equal([]string{"record Sending", "send", "record Sending", "record Sending", "send", "record Sent"}))
			Expect(office.to(w.address(name))[0].Date.Equal(sent.Status.FirstAttemptAt.Time)).To(BeTrue())
		}
	})

	It("has failed for good when the server refuses it, and the user says so", func(ctx context.Context) {
		office.answer(w.address("ana"), env.Failure(mail.Rejected, "no such person"))
		cluster.ExpectApplied(ctx, w.user("ana"))
		failed := w.expectFirst(ctx, "ana", env.HaveState(accessv1.InvitationFailed),
			env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonRejected),
			env.HaveCondition(accessv1.ConditionDelivered, no, accessv1.ReasonRejected))
		Expect(failed.Status.NextAttemptAt).To(BeNil())
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending),
			env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonInvitationFailed),
			env.HaveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationFailed))
		office.answer(w.address("ana"), nil)
		cluster.ExpectApplied(ctx, w.invitation("again", "ana"))
		w.expectInvitation(ctx, "again", env.HaveState(accessv1.InvitationSent))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), env.BeReady())
		w.expectInvitation(ctx, failed.Name, env.HaveState(accessv1.InvitationFailed), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonRejected))
	})
})

// restart ends the manager and starts another over the wire.
func restart(w *wire) {
	GinkgoHelper()
	Expect(manager.Stop()).To(Succeed())
	start(w)
}
