package certificates_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/roster-dev/roster/test/env"
)

// rendered are the objects of a kustomization in the order in which they are applied.
func rendered(t *testing.T, dir string) []unstructured.Unstructured {
	t.Helper()
	assets, err := env.Assets()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(assets, "kubectl"), "kustomize", filepath.Join(env.Root(), "config", dir)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var objects []unstructured.Unstructured
	for _, text := range strings.Split(string(out), "\n---\n") {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	return objects
}

func find(objects []unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	for i := range objects {
		if objects[i].GetKind() == kind && objects[i].GetName() == name {
			return &objects[i]
		}
	}
	return nil
}

var configurations = []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}

func TestNothingIsWrittenUnguardedWhileItIsInstalled(t *testing.T) {
	for _, dir := range []string{"default", "cert-manager"} {
		objects := rendered(t, dir)
		kinds := slices.IndexFunc(objects, func(o unstructured.Unstructured) bool { return o.GetKind() == "CustomResourceDefinition" })
		for _, kind := range configurations {
			at := slices.IndexFunc(objects, func(o unstructured.Unstructured) bool { return o.GetKind() == kind && o.GetName() == "roster-guard" })
			if at < 0 || kinds < 0 || at > kinds {
				t.Errorf("%s: the %s is number %d, and the first CustomResourceDefinition is %d", dir, kind, at, kinds)
				continue
			}
			webhooks, _, err := unstructured.NestedSlice(objects[at].Object, "webhooks")
			if err != nil || len(webhooks) == 0 {
				t.Fatalf("%s has no webhooks: %v", kind, err)
			}
			for _, webhook := range webhooks {
				if policy := webhook.(map[string]any)["failurePolicy"]; policy != "Fail" {
					t.Errorf("%s: a webhook of the %s has failurePolicy %v", dir, kind, policy)
				}
			}
		}
	}
}

func TestCertManagerFillsTheSecretThatTheManagerServesFrom(t *testing.T) {
	objects := rendered(t, "cert-manager")
	certificate, issuer := find(objects, "Certificate", "roster-guard"), find(objects, "Issuer", "roster-guard")
	if certificate == nil || issuer == nil {
		t.Fatal("there is no Certificate roster-guard, or no Issuer")
	}
	secret, _, _ := unstructured.NestedString(certificate.Object, "spec", "secretName")
	names, _, _ := unstructured.NestedStringSlice(certificate.Object, "spec", "dnsNames")
	if secret != "roster-guard-certificates" || !slices.Contains(names, "roster-guard.roster-system.svc") {
		t.Errorf("the certificate is for %q, into Secret %s", names, secret)
	}
	if find(objects, "Secret", secret) != nil {
		t.Error("the Secret is applied, and would be made twice")
	}
	for _, kind := range configurations {
		of := find(objects, kind, "roster-guard").GetAnnotations()["cert-manager.io/inject-ca-from"]
		if of != certificate.GetNamespace()+"/"+certificate.GetName() {
			t.Errorf("the authority of %q is put into the %s", of, kind)
		}
	}
	manager, err := yaml.Marshal(find(objects, "Deployment", "roster-manager").Object)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(manager); strings.Contains(text, "--guard-rotate-certs") || !strings.Contains(text, "secretName: "+secret) ||
		!strings.Contains(text, "--guard-bind-address=:9443") {
		t.Errorf("the manager makes certificates itself, does not serve, or mounts another Secret:\n%s", text)
	}
}

func TestWithCertManagerTheManagerWritesNoCertificates(t *testing.T) {
	for dir, may := range map[string]bool{"default": true, "cert-manager": false} {
		var rules []byte
		for _, kind := range []string{"ClusterRole", "Role"} {
			text, err := yaml.Marshal(find(rendered(t, dir), kind, "roster-manager").Object["rules"])
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, text...)
		}
		for _, what := range []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations", "roster-guard\n", "roster-guard-certificates"} {
			if strings.Contains(string(rules), what) != may {
				t.Errorf("%s: that the manager's roles speak of %q is %t", dir, what, !may)
			}
		}
		for _, what := range []string{"usergroups", "roster-link-keys", "subjectaccessreviews"} {
			if !strings.Contains(string(rules), what) {
				t.Errorf("%s: the manager's roles speak of %s no more", dir, what)
			}
		}
	}
}
