package access_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// function is the text of a function around its name, and what is needed to call it from within its own body.
type function struct {
	name, head, tail string
	body, end        int      // offsets in the file: after the opening brace, after the closing one
	receiver         string   // with a dot; empty for none
	arguments        []string // the parameters, to be handed over
	returns          bool
}

// functionAt returns the function of the file that the offset is in.
func functionAt(t *testing.T, text string, offset int) (function, bool) {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		t.Errorf("a fault is no Go: %v", err)
		return function{}, false
	}
	place := func(p token.Pos) int { return files.Position(p).Offset }
	for _, declaration := range parsed.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || offset < place(f.Pos()) || offset >= place(f.End()) {
			continue
		}
		found := function{
			name:      f.Name.Name,
			head:      text[place(f.Pos()):place(f.Name.Pos())],
			tail:      text[place(f.Name.End()):place(f.End())],
			body:      place(f.Body.Lbrace) + 1,
			end:       place(f.End()),
			arguments: parameters(f.Type.Params),
			returns:   f.Type.Results != nil,
		}
		if f.Recv != nil {
			found.receiver = parameters(f.Recv)[0] + "."
		}
		return found, true
	}
	return function{}, false
}

func parameters(fields *ast.FieldList) []string {
	var names []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				names = append(names, name.Name+"...")
			} else {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// handOver is the statement with which the function lets another of the same signature do its work.
func (f function) handOver(other string) string {
	call := f.receiver + other + "(" + strings.Join(f.arguments, ", ") + ")"
	if f.returns {
		return "return " + call
	}
	return call + "\nreturn"
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
