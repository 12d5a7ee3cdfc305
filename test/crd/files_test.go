package crd_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// file is one rule: the documents that keep or break it. A single document is created. With two, the first is created
// and the second written over it: its status where it has one, else all but its status.
type file struct {
	name      string // <kind>-<rule>
	kind      string // in lower case
	wants     []string
	documents []*unstructured.Unstructured
}

var wantLine = regexp.MustCompile(`(?m)^# want: (.+)$`)

// files reads a directory of rules.
func files(t *testing.T, directory string) []file {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", directory, err)
	}
	var all []file
	for _, path := range paths {
		all = append(all, readFile(t, path))
	}
	return all
}

func readFile(t *testing.T, path string) file {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := file{name: strings.TrimSuffix(filepath.Base(path), ".yaml")}
	f.kind, _, _ = strings.Cut(f.name, "-")
	for _, match := range wantLine.FindAllStringSubmatch(string(content), -1) {
		f.wants = append(f.wants, match[1])
	}
	f.documents = decodeFile(t, path)
	f.check(t)
	return f
}

// decodeFile returns the documents of a file.
func decodeFile(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	decoder := yaml.NewYAMLOrJSONDecoder(reader, 4096)
	var documents []*unstructured.Unstructured
	for {
		document := &unstructured.Unstructured{}
		err := decoder.Decode(document)
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		documents = append(documents, document)
	}
}

func (f file) check(t *testing.T) {
	t.Helper()
	if n := len(f.documents); n != 1 && n != 2 {
		t.Fatalf("%s has %d documents, not one or two", f.name, n)
	}
	for _, document := range f.documents {
		if kind := strings.ToLower(document.GetKind()); kind != f.kind {
			t.Fatalf("%s holds a %s: the name of a file begins with its kind", f.name, kind)
		}
		if definitions[f.kind].Spec.Scope == "Namespaced" {
			document.SetNamespace(metav1.NamespaceDefault)
		}
	}
}

func TestEveryValidFileIsAccepted(t *testing.T) {
	for _, f := range files(t, "valid") {
		t.Run(f.name, func(t *testing.T) {
			if err := f.write(t); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestEveryInvalidFileIsRefusedForItsRuleAlone(t *testing.T) {
	for _, f := range files(t, "invalid") {
		t.Run(f.name, func(t *testing.T) {
			if len(f.wants) != 1 {
				t.Fatalf("has %d lines `# want: <message>`, not one", len(f.wants))
			}
			causes := refusal(t, f.write(t))
			if len(causes) != 1 || !strings.Contains(causes[0], f.wants[0]) {
				t.Errorf("want the one message %q, got %q", f.wants[0], causes)
			}
		})
	}
}

// write does what the file says and returns the API server's answer to its last document.
func (f file) write(t *testing.T) error {
	t.Helper()
	first := f.documents[0].DeepCopy()
	if len(f.documents) == 1 {
		return server.Create(t.Context(), first, client.DryRunAll)
	}
	if err := server.Create(t.Context(), first); err != nil {
		t.Fatalf("the first document is refused: %v", err)
	}
	t.Cleanup(func() { remove(t, first) })
	second := f.documents[1].DeepCopy()
	second.SetResourceVersion(first.GetResourceVersion())
	if _, ok := second.Object["status"]; ok {
		return server.Status().Update(t.Context(), second)
	}
	return server.Update(t.Context(), second)
}

func remove(t *testing.T, object client.Object) {
	t.Helper()
	if err := server.Delete(context.Background(), object); err != nil {
		t.Errorf("cannot clean up: %v", err)
	}
}

// notChecked is what the API server adds when it did not come to the rules.
const notChecked = "some validation rules were not checked because the object was invalid"

// refusal returns what an object was refused for, a message a fault: "<field>: <message>".
func refusal(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		t.Fatal("accepted")
	}
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) || status.ErrStatus.Details == nil {
		t.Fatalf("not refused as invalid, but: %v", err)
	}
	var causes []string
	for _, cause := range status.ErrStatus.Details.Causes {
		if !strings.Contains(cause.Message, notChecked) {
			causes = append(causes, cause.Field+": "+cause.Message)
		}
	}
	return causes
}
