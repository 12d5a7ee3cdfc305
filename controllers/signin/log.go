package signin

import (
	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/roster-dev/roster/internal/identity"
)

// discreetly makes the loggers of requests. The name of a Password spells its address, which no line of the log may: a hash
// of the name tells lines about one sign-in from those about another.
func discreetly(log logr.Logger) func(*reconcile.Request) logr.Logger {
	log = log.WithValues("controller", "signin")
	return func(request *reconcile.Request) logr.Logger {
		if request == nil {
			return log
		}
		return log.WithValues("signIn", identity.Mask(request.Name))
	}
}
