package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/bench/report"
	"github.com/roster-dev/roster/test/env"
)

// childTask is what the process with a manager of its own is told.
type childTask struct {
	Host string
	TLS  rest.TLSClientConfig
	// Users is how many there are to be looked at.
	Users int
	// HeapProfile and CPUProfile are files to write; empty: none.
	HeapProfile, CPUProfile string
}

// childResult is what it found.
type childResult struct {
	// Heap is what is in use after collection, and Resident what the process has of the machine, in bytes.
	Heap, Resident uint64
	// Writes are all requests of the manager that changed something.
	Writes     tally
	Reconciles int
	// Synced and Settled are seconds since the start: the cache is filled, and every user has been looked at.
	Synced, Settled float64
}

func runChild(ctx context.Context, in io.Reader, out io.Writer) error {
	var task childTask
	if err := json.NewDecoder(in).Decode(&task); err != nil {
		return err
	}
	scheme, err := manager.Scheme()
	if err != nil {
		return err
	}
	stopProfile, err := startCPUProfile(task.CPUProfile)
	if err != nil {
		return err
	}
	begin := time.Now()
	m, err := startDirect(&env.Cluster{Config: &rest.Config{Host: task.Host, TLSClientConfig: task.TLS, QPS: -1}, Scheme: scheme})
	if err != nil {
		return err
	}
	defer m.stop()
	result := childResult{Synced: time.Since(begin).Seconds()}
	if err := m.rest(ctx, task.Users); err != nil {
		return err
	}
	stopProfile()
	result.Settled = (time.Since(begin) - stillness).Seconds()
	result.Writes, result.Reconciles = m.tally(), m.users()
	result.Heap, result.Resident = report.Heap(), resident()
	if err := writeHeapProfile(task.HeapProfile); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

// resident is 0 where the system does not tell.
func resident() uint64 {
	fields, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	parts := strings.Fields(string(fields))
	if len(parts) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize()) //nolint:gosec // a page has a positive size
}

// startCPUProfile records the CPU of this process until the function returned is called. Without a path, nothing happens.
func startCPUProfile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}, pprof.StartCPUProfile(file)
}

func writeHeapProfile(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return pprof.WriteHeapProfile(file)
}
