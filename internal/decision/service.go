package decision

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Options are what a service works with.
type Options struct {
	// Client lists and watches the kinds.
	Client client.WithWatch
	// Reviews authenticates and authorizes callers.
	Reviews kubernetes.Interface
	// TokenAudience is whom callers' tokens have to be for; empty: the API server.
	TokenAudience string
	// Live reads past every cache, for callers who ask for a version.
	Live Live
	// Applications finds application credentials; nil: there are none.
	Applications Applications
	// Log gets a line a decision; AllowSample is which of the allowed ones: every n-th, 0 for none.
	Log         logr.Logger
	AllowSample int
	// PublicURL is where callers reach the service, without a final slash; empty: what their requests say.
	PublicURL string
	// MaxStale is how long to answer from memory while the API server is out of reach.
	MaxStale time.Duration
	// MaxWait is how long a request waits for the version that it asks for.
	MaxWait time.Duration
	// Rate is how many evaluations a second each caller may ask for; 0: any number.
	Rate int
	// Now is the clock.
	Now func() time.Time
}

// Service answers over HTTP from an index that it keeps up to date.
type Service struct {
	options Options
	index   *Index
	link    *link
	callers *callers
	limits  *limits
	flights flights
	allowed atomic.Uint64
	log     logr.Logger
	// refusals limits the lines about them.
	refusals *rate.Limiter
}

// New makes a service. It answers once Run has filled its index.
func New(o Options) *Service {
	s := &Service{options: o, index: NewIndex(), log: o.Log, refusals: rate.NewLimiter(refusalLines, refusalLines)}
	s.link = &link{now: o.Now}
	s.link.good.Store(o.Now().UnixNano())
	s.callers = newCallers(&o)
	s.limits = newLimits(o.Rate, o.Now)
	s.flights.places = make(chan struct{}, maxReadings)
	return s
}

func (s *Service) now() time.Time { return s.options.Now() }

// Synced tells whether everything has been read once.
func (s *Service) Synced() bool { return s.index.progress.synced() }

// Ready is a probe: it fails while there is nothing to answer from, and when that has become too old.
func (s *Service) Ready(*http.Request) error { return s.answerable() }

// Run keeps the index up to date until the context ends.
func (s *Service) Run(ctx context.Context) error {
	s.watch(ctx)
	go s.link.probe(ctx, s.options.Client, &s.index.progress)
	go s.report(ctx)
	<-ctx.Done()
	return nil
}
