package manager

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

func TestBrokenTemplatesEndTheStart(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "invitation.en.text", "{{.Name}}\n{{.Surname}}")
	_, err := mailTemplates(dir)
	if err == nil || strings.Count(err.Error(), "--mail-templates: invitation.en.text:") != 2 {
		t.Errorf("mailTemplates: %v", err)
	}
}

func TestAChangeOfTemplatesIsSaidOnce(t *testing.T) {
	dir := t.TempDir()
	templates, err := mailTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	w := &templatesWatch{templates: templates, log: funcr.New(func(_, line string) { said += line + "\n" }, funcr.Options{})}
	for step, tc := range []struct {
		subject string
		says    string
		current float64
	}{
		{"One", "templates that are there now", 1},
		{"One", "", 1},
		{"{{.Name}}", "no variable .Name", 0},
		{"{{.Name}}", "", 0},
		{"{{.Surname}}", "no variable .Surname", 0},
		{"One", "templates that are there now", 1},
		{"One", "", 1},
	} {
		writeFile(t, dir, "invitation.en.subject", tc.subject)
		said = ""
		w.look()
		if lines := strings.Count(said, "\n"); (tc.says == "") != (lines == 0) || lines > 1 || !strings.Contains(said, tc.says) {
			t.Errorf("step %d, %q: said %q", step, tc.subject, said)
		}
		if got := gauge(t, "roster_mail_templates_current"); got != tc.current {
			t.Errorf("step %d, %q: the metric is %v", step, tc.subject, got)
		}
	}
}

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
