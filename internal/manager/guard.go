package manager

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/open-policy-agent/cert-controller/pkg/rotator"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/binding"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/guard"
)

// +kubebuilder:rbac:groups="",namespace=roster-system,resources=secrets,verbs=list;watch
// +kubebuilder:rbac:groups="",namespace=roster-system,resources=secrets,resourceNames=roster-guard-certificates,verbs=get;update
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingwebhookconfigurations;mutatingwebhookconfigurations,verbs=get;list;watch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingwebhookconfigurations;mutatingwebhookconfigurations,resourceNames=roster-guard,verbs=update

// Names of the guard's webhook configurations and Service, and of the Secret with its certificates.
const (
	guardName             = "roster-guard"
	guardCertificatesName = "roster-guard-certificates"
)

// off is the address of a server that is not wanted.
const off = "0"

// GuardOptions say how writes are guarded.
type GuardOptions struct {
	// Address serves the webhooks; "0" is off: then nothing is guarded, unless another replica does.
	Address string
	// CertDir holds tls.crt and tls.key, which are read again when they change.
	CertDir string
	// Rotate keeps the certificates in a Secret and tells the API server of them; off, somebody else does, such as
	// cert-manager.
	Rotate bool
	// UsernamePrefix is what the API server puts before the address of somebody who signs in.
	UsernamePrefix string
	// ServiceAccount is the username under which Roster itself writes; empty: roster-manager in Roster's namespace.
	ServiceAccount string
	// Cleaners are the usernames under which the cluster deletes what has lost its owner or its namespace.
	Cleaners []string
}

func guardDefaults() GuardOptions {
	return GuardOptions{
		Address: off, CertDir: "/var/run/roster/guard",
		Cleaners: []string{
			"system:serviceaccount:kube-system:generic-garbage-collector",
			"system:serviceaccount:kube-system:namespace-controller",
			"system:kube-controller-manager",
		},
	}
}

// check finds what cannot be right, without a cluster.
func (o *GuardOptions) check() error {
	if len(o.UsernamePrefix) > binding.MaxPrefix {
		return fmt.Errorf("--username-prefix has %d bytes: at most %d are taken", len(o.UsernamePrefix), binding.MaxPrefix)
	}
	return nil
}

// username is the one under which Roster itself writes.
func (o *GuardOptions) username(namespace string) string {
	if o.ServiceAccount != "" {
		return o.ServiceAccount
	}
	return "system:serviceaccount:" + namespace + ":roster-manager"
}

// AddGuard serves the webhooks from the manager, and holds its readiness back until they answer. The field indexes have to
// be registered.
func AddGuard(mgr ctrl.Manager, namespace string, options GuardOptions) error {
	server, err := newGuardServer(options)
	if err != nil {
		return err
	}
	// The manager's own client would wait until its cache has what was created, and a review is never stored.
	reviews, err := client.New(mgr.GetConfig(), client.Options{
		Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient(),
	})
	if err != nil {
		return fmt.Errorf("could not make a client for reviews: %w", err)
	}
	cached := mgr.GetCache()
	g := &guard.Guard{
		Reader: cached, Graph: graph.New(cached, mgr.GetAPIReader()), Reviews: reviews, Clock: clock.RealClock{},
		Scheme: mgr.GetScheme(), UsernamePrefix: options.UsernamePrefix, Self: options.username(namespace), Cleaners: options.Cleaners,
	}
	server.Register(guard.PathGuard, &webhook.Admission{Handler: g})
	server.Register(guard.PathStamp, &webhook.Admission{Handler: admission.HandlerFunc(g.Stamp)})
	answers := func(request *http.Request) error {
		if err := server.StartedChecker()(request); err != nil {
			return err
		}
		return hasSynced(request.Context(), mgr)
	}
	if err := errors.Join(fill(mgr), mgr.AddReadyzCheck("guard", answers)); err != nil {
		return err
	}
	if !options.Rotate {
		return mgr.Add(server)
	}
	return rotate(mgr, namespace, options.CertDir, server)
}

func newGuardServer(options GuardOptions) (webhook.Server, error) {
	host, text, err := net.SplitHostPort(options.Address)
	if err != nil {
		return nil, fmt.Errorf("--guard-bind-address %q is no address: write it as :9443", options.Address)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("--guard-bind-address %q has no port: write it as :9443", options.Address)
	}
	return guardServer{webhook.NewServer(webhook.Options{
		Host: host, Port: port, CertDir: options.CertDir,
		TLSOpts: []func(*tls.Config){func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }},
	}), options.Address}, nil
}

// guardServer opens its address itself, when it starts.
type guardServer struct {
	webhook.Server
	address string
}

// Start serves until the context ends. An address in use is said as of every other.
func (s guardServer) Start(ctx context.Context) error {
	err := s.Server.Start(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		return inUse(s.address, "--guard-bind-address")
	}
	return err
}

// fill has the cache hold every kind that a judgement reads, whatever the controllers watch.
func fill(mgr ctrl.Manager) error {
	var errs []error
	for _, object := range []client.Object{
		&accessv1.User{}, &accessv1.UserGroup{}, &accessv1.Role{}, &accessv1.Restriction{}, &accessv1.Vendor{},
		&accessv1.Tenant{}, &accessv1.ResourceCatalog{},
	} {
		_, err := mgr.GetCache().GetInformer(context.Background(), object)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func hasSynced(ctx context.Context, mgr ctrl.Manager) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		return errors.New("the cache is not full yet")
	}
	return nil
}

// rotate keeps certificates and starts the server when the first are there. Until then, and whenever the API server does
// not trust what it finds, writes are refused.
func rotate(mgr ctrl.Manager, namespace, dir string, server webhook.Server) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("--guard-cert-dir: mount the Secret %s there: %w", guardCertificatesName, err)
	}
	ready := make(chan struct{})
	err := rotator.AddRotator(mgr, &rotator.CertRotator{
		SecretKey: client.ObjectKey{Namespace: namespace, Name: guardCertificatesName}, CertDir: dir,
		CAName: guardName, CAOrganization: accessv1.FieldOwner, DNSName: guardName + "." + namespace + ".svc",
		FieldOwner: accessv1.FieldOwner, IsReady: ready,
		Webhooks: []rotator.WebhookInfo{{Name: guardName, Type: rotator.Validating}, {Name: guardName, Type: rotator.Mutating}},
	})
	if err != nil {
		return err
	}
	return mgr.Add(everywhere(func(ctx context.Context) error {
		select {
		case <-ready:
			return mgr.Add(server)
		case <-ctx.Done():
			return nil
		}
	}))
}
