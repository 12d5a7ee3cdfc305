package decision

// table finds records by what they are called. It holds numbers only: what is compared stands in the records, so that a
// key costs eight bytes. Collisions go to the next slot; there are at least twice as many slots as numbers.
type table struct {
	slots []uint32 // 0: empty; else a number + 1
	used  int
	// hash is that of a number's key.
	hash func(number uint32) uint64
}

func newTable(hash func(uint32) uint64) table { return table{slots: make([]uint32, 16), hash: hash} }

// first is the slot at which looking for a hash begins.
func (t *table) first(hash uint64) int { return int(hash & uint64(len(t.slots)-1)) }

func (t *table) next(slot int) int { return (slot + 1) & (len(t.slots) - 1) }

func (t *table) add(number uint32) {
	if 2*(t.used+1) > len(t.slots) {
		t.grow()
	}
	slot := t.first(t.hash(number))
	for t.slots[slot] != 0 {
		slot = t.next(slot)
	}
	t.slots[slot] = number + 1
	t.used++
}

func (t *table) grow() {
	old := t.slots
	t.slots, t.used = make([]uint32, 2*len(old)), 0
	for _, number := range old {
		if number != 0 {
			t.add(number - 1)
		}
	}
}

// replace puts another number of the same key in one's place.
func (t *table) replace(old, number uint32) {
	slot := t.first(t.hash(old))
	for t.slots[slot] != old+1 {
		slot = t.next(slot)
	}
	t.slots[slot] = number + 1
}

// remove closes the gap, so that whatever was found past it is still found.
func (t *table) remove(number uint32) {
	gap := t.first(t.hash(number))
	for t.slots[gap] != number+1 {
		gap = t.next(gap)
	}
	t.used--
	for slot := t.next(gap); ; slot = t.next(slot) {
		t.slots[gap] = 0
		if t.slots[slot] == 0 {
			return
		}
		home := t.first(t.hash(t.slots[slot] - 1))
		// The number may move to the gap when its home is not between the two.
		if (slot-home)&(len(t.slots)-1) >= (slot-gap)&(len(t.slots)-1) {
			t.slots[gap] = t.slots[slot]
			gap = slot
		}
	}
}
