package decision

// table finds records by what they are called. A slot holds a number and a part of its key's hash, and what is compared
// stands in the records, so that a key costs few bytes and a look at another key's slot costs no look at its record.
// Collisions go to the next slot; there are at least twice as many slots as numbers.
type table struct {
	slots []uint64 // 0: empty; else the upper half of the hash, and a number + 1
	used  int
	// hash is that of a number's key.
	hash func(number uint32) uint64
}

func newTable(hash func(uint32) uint64) table { return table{slots: make([]uint64, 16), hash: hash} }

// first is the slot at which looking for a hash begins.
func (t *table) first(hash uint64) int { return int(hash & uint64(len(t.slots)-1)) }

func (t *table) next(slot int) int { return (slot + 1) & (len(t.slots) - 1) }

// pack is what stands in the slot of a number.
func pack(hash uint64, number uint32) uint64 { return hash&^(1<<32-1) | uint64(number+1) }

// fits tells whether a slot can be that of a key with the hash.
func fits(slot, hash uint64) bool { return (slot^hash)>>32 == 0 }

func numberIn(slot uint64) uint32 { return uint32(slot) - 1 }

func (t *table) add(number uint32) {
	if 2*(t.used+1) > len(t.slots) {
		t.grow()
	}
	t.put(t.hash(number), number)
	t.used++
}

func (t *table) put(hash uint64, number uint32) {
	slot := t.first(hash)
	for t.slots[slot] != 0 {
		slot = t.next(slot)
	}
	t.slots[slot] = pack(hash, number)
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, slot := range old {
		if slot != 0 {
			t.put(t.hash(numberIn(slot)), numberIn(slot))
		}
	}
}

// at is the slot of a number that is there.
func (t *table) at(number uint32) int {
	hash := t.hash(number)
	slot := t.first(hash)
	for t.slots[slot] != pack(hash, number) {
		slot = t.next(slot)
	}
	return slot
}

// replace puts another number of the same key in one's place.
func (t *table) replace(old, number uint32) {
	slot := t.at(old)
	t.slots[slot] = pack(t.slots[slot], number)
}

// remove closes the gap, so that whatever was found past it is still found.
func (t *table) remove(number uint32) {
	gap := t.at(number)
	t.used--
	for slot := t.next(gap); ; slot = t.next(slot) {
		t.slots[gap] = 0
		if t.slots[slot] == 0 {
			return
		}
		home := t.first(t.hash(numberIn(t.slots[slot])))
		// The number may move to the gap when its home is not between the two.
		if (slot-home)&(len(t.slots)-1) >= (slot-gap)&(len(t.slots)-1) {
			t.slots[gap] = t.slots[slot]
			gap = slot
		}
	}
}
