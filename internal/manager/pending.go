package manager

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/outbox"
)

// showPending shows the mails that wait: as a metric, and as the check "mail" of /readyz, which fails while some wait for
// Roster's settings to be mended. Probes leave that check out (/readyz?exclude=mail): whether mails go out says nothing of
// whether the guard and the pages answer.
func showPending(mgr ctrl.Manager) error {
	cached := mgr.GetCache()
	if err := mgr.AddReadyzCheck("mail", func(r *http.Request) error { return mailable(r.Context(), cached) }); err != nil {
		return err
	}
	return mgr.Add(everywhere(func(ctx context.Context) error {
		collector := &pending{ctx, cached}
		if err := metrics.Registry.Register(collector); err != nil {
			return err
		}
		<-ctx.Done()
		metrics.Registry.Unregister(collector)
		return nil
	}))
}

// mailable is an error while mails wait that only somebody's change can send.
func mailable(ctx context.Context, cached client.Reader) error {
	piles, err := outbox.Pending(ctx, cached)
	if err != nil {
		return err
	}
	waiting := 0
	for pile, count := range piles {
		if pile.Reason == accessv1.ReasonMisconfigured {
			waiting += count
		}
	}
	if waiting > 0 {
		return fmt.Errorf("%d mails wait for the mail settings to be mended: the condition Delivered of the Invitations and PasswordResets says what is wrong", waiting)
	}
	return nil
}

var pendingMails = prometheus.NewDesc("roster_mails_pending",
	"Mails that have not gone out, by kind and by the reason of the condition Delivered.", []string{"kind", "reason"}, nil)

// pending counts whenever it is asked.
type pending struct {
	ctx    context.Context
	cached client.Reader
}

// Describe names the one metric.
func (p *pending) Describe(to chan<- *prometheus.Desc) { to <- pendingMails }

// Collect counts what the cache has.
func (p *pending) Collect(to chan<- prometheus.Metric) {
	piles, err := outbox.Pending(p.ctx, p.cached)
	if err != nil {
		to <- prometheus.NewInvalidMetric(pendingMails, err)
		return
	}
	for pile, count := range piles {
		to <- prometheus.MustNewConstMetric(pendingMails, prometheus.GaugeValue, float64(count), pile.Kind, pile.Reason)
	}
}
