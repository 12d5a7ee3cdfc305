package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/bench/report"
	"github.com/roster-dev/roster/test/env"
)

// memoryTarget is how many bytes of the manager's heap one user may take, when there are so many that what the program
// takes by itself no longer shows.
const (
	memoryTarget = 4 << 10
	memoryUsers  = 100_000
)

// memory measures a manager in a process of its own, with one user and with many.
func (b *bench) memory(ctx context.Context) (err error) {
	c, err := env.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	users := b.options.userCount(memoryUsers, 5_000)
	fmt.Fprintf(os.Stderr, "bench: making a world of %d users\n", users)
	w, uid, err := templateWorld(ctx, c, users)
	if err != nil {
		return err
	}
	base, err := b.runManager(ctx, c, 1, "manager-1")
	if err != nil {
		return err
	}
	start := time.Now()
	if err := w.seed(ctx, c, uid); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bench: stored %d users in %s\n", users, time.Since(start).Round(time.Second))
	full, err := b.runManager(ctx, c, users, "manager")
	if err != nil {
		return err
	}
	b.reportMemory(users, base, full)
	return nil
}

// templateWorld has all groups, and one user with his status.
func templateWorld(ctx context.Context, c *env.Cluster, users int) (w *world, uid string, err error) {
	w, err = empty(ctx, c, users, 0)
	if err != nil {
		return nil, "", err
	}
	m, err := startDirect(c)
	if err != nil {
		return nil, "", err
	}
	defer m.stop()
	if err := errors.Join(w.createUsers(ctx, 1), m.rest(ctx, 1), w.check(ctx, 1)); err != nil {
		return nil, "", err
	}
	first := &accessv1.User{}
	err = c.Client.Get(ctx, client.ObjectKeyFromObject(w.user(0)), first)
	return w, string(first.UID), err
}

func (b *bench) reportMemory(users int, base, full childResult) {
	perUser := float64(full.Heap) / float64(users)
	one := report.Row{
		Name: "memory", What: fmt.Sprintf("manager's heap after collection at %d users, by users", users),
		Reached: fmt.Sprintf("%.0f B a user (%.0f MiB in all; %.1f MiB with one user; %.0f MiB resident)",
			perUser, mebibytes(full.Heap), mebibytes(base.Heap), mebibytes(full.Resident)),
		Target: fmt.Sprintf("≤ %d B at %d", memoryTarget, memoryUsers),
		Values: map[string]float64{"bytesPerUser": perUser, "heap": float64(full.Heap), "heapWithOneUser": float64(base.Heap), "resident": float64(full.Resident)},
	}
	if users < memoryUsers {
		b.report.Note(one)
	} else {
		b.report.Limit(one, perUser <= memoryTarget)
	}
	b.report.Count("restart, large", fmt.Sprintf("user status writes: a manager starts with %d users", users),
		full.Writes[userStatus], 0, fmt.Sprintf(" in %d reconciles%s", full.Reconciles, full.Writes.others()))
	b.report.Note(report.Row{
		Name: "start, large", What: "until the cache is filled, and until every user has been looked at",
		Reached: fmt.Sprintf("%.1f s, %.1f s", full.Synced, full.Settled), Target: "-",
		Values: map[string]float64{"syncedSeconds": full.Synced, "settledSeconds": full.Settled},
	})
}

func mebibytes(n uint64) float64 { return float64(n) / (1 << 20) }

// runManager runs this program again as a manager, until it has looked at all users.
func (b *bench) runManager(ctx context.Context, c *env.Cluster, users int, profile string) (result childResult, err error) {
	task := childTask{Host: c.Config.Host, TLS: c.Config.TLSClientConfig, Users: users}
	if b.options.profiles != "" {
		task.HeapProfile = filepath.Join(b.options.profiles, profile+".heap")
		task.CPUProfile = filepath.Join(b.options.profiles, profile+".cpu")
	}
	question, err := json.Marshal(task)
	if err != nil {
		return result, err
	}
	program, err := os.Executable()
	if err != nil {
		return result, err
	}
	command := exec.CommandContext(ctx, program, "-child")
	command.Stdin, command.Stderr = bytes.NewReader(question), os.Stderr
	answer, err := command.Output()
	if err != nil {
		return result, fmt.Errorf("the manager in a process of its own failed: %w", err)
	}
	return result, json.Unmarshal(answer, &result)
}
