package decisions_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

// client is a certificate with which a client proves who it is; changes come last.
func clientOf(a *env.Authority, name string, organisations []string, changes ...func(*x509.Certificate)) tls.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: organisations},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, change := range changes {
		change(template)
	}
	return a.Sign(template)
}

// writeFile writes a file of the spec's own, and returns its path.
func writeFile(name string, content []byte) string {
	path := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(path, content, 0o600)).To(Succeed())
	return path
}

var _ = Describe("callers with a certificate", Ordered, func() {
	var (
		trusted, stranger *env.Authority
		address, body     string
	)
	// with is the service as whoever has the certificates sees it, over connections of its own.
	with := func(token string, certificates ...tls.Certificate) *server {
		roots := x509.NewCertPool()
		roots.AddCert(trusted.Certificate)
		web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}}}
		DeferCleanup(web.CloseIdleConnections)
		return &server{URL: "https://" + address, token: token, web: web}
	}

	BeforeAll(func(ctx context.Context) {
		applyShop(ctx, "pinned")
		applyShop(ctx, "other")
		body = question("pinned", "ana", "read", "tax", "1")
		for name, subject := range map[string]rbacv1.Subject{
			"dashboard":  {APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "dashboard"},
			"storefront": {APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "storefronts"},
		} {
			cluster.ExpectApplied(ctx, &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: name},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: env.CallerOfAllTenants},
				Subjects:   []rbacv1.Subject{subject},
			})
		}
		trusted, stranger = env.NewAuthority(), env.NewAuthority()
		serving := trusted.Sign(&x509.Certificate{
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})
		certificate, private := env.PEM(serving)
		options := manager.DecisionDefaults()
		address = env.FreeAddress()
		options.Address = address
		options.CertFile = writeFile("serving.crt", certificate)
		options.KeyFile = writeFile("serving.key", private)
		options.ClientCAFile = writeFile("clients.crt", trusted.PEM())
		running, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- manager.RunDecisions(running, cluster.Config, options) }()
		DeferCleanup(func() {
			stop()
			Expect(<-done).To(Succeed())
		})
		Eventually(func() error {
			connection, err := net.Dial("tcp", address)
			if err == nil {
				err = connection.Close()
			}
			return err
		}, 30*time.Second, 20*time.Millisecond).Should(Succeed())
		with(token).eventually(ctx, body, "allow")
	})

	It("are known by its common name, or by its organisations", func(ctx context.Context) {
		Expect(with("", clientOf(trusted, "dashboard", nil)).ask(ctx, evaluation, body).decision()).To(Equal("allow"))
		Expect(with("", clientOf(trusted, "somebody", []string{"storefronts"})).ask(ctx, evaluation, body).decision()).To(Equal("allow"))
	})

	It("have to be allowed to ask, and to have a name", func(ctx context.Context) {
		Expect(with("", clientOf(trusted, "somebody", nil)).ask(ctx, evaluation, body).Code).To(Equal(http.StatusForbidden))
		Expect(with("", clientOf(trusted, "", []string{"storefronts"})).ask(ctx, evaluation, body).Code).To(Equal(http.StatusUnauthorized))
	})

	It("have to have it from an authority that counts, in force, and for clients", func(ctx context.Context) {
		past := func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}
		serving := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
		for what, certificate := range map[string]tls.Certificate{
			"a stranger's":   clientOf(stranger, "dashboard", nil),
			"an expired one": clientOf(trusted, "dashboard", nil, past),
			"a server's":     clientOf(trusted, "dashboard", nil, serving),
		} {
			for _, token := range []string{"", token} {
				_, err := with(token, certificate).try(ctx, http.MethodPost, evaluation, body)
				Expect(err).To(MatchError(ContainSubstring("tls: ")), what)
			}
		}
	})

	It("may send a token instead, and have to send either", func(ctx context.Context) {
		Expect(with(token).ask(ctx, evaluation, body).decision()).To(Equal("allow"))
		got := with("").ask(ctx, evaluation, body)
		Expect(got.Code).To(Equal(http.StatusUnauthorized))
		Expect(got.Header.Get("WWW-Authenticate")).To(HavePrefix("Bearer"))
		By("being taken at their token's word when they send both")
		Expect(with("nonsense", clientOf(trusted, "dashboard", nil)).ask(ctx, evaluation, body).Code).To(Equal(http.StatusUnauthorized))
	})

	It("that belong to a tenant may ask about no other", func(ctx context.Context) {
		newToken(ctx, "pinned", "frontend")
		own := with("", clientOf(trusted, "system:serviceaccount:pinned:frontend", nil))
		Expect(own.ask(ctx, evaluation, body).decision()).To(Equal("allow"))
		Expect(own.ask(ctx, evaluation, question("other", "ana", "read", "tax", "1")).Code).To(Equal(http.StatusForbidden))
	})

	It("read in the discovery document what the specification wants in it", func(ctx context.Context) {
		got := with("").send(ctx, http.MethodGet, "/.well-known/authzen-configuration", "")
		Expect(violation("discovery", got.raw)).To(Succeed(), got.raw)
		Expect(got.Body).To(HaveKeyWithValue("policy_decision_point", "https://"+address))
	})
})
