package decision

import (
	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// doubtful are the flags that take a user's address from him, and nothing else.
const doubtful = unvetted | contested

// isActive tells whether the user has access at all, by some name.
func (r *record) isActive() bool { return r.flags&^doubtful == statusActive }

// claims tells whether the user's address is his, unless it is another's too.
func (r *record) claims() bool { return r.flags&^contested == statusActive }

// doubt is why the user has nothing under one of his names while he has it under another; empty: that is not so.
func (r *record) doubt(k kind) access.Reason {
	if k == byAddress && r.flags&doubtful != 0 {
		return access.NotActive
	}
	return ""
}

// vetting is the flag of an address that nobody has looked at since the user has it. What was accepted was looked at, and
// so was the address that this very user had before, if it counted then.
func vetting(user *accessv1.User, now, before *record) flags {
	known := before != nil && before.flags&unvetted == 0 && before.sameNames(now)
	if known || user.Status.ObservedGeneration == user.Generation || index.EmailKey(user.Status.AcceptedEmail) == string(now.id(byAddress)) {
		return 0
	}
	return unvetted
}

// contention is the flag of an address that is another's too.
func (i *Index) contention(now, before *record) flags {
	for _, n := range i.claiming(now) {
		if now.claims() && i.record(n) != before {
			return contested
		}
	}
	return 0
}

// contest lets nobody answer to the address of a record while several claim it.
func (i *Index) contest(r *record) {
	claiming := i.claiming(r)
	want := flags(0)
	if len(claiming) > 1 {
		want = contested
	}
	for _, n := range claiming {
		if now := *i.record(n); now.flags&contested != want {
			now.flags = now.flags&^contested | want
			i.replace(n, &now)
		}
	}
}

// claiming are the users of a record's space who claim its address.
func (i *Index) claiming(r *record) []uint32 {
	var out []uint32
	if address := string(r.id(byAddress)); address != "" {
		i.each(r.space, byAddress, address, func(n uint32) bool {
			if i.record(n).claims() {
				out = append(out, n)
			}
			return true
		})
	}
	return out
}
