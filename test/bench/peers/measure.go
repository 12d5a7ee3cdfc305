package main

import (
	"errors"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// batch is how many decisions are made between two looks at the clocks. Looking at that of the processor takes as long as
// some decisions of the fastest, and the questions of a batch fit into the processor's cache.
const batch = 1024

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
			one, err := alone(r.asked, each)
			if err != nil {
				return nil, err
			}
			perSecond, err := together(r.asked, each)
			if err != nil {
				return nil, err
			}
			nanoseconds := float64(one.processor) / float64(one.decisions)
			if f := &out[n]; f.Nanoseconds == 0 || nanoseconds < f.Nanoseconds {
				f.Nanoseconds = nanoseconds
			}
			out[n].PerSecond = max(out[n].PerSecond, perSecond)
		}
	}
	for n, r := range list {
		if err := out[n].countAllocations(r.asked); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// spent is what some decisions have taken.
type spent struct {
	decisions        int
	clock, processor time.Duration
}

// alone has one caller ask for that time, and together has as many as there are processors.
func alone(list []prepared, each time.Duration) (spent, error) { return caller(list, 0, each) }

func together(list []prepared, each time.Duration) (perSecond float64, err error) {
	var group sync.WaitGroup
	spans, errs := make([]spent, runtime.GOMAXPROCS(0)), make([]error, runtime.GOMAXPROCS(0))
	for n := range spans {
		group.Go(func() { spans[n], errs[n] = caller(list, n*len(list)/len(spans), each) })
	}
	group.Wait()
	for _, s := range spans {
		perSecond += float64(s.decisions) / s.clock.Seconds()
	}
	return perSecond, errors.Join(errs...)
}

// caller goes through the questions from one place. He reads the next ones before the clocks run: the service has just
// decoded what it is asked, for which somebody else's engine would have to wait as well.
func caller(list []prepared, from int, each time.Duration) (spent, error) {
	var s spent
	for at := from; s.clock < each; at += batch {
		readSome(list, at)
		began, used := time.Now(), processorTime()
		if err := askSome(list, at); err != nil {
			return s, err
		}
		s.processor += processorTime() - used
		s.clock += time.Since(began)
		s.decisions += batch
	}
	return s, nil
}

func readSome(list []prepared, from int) {
	sum := 0
	for at := range batch {
		sum += list[(from+at)%len(list)].read()
	}
	runtime.KeepAlive(sum)
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// askSome asks a batch of questions; the answers were verified before.
func askSome(list []prepared, from int) error {
	for at := range batch {
		if _, err := list[(from+at)%len(list)].decide(); err != nil {
			return err
		}
	}
	return nil
}

// countAllocations asks every question once.
func (f *figures) countAllocations(list []prepared) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, p := range list {
		if _, err := p.decide(); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	count := float64(len(list))
	f.Allocations, f.Bytes = float64(after.Mallocs-before.Mallocs)/count, float64(after.TotalAlloc-before.TotalAlloc)/count
	return nil
}
