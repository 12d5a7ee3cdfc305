package outbox

import (
	"fmt"
	"testing"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/internal/watch"
)

// office is the entries of some tenants, and lanes that they want.
type office struct {
	lanes lanes
	queue queue
}

func newOffice(t *testing.T) *office {
	o := &office{queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[ctrl.Request]())}
	t.Cleanup(o.queue.ShutDown)
	return o
}

func (o *office) place(namespace string, number int) place {
	return place{o.queue, watch.Request(namespace, fmt.Sprint(number))}
}

// enter has so many entries of a tenant ask, and returns how many have a lane.
func (o *office) enter(namespace string, count int) (entered int) {
	for i := range count {
		if o.lanes.enter(o.place(namespace, i)) {
			entered++
		}
	}
	return entered
}

// called are the tenants of those who have been given a lane meanwhile.
func (o *office) called() (namespaces []string) {
	for o.queue.Len() > 0 {
		request, _ := o.queue.Get()
		o.queue.Done(request)
		namespaces = append(namespaces, request.Namespace)
	}
	return namespaces
}

func TestATenantHasSoManyLanesAndNoMore(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if got := o.enter("acme", 10_000); got != lanesATenant {
		t.Errorf("%d entries of one tenant have a lane", got)
	}
	if !o.lanes.enter(o.place("acme", 0)) {
		t.Error("who has a lane loses it by asking again")
	}
	if o.lanes.enter(o.place("acme", 9_999)) {
		t.Error("who waits has a lane by asking again")
	}
	if got := o.enter("other", 1); got != 1 {
		t.Error("another tenant's entry waits")
	}
}

func TestAllTenantsHaveSoManyLanesTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	entered := 0
	for i := range 10 {
		entered += o.enter(fmt.Sprint("tenant-", i), 2)
	}
	if entered != lanesInAll {
		t.Errorf("%d entries have a lane", entered)
	}
}

func TestALaneGoesToTheNextInLineAndTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, full := range []string{"a", "b", "c", "e", "f"} {
		o.enter(full, 100)
	}
	o.enter("d", 1)
	for i := range lanesATenant {
		o.lanes.leave(o.place("a", i))
	}
	if got := fmt.Sprint(o.called()); got != "[a d a a]" {
		t.Errorf("lanes went to %s", got)
	}
	if !o.lanes.enter(o.place("a", lanesATenant)) || !o.lanes.enter(o.place("d", 0)) {
		t.Error("who was called has no lane")
	}
}

func TestNobodyIsForgotten(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const entries = 500
	held := map[ctrl.Request]bool{}
	for i := range entries {
		if p := o.place("acme", i); o.lanes.enter(p) {
			held[p.request] = true
		}
	}
	done := 0
	for len(held) > 0 {
		for request := range held {
			delete(held, request)
			done++
			o.lanes.leave(place{o.queue, request})
		}
		for o.queue.Len() > 0 {
			request, _ := o.queue.Get()
			o.queue.Done(request)
			held[request] = true
		}
	}
	if done != entries {
		t.Errorf("%d of %d entries had their turn", done, entries)
	}
	if len(o.lanes.held)+len(o.lanes.queued)+len(o.lanes.waiting)+len(o.lanes.tenants) > 0 {
		t.Errorf("something is left: %+v", &o.lanes)
	}
}
