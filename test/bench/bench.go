package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/test/bench/report"
	"github.com/roster-dev/roster/test/env"
)

const (
	// stillness is how long nothing may happen before a manager counts as done; counts that it gathers come after less.
	stillness = 1500 * time.Millisecond
	// patience bounds every wait: a manager that never comes to rest is an error, not a benchmark that hangs.
	patience = 15 * time.Minute
)

func sections() []report.Section[*bench] {
	return []report.Section[*bench]{
		{Name: "writes", Measure: (*bench).writes},
		{Name: "convergence", Measure: (*bench).convergence},
		{Name: "interactive", Measure: (*bench).interactive},
		{Name: "compute", Measure: (*bench).compute},
		{Name: "memory", Measure: (*bench).memory},
		{Name: "mail", Measure: (*bench).mail},
	}
}

// bench is what the sections share.
type bench struct {
	options options
	report  *report.Report
	// cluster and world are made by the first section that needs them.
	cluster *env.Cluster
	world   *world
}

func (b *bench) close() {
	if b.cluster != nil {
		if err := b.cluster.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
}

// inhabited makes the cluster and the world with its users, once. What the manager writes when it meets the users for the
// first time is the first count.
func (b *bench) inhabited(ctx context.Context) (*world, error) {
	if b.world != nil {
		return b.world, nil
	}
	var err error
	if b.cluster, err = env.Start(); err != nil {
		return nil, err
	}
	users := b.options.userCount(10_000, 500)
	fmt.Fprintf(os.Stderr, "bench: making a world of %d users\n", users)
	w, err := empty(ctx, b.cluster, users, users/2)
	if err != nil {
		return nil, err
	}
	if err := w.createUsers(ctx, users); err != nil {
		return nil, err
	}
	m, err := startDirect(b.cluster)
	if err != nil {
		return nil, err
	}
	defer m.stop()
	if err := m.rest(ctx, users); err != nil {
		return nil, err
	}
	if err := w.check(ctx, users); err != nil {
		return nil, err
	}
	b.world = w
	b.report.Count("first sight", fmt.Sprintf("user status writes for %d new users", users), m.count(userStatus), users, m.tally().others())
	return w, nil
}

// empty is a world whose users are still to come, and that no manager looks at any more.
func empty(ctx context.Context, c *env.Cluster, users, affected int) (*world, error) {
	m, err := startDirect(c)
	if err != nil {
		return nil, err
	}
	defer m.stop()
	w, err := newWorld(ctx, c, users, affected)
	if err != nil {
		return nil, err
	}
	return w, m.rest(ctx, 0)
}

// running is a manager in this process, and the count of what it writes.
type running struct {
	*counter
	manager *env.Manager
	// reconciled is the number of user reconciles in this process before it started.
	reconciled int
	close      func()
}

// startDirect starts a manager that reaches the API server without a detour, and counts as requests leave.
func startDirect(c *env.Cluster) (*running, error) {
	counter := newCounter()
	config := rest.CopyConfig(c.Config)
	config.Wrap(counter.through)
	return start(c, config, counter, func() {})
}

// startBehindProxy starts a manager whose requests are counted on their arrival.
func startBehindProxy(c *env.Cluster, changes ...func(*ctrl.Options)) (*running, error) {
	p, err := startProxy(c.Config)
	if err != nil {
		return nil, err
	}
	r, err := start(c, p.Config, p.counter, p.close, changes...)
	if err != nil {
		p.close()
	}
	return r, err
}

func start(c *env.Cluster, config *rest.Config, counter *counter, closing func(), changes ...func(*ctrl.Options)) (*running, error) {
	r := &running{counter: counter, reconciled: reconciles("user"), close: closing}
	var err error
	r.manager, err = env.StartManager(config, c, changes...)
	return r, err
}

func (r *running) stop() {
	if err := r.manager.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	r.close()
}

// users is the number of user reconciles since the manager was started.
func (r *running) users() int { return reconciles("user") - r.reconciled }

// rest waits until the manager has nothing left to do: it has made at least so many user reconciles, no queue holds
// anything, and nothing has been written for a while.
func (r *running) rest(ctx context.Context, users int) error {
	return until(ctx, 20*time.Millisecond, func() (bool, error) {
		return r.stillFor() > stillness && r.users() >= users && busy() == 0, nil
	})
}

var errPatience = errors.New("the manager does not come to rest")

// until polls.
func until(ctx context.Context, interval time.Duration, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// profile records the CPU of this process while work runs, if profiles were asked for.
func (b *bench) profile(name string, work func() error) error {
	path := ""
	if b.options.profiles != "" {
		path = filepath.Join(b.options.profiles, name+".cpu")
	}
	stop, err := startCPUProfile(path)
	if err != nil {
		return err
	}
	defer stop()
	return work()
}
