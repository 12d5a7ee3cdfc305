package decision

import "math/bits"

// words numbers a few names, such as a catalog's resources. What tells names apart stands in the table itself, so that
// finding one of at most 16 letters, as most are, looks at nothing else.
type words struct {
	entries []word // a power of two of them, at least four times as many as there are names
	shift   int    // leaves of a hash what numbers the entries
}

type word struct {
	letters
	number int32
	name   string
}

// letters are the length of a name, its beginning and its end. Up to a length of 16 they are all of it. Those of no name
// are zero.
type letters struct {
	head, tail uint64
	length     int
}

func lettersOf(name string) letters {
	n := len(name)
	switch {
	case n >= 8:
		return letters{eight(name[:8]), eight(name[n-8:]), n}
	case n >= 4:
		return letters{four(name[:4]), four(name[n-4:]), n}
	case n > 0:
		return letters{uint64(name[0]), uint64(name[n/2])<<8 | uint64(name[n-1]), n}
	default:
		return letters{}
	}
}

// eight and four read a text as a number. They are written so that it is done at once.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func four(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

func newWords(names []string) words {
	size := 16
	for size < 4*len(names) {
		size *= 2
	}
	w := words{make([]word, size), 64 - bits.TrailingZeros(uint(size))}
	for number, name := range names {
		l := lettersOf(name)
		at := w.first(l)
		for w.entries[at].length != 0 {
			at = (at + 1) & (size - 1)
		}
		w.entries[at] = word{l, int32(number), name}
	}
	return w
}

// first is where looking for a name begins.
func (w *words) first(l letters) int {
	const a, b = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f // odd, and without a pattern
	mixed := (l.head*a ^ uint64(l.length)) + l.tail*b
	return int((mixed ^ mixed>>32) * a >> (w.shift & 63))
}

// find returns the number of a name, and false when it is none of them.
func (w *words) find(name string) (int, bool) {
	l := lettersOf(name)
	for at := w.first(l); ; at++ {
		found := &w.entries[at&(len(w.entries)-1)]
		switch {
		case found.length == 0:
			return 0, false
		case found.letters == l && (l.length <= 16 || found.name == name):
			return int(found.number), true
		}
	}
}
