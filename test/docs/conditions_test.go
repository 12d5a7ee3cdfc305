// Package docs_test keeps the pages under docs/ true: every condition and reason is explained, every object in them is one
// that the kinds know, and every link between pages leads somewhere.
package docs_test

import (
	"bufio"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	yamlreader "k8s.io/apimachinery/pkg/util/yaml"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// root is the top of the checkout, from here.
const root = "../.."

func TestEveryConditionAndReasonIsExplained(t *testing.T) {
	page := read(t, filepath.Join(root, "docs", "conditions.md"))
	values := constants(t, filepath.Join(root, "api", "v1alpha1", "conditions.go"))
	if len(values) < 50 {
		t.Fatalf("only %d constants were found: has conditions.go moved?", len(values))
	}
	for name, value := range values {
		if !strings.Contains(page, "| `"+value+"` |") {
			t.Errorf("docs/conditions.md has no line for %s: begin a row of a table with `%s`", name, value)
		}
	}
}

// TestNoConditionIsInvented finds rows for what the code does not know (any more).
func TestNoConditionIsInvented(t *testing.T) {
	known := map[string]bool{}
	for _, value := range constants(t, filepath.Join(root, "api", "v1alpha1", "conditions.go")) {
		known[value] = true
	}
	rows := regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|").FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "conditions.md")), -1)
	for _, row := range rows {
		if !known[row[1]] {
			t.Errorf("docs/conditions.md explains %s, which is no condition and no reason", row[1])
		}
	}
}

func TestEveryObjectIsOneThatTheKindsKnow(t *testing.T) {
	decode := decoder(t)
	objects := 0
	for _, page := range pages(t, ".md") {
		for _, block := range yamlBlocks(read(t, page)) {
			objects += checkObjects(t, decode, page, block)
		}
	}
	for _, file := range pages(t, ".yaml") {
		objects += checkObjects(t, decode, file, read(t, file))
	}
	if objects < 20 {
		t.Errorf("only %d objects were found: are they still marked as yaml?", objects)
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages(t, ".md") {
		for _, match := range link.FindAllStringSubmatch(withoutCode(read(t, page)), -1) {
			if err := follow(page, match[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// constants are the string constants of a Go file, by name.
func constants(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, value := range spec.Values {
			if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				out[spec.Names[i].Name] = text
			}
		}
		return true
	})
	return out
}

// pages are README, SECURITY and everything under docs/ that people wrote and whose name ends so.
func pages(t *testing.T, ending string) []string {
	t.Helper()
	var out []string
	if ending == ".md" {
		out = append(out, filepath.Join(root, "README.md"), filepath.Join(root, "SECURITY.md"))
	}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "reference" {
			return filepath.SkipDir // generated
		}
		if err == nil && strings.HasSuffix(path, ending) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func yamlBlocks(page string) []string {
	var out []string
	for _, match := range fence.FindAllStringSubmatch(page, -1) {
		if match[1] == "yaml" {
			out = append(out, match[2])
		}
	}
	return out
}

func withoutCode(page string) string { return fence.ReplaceAllString(page, "") }

// decoder takes an object of the kinds and nothing that they do not know: no unknown field, and no field twice.
func decoder(t *testing.T) func(document []byte) error {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	return func(document []byte) error {
		_, _, err := strict.Decode(document, nil, nil)
		return err
	}
}

// checkObjects decodes those documents of a text that are of Roster's kinds, and returns how many there are.
func checkObjects(t *testing.T, decode func([]byte) error, page, text string) int {
	t.Helper()
	documents := yamlreader.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for count := 0; ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return count
		}
		if err != nil {
			t.Errorf("%s: %v", page, err)
			return count
		}
		if !strings.Contains(string(document), "apiVersion: "+accessv1.SchemeGroupVersion.Group) {
			continue
		}
		count++
		if err := decode(document); err != nil {
			t.Errorf("%s: %v in\n%s", page, err, document)
		}
	}
}

// follow checks a link from a page: the file is there, and the heading in it, where one is named.
func follow(page, target string) error {
	if strings.Contains(target, "://") {
		return nil
	}
	path, anchor, _ := strings.Cut(target, "#")
	file := page
	if path != "" {
		file = filepath.Join(filepath.Dir(page), path)
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("the link to %s leads nowhere", target)
	}
	if anchor == "" || info.IsDir() {
		return nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(withoutCode(string(content))) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") && anchorOf(heading) == anchor {
			return nil
		}
	}
	return fmt.Errorf("%s has no heading for the link to %s", file, target)
}

// anchorOf is how web views of Markdown name a heading.
func anchorOf(heading string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case r == ' ':
			out.WriteRune('-')
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			out.WriteRune(r)
		}
	}
	return out.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
