// Command peers measures Roster beside other engines that decide about access: in process, in one run, on one workload.
// Before anything is measured, every engine answers every question, and a single wrong answer makes the command fail.
//
// It is a module of its own, so that Roster's does not know the others.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"time"
)

// options are what the command can be told.
type options struct {
	short bool
	users int
	json  string
	only  *regexp.Regexp
}

func main() {
	var o options
	flag.BoolVar(&o.short, "short", false, "fewer questions and shorter rounds")
	flag.IntVar(&o.users, "users", 100, "users of each tenant")
	only := flag.String("run", "", "regular expression: only the engines whose names match, beside Roster")
	flag.StringVar(&o.json, "json", "", "write the results to this file as well")
	flag.Parse()
	o.only = regexp.MustCompile(*only)
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	r := &report{Machine: fmt.Sprintf("%s, %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))}
	for _, tenants := range []int{10, 100} {
		s, err := measure(ctx, o, tenants)
		if err != nil {
			return err
		}
		r.Sections = append(r.Sections, s)
	}
	if err := r.print(os.Stdout); err != nil || o.json == "" {
		return err
	}
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(content, '\n'), 0o600)
}

// measure compares all peers in a world of so many tenants.
func measure(ctx context.Context, o options, tenants int) (*section, error) {
	// As many questions as there are users, for a look at all of memory that they take.
	count, rounds, each := max(1<<14, tenants*o.users), 7, 500*time.Millisecond
	if o.short {
		count, rounds, each = 1<<11, 3, 100*time.Millisecond
	}
	w, err := newWorld(tenants, o.users)
	if err != nil {
		return nil, err
	}
	questions := w.questions(count)
	var list []*running
	for n, p := range peers {
		if n > 0 && !o.only.MatchString(p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "peers: %d tenants: %s\n", tenants, p.name)
		r, err := fill(ctx, p, w, questions)
		if err != nil {
			return nil, err
		}
		if r.stop != nil {
			defer r.stop()
		}
		list = append(list, r)
	}
	found, err := compare(list, rounds, each)
	if err != nil {
		return nil, err
	}
	return newSection(w, count, list, found), nil
}
