// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sourceFile is one hand-written Go file. Its path is relative to the module, with slashes.
type sourceFile struct {
	path   string
	lines  int
	syntax *ast.File
}

// isTest tells files that only tests use: test files, and everything below test/.
func (f sourceFile) isTest() bool {
	return strings.HasSuffix(f.path, "_test.go") || strings.HasPrefix(f.path, "test/")
}

// sourceTree is all hand-written Go code of one module.
type sourceTree struct {
	fset    *token.FileSet
	sources []sourceFile
}

// readTree parses the module at root, leaving out nested modules and what Go itself ignores.
func readTree(root string) (*sourceTree, error) {
	tree := &sourceTree{fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && ignored(path, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		return tree.add(root, path)
	})
	return tree, err
}

func ignored(dir, name string) bool {
	if name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (t *sourceTree) add(root, path string) error {
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	relative = filepath.ToSlash(relative)
	syntax, err := parser.ParseFile(t.fset, relative, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if generated(relative, syntax) {
		return nil
	}
	lines := t.fset.File(syntax.Package).LineCount()
	t.sources = append(t.sources, sourceFile{path: relative, lines: lines, syntax: syntax})
	return nil
}

func generated(path string, syntax *ast.File) bool {
	return ast.IsGenerated(syntax) || strings.Contains(path, "zz_generated") || strings.Contains(path, "applyconfiguration/")
}

// place renders where a node begins.
func (t *sourceTree) place(node ast.Node) string {
	at := t.fset.Position(node.Pos())
	return fmt.Sprintf("%s:%d", at.Filename, at.Line)
}

// linesOf counts the lines that a node spans, the first and the last included.
func (t *sourceTree) linesOf(node ast.Node) int {
	return t.fset.Position(node.End()).Line - t.fset.Position(node.Pos()).Line + 1
}
