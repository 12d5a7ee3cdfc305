package outbox

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// unrecorded are the attempts of which it is known what became of them, and not stored yet: a mail whose sending is
// forgotten goes out twice. They are kept in memory alone, so these are the mails that a crash repeats. The zero value is
// ready for use.
type unrecorded struct {
	lock  sync.Mutex
	known map[place]outcome
}

// outcome is of one attempt for one object.
type outcome struct {
	object   types.UID
	attempt  int32
	delivery *delivery
}

// keep remembers what became of an entry's attempt until it is forgotten, and returns how many there are now.
func (u *unrecorded) keep(p place, e entry, d *delivery) (count int) {
	u.lock.Lock()
	defer u.lock.Unlock()
	if u.known == nil {
		u.known = map[place]outcome{}
	}
	u.known[p] = outcome{e.object.GetUID(), e.letter.Status.Attempt, d}
	return len(u.known)
}

// of is what became of the attempt that the entry records last; nil: nothing is known of it.
func (u *unrecorded) of(p place, e entry) *delivery {
	u.lock.Lock()
	defer u.lock.Unlock()
	o := u.known[p]
	if o.object != e.object.GetUID() || o.attempt != e.letter.Status.Attempt {
		return nil
	}
	return o.delivery
}

func (u *unrecorded) has(p place) bool {
	u.lock.Lock()
	defer u.lock.Unlock()
	return u.known[p].delivery != nil
}

func (u *unrecorded) forget(p place) {
	u.lock.Lock()
	defer u.lock.Unlock()
	delete(u.known, p)
}
