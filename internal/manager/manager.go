package manager

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/internal/binding"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/web"
)

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=roster-system,resources=leases,verbs=get;create;update

// Scheme knows Roster's kinds and Kubernetes' own.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), accessv1.AddToScheme(scheme), identity.AddToScheme(scheme))
}

// Run builds everything and runs it until the context ends. What can be checked without a cluster is checked first;
// connect is asked for the cluster then. Each error is a sentence for the person who started it.
func Run(ctx context.Context, options Options, connect func() (*rest.Config, error)) error {
	checked, err := options.check()
	if err != nil {
		return err
	}
	config, err := connect()
	if err != nil {
		return err
	}
	mgr, err := newManager(config, options)
	if err != nil {
		return err
	}
	post := checked.post
	keys := &links{reader: mgr.GetClient(), namespace: options.Namespace, publicURL: checked.publicURL}
	err = controllers.SetupAll(ctx, mgr, controllers.Deps{
		Sender: post.sender, Templates: post.templates, Requester: options.Guard.Requester, Links: keys, MessageDomain: post.domain,
		UsernamePrefix: options.Guard.UsernamePrefix, Guarded: options.Guard.Address != off,
		Clock: clock.RealClock{}, Random: cryptorand.Reader, Jitter: rand.Float64, Events: mgr.GetEventRecorder(accessv1.FieldOwner),
		Namespace: options.Namespace, Limits: checked.limits, PasswordStore: checked.signIns != "", SignIns: checked.signIns,
	})
	if err != nil {
		return err
	}
	if err := addServers(mgr, options, keys, post); err != nil {
		return err
	}
	if options.Guard.Address != off {
		if err := AddGuard(mgr, options.Namespace, options.Guard); err != nil {
			return err
		}
	}
	if err := errors.Join(showPending(mgr), keepLinkKeys(mgr, options.Namespace)); err != nil {
		return err
	}
	if err := ensureLinkKeys(ctx, mgr.GetClient(), options.Namespace); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func newManager(config *rest.Config, options Options) (ctrl.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(unthrottled(config), ctrl.Options{
		Scheme:                        scheme,
		Cache:                         CacheOptions(options.Namespace),
		Client:                        ClientOptions(),
		LeaderElection:                options.LeaderElect,
		LeaderElectionID:              "roster-manager",
		LeaderElectionNamespace:       options.Namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &options.LeaseDuration,
		RenewDeadline:                 ptr.To(options.LeaseDuration * 2 / 3),
		RetryPeriod:                   ptr.To(options.LeaseDuration * 2 / 15),
		HealthProbeBindAddress:        options.HealthAddress,
		Metrics: metricsserver.Options{
			BindAddress: options.MetricsAddress, SecureServing: true, FilterProvider: filters.WithAuthenticationAndAuthorization,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("could not reach the API server or open an address: %w", err)
	}
	return mgr, errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("ping", healthz.Ping))
}

// unthrottled is a config whose clients do not limit themselves: the API server's own fairness does that. Without it the
// client library allows five requests a second of each kind.
func unthrottled(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.QPS = -1
	return config
}

// CacheOptions keep the cache small: no managed fields, no effective access, no copies on reading (nothing read from it is
// ever changed), of Secrets only the link keys, and of RoleBindings only those that are kept.
func CacheOptions(namespace string) cache.Options {
	return cache.Options{
		DefaultTransform:             status.Slim,
		DefaultUnsafeDisableDeepCopy: ptr.To(true),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Secret{}: {
				Namespaces: map[string]cache.Config{namespace: {}},
				Field:      fields.OneTermEqualSelector("metadata.name", linkKeysName),
			},
			&rbacv1.RoleBinding{}: {Transform: binding.Slim},
		},
	}
}

// ClientOptions let a read wait until the cache has seen this process's own writes to the object: without that, a
// reconcile that comes too early would write the same status again.
func ClientOptions() client.Options {
	return client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: ptr.To(true)}}
}

// addServers opens every address now, so that one in use is an error at once, and serves when the manager starts.
func addServers(mgr ctrl.Manager, options Options, keys *links, post *post) error {
	proxies, err := options.trustedProxies()
	if err != nil {
		return err
	}
	listener, err := listen(options.WebAddress, "--web-bind-address")
	if err != nil {
		return err
	}
	pages := web.NewServer(web.NewHandler(web.Options{
		Links: keys, Requests: newRequests(mgr, options),
		Now: time.Now, Log: mgr.GetLogger().WithName("web"), TrustedProxies: proxies,
	}))
	// Every replica answers: what a page writes is locked against every other.
	if err := mgr.Add(everywhere(func(ctx context.Context) error { return serve(ctx, pages, listener) })); err != nil {
		return err
	}
	if options.Templates != "" {
		watch := &templatesWatch{templates: post.templates, log: mgr.GetLogger().WithName("mail")}
		if err := mgr.Add(everywhere(watch.run)); err != nil {
			return err
		}
	}
	if post.mailbox == nil {
		return nil
	}
	mgr.GetLogger().Info("Mailbox for development", "page", post.mailbox.URL())
	return mgr.Add(everywhere(post.mailbox.Run))
}

// newRequests answers links, with passwords where Roster keeps them.
func newRequests(mgr ctrl.Manager, options Options) *web.Store {
	if options.Identity != IdentityDex {
		return web.NewStore(mgr.GetClient(), mgr.GetAPIReader(), nil)
	}
	store := identity.NewDex(mgr.GetClient(), mgr.GetAPIReader(), options.DexNamespace, identity.Cost)
	return web.NewStore(mgr.GetClient(), mgr.GetAPIReader(), store)
}

// everywhere is a runnable that does not wait to be the leader.
type everywhere func(context.Context) error

var _ manager.LeaderElectionRunnable = everywhere(nil)

// Start runs until the context ends.
func (f everywhere) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection is false: all replicas run it.
func (f everywhere) NeedLeaderElection() bool { return false }

func listen(address, flag string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, inUse(address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("could not listen at %s (%s): %w", address, flag, err)
	}
	return listener, nil
}

func inUse(address, flag string) error {
	return fmt.Errorf("%s is in use by another program: end that one, or choose another address with %s", address, flag)
}

func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("the pages are no longer served: %w", err)
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	}
}
