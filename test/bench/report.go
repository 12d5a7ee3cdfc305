package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"github.com/roster-dev/roster/test/env"
)

// Verdicts of a row. Only wrong makes the command fail.
const (
	exact   = "exact"
	wrong   = "WRONG"
	reached = "reached"
	missed  = "missed"
	noted   = "-"
)

// report is all that a run found.
type report struct {
	Machine map[string]string `json:"machine"`
	Short   bool              `json:"short"`
	Rows    []row             `json:"rows"`
}

// row is one measurement.
type row struct {
	Name    string `json:"name"`
	What    string `json:"what"`
	Reached string `json:"reached"`
	Target  string `json:"target"`
	Verdict string `json:"verdict"`
	// Values are the numbers behind the words.
	Values map[string]float64 `json:"values,omitempty"`
}

func (r *report) add(one row) {
	r.Rows = append(r.Rows, one)
	fmt.Fprintf(os.Stderr, "bench: %s: %s (%s)\n", one.Name, one.Reached, one.Verdict)
}

// count adds a row for a number that has to be met exactly.
func (r *report) count(name, what string, got, want int, remark string) {
	verdict := exact
	if got != want {
		verdict = wrong
	}
	r.add(row{
		Name: name, What: what, Reached: fmt.Sprintf("%d%s", got, remark), Target: fmt.Sprint(want), Verdict: verdict,
		Values: map[string]float64{"got": float64(got), "want": float64(want)},
	})
}

// limit adds a row for a value that has to stay within a bound, or to reach it.
func (r *report) limit(one row, holds bool) {
	one.Verdict = missed
	if holds {
		one.Verdict = reached
	}
	r.add(one)
}

func (r *report) note(one row) {
	one.Verdict = noted
	r.add(one)
}

// wrong is an error when a count is.
func (r *report) wrong() error {
	for _, one := range r.Rows {
		if one.Verdict == wrong {
			return fmt.Errorf("%s: counted %s where %s is right", one.Name, one.Reached, one.Target)
		}
	}
	return nil
}

func (r *report) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tWHAT\tREACHED\tTARGET\tVERDICT")
	for _, one := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", one.Name, one.What, one.Reached, one.Target, one.Verdict)
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// machine says what the numbers were measured on.
func machine() map[string]string {
	m := map[string]string{
		"cpus": fmt.Sprint(runtime.NumCPU()), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
	}
	if assets, err := env.Assets(); err == nil {
		m["controlPlane"] = filepath.Base(assets)
	}
	return m
}
