// Command decisions measures the decision service beside references in the same run: a bare map access to bits, a bare
// web handler, a bare list. Its answers are first held against access.Decide.
//
// Counts, of allocations and of wrong answers, make it fail. Times never do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
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

// section is one part of the measurements.
type section struct {
	name    string
	measure func(*bench, context.Context) error
}

func sections() []section {
	return []section{
		{"process", (*bench).process},
		{"http", (*bench).overHTTP},
		{"start", (*bench).start},
		{"revocation", (*bench).revocation},
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
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	short := flag.Bool("short", false, "fewer users and rounds")
	into := flag.String("json", "", "write the results to this file as well")
	only := flag.String("run", "", "regular expression over the sections: "+strings.Join(names, ", "))
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	b := &bench{*short, &report.Report{Machine: report.Machine(), Short: *short}}
	err = b.measure(ctx, pattern)
	b.report.Print(os.Stdout)
	if *into != "" {
		content, encodeErr := json.MarshalIndent(b.report, "", "  ")
		err = errors.Join(err, encodeErr, os.WriteFile(*into, append(content, '\n'), 0o600))
	}
	return errors.Join(err, b.report.Wrong())
}

// measure runs the sections that were asked for. What has been measured is printed even if a later one fails.
func (b *bench) measure(ctx context.Context, pattern *regexp.Regexp) error {
	for _, s := range sections() {
		if !pattern.MatchString(s.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", s.name)
		if err := s.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
