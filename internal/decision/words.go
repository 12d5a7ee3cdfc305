package decision

// words numbers a few names, such as a catalog's resources. Finding one takes a look at four of its letters and, as a
// rule, one comparison.
type words struct {
	names   []string // a power of two of them, at least four times as many as there are; empty: a free place
	numbers []int32
}

func newWords(names []string) words {
	size := 16
	for size < 4*len(names) {
		size *= 2
	}
	w := words{make([]string, size), make([]int32, size)}
	for number, name := range names {
		at := w.first(name)
		for w.names[at] != "" {
			at = (at + 1) & (size - 1)
		}
		w.names[at], w.numbers[at] = name, int32(number)
	}
	return w
}

func (w *words) first(name string) int {
	n := len(name)
	if n < 2 {
		return n
	}
	h := uint32(n) + uint32(name[0])*31 + uint32(name[n/2])*257 + uint32(name[n-2])*4099 + uint32(name[n-1])*65599
	return int((h * 2654435761) >> 16 & uint32(len(w.names)-1))
}

// find returns the number of a name, and false when it is none of them.
func (w *words) find(name string) (int, bool) {
	if name == "" {
		return 0, false
	}
	for at := w.first(name); w.names[at] != ""; at = (at + 1) & (len(w.names) - 1) {
		if w.names[at] == name {
			return int(w.numbers[at]), true
		}
	}
	return 0, false
}
