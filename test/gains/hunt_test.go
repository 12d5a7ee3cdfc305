package gains_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roster-dev/roster/test/mutation"
)

const (
	// guardDir is where the guard is, seen from here.
	guardDir = "../../internal/guard"
	// sample is one of how many mutants the tests look for; MUTANTS=all looks for all of them.
	sample = 12
	// worldsToTry is how many worlds each mutant has to survive.
	worldsToTry = 50_000
)

// program switches one fault on after the other, asks the random worlds, and prints what was found, a line for each.
const program = `package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	"github.com/roster-dev/roster/internal/guard"
	"github.com/roster-dev/roster/test/gains"
)

func main() {
	worlds, err := strconv.ParseUint(os.Args[1], 10, 64)
	if err != nil {
		panic(err)
	}
	for _, text := range os.Args[2:] {
		if guard.Fault, err = strconv.Atoi(text); err != nil {
			panic(err)
		}
		var wrong []string
		for _, run := range append(gains.Rare, gains.Run{Seed: 1, Worlds: worlds, Enough: 1}) {
			if len(wrong) == 0 {
				wrong = gains.Prove(context.Background(), run).Wrong
			}
		}
		first, _, _ := strings.Cut(strings.Join(wrong, " "), "\n")
		if _, err := os.Stdout.WriteString(first + "\n"); err != nil {
			panic(err)
		}
	}
}
`

// TestMutants seeds faults into the guard, each behind a switch, and lets the random worlds look for each. Fault zero is
// none, to see that the proof itself holds.
func TestMutants(t *testing.T) {
	t.Parallel()
	wanted := []int{0}
	for i := range mutants {
		if os.Getenv("MUTANTS") == "all" || i%sample == 0 {
			wanted = append(wanted, i+1)
		}
	}
	found := hunt(t, buildMutants(t), wanted)
	if found[0] != "" {
		t.Errorf("without any fault: %s", found[0])
	}
	for i, fault := range wanted[1:] {
		m := mutants[fault-1]
		if found[i+1] == "" {
			t.Errorf("SURVIVED: %s (%s): %q became %q", m.Name, m.File, m.Before, m.After)
			continue
		}
		t.Logf("caught: %s (%s): %s", m.Name, m.File, found[i+1])
	}
	t.Logf("looked for %d of %d mutants", len(wanted)-1, len(mutants))
}

func hunt(t *testing.T, binary string, faults []int) []string {
	t.Helper()
	arguments := []string{strconv.Itoa(worldsToTry)}
	for _, fault := range faults {
		arguments = append(arguments, strconv.Itoa(fault))
	}
	var complaint strings.Builder
	run := exec.CommandContext(t.Context(), binary, arguments...)
	run.Stderr = &complaint
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v after %d faults\n%s", err, strings.Count(string(out), "\n"), complaint.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// buildMutants builds the program over the guard with all faults in it.
func buildMutants(t *testing.T) string {
	t.Helper()
	files := faulty(t)
	files["mutants/main.go"], files["switchboard.go"] = program, mutation.Board("guard")
	return mutation.Build(t, guardDir, files)
}

// faulty are the files of the guard by name, with all faults in them.
func faulty(t *testing.T) map[string]string {
	t.Helper()
	faults := make([]mutation.Fault, len(mutants))
	names := make([]string, len(mutants))
	for i, m := range mutants {
		faults[i], names[i] = mutation.Fault(m), m.File
	}
	slices.Sort(names)
	files := map[string]string{}
	for _, name := range slices.Compact(names) {
		text, err := os.ReadFile(filepath.Join(guardDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if files[name], err = mutation.Seed(name, string(text), faults); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
