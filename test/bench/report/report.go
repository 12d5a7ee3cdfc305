// Package report gathers what a benchmark found and prints it beside what it should be.
//
// Exact counts are right or wrong, and a wrong one makes a command fail. Times are compared with a reference that runs
// beside them in the same run, because machines are shared and noisy; they never make it fail.
package report

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

// Report is all that a run found.
type Report struct {
	Machine map[string]string `json:"machine"`
	Short   bool              `json:"short"`
	Rows    []Row             `json:"rows"`
}

// Row is one measurement.
type Row struct {
	Name    string `json:"name"`
	What    string `json:"what"`
	Reached string `json:"reached"`
	Target  string `json:"target"`
	Verdict string `json:"verdict"`
	// Values are the numbers behind the words.
	Values map[string]float64 `json:"values,omitempty"`
}

func (r *Report) add(one Row) {
	r.Rows = append(r.Rows, one)
	fmt.Fprintf(os.Stderr, "bench: %s: %s (%s)\n", one.Name, one.Reached, one.Verdict)
}

// Count adds a row for a number that has to be met exactly.
func (r *Report) Count(name, what string, got, want int, remark string) {
	verdict := exact
	if got != want {
		verdict = wrong
	}
	r.add(Row{
		Name: name, What: what, Reached: fmt.Sprintf("%d%s", got, remark), Target: fmt.Sprint(want), Verdict: verdict,
		Values: map[string]float64{"got": float64(got), "want": float64(want)},
	})
}

// Limit adds a row for a value that has to stay within a bound, or to reach it.
func (r *Report) Limit(one Row, holds bool) {
	one.Verdict = missed
	if holds {
		one.Verdict = reached
	}
	r.add(one)
}

// Note adds a row without a target.
func (r *Report) Note(one Row) {
	one.Verdict = noted
	r.add(one)
}

// Wrong is an error when a count is.
func (r *Report) Wrong() error {
	for _, one := range r.Rows {
		if one.Verdict == wrong {
			return fmt.Errorf("%s: counted %s where %s is right", one.Name, one.Reached, one.Target)
		}
	}
	return nil
}

// Print writes the rows as a table.
func (r *Report) Print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tWHAT\tREACHED\tTARGET\tVERDICT")
	for _, one := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", one.Name, one.What, one.Reached, one.Target, one.Verdict)
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// Machine says what the numbers were measured on.
func Machine() map[string]string {
	m := map[string]string{
		"cpus": fmt.Sprint(runtime.NumCPU()), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
	}
	if assets, err := env.Assets(); err == nil {
		m["controlPlane"] = filepath.Base(assets)
	}
	return m
}
