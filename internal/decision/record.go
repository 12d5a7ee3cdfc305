package decision

import (
	"bytes"
	"time"

	"github.com/roster-dev/roster/internal/access"
)

// kind says which of a user's names is meant.
type kind uint32

const (
	byAddress kind = iota // the comparable form of its address
	byName                // the User's name
	byUID                 // its UID, which a sign-in's sub carries
	kinds
	// stride is the distance between the numbers of two places.
	stride = 4
)

// record is one user as he is. It is never changed, only replaced. His names stand one after the other, as a rule within
// the record. What a decision by address looks at comes first, so that it waits for memory once.
type record struct {
	space       *space
	entitlement *entitlement
	gist                      // the entitlement's
	ends        [kinds]uint16 // of the names
	flags       flags
	short       [89]byte
	long        *[]byte // the names, where there is no room for them in short
}

// entitle gives access to a record that is being made.
func (r *record) entitle(e *entitlement) { r.entitlement, r.gist = e, e.gist }

func (r *record) answer(query *access.Query, now time.Time) access.Decision {
	return r.gist.answer(r.entitlement, query, now)
}

// names writes down the names of a record that is being made.
func (r *record) names(list [kinds]string) {
	end := 0
	for k, name := range list {
		end += len(name)
		r.ends[k] = uint16(end)
	}
	if end <= len(r.short) {
		join(r.short[:0], list)
		return
	}
	long := join(make([]byte, 0, end), list)
	r.long = &long
}

func join(text []byte, names [kinds]string) []byte {
	for _, name := range names {
		text = append(text, name...)
	}
	return text
}

// text is all names.
func (r *record) text() []byte {
	if int(r.ends[kinds-1]) > len(r.short) {
		return *r.long
	}
	return r.short[:]
}

// id is the name of one kind; empty: the user has none.
func (r *record) id(k kind) []byte {
	begin := 0
	if k > 0 {
		begin = int(r.ends[k-1])
	}
	return r.text()[begin:r.ends[k]]
}

// active tells whether the record is that of an active user with this name or address.
func (r *record) active(k kind, id string) bool {
	return r.isActive() && k != byUID && r.doubt(k) == "" && string(r.id(k)) == id
}

// sameNames tells whether two records are found under the same names.
func (r *record) sameNames(o *record) bool {
	return r.ends == o.ends && bytes.Equal(r.text(), o.text())
}

type flags uint8

const (
	statusActive flags = 1 << iota // the status says Active
	blocked                        // the spec says Inactive, or the object is being deleted
	unvetted                       // nobody has looked at the address since the user has it
	contested                      // another active user of the tenant has the address too
)
