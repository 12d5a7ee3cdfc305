package decisions_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/extauthz"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

const shopRoutes = `
subject: {payload: dex, claim: email}
routes:
- {methods: [GET], path: "/{tenant}/tax/{id}", tenant: {segment: tenant}, action: read, resource: {type: tax, id: {segment: id}}}
- {methods: [PUT], path: "/{tenant}/orders/{id}", tenant: {segment: tenant}, action: update, resource: {type: orders, id: {segment: id}, properties: {site: {query: site}}}}
`

// proxied is Envoy as the service sees it: a connection, and what it proves itself with.
type proxied struct {
	*grpc.ClientConn
	token string
}

// behind serves ext_authz of a decision service, and connects to it.
func behind(s *server, secure *tls.Config, with credentials.TransportCredentials) *proxied {
	file := filepath.Join(GinkgoT().TempDir(), "routes.yaml")
	Expect(os.WriteFile(file, []byte(shopRoutes), 0o600)).To(Succeed())
	table, err := extauthz.Load(file)
	Expect(err).NotTo(HaveOccurred())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- extauthz.Serve(ctx, extauthz.New(s.service, table, secure, logr.Discard()), listener) }()
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(with))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		stop()
		Expect(<-done).To(Succeed())
		Expect(connection.Close()).To(Succeed())
	})
	return &proxied{connection, s.token}
}

func (p *proxied) as(token string) *proxied { return &proxied{p.ClientConn, token} }

// check is what Envoy does with a request of whoever has the address: pass, or a status with the reason.
func (p *proxied) check(ctx context.Context, email, method, path string) string {
	got, body := p.response(ctx, email, method, path)
	if got.GetOkResponse() != nil {
		Expect(got.GetStatus().GetCode()).To(BeEquivalentTo(codes.OK))
		return "pass"
	}
	about, _ := body["context"].(map[string]any)
	if about["error"] != nil {
		return fmt.Sprintf("%d %s", got.GetDeniedResponse().GetStatus().GetCode(), codes.Code(got.GetStatus().GetCode()))
	}
	return fmt.Sprintf("%d %s", got.GetDeniedResponse().GetStatus().GetCode(), spoken(body))
}

func (p *proxied) response(ctx context.Context, email, method, path string) (*authv3.CheckResponse, map[string]any) {
	if p.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+p.token)
	}
	payload, err := structpb.NewStruct(map[string]any{"dex": map[string]any{"email": email, "email_verified": true}})
	Expect(err).NotTo(HaveOccurred())
	got, err := authv3.NewAuthorizationClient(p).Check(ctx, &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		MetadataContext: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"envoy.filters.http.jwt_authn": payload}},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: method, Host: "shop.example", Path: path, Headers: map[string]string{"x-user": "ana@envoy.example"},
		}},
	}})
	Expect(err).NotTo(HaveOccurred(), "a denial holds even where Envoy lets pass what it could not ask")
	body := map[string]any{}
	if denial := got.GetDeniedResponse(); denial != nil {
		Expect(got.GetStatus().GetCode()).NotTo(BeEquivalentTo(codes.OK))
		Expect(json.Unmarshal([]byte(denial.GetBody()), &body)).To(Succeed())
		Expect(body).To(HaveKeyWithValue("decision", false))
	}
	return got, body
}

func (p *proxied) health(ctx context.Context) grpc_health_v1.HealthCheckResponse_ServingStatus {
	got, err := grpc_health_v1.NewHealthClient(p).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	Expect(err).NotTo(HaveOccurred())
	return got.GetStatus()
}

