package outbox

import (
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/watch"
)

func attempted(t *testing.T, object types.UID, attempt int32) entry {
	t.Helper()
	e, err := entryOf(&accessv1.Invitation{
		ObjectMeta: metav1.ObjectMeta{UID: object}, Status: accessv1.InvitationStatus{Attempt: attempt},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatBecameOfAMailIsOfOneAttemptForOneObject(t *testing.T) {
	t.Parallel()
	var u unrecorded
	at, taken := place{request: watch.Request("acme", "ana")}, &delivery{}
	u.keep(at, attempted(t, "first", 2), taken)
	if u.of(at, attempted(t, "first", 2)) != taken {
		t.Error("it is not known")
	}
	if u.of(at, attempted(t, "first", 3)) != nil || u.of(at, attempted(t, "second", 2)) != nil {
		t.Error("it is taken for that of another attempt, or of a later object of the name")
	}
	if u.of(place{request: watch.Request("acme", "ben")}, attempted(t, "first", 2)) != nil {
		t.Error("it is taken for another's")
	}
}

func TestAMailOfWhichNothingIsRecordedKeepsItsLaneUnlessItGoes(t *testing.T) {
	t.Parallel()
	r := &Reconciler{Outbox: &Outbox{}}
	at := place{request: watch.Request("acme", "ana")}
	if !r.sending.enter(at) {
		t.Fatal("there is no lane")
	}
	r.unrecorded.keep(at, attempted(t, "first", 1), &delivery{})
	if r.leave(at); r.sending.taken("acme") != 1 {
		t.Error("others are sent, and a crash repeats more and more")
	}
	unread := errors.New("not now")
	if err := r.gone(at, unread); !errors.Is(err, unread) || !r.unrecorded.has(at) {
		t.Errorf("what could not be read is taken for gone: %v", err)
	}
	if err := r.gone(at, nil); err != nil || r.unrecorded.has(at) {
		t.Errorf("it is remembered for ever: %v", err)
	}
	if r.leave(at); r.sending.taken("acme") != 0 {
		t.Error("it keeps its lane for ever")
	}
}
