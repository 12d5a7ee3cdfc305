package crd_test

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestEverySampleIsAccepted(t *testing.T) {
	paths, err := filepath.Glob("../../config/samples/*/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	namespaces := map[string]bool{}
	for _, path := range paths {
		if filepath.Base(path) == "kustomization.yaml" {
			continue
		}
		for _, object := range decodeFile(t, path) {
			if namespace := object.GetNamespace(); namespace != "" && !namespaces[namespace] {
				namespaces[namespace] = true
				makeNamespace(t, namespace)
			}
			name := strings.ToLower(object.GetKind()) + " " + object.GetNamespace() + "/" + object.GetName()
			t.Run(strings.TrimPrefix(path, "../../config/samples/")+" "+name, func(t *testing.T) {
				kind := object.GetKind()
				err := server.Create(t.Context(), object, client.DryRunAll)
				if err != nil && (kind != "Namespace" || !apierrors.IsAlreadyExists(err)) {
					t.Errorf("refused: %v", err)
				}
			})
		}
	}
}

func makeNamespace(t *testing.T, name string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := server.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
}
