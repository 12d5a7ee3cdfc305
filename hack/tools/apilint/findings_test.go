// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExceptionsExcuseWhatTheyMatchAndNothingElse(t *testing.T) {
	cfg, err := readConfig(write(t, `
exceptions:
- {linter: nobools, message: "^field A", reason: two values}
- {linter: nobools, message: "^field Gone", reason: two values}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := cfg.judge([]finding{
		{file: "b.go", line: 1, linter: "nobools", message: "field B is a bool"},
		{file: "a.go", line: 9, linter: "nomaps", message: "field A is a map"},
		{file: "a.go", line: 2, linter: "nobools", message: "field A is a bool"},
	})
	want := []string{
		"a.go:9: field A is a map (nomaps)",
		"b.go:1: field B is a bool (nobools)",
		`the exception "^field Gone" of nobools excuses nothing: remove it`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("complaints:\n%s", strings.Join(got, "\n"))
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	for sentence, test := range map[string]struct{ config, want string }{
		"an exception without a reason": {`exceptions: [{linter: nobools, message: x}]`, "needs linter, message and reason"},
		"an expression that is none":    {`exceptions: [{linter: nobools, message: "(", reason: x}]`, "missing closing"},
		"a misspelt key":                {`exception: []`, "unknown field"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if _, err := readConfig(write(t, test.config)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}
