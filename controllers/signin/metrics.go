package signin

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var changes = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "roster_sign_in_changes_total",
	Help: "What was done about sign-ins in the password store: removed, handed to another user, asked for a new password.",
}, []string{"change"})

func init() { metrics.Registry.MustRegister(changes) }
