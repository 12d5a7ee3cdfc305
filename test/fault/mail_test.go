package fault_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// troubles are all that mail servers do to Roster here, and what it makes of each.
func troubles() []trouble {
	out := []trouble{
		{connecting, refuses, accessv1.ReasonDeferred},
		{"EHLO", noSecurity, accessv1.ReasonMisconfigured},
		{handshake, garbage, accessv1.ReasonMisconfigured},
		{handshake, expired, accessv1.ReasonMisconfigured},
		{handshake, otherName, accessv1.ReasonMisconfigured},
		{handshake, unknownCA, accessv1.ReasonMisconfigured},
		{finalDot, takesDumb, accessv1.ReasonDeferred},
		{finalDot, takesSlow, accessv1.ReasonDeferred},
		{greeting, "554 5.3.2 no service here", accessv1.ReasonMisconfigured},
		{"EHLO", "554 5.3.2 no service for you", accessv1.ReasonMisconfigured},
		{"STARTTLS", "554 5.3.3 not today", accessv1.ReasonMisconfigured},
		{"AUTH", "535 5.7.8 wrong", accessv1.ReasonMisconfigured},
		{"MAIL", "550 5.7.1 not from you", accessv1.ReasonMisconfigured},
		{"RCPT", "554 5.7.1 relay access denied", accessv1.ReasonMisconfigured},
		{"RCPT", "550 5.1.1 nobody here", accessv1.ReasonRejected},
		{"DATA", "554 5.5.0 no", accessv1.ReasonRejected},
		{finalDot, "554 5.6.0 spam", accessv1.ReasonRejected},
		{content, hangsUp, accessv1.ReasonDeferred},
		{content, stalls, accessv1.ReasonDeferred},
		{handshake, hangsUp, accessv1.ReasonDeferred},
		{handshake, stalls, accessv1.ReasonDeferred},
	}
	for _, step := range []string{greeting, "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", finalDot} {
		for _, kind := range []string{"451 4.3.0 later", "421 4.3.2 closing", stalls, hangsUp} {
			out = append(out, trouble{step, kind, accessv1.ReasonDeferred})
		}
	}
	return out
}

// undergo invites somebody while the mail server is in a trouble, mends it when Roster has said what is wrong, and waits for
// the end.
func (t trouble) undergo(ctx context.Context, s *stage) {
	post.suffer(t)
	s.invite(ctx, "ana")
	s.complains(ctx, t)
	post.mend()
	if t.reason == accessv1.ReasonRejected {
		s.invitation(ctx, "ana", accessv1.InvitationFailed)
		return
	}
	Eventually(func() accessv1.InvitationState {
		s.hurry(ctx)
		return s.first(ctx).Status.State
	}, patience, interval).WithContext(ctx).Should(Equal(accessv1.InvitationSent), func() string { return t.String() + s.tail() })
}

// first is the stage's only invitation, or an empty one.
func (s *stage) first(ctx context.Context) *accessv1.Invitation {
	found := &accessv1.InvitationList{}
	if watched.List(ctx, found, client.InNamespace(s.name)) != nil || len(found.Items) == 0 {
		return &accessv1.Invitation{}
	}
	return &found.Items[0]
}

// complains waits until somebody has met the trouble, and the invitation says what is wrong with the mail server, in words of
// Roster's. A machine that is too busy to get as far as the trouble in time tries again.
func (s *stage) complains(ctx context.Context, t trouble) {
	var said string
	Eventually(func() string {
		delivered := apimeta.FindStatusCondition(s.first(ctx).Status.Conditions, accessv1.ConditionDelivered)
		if delivered == nil {
			return "says nothing"
		}
		if t.step != connecting && post.met() == 0 {
			s.hurry(ctx)
			return "nobody has met it"
		}
		said = delivered.Message
		return delivered.Reason
	}, patience, interval).WithContext(ctx).Should(Equal(t.reason), func() string { return t.String() + ": " + said + s.tail() })
	if _, text, ok := strings.Cut(t.kind, "5."); ok && t.kind[0] == '5' {
		Expect(said).NotTo(ContainSubstring(text[4:]), "the server's own words")
	}
}

var _ = Describe("A mail server in trouble", Ordered, ContinueOnFailure, func() {
	var l *life
	var calm undisturbed
	var came, missed int

	BeforeAll(func(ctx context.Context) {
		options := managerOptions()
		options.SMTP.Timeout = time.Second // a dozen times, a server stalls for as long
		l = phoenix(options)
		calm = workload{name: "calm", act: anaInvited}.observe(ctx, l)
	})
	AfterEach(func() { post.mend() })
	AfterAll(func() { AddReportEntry("crashes", fmt.Sprintf("%d came, %d did not", came, missed)) })

	// A trouble that passes leaves no trace: the end is that of a calm run.
	for i, t := range choice(troubles(), 9) {
		w := workload{name: "the mail server's trouble is: " + t.String(), act: t.undergo}
		It("loses nothing: "+t.String(), func(ctx context.Context) {
			if t.reason != accessv1.ReasonRejected && !everything() {
				w.suffer(ctx, l, calm, crash{})
				if i%4 == 0 {
					Expect(w.suffer(ctx, l, calm, choice(outbox(calm.plans()), 9)[i])).To(BeTrue())
				}
				return
			}
			u := w.observe(ctx, l)
			if t.reason == accessv1.ReasonRejected {
				Expect(u.recipients).To(BeEmpty())
			} else {
				Expect(u.done).To(Equal(calm.done))
				Expect(u.recipients).To(Equal(calm.recipients))
			}
			for _, c := range choice(outbox(u.plans()), 1) {
				By(c.String())
				if w.suffer(ctx, l, u, c) {
					came++
				} else {
					missed++
				}
			}
		})
	}
})

var _ = Describe("A manager that is asked to end", func() {
	It("hears what the mail server says of a mail that it has already", func(ctx context.Context) {
		options := managerOptions()
		options.SMTP.Timeout = patience
		l := live(options)
		s := newStage(l)
		s.found(ctx)
		post.suffer(trouble{finalDot, takesLate, ""})
		DeferCleanup(post.mend)
		s.invite(ctx, "ana")
		Eventually(post.met, patience, interval).WithContext(ctx).Should(Equal(1), l.tail)
		l.leave()
		Eventually(l.log.String, patience, interval).WithContext(ctx).Should(ContainSubstring("Stopping and waiting for leader election runnables"))
		post.mend()
		Expect(l.ended(ctx)).To(Equal(0), l.tail)
		l.again()
		s.invitation(ctx, "ana", accessv1.InvitationSent)
		s.settled(ctx)
		s.expectMails([]string{"ana"}, 0)
		Expect(post.to(s.domain())).To(HaveLen(1))
	})
})

// outbox are the crashes at the writes of the outbox.
func outbox(plans []crash) []crash {
	var out []crash
	for _, c := range plans {
		if strings.Contains(c.what, "invitations") {
			out = append(out, c)
		}
	}
	return out
}
