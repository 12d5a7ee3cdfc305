package v1alpha1

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// constants are the condition types and reasons of conditions.go, with their values and comments.
func constants(t *testing.T) map[string]*ast.ValueSpec {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "conditions.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*ast.ValueSpec{}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Names) != 1 {
				t.Fatalf("%v: one constant a line", spec)
			}
			out[value.Names[0].Name] = value
		}
	}
	if len(out) < 50 {
		t.Fatalf("only %d constants were found", len(out))
	}
	return out
}

func TestEveryConditionAndReasonSaysWhenItSurfaces(t *testing.T) {
	t.Parallel()
	byValue := map[string]string{}
	for name, spec := range constants(t) {
		kind, value := "Reason", ""
		if strings.HasPrefix(name, "Condition") {
			kind = "Condition"
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			value, _ = strconv.Unquote(literal.Value)
		}
		if name != kind+value {
			t.Errorf("%s has the value %q: a name is Condition or Reason and the value", name, value)
		}
		if other, twice := byValue[kind+value]; twice {
			t.Errorf("%s and %s are the same", name, other)
		}
		byValue[kind+value] = name
		if comment := spec.Doc.Text(); !strings.HasPrefix(comment, name+" surfaces ") {
			t.Errorf("%s does not say when it surfaces: %q", name, comment)
		}
	}
}

func TestEveryConditionAndReasonIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, root := range []string{"controllers", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(node ast.Node) bool {
				selector, ok := node.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if from, ok := selector.X.(*ast.Ident); ok && from.Name == "accessv1" {
					used[selector.Sel.Name] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range constants(t) {
		if !used[name] {
			t.Errorf("nothing uses %s: use it, or take it out", name)
		}
	}
}

// TestNoReasonIsWrittenAsAString keeps the list complete: a type or reason that is written as a string is in no list.
func TestNoReasonIsWrittenAsAString(t *testing.T) {
	t.Parallel()
	setters := map[string]int{"Is": 0, "Unknown": 0, "Ready": 0, "Waiting": 0, "Stalled": 0}
	err := filepath.WalkDir(filepath.Join("..", "..", "controllers"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			setter, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if on, ok := setter.X.(*ast.Ident); !ok || on.Name != "conditions" {
				return true
			}
			if _, known := setters[setter.Sel.Name]; !known {
				return true
			}
			setters[setter.Sel.Name]++
			for _, argument := range call.Args[:len(call.Args)-1] { // the last one is the message
				if _, spelled := argument.(*ast.BasicLit); spelled {
					t.Errorf("%s: a type or reason is spelled out", files.Position(call.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for setter, calls := range setters {
		if calls == 0 {
			t.Errorf("no call of conditions.%s was found: what is looked for has another name now", setter)
		}
	}
}
