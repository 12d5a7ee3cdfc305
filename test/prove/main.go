// Command prove holds the guard against a second opinion, in as many random worlds as it is told.
//
// It prints how far it is every ten seconds, and in the end the worlds, the writes let through and refused, and how many of
// them should have been the other way round; one of these makes it fail. A run is repeated by its seed, one world of it by
// -first and -worlds 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/test/gains"
)

func main() {
	ctrl.SetLogger(logr.Discard())
	debug.SetGCPercent(1000) // worlds are small and many
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !prove(ctx) {
		os.Exit(1)
	}
}

func prove(ctx context.Context) bool {
	var run gains.Run
	flag.Uint64Var(&run.Worlds, "worlds", 10_000_000, "how many worlds")
	flag.Uint64Var(&run.Seed, "seed", rand.Uint64(), "where to begin; another one each time unless told")
	flag.Uint64Var(&run.First, "first", 0, "the first world's number")
	flag.IntVar(&run.Workers, "workers", 0, "how many at a time; 0: one for each processor")
	long := flag.Duration("for", 0, "end after so long, such as 10m; 0: not before all worlds are done")
	flag.Parse()
	began := time.Now()
	if *long > 0 {
		run.Until = began.Add(*long)
	}
	fmt.Printf("prove: seed %d, worlds %d to %d\n", run.Seed, run.First, run.First+run.Worlds)
	said := began
	run.Progress = func(r gains.Result) {
		if time.Since(said) >= 10*time.Second {
			said = time.Now()
			say(r, time.Since(began))
		}
	}
	result := gains.Prove(ctx, run)
	for _, wrong := range result.Wrong {
		fmt.Println(wrong)
	}
	say(result, time.Since(began))
	return len(result.Wrong) == 0
}

func say(r gains.Result, took time.Duration) {
	fmt.Printf("prove: %d worlds, %d let through, %d refused, %d wrong, %s (%.0f/s)\n",
		r.Worlds, r.LetThrough, r.Refused, len(r.Wrong), took.Round(time.Second), float64(r.Worlds)/took.Seconds())
}
