package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// Section is one part of a benchmark's measurements; B is what its sections share.
type Section[B any] struct {
	Name    string
	Measure func(B, context.Context) error
}

// Names are those of the sections, for a flag's description.
func Names[B any](sections []Section[B]) string {
	var names []string
	for _, s := range sections {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// Measure runs those sections whose name the expression matches, until one fails.
func Measure[B any](ctx context.Context, bench B, sections []Section[B], only *regexp.Regexp) error {
	for _, s := range sections {
		if !only.MatchString(s.Name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", s.Name)
		if err := s.Measure(bench, ctx); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// Finish prints what was found, also when the measuring failed, and writes it to the file, if one is named. It fails for a
// wrong count as well.
func (r *Report) Finish(failed error, file string) error {
	r.Print(os.Stdout)
	if file != "" {
		content, err := json.MarshalIndent(r, "", "  ")
		failed = errors.Join(failed, err, os.WriteFile(file, append(content, '\n'), 0o600))
	}
	return errors.Join(failed, r.Wrong())
}

// Heap is what is alive, in bytes.
func Heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
