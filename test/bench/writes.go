package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// writes counts what reaches the API server: as many user statuses as there are users whose access changes, and no more.
func (b *bench) writes(ctx context.Context) error {
	w, err := b.inhabited(ctx)
	if err != nil {
		return err
	}
	m, err := startBehindProxy(b.cluster)
	if err != nil {
		return err
	}
	err = b.writesOf(ctx, w, m)
	m.stop()
	if err != nil {
		return err
	}
	return b.resync(ctx, w)
}

// occasion is something that happens, how many users the manager has to look at because of it, and how many statuses it
// has to write.
type occasion struct {
	name, what      string
	happen          func(context.Context) error
	looks, statuses int
}

func (b *bench) writesOf(ctx context.Context, w *world, m *running) error {
	k := w.affected
	nothing := func(context.Context) error { return nil }
	for _, o := range []occasion{
		{"restart", "the manager starts again", nothing, w.users, 0},
		{"role change", fmt.Sprintf("a role that %d of %d users depend on gives more", k, w.users), w.toggleSome, k, k},
		{"role change back", "it gives less again", w.toggleSome, k, k},
		{"role text", "its display name and description change", w.describeSome, k, 0},
		{"role order", "its rules change places", w.reorderSome, k, 0},
		{"empty group", "a group that nobody is in gives more", w.changeNobody, 0, 0},
		{"touch", fmt.Sprintf("somebody annotates %d users", k), w.touchSome, k, 0},
	} {
		if err := b.countOne(ctx, w, m, o); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

func (b *bench) countOne(ctx context.Context, w *world, m *running, o occasion) error {
	before, looked := m.tally(), m.users()
	if o.name == "restart" {
		before, looked = tally{}, 0
	}
	if err := o.happen(ctx); err != nil {
		return err
	}
	if err := m.rest(ctx, looked+o.looks); err != nil {
		return err
	}
	if err := w.check(ctx, w.users); err != nil {
		return err
	}
	written := m.tally().since(before)
	b.report.Count(o.name, "user status writes: "+o.what, written[userStatus], o.statuses,
		fmt.Sprintf(" in %d reconciles%s", m.users()-looked, written.others()))
	return nil
}

// resync starts a manager that looks at everything again and again, and stops it when it has done so at least twice
// beyond its start.
func (b *bench) resync(ctx context.Context, w *world) error {
	m, err := startBehindProxy(b.cluster, func(o *ctrl.Options) { o.Cache.SyncPeriod = ptr.To(5 * time.Second) })
	if err != nil {
		return err
	}
	err = until(ctx, 100*time.Millisecond, func() (bool, error) { return m.users() >= 3*w.users, nil })
	looks := m.users()
	m.stop()
	if err != nil {
		return err
	}
	written := m.tally()
	b.report.Count("resync", "user status writes: every object comes up again, twice", written[userStatus], 0,
		fmt.Sprintf(" in %d reconciles%s", looks, written.others()))
	return w.check(ctx, w.users)
}
