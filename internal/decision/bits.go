package decision

// mask is a set of bits, one for each pair of a resource and an action of a vocabulary.
type mask []uint64

func newMask(n int) mask { return make(mask, (n+63)/64) }

func (m mask) add(i int) { m[i/64] |= 1 << (i % 64) }

// has says false for what is beyond the mask, so that an empty one has nothing.
func (m mask) has(i int) bool { return i>>6 < len(m) && m[i>>6]&(1<<(i&63)) != 0 }
