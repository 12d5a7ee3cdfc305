package certificates_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/guard"
	roster "github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

// It has a cluster of its own, whose API server is told to trust an authority of the test's: certificates come as files, as
// cert-manager makes them, and nobody but the test changes them. One manager and one API server see all of it through.
var _ = Describe("A guard with certificates of somebody else's", Ordered, func() {
	var (
		own       *env.Cluster
		authority *env.Authority
		entrance  *door
		dir       string
		behind    string
		serving   *env.Manager
	)
	// writes is a write that anybody may do, and one that only the guard refuses.
	writes := func(ctx context.Context) error {
		return own.As(platform, "system:masters").Patch(ctx, ben(), client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"department":"Sales"}}`)))
	}
	rises := func(ctx context.Context) error {
		return own.As(robot, "system:masters").Patch(ctx, ben(), client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"email":"ben@evil.example"}}`)))
	}
	isJudged := func(ctx context.Context) {
		GinkgoHelper()
		Eventually(writes).WithContext(ctx).Should(Succeed())
		Expect(apierrors.IsForbidden(rises(ctx))).To(BeTrue())
	}
	isRefused := func(ctx context.Context, says string) {
		GinkgoHelper()
		Eventually(writes).WithContext(ctx).Should(MatchError(And(ContainSubstring("failed calling webhook"), ContainSubstring(says))))
		var rise, removal error
		var others sync.WaitGroup // at once, because each may take as long as the API server waits
		others.Go(func() { rise = rises(ctx) })
		others.Go(func() { removal = own.As(platform, "system:masters").Delete(ctx, ben()) })
		others.Wait()
		Expect(rise).To(MatchError(ContainSubstring("failed calling webhook")))
		Expect(removal).To(MatchError(ContainSubstring("failed calling webhook")))
	}
	// install brings a certificate as a mounted Secret does, and has everybody dial anew.
	install := func(c tls.Certificate) {
		certificate, key := env.PEM(c)
		Expect(os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(dir, "tls.crt"), certificate, 0o600)).To(Succeed())
		Eventually(func() []byte { return presented(behind) }).Should(Equal(c.Certificate[0]))
		entrance.lead(behind)
	}

	BeforeAll(func(ctx context.Context) {
		own = suite.Cluster(env.Guarded)
		own.ExpectAppliedFiles(ctx, env.ManagerFiles...)
		authority, dir, behind = env.NewAuthority(), GinkgoT().TempDir(), env.FreeAddress()
		trust(ctx, own, authority.PEM())
		address, _ := own.GuardServing()
		entrance = newDoor(address)
		own.ExpectApplied(ctx, catalog(), acme())
	})

	AfterAll(func() {
		if serving != nil {
			Expect(serving.Stop()).To(Succeed())
		}
	})

	It("lets nothing through before a manager ever ran", func(ctx context.Context) {
		Expect(own.Client.Create(ctx, ben())).To(MatchError(Or(ContainSubstring("failed calling webhook"), ContainSubstring("not found"))))
	})

	It("judges as soon as there is one", func(ctx context.Context) {
		certificate, key := env.PEM(authority.Sign(forTheGuard()))
		Expect(os.WriteFile(filepath.Join(dir, "tls.crt"), certificate, 0o600)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600)).To(Succeed())
		own.ChangeGuard = func(o *roster.GuardOptions) { o.CertDir, o.Address = dir, behind }
		var err error
		serving, err = env.StartManager(own.ManagerAccount(), own)
		Expect(err).NotTo(HaveOccurred())
		env.ExpectEventually(ctx, own, acme(), env.BeReady())
		Expect(own.Client.Create(ctx, ben())).To(MatchError(ContainSubstring("failed calling webhook")))
		entrance.lead(behind)
		Eventually(func(ctx context.Context) error { return own.Client.Create(ctx, ben()) }).WithContext(ctx).Should(Succeed())
		isJudged(ctx)
	})

	It("judges with the next certificate, without a restart", func(ctx context.Context) {
		install(authority.Sign(forTheGuard()))
		isJudged(ctx)
	})

	It("lets nothing through with one that has expired, until there is a fresh one", func(ctx context.Context) {
		expired := forTheGuard()
		expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		install(authority.Sign(expired))
		isRefused(ctx, "expired")
		install(authority.Sign(forTheGuard()))
		isJudged(ctx)
	})

	It("lets nothing through with one for another name, or of another authority", func(ctx context.Context) {
		elsewhere := forTheGuard()
		elsewhere.IPAddresses, elsewhere.DNSNames = nil, []string{"elsewhere.example"}
		install(authority.Sign(elsewhere))
		isRefused(ctx, "certificate")
		install(env.NewAuthority().Sign(forTheGuard()))
		isRefused(ctx, "unknown authority")
		install(authority.Sign(forTheGuard()))
		isJudged(ctx)
	})

	It("judges all along while the authority is replaced", func(ctx context.Context) {
		next := env.NewAuthority()
		trust(ctx, own, append(authority.PEM(), next.PEM()...))
		isJudged(ctx)
		install(next.Sign(forTheGuard()))
		isJudged(ctx)
		trust(ctx, own, next.PEM())
		Eventually(writes).WithContext(ctx).Should(Succeed())
		authority = next
	})

	It("lets nothing through in a version that it does not know, whoever asks", func(ctx context.Context) {
		serve(ctx, own, "users.access.roster.dev", "v2")
		unknown, err := dynamic.NewForConfig(own.Config)
		Expect(err).NotTo(HaveOccurred())
		users := unknown.Resource(accessv1.SchemeGroupVersion.WithResource("users").GroupResource().WithVersion("v2")).Namespace("acme")
		Eventually(func(ctx context.Context) error {
			_, err := users.Get(ctx, "ben", metav1.GetOptions{})
			return err
		}).WithContext(ctx).Should(Succeed())

		says := MatchError(ContainSubstring("the guard knows no version v2 of User"))
		ben := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"email": "new@acme.example"}}}
		ben.SetAPIVersion("access.roster.dev/v2")
		ben.SetKind("User")
		ben.SetName("new")
		_, err = users.Create(ctx, ben, metav1.CreateOptions{})
		Expect(err).To(says)
		_, err = users.Patch(ctx, "ben", types.MergePatchType, []byte(`{"spec":{"department":"Sales"}}`), metav1.PatchOptions{})
		Expect(err).To(says)
		Expect(users.Delete(ctx, "ben", metav1.DeleteOptions{})).To(says)
		Expect(users.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})).To(says)
		_, err = users.Patch(ctx, "ben", types.MergePatchType, []byte(`{"status":{"accessSummary":"all"}}`), metav1.PatchOptions{}, "status")
		Expect(err).To(MatchError(ContainSubstring("users/status is written by Roster alone")))

		By("taking no object of one version by way of another, nor one that is not served")
		known := unknown.Resource(accessv1.SchemeGroupVersion.WithResource("users")).Namespace("acme")
		_, err = known.Create(ctx, ben, metav1.CreateOptions{})
		Expect(apierrors.IsBadRequest(err)).To(BeTrue(), "%v", err)
		none := unknown.Resource(accessv1.SchemeGroupVersion.WithResource("users").GroupResource().WithVersion("v3")).Namespace("acme")
		_, err = none.Create(ctx, ben, metav1.CreateOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
		isJudged(ctx)
	})

	It("lets nothing through while nobody is there, and is back at once", func(ctx context.Context) {
		entrance.lead("")
		isRefused(ctx, "")
		entrance.lead(behind)
		isJudged(ctx)
	})

	It("lets nothing through that is answered too late, even with yes, or not at all because somebody panics", func(ctx context.Context) {
		late := stand(authority, func(ctx context.Context, _ admission.Request) admission.Response {
			<-ctx.Done() // the API server has given up
			return admission.Allowed("")
		})
		entrance.lead(late)
		isRefused(ctx, "deadline exceeded")
		panicking := stand(authority, func(context.Context, admission.Request) admission.Response { panic("out of its mind") })
		entrance.lead(panicking)
		Expect(writes(ctx)).To(MatchError(ContainSubstring("panic")))
		Expect(rises(ctx)).NotTo(Succeed())
		entrance.lead(behind)
		isJudged(ctx)
	})
})

