// Package links_test runs the whole program, with a mail server, and follows the links in its mails.
package links_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var (
	cluster *env.Cluster
	options manager.Options
)

func TestLinks(t *testing.T) {
	suite.Run(t, "The links in mails")
}

var _ = BeforeSuite(func(ctx context.Context) {
	cluster = suite.Cluster()
	cluster.ExpectApplied(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "roster-system"}},
		&accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "orders"}}}},
		}},
		&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: "shop"}, Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingInvitation},
		}})

	options = manager.Defaults()
	options.WebAddress, options.HealthAddress = freeAddress(), freeAddress()
	options.PublicURL = "http://" + options.WebAddress
	options.Transport, options.SMTP.Host, options.SMTP.TLS = manager.TransportSMTP, "127.0.0.1", "none"
	options.SMTP.Port, options.SMTP.From = portOf(freeAddress()), "roster@example.org"
	options.Guard.Address = "0"
	// Specs say how it fares: from what is no mail server, to one.
	DeferCleanup(background(func(ctx context.Context) error {
		return manager.Run(ctx, options, func() (*rest.Config, error) { return cluster.Config, nil })
	}))
	Eventually(func() int { return status("http://" + options.HealthAddress + "/readyz?exclude=mail") }).Should(Equal(http.StatusOK))
	env.ExpectEventually(ctx, cluster, &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}, env.BeReady())
})

// background runs something until it is stopped.
func background(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	return func() {
		cancel()
		Expect(<-done).To(Succeed())
	}
}

func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	return listener.Addr().String()
}

func portOf(address string) int {
	at, err := net.ResolveTCPAddr("tcp", address)
	Expect(err).NotTo(HaveOccurred())
	return at.Port
}

// status is a page's; 0: nobody answers.
func status(url string) int {
	response, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response.StatusCode
}

// linkTo is the link in the newest mail to an address; empty: there is no mail.
func linkTo(mailbox *mail.Mailbox, address string) string {
	request := httptest.NewRequest(http.MethodGet, "http://localhost/mails.json", nil)
	recorder := httptest.NewRecorder()
	mailbox.Handler().ServeHTTP(recorder, request)
	var mails []struct {
		To    string
		Links []string
	}
	Expect(json.Unmarshal(recorder.Body.Bytes(), &mails)).To(Succeed())
	for _, m := range mails {
		if m.To == address && len(m.Links) > 0 {
			return m.Links[0]
		}
	}
	return ""
}

func user(name string) *accessv1.User {
	return &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name}, Spec: accessv1.UserSpec{Email: name + "@acme.example"},
	}
}
