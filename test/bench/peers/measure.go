package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// batch is how many decisions are made between two looks at the clock.
const batch = 64

// figures are what was measured of one peer in one world. Of several rounds the best counts: whatever else runs on the
// machine only takes away.
type figures struct {
	// Nanoseconds of processor time a decision, for one caller. Unlike the clock it does not count while others run; work
	// that an engine does on other threads, such as collecting its garbage, counts.
	Nanoseconds float64 `json:"nanoseconds"`
	// PerSecond are the decisions that as many callers get as there are processors, on the clock.
	PerSecond float64 `json:"perSecond"`
	// Allocations and Bytes a decision.
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
}

// compare measures all in turn, several times.
func compare(list []*running, rounds int, each time.Duration) ([]figures, error) {
	out := make([]figures, len(list))
	for range rounds {
		for n, r := range list {
			alone, err := callers(r.answers, 1, each)
			if err != nil {
				return nil, err
			}
			together, err := callers(r.answers, runtime.GOMAXPROCS(0), each)
			if err != nil {
				return nil, err
			}
			if f := &out[n]; f.Nanoseconds == 0 || alone.nanoseconds < f.Nanoseconds {
				f.Nanoseconds = alone.nanoseconds
			}
			out[n].PerSecond = max(out[n].PerSecond, together.perSecond)
		}
	}
	for n, r := range list {
		if err := out[n].countAllocations(r.answers); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pace is how fast the decisions of one round were.
type pace struct {
	nanoseconds float64 // of processor time a decision
	perSecond   float64
}

// callers has so many callers ask for that time, each going through the questions from another place.
func callers(answers []decide, count int, each time.Duration) (pace, error) {
	var group sync.WaitGroup
	var made atomic.Int64
	failed := make(chan error, count)
	began, used := time.Now(), processorTime()
	for n := range count {
		group.Go(func() {
			for at := n * len(answers) / count; time.Since(began) < each; at += batch {
				if err := someOf(answers, at); err != nil {
					failed <- err
					return
				}
				made.Add(batch)
			}
		})
	}
	group.Wait()
	total := float64(made.Load())
	p := pace{float64(processorTime()-used) / total, total / time.Since(began).Seconds()}
	select {
	case err := <-failed:
		return p, err
	default:
		return p, nil
	}
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// someOf asks a batch of questions; the answers were verified before.
func someOf(answers []decide, from int) error {
	for at := range batch {
		if _, err := answers[(from+at)%len(answers)](); err != nil {
			return err
		}
	}
	return nil
}

// countAllocations asks every question once.
func (f *figures) countAllocations(answers []decide) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, answer := range answers {
		if _, err := answer(); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	count := float64(len(answers))
	f.Allocations, f.Bytes = float64(after.Mallocs-before.Mallocs)/count, float64(after.TotalAlloc-before.TotalAlloc)/count
	return nil
}
