package fault_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/internal/manager"
)

func keyOf(s *stage, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: s.name, Name: name}
}

// undisturbed is what a workload comes to when nothing happens.
type undisturbed struct {
	prepared, done string
	writes         []moment
	recipients     []string
}

func (w workload) ready(ctx context.Context, s *stage) {
	if w.prepare == nil {
		s.found(ctx)
		return
	}
	w.prepare(ctx, s)
}

// observe runs a workload undisturbed.
func (w workload) observe(ctx context.Context, l *life) undisturbed {
	s := newStage(l)
	w.ready(ctx, s)
	var u undisturbed
	u.prepared = s.settled(ctx)
	s.wire.count(s.name, crash{})
	w.act(ctx, s)
	u.done = s.settled(ctx)
	u.writes, u.recipients = s.wire.counted(), s.recipients()
	Expect(u.writes).NotTo(BeEmpty(), "%s: nothing has happened", w.name)
	s.clear(ctx)
	return u
}

// settled waits until nothing has changed for a while that is longer than any controller gathers events.
func (s *stage) settled(ctx context.Context) string {
	before, same := "", 0
	EventuallyWithOffset(1, func() int {
		now := s.state(ctx)
		if same++; now != before {
			before, same = now, 0
		}
		return same
	}, patience, interval).WithContext(ctx).Should(BeNumerically(">=", 14))
	return before
}

// plans are all crashes that there can be.
func (u undisturbed) plans() []crash {
	var out []crash
	for _, at := range u.writes {
		// Users are counted together, when there is time.
		if strings.HasSuffix(at.what, "tenants/status") {
			continue
		}
		for _, f := range fates {
			out = append(out, crash{f, at})
		}
	}
	return out
}

// suffer runs a workload with a crash in it, and compares. It reports whether the crash came.
func (w workload) suffer(ctx context.Context, l *life, u undisturbed, c crash) bool {
	s := newStage(l)
	w.ready(ctx, s)
	s.expectState(ctx, u.prepared, "%s: before", w.name)
	strike := s.wire.count(s.name, c)
	w.act(ctx, s)
	s.expectState(ctx, u.done, "%s: %s", w.name, c)
	came := struck(strike)
	writes := s.wire.counted()
	s.expectMails(u.recipients, 1)
	Expect(len(writes)).To(BeNumerically("<=", 2*len(u.writes)+4), "%s: %s: %v instead of %v", w.name, c, writes, u.writes)
	s.clear(ctx)
	return came
}

// expectState waits until the stage is in the state.
func (s *stage) expectState(ctx context.Context, expected, format string, arguments ...any) {
	GinkgoHelper()
	var now string
	Eventually(func() bool {
		now = s.state(ctx)
		return now == expected
	}, patience, interval).WithContext(ctx).Should(BeTrue(), func() string {
		return fmt.Sprintf(format, arguments...) + ": is not as it should be (-expected +got):\n" +
			cmp.Diff(strings.Split(expected, "\n"), strings.Split(now, "\n")) + s.tail()
	})
}

// tail is the end of what managers have logged.
func (l *life) tail() string {
	const enough = 4000
	log := l.log.String()
	return "\n" + log[max(len(log)-enough, 0):]
}

// phoenix is a manager that rises again whenever it is killed, in another second: what a mail should have kept from before
// cannot be the same by chance.
func phoenix(options manager.Options) *life {
	l := live(options)
	l.wire.kill = func() {
		defer GinkgoRecover()
		l.die()
		<-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		l.again()
	}
	return l
}

var _ = Describe("A manager that dies at a write, or hears nothing of it", func() {
	dying("sends mails", managerOptions, choice(mailing, 3))
	dying("administers", managerOptions, choice(administering, 1))
	dying("keeps passwords", keepingPasswords, choice(signing, 1))
})

// dying has one manager after the other go through workloads.
func dying(does string, options func() manager.Options, workloads []workload) {
	Context("while it "+does, Ordered, ContinueOnFailure, func() {
		var l *life
		var came, missed int

		BeforeAll(func() { l = phoenix(options()) })
		AfterAll(func() { AddReportEntry("crashes", fmt.Sprintf("%d came, %d did not", came, missed)) })

		for _, w := range workloads {
			It("comes to the same end when "+w.name, func(ctx context.Context) {
				u := w.observe(ctx, l)
				for _, c := range choice(u.plans(), 2) {
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
}
