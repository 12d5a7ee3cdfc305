// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

// Command apilint runs every linter of kube-api-linter over the API packages, as configured in one file
// (see hack/apilint.yaml), and prints what is wrong. It is a program of its own because building
// golangci-lint anew with the plugin inside would double the time that a fresh machine waits.
//
//	apilint hack/apilint.yaml ./api/...
//
// It exits 1 for findings and for exceptions that excuse nothing any more, and 2 when it could not look.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"os"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
	"sigs.k8s.io/kube-api-linter/pkg/analysis/registry"
	_ "sigs.k8s.io/kube-api-linter/pkg/registration" // fills the registry with all linters
)

func main() {
	if len(os.Args) < 3 {
		fail(errors.New("usage: apilint config package [package ...]"))
	}
	cfg, err := readConfig(os.Args[1])
	if err != nil {
		fail(err)
	}
	findings, err := lint(cfg, os.Args[2:])
	if err != nil {
		fail(err)
	}
	complaints := cfg.judge(findings)
	for _, complaint := range complaints {
		fmt.Println(complaint)
	}
	if len(complaints) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "apilint:", err)
	os.Exit(2)
}

// lint returns every finding of every enabled linter in the packages that the patterns name.
func lint(cfg *config, patterns []string) ([]finding, error) {
	analyzers, err := registry.DefaultRegistry().InitializeLinters(cfg.Linters, cfg.LintersConfig)
	if err != nil {
		return nil, err
	}
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax}, patterns...)
	if err != nil {
		return nil, err
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("no packages in %v", patterns)
	}
	if packages.PrintErrors(pkgs) > 0 {
		return nil, errors.New("the packages do not compile")
	}
	graph, err := checker.Analyze(analyzers, pkgs, nil)
	if err != nil {
		return nil, err
	}
	return collect(graph, analyzers)
}

// collect leaves out what helper analyzers say, since only the linters themselves speak to the reader, and
// generated code, which nobody can mend where it stands.
func collect(graph *checker.Graph, analyzers []*analysis.Analyzer) ([]finding, error) {
	speaks := map[*analysis.Analyzer]bool{}
	for _, a := range analyzers {
		speaks[a] = true
	}
	var found []finding
	for action := range graph.All() {
		if action.Err != nil {
			return nil, fmt.Errorf("%v: %w", action, action.Err)
		}
		if !speaks[action.Analyzer] {
			continue
		}
		for _, d := range action.Diagnostics {
			if !generated(action.Package, d.Pos) {
				found = append(found, newFinding(action, d))
			}
		}
	}
	return found, nil
}

func generated(pkg *packages.Package, at token.Pos) bool {
	for _, file := range pkg.Syntax {
		if file.FileStart <= at && at < file.FileEnd {
			return ast.IsGenerated(file)
		}
	}
	return false
}
