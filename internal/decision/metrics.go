package decision

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	decisions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roster_decisions_total",
		Help: "Decisions, by decision (allow, deny) and the reason of a denial.",
	}, []string{"decision", "reason"})
	seconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "roster_decision_seconds",
		Help:    "Time from the arrival of a request, or from its turn in a batch, to its decision.",
		Buckets: []float64{.00001, .00005, .0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5},
	})
	revisionLag = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "roster_decision_revision_lag",
		Help: "Versions that the API server is ahead of what all watches of this replica have seen. Versions of everything count, and a watch to which nothing happens hears of them once a minute.",
	})
	staleness = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "roster_decision_stale_seconds",
		Help: "Seconds for which the API server has been out of reach; 0 while it is not.",
	})
)

var refusals = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "roster_decision_refusals_total",
	Help: "Requests, and evaluations of batches, that got no decision, by the status that they got instead.",
}, []string{"status"})

func init() { metrics.Registry.MustRegister(decisions, seconds, revisionLag, staleness, refusals) }

// refusalLines is how many refusals a second have a line: anybody can cause them.
const refusalLines = 100

// refused counts a request without an answer and writes its line; the caller is empty when nobody knows him.
func (s *Service) refused(path, caller string, err error) {
	f := failureOf(err)
	refusals.WithLabelValues(strconv.Itoa(f.Status)).Inc()
	if s.refusals.AllowN(s.now(), 1) {
		s.log.Info("Refusal", "status", f.Status, "message", f.Message, "path", path, "caller", caller)
	}
}

// recordSearch writes the line of a search.
func (c *call) recordSearch(path string, a *asked, body *searchBody) {
	action := ""
	if a.Action != nil && a.Action.Name != nil {
		action = *a.Action.Name
	}
	c.log.Info("Search", "path", path, "found", len(body.Results), "reason", body.Context.Reason, "caller", c.caller.name,
		"subjectType", *a.Subject.Type, "subject", a.Subject.id(), "action", action,
		"resourceType", *a.Resource.Type, "resource", a.Resource.id(), "revision", body.Context.Revision)
}

// record counts a decision and writes its line in the audit log: the ids that were asked about, and no other names.
func (c *call) record(a *asked, body *decisionBody) {
	word := "deny"
	if body.Decision {
		word = "allow"
	}
	decisions.WithLabelValues(word, string(body.Context.Reason)).Inc()
	seconds.Observe(c.now().Sub(c.began).Seconds())
	if body.Decision && !c.sampled() {
		return
	}
	c.log.Info("Decision", "decision", word, "reason", string(body.Context.Reason), "caller", c.caller.name,
		"subjectType", *a.Subject.Type, "subject", a.Subject.id(), "action", *a.Action.Name,
		"resourceType", *a.Resource.Type, "resource", a.Resource.id(), "revision", body.Context.Revision)
}

// sampled tells whether this allowed decision is one of those that are logged.
func (s *Service) sampled() bool {
	n := s.options.AllowSample
	return n > 0 && s.allowed.Add(1)%uint64(n) == 0
}

// report keeps the gauges, until the context ends.
func (s *Service) report(ctx context.Context) {
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	for {
		lag := float64(s.link.latest.Load()) - float64(s.index.progress.revision.Load())
		revisionLag.Set(math.Max(lag, 0))
		staleness.Set(s.link.stale().Seconds())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
