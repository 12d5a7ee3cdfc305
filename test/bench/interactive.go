package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"

	"github.com/roster-dev/roster/test/bench/report"
)

const (
	// trials is how many changes of one user are measured, if that many fit.
	trials = 100
	// busyAtLeast is how many users have to be waiting for a trial to count as one made while the manager is busy.
	busyAtLeast = 32
)

// interactive measures how soon one user is locked out while everybody's access is being computed and written anew.
func (b *bench) interactive(ctx context.Context) error {
	w, err := b.inhabited(ctx)
	if err != nil {
		return err
	}
	m, err := startDirect(b.cluster)
	if err != nil {
		return err
	}
	defer m.stop()
	if err := m.rest(ctx, w.users); err != nil {
		return err
	}
	var l latencies
	for wave := 0; wave < b.options.pick(10, 40) && len(l.whole) < trials; wave++ {
		if err := b.wave(ctx, w, m, &l); err != nil {
			return err
		}
	}
	if len(l.whole) == 0 {
		return fmt.Errorf("%d users are too few to keep the manager busy", w.users)
	}
	b.reportInteractive(w, l)
	return nil
}

// latencies are what the trials took: until the status was right, and until the API server had accepted the change itself,
// which the manager has no part in.
type latencies struct{ whole, accepted []time.Duration }

func (b *bench) reportInteractive(w *world, l latencies) {
	middle, p99 := quantile(l.whole, 50), quantile(l.whole, 99)
	b.report.Limit(report.Row{
		Name: "interactive", What: fmt.Sprintf("one user deactivated while %d converge: until his status says so; %d trials", w.users, len(l.whole)),
		Reached: fmt.Sprintf("p99 %d ms (median %d ms); of that, until the change was stored: p99 %d ms (median %d ms)",
			p99.Milliseconds(), middle.Milliseconds(), quantile(l.accepted, 99).Milliseconds(), quantile(l.accepted, 50).Milliseconds()),
		Target: "p99 ≤ 1 s",
		Values: map[string]float64{
			"p99Seconds": p99.Seconds(), "medianSeconds": middle.Seconds(), "trials": float64(len(l.whole)),
			"acceptedP99Seconds": quantile(l.accepted, 99).Seconds(), "acceptedMedianSeconds": quantile(l.accepted, 50).Seconds(),
		},
	}, p99 <= time.Second)
}

// quantile is the value that so many of a hundred do not exceed.
func quantile(of []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[max((len(sorted)*percent+99)/100-1, 0)]
}

// wave makes everybody's access change, and deactivates one user after the other while that lasts. In the end all of
// them are active again.
func (b *bench) wave(ctx context.Context, w *world, m *running, l *latencies) error {
	start := m.users()
	if err := w.toggleBase(ctx); err != nil {
		return err
	}
	if err := until(ctx, time.Millisecond, func() (bool, error) { return waiting("user") > busyAtLeast || m.users() >= start+w.users, nil }); err != nil {
		return err
	}
	var done []int
	for waiting("user") > busyAtLeast && len(l.whole) < trials {
		// Far apart, so that some are at the head of the queue, some at its end, some through already.
		i := (len(l.whole)*7919 + 13) % w.users
		if err := w.deactivate(ctx, i, l); err != nil {
			return err
		}
		done = append(done, i)
	}
	for _, i := range done {
		if err := w.setState(ctx, i, accessv1.AccountActive); err != nil {
			return err
		}
	}
	if err := m.rest(ctx, start+w.users); err != nil {
		return err
	}
	return w.check(ctx, w.users)
}

// deactivate takes the time from before the change is sent until the API server shows a status without access.
func (w *world) deactivate(ctx context.Context, i int, l *latencies) error {
	start := time.Now()
	if err := w.setState(ctx, i, accessv1.AccountInactive); err != nil {
		return err
	}
	l.accepted = append(l.accepted, time.Since(start))
	user := &accessv1.User{}
	err := until(ctx, 2*time.Millisecond, func() (bool, error) {
		err := w.client.Get(ctx, client.ObjectKey{Namespace: tenantName, Name: userName(i)}, user)
		return user.Status.State == accessv1.UserInactive && len(user.Status.EffectiveAccess) == 0, err
	})
	l.whole = append(l.whole, time.Since(start))
	return err
}

func (w *world) setState(ctx context.Context, i int, state accessv1.AccountState) error {
	patch := []byte(fmt.Sprintf(`{"spec":{"state":%q}}`, state))
	return w.client.Patch(ctx, w.user(i), client.RawPatch("application/merge-patch+json", patch))
}
