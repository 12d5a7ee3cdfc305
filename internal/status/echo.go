package status

import (
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Echoes are the statuses of users that are being written, until the watch brings them back. Such an event says nothing
// new: the status is what the user's last reconcile computed for this generation of him, and whatever else changes comes
// as an event of its own. Without it, one change to thousands would look at each of them twice.
//
// An echo is known by what the status says and not by its version, for it often arrives before the answer to the write.
// The zero value is ready to use.
type Echoes struct {
	lock     sync.Mutex
	expected map[client.ObjectKey]*accessv1.User
}

// Expect is called before a user is written, with the status that he will have.
func (e *Echoes) Expect(user *accessv1.User) {
	e.lock.Lock()
	defer e.lock.Unlock()
	if e.expected == nil {
		e.expected = map[client.ObjectKey]*accessv1.User{}
	}
	e.expected[client.ObjectKeyFromObject(user)] = user
}

// Take returns what is expected of a user, nil when nothing is, and expects it no longer. It is also called when the
// write has failed, and when the user is gone.
func (e *Echoes) Take(user client.ObjectKey) *accessv1.User {
	e.lock.Lock()
	defer e.lock.Unlock()
	wanted := e.expected[user]
	delete(e.expected, user)
	return wanted
}

// Unheard lets every event through but an echo.
func (e *Echoes) Unheard() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(update event.UpdateEvent) bool {
		user, ok := update.ObjectNew.(*accessv1.User)
		return !ok || !isEcho(user, e.Take(client.ObjectKeyFromObject(user)))
	}}
}

func isEcho(user, wanted *accessv1.User) bool {
	if wanted == nil || wanted.UID != user.UID || wanted.Generation != user.Generation {
		return false
	}
	same, err := SameUser(user, &wanted.Status)
	return same && err == nil
}
