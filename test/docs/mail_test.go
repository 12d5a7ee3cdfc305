package docs_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/roster-dev/roster/internal/mail"
)

func mailPage(t *testing.T) string {
	t.Helper()
	return read(t, filepath.Join(root, "docs", "tasks", "mail.md"))
}

func TestEverySentenceAboutAMailIsExplained(t *testing.T) {
	page := mailPage(t)
	found := 0
	for name, sentence := range constants(t, filepath.Join(root, "internal", "mail", "failure.go")) {
		if !strings.HasPrefix(name, "sentence") {
			continue
		}
		found++
		if shown := strings.ToUpper(sentence[:1]) + sentence[1:]; !strings.Contains(page, " | "+shown+" | ") {
			t.Errorf("docs/tasks/mail.md has no row for %q", shown)
		}
	}
	if found < 20 {
		t.Errorf("only %d sentences were found: has failure.go moved?", found)
	}
}

func TestEveryFlagOfMailIsExplained(t *testing.T) {
	flags := regexp.MustCompile(`"((?:smtp|dkim|mail)-[a-z-]+)"`).FindAllStringSubmatch(read(t, filepath.Join(root, "cmd", "roster", "manager.go")), -1)
	if len(flags) < 10 {
		t.Fatalf("only %d flags were found: have they moved?", len(flags))
	}
	for _, flag := range flags {
		if !strings.Contains(mailPage(t), "`--"+flag[1]+"`") {
			t.Errorf("docs/tasks/mail.md does not speak of --%s", flag[1])
		}
	}
}

// TestTheExampleTemplatesAreTaken writes the files that the page shows, as a reader would.
func TestTheExampleTemplatesAreTaken(t *testing.T) {
	shown := regexp.MustCompile("(?s)`templates/([a-z.]+)`[^\n]*:\n(?:[^\n]*\n)?\n?```\n(.*?)```").FindAllStringSubmatch(mailPage(t), -1)
	dir := t.TempDir()
	for _, file := range shown {
		if err := os.WriteFile(filepath.Join(dir, file[1]), []byte(file[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	templates, err := mail.NewTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	sources, builtIn := templates.Sources(), mail.BuiltIn().Sources()
	for _, name := range []string{"invitation.en.subject", "invitation.en.text", "invitation.en.html"} {
		if sources[name] == builtIn[name] {
			t.Errorf("%s was not found on the page", name)
		}
	}
	if len(shown) != 3 || reflect.DeepEqual(sources, builtIn) {
		t.Errorf("%d templates were found on the page", len(shown))
	}
}

// TestEveryVariableIsExplained lets the program say which there are.
func TestEveryVariableIsExplained(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "invitation.en.text"), []byte("{{.Link}} {{.Nothing}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := mail.NewTemplates(dir)
	if err == nil {
		t.Fatal("an unknown variable is taken")
	}
	_, list, _ := strings.Cut(err.Error(), "the variables are ")
	variables := strings.Split(list, ", ")
	if len(variables) < 8 {
		t.Fatalf("only %d variables were found in: %v", len(variables), err)
	}
	for _, variable := range variables {
		if !strings.Contains(mailPage(t), "| `"+variable+"` |") {
			t.Errorf("docs/tasks/mail.md has no row for %s", variable)
		}
	}
}
