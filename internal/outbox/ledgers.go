package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/ledger"
)

// +kubebuilder:rbac:groups="",namespace=roster-system,resources=configmaps,verbs=get;create;update

// Each tenant's ledger is a ConfigMap in Roster's own namespace, out of the reach of whoever administers the tenant. It
// goes with the Tenant.
const (
	ledgerPrefix = "roster-mails-"
	ledgerKey    = "mails"
	// ledgerPause is how long a mail waits for an unreadable one to be mended.
	ledgerPause = 10 * time.Second
)

// ledgers are the tenants' ledgers, by namespace. The zero value is ready for use.
type ledgers struct {
	lock  sync.Mutex
	known map[string]*account
}

// account is one of them, as it was last read or written.
type account struct {
	asking asking
	lock   sync.Mutex
	// stored is nil when it has to be read (again).
	stored *corev1.ConfigMap
	*ledger.Ledger
}

// asking are the mails that want a turn: while one write is under way, they gather for the next.
type asking struct {
	lock  sync.Mutex
	mails []*turn
}

// turn is what a mail asks for, and the answer once it is given.
type turn struct {
	mail  ledger.Mail
	now   time.Time
	given bool
	ledger.Turn
	err error
}

func (a *asking) add(t *turn) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.mails = append(a.mails, t)
}

func (a *asking) take() []*turn {
	a.lock.Lock()
	defer a.lock.Unlock()
	mails := a.mails
	a.mails = nil
	return mails
}

func (l *ledgers) of(namespace string) *account {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.known == nil {
		l.known = map[string]*account{}
	}
	if l.known[namespace] == nil {
		l.known[namespace] = &account{}
	}
	return l.known[namespace]
}

// book gives a mail its turn. One whose turn is now is in the stored ledger when this returns: it counts whatever happens
// next. Somebody else's write is a conflict, and the ledger is read again.
func (l *ledgers) book(ctx context.Context, o *Outbox, tenant *accessv1.Tenant, m ledger.Mail, now time.Time) (ledger.Turn, error) {
	one, mine := l.of(tenant.TargetNamespace()), &turn{mail: m, now: now}
	one.asking.add(mine)
	one.lock.Lock()
	defer one.lock.Unlock()
	if !mine.given {
		one.give(ctx, o, tenant)
	}
	return mine.Turn, mine.err
}

// give answers all that ask, with one write at most. When that fails, nobody has a turn.
func (a *account) give(ctx context.Context, o *Outbox, tenant *accessv1.Tenant) {
	turns := a.asking.take()
	err := a.book(ctx, o, tenant, turns)
	for _, t := range turns {
		t.given, t.err = true, err
	}
}

func (a *account) book(ctx context.Context, o *Outbox, tenant *accessv1.Tenant, turns []*turn) error {
	if a.stored == nil {
		if err := a.read(ctx, o, tenant); err != nil {
			return err
		}
	}
	next := a.Ledger
	for _, t := range turns {
		t.Turn = next.Turn(o.Limits, t.mail, t.now)
		if !t.At.After(t.now) && !next.Booked(t.mail) {
			next = next.With(t.mail, o.Limits, t.now)
		}
	}
	if next == a.Ledger {
		return nil
	}
	return a.write(ctx, o.Client, next)
}

func (a *account) read(ctx context.Context, o *Outbox, tenant *accessv1.Tenant) error {
	stored := &corev1.ConfigMap{}
	key := client.ObjectKey{Namespace: o.Namespace, Name: ledgerPrefix + tenant.TargetNamespace()}
	err := o.Live.Get(ctx, key, stored)
	if apierrors.IsNotFound(err) {
		stored, err = emptyLedger(key, tenant), nil
	}
	if err != nil {
		return fmt.Errorf("could not read the ledger of mails in ConfigMap %s: %w", key, err)
	}
	parsed, err := ledger.Parse(stored.Data[ledgerKey])
	if err != nil {
		return &unusableError{
			"What was sent cannot be read in ConfigMap %s, so nothing more is: " + err.Error() + "; mend it, or delete it", key, err,
		}
	}
	a.stored, a.Ledger = stored, parsed
	return nil
}

func emptyLedger(key client.ObjectKey, tenant *accessv1.Tenant) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: key.Name, Namespace: key.Namespace,
		Labels: map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "Tenant", Name: tenant.Name, UID: tenant.UID,
		}},
	}}
}

// write stores the ledger as it will be; after an error nobody knows what is stored.
func (a *account) write(ctx context.Context, c client.Client, next *ledger.Ledger) error {
	written := a.stored.DeepCopy()
	written.Data = map[string]string{ledgerKey: next.String()}
	var err error
	if written.ResourceVersion == "" {
		err = c.Create(ctx, written, client.FieldOwner(accessv1.FieldOwner), client.DisableReadYourWritesConsistency)
	} else {
		err = c.Update(ctx, written, client.FieldOwner(accessv1.FieldOwner), client.DisableReadYourWritesConsistency)
	}
	if children.Refused(err) {
		a.stored = nil
		return &unusableError{
			"What is sent cannot be counted in ConfigMap %s, so nothing is: the API server refuses to store it; see its quotas, policies and webhooks, and the manager's log",
			client.ObjectKeyFromObject(written), err,
		}
	}
	if err != nil {
		a.stored = nil
		return fmt.Errorf("could not write the ledger of mails in ConfigMap %s/%s: %w", written.Namespace, written.Name, err)
	}
	a.stored, a.Ledger = written, next
	return nil
}

// release takes back the turn that an entry was promised: it does not need it any more. A ledger that has not been asked
// yet has promised nothing.
func (l *ledgers) release(namespace, waiting string) {
	l.lock.Lock()
	known := l.known[namespace]
	l.lock.Unlock()
	if known == nil {
		return
	}
	known.lock.Lock()
	defer known.lock.Unlock()
	if known.Ledger != nil {
		known.Release(waiting)
	}
}

// unusableError is about a ledger that somebody has to mend.
type unusableError struct {
	// sentence has a place for the ledger's name.
	sentence string
	key      client.ObjectKey
	cause    error
}

// Error says what to do. It is shown to tenants, so what the API server said is not in it.
func (e *unusableError) Error() string { return fmt.Sprintf(e.sentence, e.key) }

// Unwrap is for the log.
func (e *unusableError) Unwrap() error { return e.cause }

func unusable(err error) bool {
	var u *unusableError
	return errors.As(err, &u)
}
