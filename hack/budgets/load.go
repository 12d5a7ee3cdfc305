// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// listedPackage is what `go list -json` says of one package.
type listedPackage struct {
	ImportPath, Name, Dir, Export      string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Module                             *struct {
		Path string
		Main bool
	}
	Error *struct{ Err string }
}

// listing is all packages of the module and all that they import, compiled.
type listing map[string]*listedPackage

// list has the go command compile everything: export data makes type checks against any import exact and cheap.
func list(root string) (listing, error) {
	command := exec.Command("go", "list", "-e", "-export", "-deps", "-test",
		"-json=ImportPath,Name,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,Module,Error", "./...")
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	listed := listing{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listedPackage{}
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			return listed, nil
		} else if err != nil {
			return nil, err
		}
		if strings.Contains(p.ImportPath, " ") || strings.HasSuffix(p.ImportPath, ".test") {
			continue // a package built once more for some test
		}
		if p.Error != nil && p.ours() {
			return nil, fmt.Errorf("%s does not compile: %s", p.ImportPath, p.Error.Err)
		}
		listed[p.ImportPath] = p
	}
}

func (p *listedPackage) ours() bool { return p.Module != nil && p.Module.Main }

// own returns the module's packages in the order of their paths.
func (l listing) own() []*listedPackage {
	var found []*listedPackage
	for _, path := range sortedPaths(l) {
		if l[path].ours() {
			found = append(found, l[path])
		}
	}
	return found
}

// watches tells the packages that have no users outside this module.
func (l listing) watches(p *listedPackage) bool {
	below := strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")
	return strings.HasPrefix(below, "internal/") || strings.HasPrefix(below, "controllers")
}

// check type-checks a package as it is, and returns it with all that it, its tests and its external tests refer to.
func (l listing) check(fset *token.FileSet, p *listedPackage) (plain *types.Package, own []*types.Info, external *types.Info) {
	plain, info := l.typeCheck(fset, p, p.ImportPath, p.GoFiles)
	_, tests := l.typeCheck(fset, p, p.ImportPath, slices.Concat(p.GoFiles, p.TestGoFiles))
	_, external = l.typeCheck(fset, p, p.ImportPath+"_test", p.XTestGoFiles)
	return plain, []*types.Info{info, tests}, external
}

// typeCheck carries on past errors: a test may use what another test file of its package exports to it only,
// and whether the code compiles is for the compiler to say.
func (l listing) typeCheck(fset *token.FileSet, p *listedPackage, path string, names []string) (*types.Package, *types.Info) {
	var files []*ast.File
	for _, name := range names {
		if file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution); err == nil {
			files = append(files, file)
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", l.open), Error: func(error) {}}
	pkg, _ := config.Check(path, fset, files, info) //nolint:errcheck // errors are left to the compiler, see above
	return pkg, info
}

func (l listing) open(path string) (io.ReadCloser, error) {
	p, ok := l[path]
	if !ok || p.Export == "" {
		return nil, fmt.Errorf("no export data for %s", path)
	}
	return os.Open(p.Export)
}
