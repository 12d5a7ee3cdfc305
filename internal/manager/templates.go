package manager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/roster-dev/roster/internal/mail"
)

// templatesPeriod is how often the directory is looked at. The kubelet itself takes up to a minute to bring a change.
const templatesPeriod = 10 * time.Second

var templatesCurrent = prometheus.NewGauge(prometheus.GaugeOpts{
	Name: "roster_mail_templates_current",
	Help: "1 while mails are written with the templates that are in the directory, 0 while those are broken and the last good ones are used.",
})

func init() { metrics.Registry.MustRegister(templatesCurrent) }

// mailTemplates are those that the options ask for. The error has a line for each thing that is wrong.
func mailTemplates(dir string) (*mail.Templates, error) {
	templates, err := mail.NewTemplates(dir)
	if err != nil {
		return nil, fmt.Errorf("--mail-templates: %s", strings.ReplaceAll(err.Error(), "\n", "\n--mail-templates: "))
	}
	templatesCurrent.Set(1)
	return templates, nil
}

// templatesWatch takes over what changes in the directory.
type templatesWatch struct {
	templates *mail.Templates
	log       logr.Logger
	// complaint is what was wrong at the last look; empty: nothing.
	complaint string
}

func (w *templatesWatch) run(ctx context.Context) error {
	wait.UntilWithContext(ctx, func(context.Context) { w.look() }, templatesPeriod)
	return nil
}

// look says what changed, once.
func (w *templatesWatch) look() {
	changed, err := w.templates.Reload()
	if err != nil {
		templatesCurrent.Set(0)
		if err.Error() != w.complaint {
			w.log.Error(err, "The new mail templates are broken: mails are written with the last good ones")
		}
		w.complaint = err.Error()
		return
	}
	templatesCurrent.Set(1)
	if changed || w.complaint != "" {
		w.log.Info("Mails are written with the templates that are there now")
	}
	w.complaint = ""
}
