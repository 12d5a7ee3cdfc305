// Package certificates_test is about how the API server reaches the guard: with which certificates, while they are made, renewed,
// replaced, expired or somebody else's, and what happens to writes while it cannot be reached.
package certificates_test

import (
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/suite"
)

func TestCertificates(t *testing.T) { suite.Run(t, "The guard's certificates") }

var _ = BeforeSuite(func() { ctrl.SetLogger(logr.Discard()) })

// Who asks: one who may do everything, and one who may as far as the cluster goes.
const (
	platform = "platform"
	robot    = "system:serviceaccount:acme:robot"
)

func ben() *accessv1.User {
	return &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "ben"}, Spec: accessv1.UserSpec{Email: "ben@acme.example"}}
}

func acme() *accessv1.Tenant {
	return &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: "shop"}, Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		AllowedEmailDomains: []string{"acme.example"},
	}}
}

func catalog() *accessv1.ResourceCatalog {
	return &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
		Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "orders"}, {Name: "users-and-groups"}}}},
	}}
}
