// Command guard measures how long the guard takes to judge a write: in the handler, over a cache as the manager has it, with
// its options and indexes, without the network. Reviews of verbs are answered at once; each takes a request to the API
// server in earnest, where a judgement comes to ask for one.
//
// A judgement is one thread's work, so it is measured twice: on the clock, and in the processor time of its thread, which
// is what counts where other programs run beside it. An answer that is not the expected one makes the command fail. Times
// never do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"github.com/go-logr/logr"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/internal/graph"
	guardhandler "github.com/roster-dev/roster/internal/guard"
	"github.com/roster-dev/roster/test/bench/report"
)

func main() {
	ctrl.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	short := flag.Bool("short", false, "fewer rounds, and no tenant of 100,000 users")
	into := flag.String("json", "", "write the results to this file as well")
	only := flag.String("run", "", "regular expression over the names of the rows")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	found := &report.Report{Machine: report.Machine(), Short: *short}
	sizes := []size{{1_000, 100}, {10_000, 1_000}, {100_000, 10_000}}
	if *short {
		sizes = sizes[:2]
	}
	for _, s := range sizes {
		if err = measure(ctx, found, s, pattern, *short); err != nil {
			break
		}
	}
	return found.Finish(err, *into)
}

func measure(ctx context.Context, found *report.Report, s size, pattern *regexp.Regexp, short bool) error {
	objects := tenant(s)
	filled, stop, err := fill(ctx, objects)
	defer stop()
	if err != nil {
		return err
	}
	handler := &guardhandler.Guard{
		Reader: filled, Graph: graph.New(filled, filled), Reviews: nobodyMay{}, Clock: clocktesting.NewFakePassiveClock(time.Now()),
		UsernamePrefix: "oidc:", Self: "roster",
	}
	for _, w := range writes(s, objects) {
		if !pattern.MatchString(w.name) || w.large && s.users != 10_000 {
			continue
		}
		rounds := w.rounds(short)
		took, err := repeat(ctx, handler, w, rounds)
		if err != nil {
			return err
		}
		took.addTo(found, s, w)
	}
	return nil
}

// times are how long the judgements took, in order of length.
type times struct{ clock, processor []time.Duration }

// repeat judges a write again and again. A few go before.
func repeat(ctx context.Context, handler *guardhandler.Guard, w write, rounds int) (times, error) {
	var took times
	request, err := w.request()
	if err != nil {
		return took, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i := -3; i < rounds; i++ {
		began, used := time.Now(), threadTime()
		response := handler.Handle(ctx, request)
		if i >= 0 {
			took.clock = append(took.clock, time.Since(began))
			took.processor = append(took.processor, threadTime()-used)
		}
		if response.Allowed != w.allowed {
			return took, fmt.Errorf("%s: allowed is %t: %+v", w.name, response.Allowed, response.Result)
		}
	}
	slices.Sort(took.clock)
	slices.Sort(took.processor)
	return took, nil
}

// threadTime is the processor time of this thread, as Linux tells it.
func threadTime() time.Duration {
	const ofThisThread = 3
	var used syscall.Timespec
	if _, _, problem := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, ofThisThread, uintptr(unsafe.Pointer(&used)), 0); problem != 0 {
		return 0
	}
	return time.Duration(used.Nano())
}

func (t times) addTo(found *report.Report, s size, w write) {
	n := len(t.clock)
	clock, processor := t.clock[n*99/100], t.processor[n*99/100]
	found.Limit(report.Row{
		Name: w.name, What: s.String(), Target: "p99 ≤ " + w.target().String(),
		Reached: fmt.Sprintf("of CPU p99 %s, median %s; on the clock p99 %s, median %s",
			round(processor), round(t.processor[n/2]), round(clock), round(t.clock[n/2])),
		Values: map[string]float64{
			"processor p99": processor.Seconds(), "processor median": t.processor[n/2].Seconds(),
			"clock p99": clock.Seconds(), "clock median": t.clock[n/2].Seconds(), "rounds": float64(n),
		},
	}, processor <= w.target())
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// nobodyMay has no verbs.
type nobodyMay struct{}

func (nobodyMay) Create(context.Context, client.Object, ...client.CreateOption) error { return nil }
