package worlds_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roster-dev/roster/test/mutation"
)

const (
	// accessDir is where the engine is, seen from here.
	accessDir  = "../../internal/access"
	importPath = "github.com/roster-dev/roster/internal/access"
	worldsPath = "github.com/roster-dev/roster/test/worlds"
	// leastCaught is the share of the mutants, in percent, that the random worlds have to find.
	leastCaught = 95
	// worldsToTry is how many worlds each mutant has to survive, and patience how long it may take to.
	worldsToTry = 100
	patience    = 30 * time.Second
)

// proof lists the test files of the engine that make up the checks; they know no testing.T, so that a program can run them.
var proof = []string{
	"entries_test.go", "checks_test.go", "canonical_checks_test.go", "gain_checks_test.go",
}

// hunt is added to the copy of the proof: it looks for a breach in a row of worlds and says how it was found.
const hunt = `package proof

import (
	"fmt"

	"` + importPath + `/mutants/worlds"
)

func Hunt(worldsToTry int) (found string) {
	defer func() {
		if problem := recover(); problem != nil {
			found = fmt.Sprint("panic: ", problem)
		}
	}()
	for seed := range worldsToTry {
		w := worlds.Random.Example(seed)
		for _, c := range checks {
			if err := c.check(w); err != nil {
				return fmt.Sprintf("world %d: %s", seed, c.name)
			}
		}
	}
	return ""
}
`

// program switches one fault on, hunts, and prints what was found.
const program = `package main

import (
	"os"
	"strconv"

	"` + importPath + `/mutants/access"
	"` + importPath + `/mutants/proof"
)

func main() {
	fault, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	worldsToTry, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	access.Fault = fault
	if _, err := os.Stdout.WriteString(proof.Hunt(worldsToTry)); err != nil {
		panic(err)
	}
}
`

// TestMutants seeds all faults into one copy of the engine, each behind a switch, and lets the random worlds look for
// each. The copy, the proof and the program exist for the compiler only: it lays them over the module. Fault zero is
// none, to see that the proof itself holds.
func TestMutants(t *testing.T) {
	if len(mutants) < 44 {
		t.Fatalf("only %d mutants", len(mutants))
	}
	binary := buildMutants(t)
	found := hunts(t, binary, len(mutants)+1)
	if found[0] != "" {
		t.Errorf("without any fault: %s", found[0])
	}
	caught := 0
	for i, m := range mutants {
		if breach := found[i+1]; breach != "" {
			caught++
			t.Logf("caught: %s (%s): %s", m.Name, m.File, breach)
			continue
		}
		t.Logf("SURVIVED: %s (%s): %q became %q", m.Name, m.File, m.Before, m.After)
	}
	t.Logf("%d of %d mutants caught", caught, len(mutants))
	if caught*100 < leastCaught*len(mutants) {
		t.Errorf("%d of %d mutants caught, less than %d %%", caught, len(mutants), leastCaught)
	}
}

// hunts runs the program once for each fault, two at a time, and returns what each run found.
func hunts(t *testing.T, binary string, n int) []string {
	t.Helper()
	found := make([]string, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for fault := range next {
				found[fault] = huntOne(t, binary, fault)
			}
		})
	}
	for fault := range n {
		next <- fault
	}
	close(next)
	workers.Wait()
	return found
}

func huntOne(t *testing.T, binary string, fault int) string {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, strconv.Itoa(fault), strconv.Itoa(worldsToTry)).Output()
	switch {
	case ctx.Err() != nil:
		return "does not end"
	case err != nil:
		return "crashes"
	default:
		return string(out)
	}
}

// buildMutants builds the program with all faults in it.
func buildMutants(t *testing.T) string {
	t.Helper()
	files := map[string]string{
		"mutants/main.go": program, "mutants/access/switchboard.go": mutation.Board("access"), "mutants/proof/hunt.go": hunt,
	}
	for name, text := range mutated(t) {
		files["mutants/access/"+name] = text
	}
	rewrite := strings.NewReplacer(
		"package access_test\n", "package proof\n", strconv.Quote(importPath), strconv.Quote(importPath+"/mutants/access"),
		strconv.Quote(worldsPath), strconv.Quote(importPath+"/mutants/worlds"),
	)
	for _, name := range sources(t, ".") {
		files["mutants/worlds/"+filepath.Base(name)] = rewrite.Replace(read(t, name))
	}
	for _, file := range proof {
		files["mutants/proof/"+strings.TrimSuffix(file, "_test.go")+".go"] = rewrite.Replace(read(t, filepath.Join(accessDir, file)))
	}
	return mutation.Build(t, accessDir, files)
}

// mutated returns the files of the engine by name, with all faults in them.
func mutated(t *testing.T) map[string]string {
	t.Helper()
	paths := sources(t, accessDir)
	faults := make([]mutation.Fault, len(mutants))
	for i, m := range mutants {
		faults[i] = mutation.Fault(m)
	}
	files := map[string]string{}
	for _, path := range paths {
		name := filepath.Base(path)
		faulty, err := mutation.Seed(name, read(t, path), faults)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = faulty
	}
	for _, m := range mutants {
		if files[m.File] == "" {
			t.Errorf("%s: there is no file %s", m.Name, m.File)
		}
	}
	return files
}

// sources are the names of the files of a package without its tests.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
