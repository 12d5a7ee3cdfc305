// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The budgets. CONTRIBUTING.md lists them for people.
const (
	medianFunctionLines = 12
	fileLines           = 400
	controllerLines     = 800
	constructorParams   = 4
	interfaceMethods    = 3
)

var constructor = regexp.MustCompile(`^New(\P{Ll}|$)`)

// drawers are names under which anything can be put and nothing can be found.
var drawers = []string{"util", "utils", "common", "helper", "helpers", "misc"}

// files reports files that are too long to be read in one go; tests are read too.
func (t *sourceTree) files() []complaint {
	var found []complaint
	for _, f := range t.sources {
		if f.lines > fileLines {
			found = append(found, complaint{f.path, fmt.Sprintf("the file has %d lines; split it, %d are the limit", f.lines, fileLines)})
		}
	}
	return found
}

// packages reports controllers that have grown beyond one subject.
func (t *sourceTree) packages() []complaint {
	lines := map[string]int{}
	for _, f := range t.sources {
		if dir := path.Dir(f.path); strings.HasPrefix(dir, "controllers/") && !f.isTest() {
			lines[dir] += f.lines
		}
	}
	var found []complaint
	for _, dir := range slices.Sorted(maps.Keys(lines)) {
		if lines[dir] > controllerLines {
			found = append(found, complaint{dir, fmt.Sprintf("the controller has %d lines without its tests; %d are the limit", lines[dir], controllerLines)})
		}
	}
	return found
}

// functions reports a median that is too long, and constructors that should take a struct.
func (t *sourceTree) functions() []complaint {
	var found []complaint
	var lengths []int
	for _, f := range t.sources {
		for _, decl := range f.syntax.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if !f.isTest() {
				lengths = append(lengths, t.linesOf(function))
			}
			found = append(found, t.constructor(function)...)
		}
	}
	if m := median(lengths); m > medianFunctionLines {
		found = append(found, complaint{"all packages", fmt.Sprintf("the median of %d functions is %d lines; %d are the limit", len(lengths), m, medianFunctionLines)})
	}
	return found
}

func (t *sourceTree) constructor(function *ast.FuncDecl) []complaint {
	name, params := function.Name.Name, function.Type.Params.NumFields()
	if !constructor.MatchString(name) || params <= constructorParams {
		return nil
	}
	return []complaint{{t.place(function), fmt.Sprintf("%s takes %d parameters; above %d they become a struct", name, params, constructorParams)}}
}

func median(lengths []int) int {
	if len(lengths) == 0 {
		return 0
	}
	slices.Sort(lengths)
	return lengths[len(lengths)/2]
}

// interfaces reports those that ask for more than one consumer needs.
func (t *sourceTree) interfaces() []complaint {
	var found []complaint
	for _, f := range t.sources {
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			if iface, ok := node.(*ast.InterfaceType); ok {
				if n := methods(iface); n > interfaceMethods {
					found = append(found, complaint{t.place(iface), fmt.Sprintf("the interface has %d methods; %d are the limit", n, interfaceMethods)})
				}
			}
			return true
		})
	}
	return found
}

// methods counts an embedded interface as one method, and the elements of a type constraint as none.
func methods(iface *ast.InterfaceType) int {
	count := 0
	for _, field := range iface.Methods.List {
		switch field.Type.(type) {
		case *ast.FuncType, *ast.Ident, *ast.SelectorExpr:
			count++
		}
	}
	return count
}

// names reports drawer packages and drawer files.
func (t *sourceTree) names() []complaint {
	var found []complaint
	for _, f := range t.sources {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		pkg := strings.TrimSuffix(f.syntax.Name.Name, "_test")
		if slices.Contains(drawers, stem) {
			found = append(found, complaint{f.path, fmt.Sprintf("a file named %q says nothing of what is in it", stem)})
		}
		if slices.Contains(drawers, pkg) || slices.Contains(drawers, path.Base(path.Dir(f.path))) {
			found = append(found, complaint{f.path, fmt.Sprintf("a package named %q says nothing of what is in it", pkg)})
		}
	}
	return found
}