// forTheGuard is what a certificate for the webhooks says, under the names by which API servers know them.
func forTheGuard() *x509.Certificate {
	return &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost", "roster-guard.roster-system.svc"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// trust tells the API server which authorities to trust, as cert-manager's injector does.
func trust(ctx context.Context, of *env.Cluster, bundle []byte) {
	GinkgoHelper()
	named := metav1.ObjectMeta{Name: "roster-guard"}
	env.ExpectChanged(ctx, of, &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: named}, func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
		for i := range c.Webhooks {
			c.Webhooks[i].ClientConfig.CABundle = bundle
		}
	})
	env.ExpectChanged(ctx, of, &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: named}, func(c *admissionregistrationv1.MutatingWebhookConfiguration) {
		for i := range c.Webhooks {
			c.Webhooks[i].ClientConfig.CABundle = bundle
		}
	})
}

// serve has a kind served in another version as well, which is the same but for its name.
func serve(ctx context.Context, of *env.Cluster, name, version string) {
	GinkgoHelper()
	Expect(apiextensionsv1.AddToScheme(of.Scheme)).To(Succeed())
	admin, err := client.New(of.Config, client.Options{Scheme: of.Scheme})
	Expect(err).NotTo(HaveOccurred())
	definition := &apiextensionsv1.CustomResourceDefinition{}
	Expect(admin.Get(ctx, client.ObjectKey{Name: name}, definition)).To(Succeed())
	other := *definition.Spec.Versions[0].DeepCopy()
	other.Name, other.Storage = version, false
	definition.Spec.Versions = append(definition.Spec.Versions, other)
	Expect(admin.Update(ctx, definition)).To(Succeed())
}

// presented is the certificate that is served at an address; nil while nothing is.
func presented(address string) []byte {
	connection, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})
	if err != nil {
		return nil
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].Raw
}

// stand serves another handler in the guard's place, with a certificate that is trusted, and returns where.
func stand(authority *env.Authority, handler admission.HandlerFunc) string {
	inner, err := admission.StandaloneWebhook(&admission.Webhook{Handler: handler}, admission.StandaloneOptions{})
	Expect(err).NotTo(HaveOccurred())
	paths := http.NewServeMux()
	paths.Handle(guard.PathGuard, inner)
	server := &http.Server{Handler: paths, TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{authority.Sign(forTheGuard())}, MinVersion: tls.VersionTLS13,
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	go func() { _ = server.ServeTLS(listener, "", "") }() // ends with the spec
	DeferCleanup(server.Close)
	return listener.Addr().String()
}
