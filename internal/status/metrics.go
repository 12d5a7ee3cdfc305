package status

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// conflictPause is how long a reconcile waits after a conflict: long enough for the newer version to arrive.
const conflictPause = 50 * time.Millisecond

var writes = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "roster_status_writes_total",
	Help: "Status writes that Roster asked for, by kind and result.",
}, []string{"kind", "result"})

func init() { metrics.Registry.MustRegister(writes) }

func count(kind string, err error) {
	result := "ok"
	switch {
	case apierrors.IsConflict(err):
		result = "conflict"
	case err != nil:
		result = "error"
	}
	writes.WithLabelValues(kind, result).Inc()
}
