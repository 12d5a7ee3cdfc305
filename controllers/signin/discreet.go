package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// discreetly makes the loggers of requests. The name of a Password spells its address, which no line of the log may: a hash
// of the name tells lines about one sign-in from those about another.
func discreetly(log logr.Logger) func(*reconcile.Request) logr.Logger {
	log = log.WithValues("controller", "signin")
	return func(request *reconcile.Request) logr.Logger {
		if request == nil {
			return log
		}
		return log.WithValues("signIn", mask(request.Name))
	}
}

// mask stands for a Password's name where people read.
func mask(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:5])
}

// discreet is an error that does not name the Password which it is about.
type discreet struct {
	error
	name string
}

func (d discreet) Error() string { return strings.ReplaceAll(d.error.Error(), d.name, mask(d.name)) }

func (d discreet) Unwrap() error { return d.error }
