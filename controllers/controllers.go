// Package controllers puts all of Roster's controllers into a manager. They know nothing of each other: they meet in the
// API server.
package controllers

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/roster-dev/roster/controllers/applicationcredential"
	"github.com/roster-dev/roster/controllers/invitation"
	"github.com/roster-dev/roster/controllers/passwordreset"
	"github.com/roster-dev/roster/controllers/resourcecatalog"
	"github.com/roster-dev/roster/controllers/restriction"
	"github.com/roster-dev/roster/controllers/role"
	"github.com/roster-dev/roster/controllers/signin"
	"github.com/roster-dev/roster/controllers/tenant"
	"github.com/roster-dev/roster/controllers/user"
	"github.com/roster-dev/roster/controllers/usergroup"
	"github.com/roster-dev/roster/controllers/vendor"
	"github.com/roster-dev/roster/internal/binding"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/ledger"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/outbox"
	"github.com/roster-dev/roster/internal/status"
)

// Deps are what the controllers need from outside the cluster. All fields are required but the prefix.
type Deps struct {
	// Sender hands mails over.
	Sender mail.Sender
	// Templates write them.
	Templates *mail.Templates
	// Requester is how a mail names who asked for it, by what an object's spec.requestedBy holds; empty: nobody is named.
	Requester func(requestedBy string) string
	// Links makes the links that go into them.
	Links outbox.Linker
	// MessageDomain is the right-hand side of every Message-ID.
	MessageDomain string
	Clock         clock.PassiveClock
	// Random is where tokens come from.
	Random io.Reader
	// Jitter is a fraction from 0 to 1 that spreads retries.
	Jitter func() float64
	// UsernamePrefix is what the API server puts before the address of somebody who signs in to the cluster.
	UsernamePrefix string
	// Guarded says that the manager judges what people write: only then are a tenant's administrators let in.
	Guarded bool
	// Events records what people should hear of.
	Events events.EventRecorder
	// Namespace is Roster's own.
	Namespace string
	// Limits bound the mails of each tenant.
	Limits ledger.Limits
	// PasswordStore is true where a password can be set.
	PasswordStore bool
	// SignIns is the namespace in which Dex keeps passwords; empty: sign-in is somebody else's.
	SignIns string
}

// Workers a controller. Users are many and each is cheap: more workers than these do not finish sooner, they only keep the
// API server from answering others (docs/benchmarks.md). Mails wait for somebody else's server: see outbox.Workers.
const (
	userWorkers = 6
	workers     = 4
)

type setup interface {
	Setup(mgr ctrl.Manager, options controller.Options) error
}

type registration struct {
	setup   setup
	workers int
}

// SetupAll registers the field indexes and every controller. It is the one way in, for the program and for tests.
func SetupAll(ctx context.Context, mgr ctrl.Manager, deps Deps) error {
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("could not register the field indexes: %w", err)
	}
	c, live := mgr.GetClient(), mgr.GetAPIReader()
	g, writer := graph.New(c, live), status.Writer{Client: c}
	box := &outbox.Outbox{
		Client: c, Live: live, Graph: g, Status: writer, Clock: deps.Clock, Events: deps.Events,
		Sender: deps.Sender, Templates: deps.Templates, Requester: deps.Requester, Links: deps.Links,
		MessageDomain: deps.MessageDomain, Jitter: deps.Jitter, Namespace: deps.Namespace, Limits: deps.Limits,
	}
	all := []registration{
		{&resourcecatalog.Reconciler{Client: c, Status: writer, Clock: deps.Clock}, workers},
		{&tenant.Reconciler{
			Client: c, Graph: g, Status: writer, Clock: deps.Clock,
			Binder: &binding.Binder{Graph: g, UsernamePrefix: deps.UsernamePrefix, Guarded: deps.Guarded},
		}, workers},
		{&role.Reconciler{Client: c, Graph: g, Status: writer, Clock: deps.Clock}, workers},
		{&restriction.Reconciler{Client: c, Graph: g, Status: writer, Clock: deps.Clock}, workers},
		{&usergroup.Reconciler{Client: c, Graph: g, Status: writer, Clock: deps.Clock}, workers},
		{&vendor.Reconciler{Client: c, Graph: g, Status: writer, Clock: deps.Clock}, workers},
		{&user.Reconciler{Client: c, Graph: g, Status: writer, Clock: deps.Clock, Events: deps.Events}, userWorkers},
		{&applicationcredential.Reconciler{
			Client: c, Live: live, Graph: g, Status: writer, Clock: deps.Clock, Events: deps.Events, Random: deps.Random,
		}, workers},
		{invitation.NewReconciler(box), outbox.Workers},
		{passwordreset.NewReconciler(box, deps.PasswordStore), outbox.Workers},
	}
	if deps.SignIns != "" {
		store := identity.NewDex(c, live, deps.SignIns, identity.Cost)
		all = append(all, registration{&signin.Reconciler{Client: c, Graph: g, Store: store, Events: deps.Events}, workers})
	}
	for _, each := range all {
		if err := each.setup.Setup(mgr, controller.Options{MaxConcurrentReconciles: each.workers, RateLimiter: retries()}); err != nil {
			return fmt.Errorf("could not set up %T: %w", each.setup, err)
		}
	}
	return nil
}

// retries come soon at first, then every minute: nobody is told when what was in the way has been mended. All together they
// are ten a second, after a hundred that come at once.
func retries() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedMaxOfRateLimiter(
		workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](5*time.Millisecond, time.Minute),
		&workqueue.TypedBucketRateLimiter[reconcile.Request]{Limiter: rate.NewLimiter(10, 100)},
	)
}
