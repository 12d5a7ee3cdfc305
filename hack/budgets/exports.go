// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// symbol names a package-level identifier across separate type checks, in which the same thing is never the
// same pointer.
type symbol struct{ pkg, name string }

// unusedExports reports the exported package-level names of internal/ and controllers/ that no other package,
// its tests included, has a use for. Methods and fields are left to the reader: interfaces ask for them from afar.
func unusedExports(root string) ([]complaint, error) {
	listed, err := list(root)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	used := map[symbol]bool{}
	var watched []*types.Package
	for _, p := range listed.own() {
		plain, own, external := listed.check(fset, p)
		for _, info := range own {
			markUses(p.ImportPath, info, used)
		}
		markUses(outsider(p), external, used)
		if p.Name != "main" && listed.watches(p) {
			watched = append(watched, plain)
		}
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	var found []complaint
	for _, pkg := range watched {
		found = append(found, judgeExports(root, fset, pkg, used)...)
	}
	return found, nil
}

// outsider is the name under which a package's external tests count as its users. Those of the access engine are users
// like any other: the design fixes what the engine offers, and its proof calls all of it. Elsewhere a test is no reason
// to export.
func outsider(p *listedPackage) string {
	if strings.HasSuffix(p.ImportPath, "internal/access") {
		return p.ImportPath + "_test"
	}
	return p.ImportPath
}

// markUses notes what the package at path takes from others.
func markUses(path string, info *types.Info, used map[symbol]bool) {
	for _, object := range info.Uses {
		if pkg := object.Pkg(); pkg != nil && pkg.Path() != path && object.Parent() == pkg.Scope() {
			used[symbol{pkg.Path(), object.Name()}] = true
		}
	}
}

func judgeExports(root string, fset *token.FileSet, pkg *types.Package, used map[symbol]bool) []complaint {
	needed := spread(pkg, used)
	var found []complaint
	for _, name := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(name)
		at := fset.Position(object.Pos())
		if !ast.IsExported(name) || needed[object] || strings.Contains(at.Filename, "zz_generated") {
			continue
		}
		file, err := filepath.Rel(root, at.Filename)
		if err != nil {
			file = at.Filename
		}
		place := fmt.Sprintf("%s:%d", filepath.ToSlash(file), at.Line)
		found = append(found, complaint{place, fmt.Sprintf("%s is exported, but only package %s uses it", name, pkg.Name())})
	}
	return found
}

// spread returns the objects of pkg that outsiders name, and those that they get in hand through them: the
// types in the signature of a used function, in the fields and methods of a used type, and the constants of a
// used type, which are one closed set.
func spread(pkg *types.Package, used map[symbol]bool) map[types.Object]bool {
	needed := map[types.Object]bool{}
	var need func(types.Object)
	need = func(object types.Object) {
		if object == nil || object.Pkg() != pkg || needed[object] {
			return
		}
		needed[object] = true
		for mentioned := range mentions(object) {
			need(mentioned)
		}
	}
	for _, name := range pkg.Scope().Names() {
		if used[symbol{pkg.Path(), name}] {
			need(pkg.Scope().Lookup(name))
		}
	}
	for _, name := range pkg.Scope().Names() {
		if constant, ok := pkg.Scope().Lookup(name).(*types.Const); ok {
			if named, ok := constant.Type().(*types.Named); ok && needed[named.Obj()] {
				needed[constant] = true
			}
		}
	}
	return needed
}

// mentions returns the type names that a declaration shows to whoever uses it.
func mentions(object types.Object) map[types.Object]bool {
	found := map[types.Object]bool{}
	show(object.Type(), found)
	named, ok := object.Type().(*types.Named)
	if _, isType := object.(*types.TypeName); !isType || !ok {
		return found
	}
	show(named.Underlying(), found)
	for method := range named.Methods() {
		if method.Exported() {
			show(method.Type(), found)
		}
	}
	return found
}

// show walks a type down to the names in it.
func show(t types.Type, found map[types.Object]bool) {
	switch t := t.(type) {
	case *types.Named:
		found[t.Obj()] = true
		for argument := range t.TypeArgs().Types() {
			show(argument, found)
		}
	case *types.Alias:
		found[t.Obj()] = true
		show(t.Rhs(), found)
	case *types.Map:
		show(t.Key(), found)
		show(t.Elem(), found)
	case interface{ Elem() types.Type }: // pointers, slices, arrays, channels
		show(t.Elem(), found)
	default:
		showParts(t, found)
	}
}

func showParts(t types.Type, found map[types.Object]bool) {
	switch t := t.(type) {
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for variable := range tuple.Variables() {
				show(variable.Type(), found)
			}
		}
	case *types.Struct:
		for field := range t.Fields() {
			if field.Exported() {
				show(field.Type(), found)
			}
		}
	case *types.Interface:
		for method := range t.Methods() {
			show(method.Type(), found)
		}
	}
}

// sortedPaths makes the order of packages, and so of complaints, the same on every run.
func sortedPaths(packages map[string]*listedPackage) []string {
	return slices.Sorted(maps.Keys(packages))
}
