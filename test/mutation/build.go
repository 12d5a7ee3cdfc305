package mutation

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build lays files, by their path in a directory of the module, over what is there, compiles the program in its directory
// mutants, and returns where that is. It builds with the flags of every other build, so that what is imported is compiled
// already.
func Build(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	scratch, replace := t.TempDir(), map[string]string{}
	for name, text := range files {
		file := filepath.Join(scratch, strings.ReplaceAll(name, "/", "-"))
		write(t, file, []byte(text))
		replace[filepath.Join(dir, name)] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list, binary := filepath.Join(scratch, "overlay.json"), filepath.Join(scratch, "mutants")
	write(t, list, overlay)
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "-o", binary, "./mutants")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
