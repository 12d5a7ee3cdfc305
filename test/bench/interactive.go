package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
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
	var latencies []time.Duration
	for wave := 0; wave < b.options.pick(10, 40) && len(latencies) < trials; wave++ {
		if err := b.wave(ctx, w, m, &latencies); err != nil {
			return err
		}
	}
	slices.Sort(latencies)
	if len(latencies) == 0 {
		return fmt.Errorf("%d users are too few to keep the manager busy", w.users)
	}
	b.reportInteractive(w, latencies)
	return nil
}

func (b *bench) reportInteractive(w *world, sorted []time.Duration) {
	n := len(sorted)
	middle, p99, worst := sorted[n/2], sorted[(n*99+99)/100-1], sorted[n-1]
	b.report.limit(row{
		Name: "interactive", What: fmt.Sprintf("one user deactivated while %d converge: until his status says so; %d trials", w.users, n),
		Reached: fmt.Sprintf("p99 %d ms (median %d ms, worst %d ms)", p99.Milliseconds(), middle.Milliseconds(), worst.Milliseconds()),
		Target:  "p99 ≤ 1 s",
		Values:  map[string]float64{"p99Seconds": p99.Seconds(), "medianSeconds": middle.Seconds(), "worstSeconds": worst.Seconds(), "trials": float64(n)},
	}, p99 <= time.Second)
}

// wave makes everybody's access change, and deactivates one user after the other while that lasts. In the end all of
// them are active again.
func (b *bench) wave(ctx context.Context, w *world, m *running, latencies *[]time.Duration) error {
	start := m.users()
	if err := w.toggleBase(ctx); err != nil {
		return err
	}
	if err := until(ctx, time.Millisecond, func() (bool, error) { return waiting("user") > busyAtLeast || m.users() >= start+w.users, nil }); err != nil {
		return err
	}
	var done []int
	for waiting("user") > busyAtLeast && len(*latencies) < trials {
		// Far apart, so that some are at the head of the queue, some at its end, some through already.
		i := (len(*latencies)*7919 + 13) % w.users
		latency, err := w.deactivate(ctx, i)
		if err != nil {
			return err
		}
		*latencies = append(*latencies, latency)
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

// deactivate is the time from before the change is sent until the API server shows a status without access.
func (w *world) deactivate(ctx context.Context, i int) (time.Duration, error) {
	start := time.Now()
	if err := w.setState(ctx, i, accessv1.AccountInactive); err != nil {
		return 0, err
	}
	user := &accessv1.User{}
	err := until(ctx, 2*time.Millisecond, func() (bool, error) {
		err := w.client.Get(ctx, client.ObjectKey{Namespace: tenantName, Name: userName(i)}, user)
		return user.Status.State == accessv1.UserInactive && len(user.Status.EffectiveAccess) == 0, err
	})
	return time.Since(start), err
}

func (w *world) setState(ctx context.Context, i int, state accessv1.AccountState) error {
	patch := []byte(fmt.Sprintf(`{"spec":{"state":%q}}`, state))
	return w.client.Patch(ctx, w.user(i), client.RawPatch("application/merge-patch+json", patch))
}
