package decision

import "sync/atomic"

// table finds users by what they are called. A slot has a part of its key's hash beside the record, so that a look at
// another key's slot costs no look at its record. Collisions go to the next slot; at most seven of eight are taken. The names
// of one kind have slots of their own: who looks for an address does not pass by the others.
//
// Who reads while somebody writes may miss what is there, and may find the parts of two users in one slot.
type table struct {
	kinds [kinds]struct {
		slots atomic.Pointer[slots]
		used  int
	}
	// entry is the record of a number, and the hash of its key.
	entry func(number uint32) (*record, uint64)
}

// slots are a power of two of them.
type slots []slot

type slot struct {
	packed atomic.Uint64 // 0: empty; else the upper half of the hash, and a number + 1
	record atomic.Pointer[record]
}

// kindOf is the kind of name that a number is for.
func kindOf(number uint32) kind { return kind(number % stride) }

func (t *table) init(entry func(uint32) (*record, uint64)) {
	t.entry = entry
	for k := range t.kinds {
		t.kinds[k].slots.Store(newSlots(16))
	}
}

func newSlots(n int) *slots {
	s := make(slots, n)
	return &s
}

// first is the slot at which looking for a hash begins.
func (s slots) first(hash uint64) int { return int(hash & uint64(len(s)-1)) }

func (s slots) next(at int) int { return (at + 1) & (len(s) - 1) }

func pack(hash uint64, number uint32) uint64 { return hash&^(1<<32-1) | uint64(number+1) }

// fits tells whether a slot can be that of a key with the hash.
func fits(packed, hash uint64) bool { return (packed^hash)>>32 == 0 }

func numberIn(packed uint64) uint32 { return uint32(packed) - 1 }

// of are the slots of a kind.
func (t *table) of(k kind) *slots { return t.kinds[k].slots.Load() }

func (t *table) add(number uint32) {
	own := &t.kinds[kindOf(number)]
	if s := *own.slots.Load(); 8*(own.used+1) > 7*len(s) {
		own.slots.Store(t.grown(s))
	}
	own.slots.Load().put(t, number)
	own.used++
}

func (s slots) put(t *table, number uint32) {
	r, hash := t.entry(number)
	at := s.first(hash)
	for s[at].packed.Load() != 0 {
		at = s.next(at)
	}
	s[at].record.Store(r)
	s[at].packed.Store(pack(hash, number))
}

func (t *table) grown(old slots) *slots {
	out := newSlots(2 * len(old))
	for at := range old {
		if packed := old[at].packed.Load(); packed != 0 {
			out.put(t, numberIn(packed))
		}
	}
	return out
}

// at is where a number is that is there.
func (t *table) at(number uint32) int {
	s := *t.of(kindOf(number))
	_, hash := t.entry(number)
	at := s.first(hash)
	for s[at].packed.Load() != pack(hash, number) {
		at = s.next(at)
	}
	return at
}

// replace puts another number of the same key in one's place, or a new record of the same.
func (t *table) replace(old, number uint32) {
	s := &(*t.of(kindOf(old)))[t.at(old)]
	r, hash := t.entry(number)
	s.record.Store(r)
	s.packed.Store(pack(hash, number))
}

// remove closes the gap, so that whatever was found past it is still found.
func (t *table) remove(number uint32) {
	gap, s := t.at(number), *t.of(kindOf(number))
	t.kinds[kindOf(number)].used--
	for at := s.next(gap); ; at = s.next(at) {
		s[gap].packed.Store(0)
		s[gap].record.Store(nil)
		packed := s[at].packed.Load()
		if packed == 0 {
			return
		}
		r, hash := t.entry(numberIn(packed))
		// The number may move to the gap when its home is not between the two.
		if (at-s.first(hash))&(len(s)-1) >= (at-gap)&(len(s)-1) {
			s[gap].record.Store(r)
			s[gap].packed.Store(packed)
			gap = at
		}
	}
}
