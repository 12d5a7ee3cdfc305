// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	linters "sigs.k8s.io/kube-api-linter/pkg/config"
	"sigs.k8s.io/yaml"
)

// config is the file that apilint is given.
type config struct {
	Linters       linters.Linters       `json:"linters"`
	LintersConfig linters.LintersConfig `json:"lintersConfig"`
	// Exceptions are the findings that stand, each for a reason.
	Exceptions []*exception `json:"exceptions"`
}

// exception excuses the findings of one linter whose message matches an expression.
type exception struct {
	Linter  string `json:"linter"`
	Message string `json:"message"`
	Reason  string `json:"reason"`

	expression *regexp.Regexp
	used       bool
}

// finding is one sentence of one linter about one place.
type finding struct {
	file    string
	line    int
	linter  string
	message string
}

func newFinding(action *checker.Action, d analysis.Diagnostic) finding {
	at := action.Package.Fset.Position(d.Pos)
	return finding{file: fromHere(at.Filename), line: at.Line, linter: action.Analyzer.Name, message: d.Message}
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", f.file, f.line, f.message, f.linter)
}

func fromHere(file string) string {
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, file); err == nil {
			return rel
		}
	}
	return file
}

// readConfig refuses an exception without a reason: an unexplained one cannot be judged later.
func readConfig(path string) (*config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	cfg := &config{}
	if err := yaml.UnmarshalStrict(data, cfg); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range cfg.Exceptions {
		if e.Linter == "" || e.Message == "" || e.Reason == "" {
			return nil, errors.New(path + ": an exception needs linter, message and reason")
		}
		if e.expression, err = regexp.Compile(e.Message); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return cfg, nil
}

// judge returns one sentence for each finding that no exception excuses and each exception that excuses none,
// in the order of the files.
func (c *config) judge(findings []finding) []string {
	slices.SortFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.String(), b.String()))
	})
	var complaints []string
	for _, f := range findings {
		if !c.excused(f) {
			complaints = append(complaints, f.String())
		}
	}
	for _, e := range c.Exceptions {
		if !e.used {
			complaints = append(complaints, fmt.Sprintf("the exception %q of %s excuses nothing: remove it", e.Message, e.Linter))
		}
	}
	return slices.Compact(complaints)
}

func (c *config) excused(f finding) bool {
	for _, e := range c.Exceptions {
		if e.Linter == f.linter && e.expression.MatchString(f.message) {
			e.used = true
			return true
		}
	}
	return false
}
