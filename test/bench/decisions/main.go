// Command decisions measures the decision service beside references in the same run: a bare map access to bits, a bare
// web handler, a bare list. Its answers are first held against access.Decide.
//
// Counts, of allocations and of wrong answers, make it fail. Times never do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/test/bench/report"
)

// bench is what the sections share.
type bench struct {
	short  bool
	report *report.Report
}

// pick is one of two sizes: of a full run, or of a short one.
func (b *bench) pick(full, short int) int {
	if b.short {
		return short
	}
	return full
}

func sections() []report.Section[*bench] {
	return []report.Section[*bench]{
		{Name: "process", Measure: (*bench).process},
		{Name: "http", Measure: (*bench).overHTTP},
		{Name: "start", Measure: (*bench).start},
		{Name: "revocation", Measure: (*bench).revocation},
	}
}

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
	short := flag.Bool("short", false, "fewer users and rounds")
	into := flag.String("json", "", "write the results to this file as well")
	only := flag.String("run", "", "regular expression over the sections: "+report.Names(sections()))
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	b := &bench{*short, &report.Report{Machine: report.Machine(), Short: *short}}
	return b.report.Finish(report.Measure(ctx, b, sections(), pattern), *into)
}
