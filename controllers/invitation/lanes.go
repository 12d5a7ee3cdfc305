package invitation

import (
	"sync"
	"time"
)

// At most so many mails are handed over at a time: one tenant's never take all of it, and all of them together leave
// workers free for what needs no mail server, such as expiry and cancellation.
const (
	lanesATenant = 4
	lanesInAll   = 12
	// lanePause is how long a mail waits when every lane is taken.
	lanePause = time.Second
)

// lanes counts the mails that are being handed over, by namespace. The zero value is ready for use.
type lanes struct {
	lock  sync.Mutex
	all   int
	taken map[string]int
}

// enter takes a lane, which leave gives back; entered is false when none is free.
func (l *lanes) enter(namespace string) (leave func(), entered bool) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.all >= lanesInAll || l.taken[namespace] >= lanesATenant {
		return nil, false
	}
	if l.taken == nil {
		l.taken = map[string]int{}
	}
	l.all++
	l.taken[namespace]++
	return func() { l.leave(namespace) }, true
}

func (l *lanes) leave(namespace string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.all--
	if l.taken[namespace]--; l.taken[namespace] == 0 {
		delete(l.taken, namespace)
	}
}
