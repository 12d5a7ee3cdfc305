package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/ledger"
)

// bookkeeper books mails in a ledger whose first write takes until it is let go.
type bookkeeper struct {
	box            *Outbox
	stored         client.Client
	entered, letGo chan struct{}
	// fails is what the writes come to; nil: they are done.
	fails error

	first  sync.Once
	lock   sync.Mutex
	writes int
}

func newBookkeeper(limits ledger.Limits) *bookkeeper {
	b := &bookkeeper{entered: make(chan struct{}), letGo: make(chan struct{})}
	b.stored = interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			b.first.Do(func() {
				close(b.entered)
				<-b.letGo
			})
			return b.write(func() error { return c.Create(ctx, o, options...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			return b.write(func() error { return c.Update(ctx, o, options...) })
		},
	})
	b.box = &Outbox{Client: b.stored, Live: b.stored, Namespace: "roster-system", Limits: limits}
	return b
}

func (b *bookkeeper) write(do func() error) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.writes++
	if b.fails != nil {
		return b.fails
	}
	return do()
}

var (
	bookedTenant = &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
	bookedAt     = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
)

type answer struct {
	turn ledger.Turn
	err  error
}

// all books so many mails: one, and while that is being written the others at once.
func (b *bookkeeper) all(t *testing.T, count int) []answer {
	t.Helper()
	answers := make([]answer, count)
	var group sync.WaitGroup
	book := func(i int) { answers[i] = b.book(t, i) }
	group.Go(func() { book(0) })
	<-b.entered
	for i := range count - 1 {
		group.Go(func() { book(i + 1) })
	}
	for one := b.box.ledgers.of("acme"); one.asking.count() < count-1; {
		runtime.Gosched()
	}
	close(b.letGo)
	group.Wait()
	return answers
}

// book books one.
func (b *bookkeeper) book(t *testing.T, number int) answer {
	to, err := address.Parse(fmt.Sprintf("user%d@acme.example", number))
	if err != nil {
		t.Error(err)
	}
	m := ledger.Mail{Letter: types.UID(fmt.Sprintf("%08d-0000", number)), To: to, Waiting: fmt.Sprint("invitation/", number)}
	turn, err := b.box.ledgers.book(t.Context(), b.box, bookedTenant, m, bookedAt)
	return answer{turn, err}
}

func (b *bookkeeper) lines(t *testing.T) int {
	t.Helper()
	stored := &corev1.ConfigMap{}
	if err := b.stored.Get(t.Context(), client.ObjectKey{Namespace: "roster-system", Name: "roster-mails-acme"}, stored); err != nil {
		t.Fatal(err)
	}
	return strings.Count(stored.Data[ledgerKey], "\n")
}

func TestMailsThatAskMeanwhileAreBookedInOneWrite(t *testing.T) {
	t.Parallel()
	b := newBookkeeper(ledger.Limits{Tenant: ledger.Limit{Mails: 500, In: time.Hour}})
	for i, got := range b.all(t, 20) {
		if got.err != nil || got.turn.At != bookedAt {
			t.Errorf("mail %d: %v, %v", i, got.turn, got.err)
		}
	}
	if b.writes != 2 || b.lines(t) != 20 {
		t.Errorf("%d mails are stored, by %d writes", b.lines(t), b.writes)
	}
}

func TestALimitCountsTheMailsOfOneWrite(t *testing.T) {
	t.Parallel()
	b := newBookkeeper(ledger.Limits{Tenant: ledger.Limit{Mails: 15, In: time.Hour}})
	due := 0
	for _, got := range b.all(t, 20) {
		if !got.turn.At.After(bookedAt) {
			due++
		}
	}
	if due != 15 || b.lines(t) != 15 {
		t.Errorf("%d mails are due, and %d stored", due, b.lines(t))
	}
}

func TestNoMailOfAWriteThatFailedIsDue(t *testing.T) {
	t.Parallel()
	b := newBookkeeper(ledger.Limits{})
	b.fails = errors.New("not now")
	for i, got := range b.all(t, 20) {
		if !errors.Is(got.err, b.fails) {
			t.Errorf("mail %d: %v, %v", i, got.turn, got.err)
		}
	}
}

func TestALedgerThatIsRefusedSaysWhatToDoAndNotWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	b := newBookkeeper(ledger.Limits{})
	b.fails = apierrors.NewForbidden(corev1.Resource("configmaps"), "roster-mails-acme", errors.New("exceeded quota: secret-name"))
	got := b.all(t, 1)[0]
	if !unusable(got.err) || !errors.Is(got.err, b.fails) {
		t.Fatalf("%v", got.err)
	}
	said := got.err.Error()
	if !strings.Contains(said, "roster-system/roster-mails-acme") || !strings.Contains(said, "quotas") || strings.Contains(said, "secret-name") {
		t.Error(said)
	}
	b.fails = nil
	if again := b.book(t, 0); again.err != nil || !again.turn.At.Equal(bookedAt) {
		t.Errorf("it is not asked again: %v, %v", again.turn, again.err)
	}
}

func (a *asking) count() int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return len(a.mails)
}