var _ = Describe("Envoy", Ordered, func() {
	const (
		ana, ben = "ana@envoy.example", "ben@envoy.example"
		tax      = "/envoy/tax/1"
	)
	var plain *proxied
	BeforeAll(func(ctx context.Context) {
		applyShop(ctx, "envoy")
		applyShop(ctx, "beside")
		plain = behind(decisions, nil, insecure.NewCredentials())
	})

	It("lets pass what is allowed and says why something is not", func(ctx context.Context) {
		Expect(plain.check(ctx, ana, "GET", tax)).To(Equal("pass"))
		Expect(plain.check(ctx, ana, "PUT", "/envoy/orders/1?site=DE")).To(Equal("pass"))
		Expect(plain.check(ctx, ana, "PUT", "/envoy/orders/1?site=FR")).To(Equal("403 deny OutsideRestriction site"))
		Expect(plain.check(ctx, ana, "PUT", "/envoy/orders/1")).To(Equal("403 deny OutsideRestriction site"))
		Expect(plain.check(ctx, ben, "PUT", "/envoy/orders/1?site=DE")).To(Equal("403 deny NoGrant"))
		Expect(plain.check(ctx, "eve@envoy.example", "GET", tax)).To(Equal("403 deny UnknownUser"))
		Expect(plain.check(ctx, ana, "GET", "/beside/tax/1")).To(Equal("403 deny UnknownUser"))
		_, body := plain.response(ctx, ben, "PUT", "/envoy/orders/1")
		Expect(body["context"]).To(HaveKeyWithValue("revision", Not(BeEmpty())))
	})

	It("denies what has no route, what may be read in two ways, and whom nobody has verified", func(ctx context.Context) {
		Expect(plain.check(ctx, ana, "DELETE", tax)).To(Equal("403 deny NoRoute"))
		Expect(plain.check(ctx, ana, "GET", "/envoy/tax")).To(Equal("403 deny NoRoute"))
		Expect(plain.check(ctx, ana, "GET", "/beside/../envoy/tax/1")).To(Equal("403 deny UnclearRequest"))
		Expect(plain.check(ctx, ana, "GET", "/envoy%2ftax%2f1")).To(Equal("403 deny UnclearRequest"))
		Expect(plain.check(ctx, "", "GET", tax)).To(Equal("403 deny NoSubject"))
	})

	It("has to say who it is, and be allowed to ask", func(ctx context.Context) {
		Expect(plain.as("").check(ctx, ana, "GET", tax)).To(Equal("403 Unauthenticated"))
		Expect(plain.as("nonsense").check(ctx, ana, "GET", tax)).To(Equal("403 Unauthenticated"))
		twice := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		Expect(plain.check(twice, ana, "GET", tax)).To(Equal("403 Unauthenticated"), "of two tokens neither counts")
		stranger := cluster.ExpectToken(ctx, "default", "strange-proxy")
		Expect(plain.as(stranger).check(ctx, ana, "GET", tax)).To(Equal("403 PermissionDenied"))
		By("asking at this path and no other")
		elsewhere := cluster.ExpectToken(ctx, "default", "http-only")
		cluster.ExpectApplied(ctx,
			&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "http-only"}, Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{evaluation, "/access/tenants/*"}, Verbs: []string{"post"}}}},
			&rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "http-only"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "http-only"},
				Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "http-only"}},
			})
		Eventually(func() int {
			return decisions.as(elsewhere).ask(ctx, evaluation, question("envoy", "ana", "read", "tax", "1")).Code
		}, 30*time.Second, 100*time.Millisecond).WithContext(ctx).Should(Equal(200))
		Expect(plain.as(elsewhere).check(ctx, ana, "GET", tax)).To(Equal("403 PermissionDenied"))
	})

	It("of a tenant may ask about no other", func(ctx context.Context) {
		own := plain.as(newToken(ctx, "envoy", "proxy"))
		Expect(own.check(ctx, ana, "GET", tax)).To(Equal("pass"))
		Expect(own.check(ctx, "ana@beside.example", "GET", "/beside/tax/1")).To(Equal("403 PermissionDenied"))
	})

	It("hears at once that somebody is Inactive", func(ctx context.Context) {
		Expect(plain.check(ctx, ben, "GET", tax)).To(Equal("pass"))
		user := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "envoy", Name: "ben"}}
		patch(ctx, user, `{"spec":{"state":"Inactive"}}`)
		Eventually(func() string { return plain.check(ctx, ben, "GET", tax) }, 30*time.Second, 5*time.Millisecond).
			WithContext(ctx).Should(Equal("403 deny NotActive"))
	})

	It("is kept to its share", func(ctx context.Context) {
		strict := behind(serve(cluster.Config, func(o *manager.DecisionOptions) { o.Rate = 1 }), nil, insecure.NewCredentials())
		answers := map[string]int{}
		for range 1100 {
			answers[strict.check(ctx, ana, "GET", tax)]++
		}
		Expect(answers["503 Unavailable"]).To(BeNumerically(">", 50))
		Expect(answers).To(HaveLen(2))
	})

	It("hears from memory while the API server is away, and that there is no answer when it is too old", func(ctx context.Context) {
		away := newProxy("users")
		replica := serve(away.config(), func(o *manager.DecisionOptions) { o.MaxStale = 2 * time.Second })
		proxy := behind(replica, nil, insecure.NewCredentials())
		Expect(proxy.health(ctx)).To(Equal(grpc_health_v1.HealthCheckResponse_SERVING))
		Expect(proxy.check(ctx, ana, "GET", tax)).To(Equal("pass"))
		away.close()
		Expect(proxy.check(ctx, ana, "GET", tax)).To(Equal("pass"))
		Eventually(func() string { return proxy.check(ctx, ana, "GET", tax) }, 30*time.Second, 50*time.Millisecond).
			WithContext(ctx).Should(Equal("503 Unavailable"))
		Expect(proxy.health(ctx)).To(Equal(grpc_health_v1.HealthCheckResponse_NOT_SERVING))
		away.shut.Store(false)
		Eventually(func() string { return proxy.check(ctx, ana, "GET", tax) }, 30*time.Second, 50*time.Millisecond).
			WithContext(ctx).Should(Equal("pass"))
	})

	It("may prove itself with a certificate", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "envoy-certificate"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: env.CallerOfAllTenants},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: "front-proxy"}},
		})
		authority := issue(nil, "authority")
		trusted, strange := x509.NewCertPool(), issue(nil, "authority")
		trusted.AddCert(authority.Leaf)
		secure := &tls.Config{Certificates: []tls.Certificate{issue(&authority, "decisions")}, ClientCAs: trusted, ClientAuth: tls.VerifyClientCertIfGiven}
		connect := func(certificates ...tls.Certificate) *proxied {
			return behind(decisions, secure, credentials.NewTLS(&tls.Config{RootCAs: trusted, Certificates: certificates, ServerName: "decisions"})).as("")
		}
		Expect(connect(issue(&authority, "front-proxy")).check(ctx, ana, "GET", tax)).To(Equal("pass"))
		Expect(connect(issue(&authority, "other-proxy")).check(ctx, ana, "GET", tax)).To(Equal("403 PermissionDenied"))
		Expect(connect().check(ctx, ana, "GET", tax)).To(Equal("403 Unauthenticated"))
		_, err := authv3.NewAuthorizationClient(connect(issue(&strange, "front-proxy"))).Check(ctx, &authv3.CheckRequest{})
		Expect(err).To(HaveOccurred())
	})

	It("is served by the program, which ends when it is told to", func(ctx context.Context) {
		options := manager.DecisionDefaults()
		free, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		options.Address, options.ExtAuthzAddress = "127.0.0.1:0", free.Addr().String()
		Expect(free.Close()).To(Succeed())
		Expect(manager.RunDecisions(ctx, cluster.Config, options)).To(MatchError(ContainSubstring("--ext-authz-routes")))
		options.ExtAuthzRoutes = filepath.Join(GinkgoT().TempDir(), "routes.yaml")
		Expect(os.WriteFile(options.ExtAuthzRoutes, []byte("{}"), 0o600)).To(Succeed())
		Expect(manager.RunDecisions(ctx, cluster.Config, options)).To(MatchError(ContainSubstring("subject.payload is missing")))
		Expect(os.WriteFile(options.ExtAuthzRoutes, []byte(shopRoutes), 0o600)).To(Succeed())
		running, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- manager.RunDecisions(running, cluster.Config, options) }()
		connection, err := grpc.NewClient(options.ExtAuthzAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
		Expect(err).NotTo(HaveOccurred())
		defer connection.Close()
		Eventually(func() (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
			got, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			return got.GetStatus(), err
		}, 30*time.Second, 50*time.Millisecond).Should(Equal(grpc_health_v1.HealthCheckResponse_SERVING))
		Expect((&proxied{connection, token}).check(ctx, ana, "GET", tax)).To(Equal("pass"))
		stop()
		Eventually(done, 10*time.Second).Should(Receive(BeNil()))
	})
})

// issue makes a certificate of an authority, or, without one, an authority.
func issue(by *tls.Certificate, name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: by == nil, BasicConstraintsValid: true,
	}
	parent, signer := template, key
	if by != nil {
		var ok bool
		signer, ok = by.PrivateKey.(*ecdsa.PrivateKey)
		Expect(ok).To(BeTrue())
		parent = by.Leaf
	}
	content, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	Expect(err).NotTo(HaveOccurred())
	leaf, err := x509.ParseCertificate(content)
	Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{content}, PrivateKey: key, Leaf: leaf}
}
