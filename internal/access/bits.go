package access

import (
	"encoding/binary"
	mathbits "math/bits"
	"slices"
)

// bits is a set of small numbers: resources, actions or vias by their index in a sorted table. Sets over one table have
// one length; the operations rely on it. The methods that change the receiver say so; all others leave it alone.
type bits []uint64

// newBits returns an empty set over a table of n entries.
func newBits(n int) bits {
	return make(bits, (n+63)/64)
}

// allBits returns the set of all n entries of a table.
func allBits(n int) bits {
	b := newBits(n)
	for i := range n {
		b.add(i)
	}
	return b
}

// add puts i into b.
func (b bits) add(i int) {
	b[i/64] |= 1 << (i % 64)
}

func (b bits) has(i int) bool {
	return b[i/64]&(1<<(i%64)) != 0
}

func (b bits) clone() bits {
	return slices.Clone(b)
}

// or adds the members of o to b.
func (b bits) or(o bits) {
	for i, w := range o {
		b[i] |= w
	}
}

// andNot removes the members of o from b.
func (b bits) andNot(o bits) {
	for i, w := range o {
		b[i] &^= w
	}
}

// and returns what b and o have in common.
func (b bits) and(o bits) bits {
	common := make(bits, len(b))
	for i, w := range o {
		common[i] = b[i] & w
	}
	return common
}

func (b bits) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b bits) equal(o bits) bool {
	return slices.Equal(b, o)
}

// includes says whether every member of o is in b.
func (b bits) includes(o bits) bool {
	for i, w := range o {
		if w&^b[i] != 0 {
			return false
		}
	}
	return true
}

func (b bits) overlaps(o bits) bool {
	for i, w := range o {
		if b[i]&w != 0 {
			return true
		}
	}
	return false
}

func (b bits) count() int {
	n := 0
	for _, w := range b {
		n += mathbits.OnesCount64(w)
	}
	return n
}

// each yields the members in ascending order.
func (b bits) each(yield func(int) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if !yield(i*64 + mathbits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// key returns a string that is equal for equal sets over one table.
func (b bits) key() string {
	buf := make([]byte, 0, 8*len(b))
	for _, w := range b {
		buf = binary.BigEndian.AppendUint64(buf, w)
	}
	return string(buf)
}
