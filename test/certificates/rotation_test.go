package certificates_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	roster "github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

// It has a cluster of its own: it changes what the API server trusts.
var _ = Describe("The guard's own certificates", Ordered, func() {
	var (
		own     *env.Cluster
		mounted string
		secret  = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "roster-system", Name: "roster-guard-certificates"}}
	)

	BeforeAll(func(ctx context.Context) {
		own = suite.Cluster(env.Guarded)
		own.ExpectAppliedFiles(ctx, append(env.ManagerFiles, "config/webhook/certificates.yaml")...)
		mounted = GinkgoT().TempDir()
		own.ChangeGuard = func(o *roster.GuardOptions) { o.Rotate, o.CertDir = true, mounted }
		rotating, err := env.StartManager(own.ManagerAccount(), own)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(rotating.Stop()).To(Succeed()) })
	})

	It("are made, and served as soon as the kubelet has brought them", func(ctx context.Context) {
		filled := env.ExpectEventually(ctx, own, secret, HaveField("Data", And(HaveKey("ca.crt"), HaveKey("tls.crt"), HaveKey("tls.key"))))
		Expect(serves(own, filled)).NotTo(Succeed())
		for _, name := range []string{"ca.crt", "tls.crt", "tls.key"} {
			Expect(os.WriteFile(filepath.Join(mounted, name), filled.Data[name], 0o600)).To(Succeed())
		}
		Eventually(serves).WithArguments(own, filled).Should(Succeed())
	})

	It("are what the API server is told to trust, and told again", func(ctx context.Context) {
		filled := env.ExpectEventually(ctx, own, secret, HaveField("Data", HaveKey("ca.crt")))
		trusted := func(ctx context.Context) []string { return bundles(ctx, own) }
		authority := string(filled.Data["ca.crt"])
		want := []string{authority, authority, authority}
		Eventually(trusted).WithContext(ctx).Should(Equal(want))

		forgotten := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "roster-guard"}}
		env.ExpectChanged(ctx, own, forgotten, func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			for i := range c.Webhooks {
				c.Webhooks[i].ClientConfig.CABundle = nil
			}
		})
		Eventually(trusted).WithContext(ctx).Should(Equal(want))
	})
})

// serves dials the webhooks as the API server does, by the name of their Service and with the authority in the Secret.
func serves(of *env.Cluster, secret *corev1.Secret) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(secret.Data["ca.crt"]) {
		return fmt.Errorf("no certificate in %q", secret.Data["ca.crt"])
	}
	address, _ := of.GuardServing()
	connection, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "roster-guard.roster-system.svc", MinVersion: tls.VersionTLS13})
	if err != nil {
		return err
	}
	return connection.Close()
}

// bundles are the authorities of all three webhooks.
func bundles(ctx context.Context, of *env.Cluster) []string {
	validating, mutating := &admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{}
	key := client.ObjectKey{Name: "roster-guard"}
	Expect(of.Client.Get(ctx, key, validating)).To(Succeed())
	Expect(of.Client.Get(ctx, key, mutating)).To(Succeed())
	var out []string
	for _, w := range validating.Webhooks {
		out = append(out, string(w.ClientConfig.CABundle))
	}
	for _, w := range mutating.Webhooks {
		out = append(out, string(w.ClientConfig.CABundle))
	}
	return out
}
