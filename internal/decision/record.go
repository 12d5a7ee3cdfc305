package decision

import "bytes"

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
	ends        [kinds]uint16 // of the names
	flags       flags
	short       [81]byte
	long        []byte // the names, where there is no room for them in short
}

// names writes down the names of a record that is being made.
func (r *record) names(list [kinds]string) {
	end := 0
	for k, name := range list {
		end += len(name)
		r.ends[k] = uint16(end)
	}
	text := r.short[:0]
	if end > len(r.short) {
		text = make([]byte, 0, end)
	}
	for _, name := range list {
		text = append(text, name...)
	}
	if end > len(r.short) {
		r.long = text
	}
}

// id is the name of one kind; nil: the user has none.
func (r *record) id(k kind) []byte {
	begin := 0
	if k > 0 {
		begin = int(r.ends[k-1])
	}
	if int(r.ends[kinds-1]) > len(r.short) {
		return r.long[begin:r.ends[k]]
	}
	return r.short[begin:r.ends[k]]
}

// active tells whether the record is that of an active user with this name or address.
func (r *record) active(k kind, id string) bool {
	return r.flags == statusActive && string(r.id(k)) == id
}

// sameNames tells whether two records are found under the same names.
func (r *record) sameNames(o *record) bool {
	return r.ends == o.ends && r.short == o.short && bytes.Equal(r.long, o.long)
}

type flags uint8

const (
	statusActive flags = 1 << iota // the status says Active
	blocked                        // the spec says Inactive, or the object is being deleted
)
