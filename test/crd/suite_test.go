// Package crd_test holds the generated CRDs to what they promise, in a real API server without any controller or
// webhook: every rule that the CRDs themselves can enforce has a file under invalid/ that breaks this rule and no
// other, and a rule without one fails the suite.
package crd_test

import (
	"fmt"
	"os"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const crdDirectory = "../../config/crd/bases"

var (
	config *rest.Config
	// server refuses fields that a CRD does not have, so that a misspelt file cannot pass for a valid one.
	server client.Client
	// definitions by kind in lower case, as the API server has them.
	definitions = map[string]*apiextensionsv1.CustomResourceDefinition{}
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	environment := &envtest.Environment{CRDDirectoryPaths: []string{crdDirectory}, ErrorIfCRDPathMissing: true}
	defer func() {
		if err := environment.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	if err := start(environment); err != nil {
		fmt.Fprintln(os.Stderr, "installing the CRDs:", err)
		return 1
	}
	return m.Run()
}

func start(environment *envtest.Environment) error {
	var err error
	if config, err = environment.Start(); err != nil {
		return err
	}
	for _, definition := range environment.CRDs {
		definitions[definition.Spec.Names.Singular] = definition
	}
	plain, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	server = client.WithFieldValidation(plain, "Strict")
	return nil
}
