// Command bench measures Roster against a real API server and prints what it found beside what it should be.
//
// Exact counts of writes are right or wrong, and a wrong one makes the command fail. Times are compared with a reference
// that runs beside them in the same run, because machines are shared and noisy; they never make it fail.
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

// options are what the command can be told.
type options struct {
	short    bool
	users    int
	run      *regexp.Regexp
	json     string
	profiles string
}

// pick is one of two sizes: of a full run, or of a short one.
func (o options) pick(full, short int) int {
	if o.short {
		return short
	}
	return full
}

// userCount is the number of users of a section, unless the command was told another.
func (o options) userCount(full, short int) int {
	if o.users > 0 {
		return o.users
	}
	return o.pick(full, short)
}

func main() {
	ctrl.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, child, err := parse()
	if err == nil && child {
		err = runChild(ctx, os.Stdin, os.Stdout)
	} else if err == nil {
		err = measureAll(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func parse() (o options, child bool, err error) {
	flag.BoolVar(&o.short, "short", false, "fewer users and rounds")
	flag.IntVar(&o.users, "users", 0, "number of users in every section; 0: 10000, and 100000 for memory (short: 500 and 5000)")
	flag.StringVar(&o.json, "json", "", "write the results to this file as well")
	flag.StringVar(&o.profiles, "profiles", "", "write CPU and heap profiles of the manager into this directory")
	flag.BoolVar(&child, "child", false, "used by this command itself: run a manager of its own, and say how large it is")
	run := flag.String("run", "", "regular expression over the sections: "+report.Names(sections()))
	flag.Parse()
	o.run, err = regexp.Compile(*run)
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	if err == nil && o.profiles != "" {
		err = os.MkdirAll(o.profiles, 0o750)
	}
	return o, child, err
}

// measureAll runs the sections that were asked for. What has been measured is printed even if a later section fails.
func measureAll(ctx context.Context, o options) error {
	r := &report.Report{Machine: report.Machine(), Short: o.short}
	b := &bench{options: o, report: r}
	defer b.close()
	return r.Finish(report.Measure(ctx, b, sections(), o.run), o.json)
}
