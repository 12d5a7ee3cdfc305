package outbox

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// waiting is an entry that is as it was when it asked for a connection, all of which are taken.
type waiting struct {
	*Reconciler
	clock *clocktesting.FakePassiveClock
	entry *accessv1.Invitation
	// looks are told that the API server was asked.
	looks   chan struct{}
	release []func()
	// connected is what became of it.
	connected chan bool
}

func newWaiting(t *testing.T) *waiting {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	entry := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "ana", UID: "1"}}
	stored := fake.NewClientBuilder().WithScheme(scheme).WithObjects(entry).Build()
	w := &waiting{clock: clocktesting.NewFakePassiveClock(bookedAt), looks: make(chan struct{}, 9), connected: make(chan bool, 1), entry: entry}
	live := interceptor.NewClient(stored, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
			defer func() { w.looks <- struct{}{} }()
			return c.Get(ctx, key, o, options...)
		},
	})
	w.Reconciler = &Reconciler{Outbox: &Outbox{Client: stored, Live: live, Clock: w.clock}, Kind: Kind{Object: &accessv1.Invitation{}}}
	if err := stored.Get(t.Context(), client.ObjectKeyFromObject(entry), entry); err != nil {
		t.Fatal(err)
	}
	for range connectionsInAll {
		giveBack, err := w.connections.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.release = append(w.release, giveBack)
	}
	go func() {
		ctx := context.WithoutCancel(t.Context())
		disconnect, err := w.connect(ctx, entry.DeepCopy(), func() (bool, error) { return w.isCurrent(ctx, entry) })
		if err != nil {
			t.Error(err)
		}
		w.connected <- disconnect != nil
	}()
	<-w.looks
	return w
}

// change has somebody else write the entry.
func (w *waiting) change(t *testing.T) {
	t.Helper()
	changed := w.entry.DeepCopy()
	changed.Labels = map[string]string{"colour": "red"}
	if err := w.Client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
}

func TestSoManyMailsAreHandedOverAtATimeAndNoMore(t *testing.T) {
	t.Parallel()
	w := newWaiting(t)
	select {
	case <-w.connected:
		t.Fatal("there was one connection more")
	default:
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.connections.take(ended); err == nil {
		t.Error("who does not wait any more has a connection")
	}
	w.release[0]()
	if !<-w.connected {
		t.Error("the entry has none, though it is as it was")
	}
	if len(w.looks) > 0 {
		t.Error("it was looked at again, though it did not wait for long")
	}
}

func TestWhatWaitedForLongIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWaiting(t)
	w.change(t)
	w.clock.SetTime(bookedAt.Add(time.Minute))
	w.release[0]()
	if <-w.connected {
		t.Error("an entry is sent that has changed since")
	}
	if _, err := w.connections.take(t.Context()); err != nil {
		t.Error("it kept its connection")
	}
}
