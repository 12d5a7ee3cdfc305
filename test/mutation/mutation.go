// Package mutation seeds faults into the files of a package, each behind a switch, so that one build has all of them and a
// proof can be asked which it finds. Nothing of that is shipped: the faulty files exist for the compiler only, which lays
// them over the package (go build -overlay).
package mutation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// Fault is one seeded fault: in the file, the old text, which occurs there once, becomes the new one.
type Fault struct {
	Name, File, Before, After string
}

// Switch is the name of the variable that says which fault is switched on, by its place in the list, from one; zero for none.
const Switch = "Fault"

// Board is the file that a package needs in addition.
func Board(pkg string) string { return "package " + pkg + "\n\nvar " + Switch + " int\n" }

// Seed returns a file with all its faults: the function with the fault is added under another name, and the original hands
// over to it when the fault is switched on.
func Seed(file, text string, faults []Fault) (string, error) {
	switches := map[int]string{} // by offset in the text: what to insert there
	var faulty strings.Builder
	for i, f := range faults {
		if f.File != file {
			continue
		}
		if n := strings.Count(text, f.Before); n != 1 {
			return "", fmt.Errorf("%s: the old text occurs %d times in %s, not once", f.Name, n, file)
		}
		at := strings.Index(text, f.Before)
		original, err := functionAt(text, at)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.Name, err)
		}
		copied, err := functionAt(strings.Replace(text, f.Before, f.After, 1), at)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.Name, err)
		}
		if original.end < at+len(f.Before) || original.name != copied.name {
			return "", fmt.Errorf("%s: the old text is not within a function of %s", f.Name, file)
		}
		other := fmt.Sprintf("%s%s%d", copied.name, Switch, i+1)
		faulty.WriteString("\n" + copied.head + other + copied.tail + "\n")
		switches[original.body] += fmt.Sprintf("\nif %s == %d {\n%s\n}\n", Switch, i+1, original.handOver(other))
	}
	var out strings.Builder
	for i := range len(text) {
		out.WriteString(switches[i])
		out.WriteByte(text[i])
	}
	return out.String() + faulty.String(), nil
}

// function is the text of a function around its name, and what is needed to call it from within its own body.
type function struct {
	name, head, tail string
	body, end        int      // offsets in the file: after the opening brace, after the closing one
	receiver         string   // with a dot; empty for none
	arguments        []string // the parameters, to be handed over
	returns          bool
}

// functionAt returns the function of the file that the offset is in.
func functionAt(text string, offset int) (function, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return function{}, fmt.Errorf("a fault is no Go: %w", err)
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
		return found, nil
	}
	return function{}, fmt.Errorf("there is no function at %d", offset)
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
