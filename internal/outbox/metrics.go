package outbox

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "roster_mail_attempts_total",
	Help: "Attempts to hand a mail over, by result: Sent, Deferred, Rejected or Misconfigured.",
}, []string{"result"})

func init() { metrics.Registry.MustRegister(attempts) }
