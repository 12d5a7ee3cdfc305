package outbox

import (
	"context"
	"slices"
	"sync"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// At most so many entries are worked at in one step at a time: one tenant's never take all of it, and all of them
// together leave workers free for what needs no lane, such as expiry and cancellation.
const (
	lanesATenant = 4
	lanesInAll   = 20
	// connectionsInAll is how many mails are handed over at a time: the other lanes hold those that come next.
	connectionsInAll = 12
	// notingInAll bounds how far sending runs ahead of recording what became of it: a crash repeats these mails, and those
	// in the sending lanes.
	notingInAll = 16
	// Workers is how many a controller needs for all that, with some to spare.
	Workers = lanesInAll + lanesInAll + notingInAll + 4
)

type queue = workqueue.TypedRateLimitingInterface[ctrl.Request]

// place is an entry and the queue that brings it back.
type place struct {
	queue   queue
	request ctrl.Request
}

// lanes let so many in at a time, by namespace, and have the others wait in line. A lane that is given back goes to the
// next in line, whose entry is queued then; tenants take turns. The zero value is ready for use.
type lanes struct {
	lock sync.Mutex
	// held are the places that have a lane.
	held map[place]bool
	// waiting are those that want one, by namespace; tenants lists the namespaces, the next in turn first.
	waiting map[string][]place
	tenants []string
	// queued are the places in waiting.
	queued map[place]bool
}

// enter tells whether the place has a lane now. If not, it waits in line.
func (l *lanes) enter(p place) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	switch {
	case l.held[p]:
		return true
	case !l.queued[p] && len(l.held) < lanesInAll && l.taken(p.request.Namespace) < lanesATenant:
		l.take(p)
		return true
	case !l.queued[p]:
		l.line(p)
	}
	return false
}

// leave gives the place's lane back, if it has one, and passes on every lane that is free.
func (l *lanes) leave(p place) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.held[p] {
		return
	}
	delete(l.held, p)
	for len(l.held) < lanesInAll {
		turn := slices.IndexFunc(l.tenants, func(namespace string) bool { return l.taken(namespace) < lanesATenant })
		if turn < 0 {
			return
		}
		next := l.call(turn)
		l.take(next)
		next.queue.Add(next.request)
	}
}

func (l *lanes) take(p place) {
	if l.held == nil {
		l.held = map[place]bool{}
	}
	l.held[p] = true
}

func (l *lanes) taken(namespace string) (count int) {
	for p := range l.held {
		if p.request.Namespace == namespace {
			count++
		}
	}
	return count
}

func (l *lanes) line(p place) {
	if l.queued == nil {
		l.queued, l.waiting = map[place]bool{}, map[string][]place{}
	}
	namespace := p.request.Namespace
	if len(l.waiting[namespace]) == 0 {
		l.tenants = append(l.tenants, namespace)
	}
	l.queued[p] = true
	l.waiting[namespace] = append(l.waiting[namespace], p)
}

// call takes the first in line of the tenant whose turn it is, and puts the tenant last.
func (l *lanes) call(turn int) place {
	namespace := l.tenants[turn]
	l.tenants = slices.Delete(l.tenants, turn, turn+1)
	first, others := l.waiting[namespace][0], l.waiting[namespace][1:]
	delete(l.queued, first)
	if len(others) == 0 {
		delete(l.waiting, namespace)
		return first
	}
	l.waiting[namespace] = others
	l.tenants = append(l.tenants, namespace)
	return first
}

// handedOver passes the sending lane on before it is recorded what became of the mail, which is the API server's time and
// not the mail server's. Too far ahead of the API server, the entry keeps it until all is recorded.
func (r *Reconciler) handedOver(s *scope, became *delivery) {
	p := r.placeOf(client.ObjectKeyFromObject(s.stored.object))
	if r.unrecorded.keep(p, s.stored, became) <= notingInAll {
		r.sending.leave(p)
	}
}

// leave ends the round of an entry, whatever came of it.
func (r *Reconciler) leave(p place) {
	r.recording.leave(p)
	if !r.unrecorded.has(p) {
		r.sending.leave(p)
	}
}

func (r *Reconciler) placeOf(key client.ObjectKey) place {
	return place{r.queue, ctrl.Request{NamespacedName: key}}
}

// connections are taken by mails that are being handed over. The zero value is ready for use.
type connections struct {
	once  sync.Once
	taken chan struct{}
}

// take waits for one, which is to be given back.
func (c *connections) take(ctx context.Context) (giveBack func(), err error) {
	c.once.Do(func() { c.taken = make(chan struct{}, connectionsInAll) })
	select {
	case c.taken <- struct{}{}:
		return func() { <-c.taken }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
