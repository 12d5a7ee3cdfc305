package env

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/manager"
)

// Manager runs all controllers in this process, with mails kept in an Outbox.
type Manager struct {
	Outbox *Outbox

	stop context.CancelFunc
	done chan error
}

// StartManager starts the controllers against a cluster, which config reaches: the cluster's own, or one through a proxy.
// The options are the program's, with changes for those who need them.
func StartManager(config *rest.Config, c *Cluster, changes ...func(*ctrl.Options)) (*Manager, error) {
	return StartManagerWith(config, c, func(*controllers.Deps) {}, changes...)
}

// StartManagerWith is StartManager with other dependencies: another sender than the Outbox, for example.
func StartManagerWith(config *rest.Config, c *Cluster, swap func(*controllers.Deps), changes ...func(*ctrl.Options)) (*Manager, error) {
	ctx, stop := context.WithCancel(context.Background())
	m := &Manager{Outbox: &Outbox{}, stop: stop, done: make(chan error, 1)}
	mgr, err := newManager(config, c, changes)
	if err != nil {
		stop()
		return nil, err
	}
	limits, err := manager.Defaults().Limits.Check()
	if err != nil {
		stop()
		return nil, err
	}
	deps := controllers.Deps{
		Sender: m.Outbox, Templates: mail.BuiltIn(), Requester: guardOptions(c).Requester, Links: links{},
		MessageDomain: "roster.example", Clock: clock.RealClock{}, Random: rand.Reader, Jitter: func() float64 { return 0 }, Events: &events.FakeRecorder{},
		UsernamePrefix: UsernamePrefix, Guarded: c.isGuarded(), Namespace: namespace, Limits: limits, PasswordStore: true,
	}
	swap(&deps)
	if err := errors.Join(ensureNamespace(ctx, c), controllers.SetupAll(ctx, mgr, deps), addGuard(mgr, c)); err != nil {
		stop()
		return nil, err
	}
	go func() { m.done <- mgr.Start(ctx) }()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		stop()
		return nil, errors.New("the manager's cache did not fill")
	}
	return m, nil
}

// namespace is Roster's own.
const namespace = "roster-system"

// ensureNamespace makes Roster's own namespace, where there is none: the ledgers of mails are there.
func ensureNamespace(ctx context.Context, c *Cluster) error {
	err := c.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	return client.IgnoreAlreadyExists(err)
}

func newManager(restConfig *rest.Config, c *Cluster, changes []func(*ctrl.Options)) (ctrl.Manager, error) {
	options := ctrl.Options{
		Scheme:  c.Scheme,
		Cache:   manager.CacheOptions(namespace),
		Client:  manager.ClientOptions(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		Logger:  logr.Discard(),
		// A test may start a second manager after the first has ended.
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	}
	for _, change := range changes {
		change(&options)
	}
	return ctrl.NewManager(restConfig, options)
}

// Stop ends the manager and waits until it has.
func (m *Manager) Stop() error {
	m.stop()
	return <-m.done
}

type links struct{}

// Link is recognisable, and of no use.
func (links) Link(_ context.Context, purpose link.Purpose, object types.UID, _ time.Time) (string, error) {
	return fmt.Sprintf("https://roster.example/%ss/%s", purpose, object), nil
}

// Outbox takes mails and keeps them. It can be told to fail.
type Outbox struct {
	lock  sync.Mutex
	mails []mail.Message
	fail  error
}

// Send keeps the mail, or fails as told.
func (o *Outbox) Send(_ context.Context, m mail.Message) error {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.mails = append(o.mails, m)
	return nil
}

// Fail makes every later mail fail with the error; nil mends it.
func (o *Outbox) Fail(err error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.fail = err
}

// To are the mails to an address, oldest first.
func (o *Outbox) To(address string) []mail.Message {
	o.lock.Lock()
	defer o.lock.Unlock()
	return slices.DeleteFunc(slices.Clone(o.mails), func(m mail.Message) bool { return m.To.String() != address })
}

// Failure is an error as a mail server's answer would cause it.
func Failure(class mail.Class, sentence string) error {
	return fmt.Errorf("%w: %s", &mail.Error{Class: class}, sentence)
}
