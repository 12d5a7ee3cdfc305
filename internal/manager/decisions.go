package manager

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/extauthz"
)

// DecisionOptions are what the decision service can be told.
type DecisionOptions struct {
	// Address is where decisions are served.
	Address string
	// CertFile and KeyFile serve them over TLS; ClientCAFile lets callers prove themselves with a certificate.
	CertFile, KeyFile, ClientCAFile string
	// PublicURL is where callers reach the service.
	PublicURL                     string
	MetricsAddress, HealthAddress string
	// ExtAuthzAddress is where Envoy asks, over gRPC, and ExtAuthzRoutes the file that says what its requests ask.
	ExtAuthzAddress, ExtAuthzRoutes string
	MaxStale, MaxWait               time.Duration
	// TokenAudience is whom callers' tokens have to be for; empty: the API server.
	TokenAudience string
	// Rate is how many evaluations a second each caller may ask for; 0: any number.
	Rate int
	// AllowSample is which of the allowed decisions are logged: every n-th, 0 for none. Denials all are.
	AllowSample int
}

// DecisionDefaults are the options of a decision service that was told nothing.
func DecisionDefaults() DecisionOptions {
	return DecisionOptions{
		Address: "127.0.0.1:8181", MetricsAddress: "0", HealthAddress: "0", ExtAuthzAddress: "0",
		MaxStale: 5 * time.Minute, MaxWait: 5 * time.Second, Rate: 5000, AllowSample: 1,
	}
}

// NewDecisions makes a decision service over a cluster.
func NewDecisions(config *rest.Config, o DecisionOptions) (*decision.Service, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	public, err := publicURL(o.PublicURL)
	if err != nil {
		return nil, err
	}
	config = unthrottled(config)
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("could not reach the API server: %w", err)
	}
	reviews, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return decision.New(decision.Options{
		Client: c, Reviews: reviews, TokenAudience: o.TokenAudience, Live: live{client: c, clock: clock.RealClock{}},
		Log: ctrl.Log.WithName("decisions"), AllowSample: o.AllowSample, PublicURL: public,
		MaxStale: o.MaxStale, MaxWait: o.MaxWait, Rate: o.Rate, Now: time.Now,
	}), nil
}

// publicURL is a base to which paths are added.
func publicURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" ||
		parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", fmt.Errorf("--public-url %q is not like https://decisions.example", text)
	}
	return strings.TrimRight(text, "/"), nil
}

// RunDecisions serves decisions until the context ends.
func RunDecisions(ctx context.Context, config *rest.Config, o DecisionOptions) error {
	secure, err := o.tls()
	if err != nil {
		return err
	}
	routes, err := o.routes()
	if err != nil {
		return err
	}
	service, err := NewDecisions(config, o)
	if err != nil {
		return err
	}
	listener, err := listen(o.Address, "--bind-address")
	if err != nil {
		return err
	}
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return service.Run(ctx) })
	group.Go(func() error { return serve(ctx, newServer(service.Handler()), listener) })
	if routes != nil {
		envoy, err := listen(o.ExtAuthzAddress, "--ext-authz-bind-address")
		if err != nil {
			return err
		}
		server := extauthz.New(service, routes, secure, ctrl.Log.WithName("ext-authz"))
		group.Go(func() error { return extauthz.Serve(ctx, server, envoy) })
	}
	if err := o.sideline(ctx, group, config, service); err != nil {
		return err
	}
	return group.Wait()
}

// routes is nil when Envoy is not to ask.
func (o DecisionOptions) routes() (*extauthz.Table, error) {
	off := o.ExtAuthzAddress == "0" || o.ExtAuthzAddress == ""
	switch {
	case off && o.ExtAuthzRoutes == "":
		return nil, nil
	case off || o.ExtAuthzRoutes == "":
		return nil, errors.New("--ext-authz-bind-address and --ext-authz-routes go together: give both or none")
	}
	table, err := extauthz.Load(o.ExtAuthzRoutes)
	if err != nil {
		return nil, fmt.Errorf("--ext-authz-routes: %w", err)
	}
	return table, nil
}

// newServer has limits against callers who send or read too slowly.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
}

// sideline serves metrics and probes.
func (o DecisionOptions) sideline(ctx context.Context, group *errgroup.Group, config *rest.Config, service *decision.Service) error {
	if o.HealthAddress != "0" {
		listener, err := listen(o.HealthAddress, "--health-probe-bind-address")
		if err != nil {
			return err
		}
		group.Go(func() error { return serve(ctx, newServer(probes(service)), listener) })
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	metrics, err := metricsserver.NewServer(metricsserver.Options{
		BindAddress: o.MetricsAddress, SecureServing: true, FilterProvider: filters.WithAuthenticationAndAuthorization,
	}, config, httpClient)
	if err != nil || metrics == nil {
		return err
	}
	group.Go(func() error { return metrics.Start(ctx) })
	return nil
}

func probes(service *decision.Service) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := service.Ready(r); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// tls is nil when decisions are served in the clear, behind something that terminates TLS.
func (o DecisionOptions) tls() (*tls.Config, error) {
	if o.CertFile == "" && o.KeyFile == "" && o.ClientCAFile == "" {
		return nil, nil
	}
	if o.CertFile == "" || o.KeyFile == "" {
		return nil, errors.New("--tls-cert-file and --tls-key-file go together, and --client-ca-file needs both")
	}
	if _, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile); err != nil {
		return nil, fmt.Errorf("could not read the certificate: %w", err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		// Read at every handshake, so that a renewed certificate counts at once.
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			certificate, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
			return &certificate, err
		},
	}
	if o.ClientCAFile == "" {
		return config, nil
	}
	content, err := os.ReadFile(o.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("--client-ca-file: %w", err)
	}
	config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !config.ClientCAs.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("--client-ca-file %s holds no certificate", o.ClientCAFile)
	}
	return config, nil
}
