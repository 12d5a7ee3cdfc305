package identity

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/ccojocar/zxcvbn-go/entropy"
	"github.com/ccojocar/zxcvbn-go/frequency"
	"github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/matching"
	"github.com/ccojocar/zxcvbn-go/scoring"
)

// score is zxcvbn's, from 0 to 4, with a search for words of our own: the library reads a password once for every way in
// which its symbols can stand for letters, and a few dozen bytes have more than a thousand.
func score(password string, known []string) int {
	matches := matching.Omnimatch(password, known, lookedFor)
	return scoring.MinimumEntropyMatchSequence(password, append(matches, wordsIn(password)...)).Score
}

// lookedFor filters out of the library's searches those for words, which wordsIn does.
func lookedFor(m match.Matcher) bool {
	_, list := frequency.Lists[m.ID]
	return list || matching.FilterL33tMatcher(m)
}

// word is one that many people use.
type word struct {
	text string
	// rank is where it stands in the list in which it stands highest.
	rank int
}

// words are those of all lists of the library, in order.
var words = sync.OnceValue(func() []word {
	var out []word
	for _, list := range frequency.Lists {
		for i, text := range list.List {
			out = append(out, word{strings.ToLower(text), i + 1})
		}
	}
	slices.SortFunc(out, func(a, b word) int { return cmp.Or(strings.Compare(a.text, b.text), a.rank-b.rank) })
	return slices.CompactFunc(out, func(a, b word) bool { return a.text == b.text })
})

// letters are what a symbol may stand for.
var letters = map[rune]string{
	'4': "a", '@': "a", '8': "b", '(': "c", '{': "c", '[': "c", '<': "c", '3': "e", '6': "g", '9': "g", '1': "il", '!': "i", '|': "il",
	'0': "o", '$': "s", '5': "s", '7': "lt", '+': "t", '%': "x", '2': "z",
}

// wordsIn finds the words in a password, where each symbol may stand for itself or for a letter. However it is read, it is
// compared with what words begin with and no further.
func wordsIn(password string) []match.Match {
	s := search{typed: []rune(password)}
	for start := range s.typed {
		s.from(start, reading{among: words()})
	}
	return s.found
}

// search is one through a password. Matches count in runes, as the library's do.
type search struct {
	typed []rune
	found []match.Match
}

// reading is what a part of a password may say.
type reading struct {
	// text is in the letters that were typed or meant.
	text string
	// among are the words that begin so.
	among []word
}

// from reads on from start, as long as there are words that begin so.
func (s *search) from(start int, r reading) {
	next := start + len([]rune(r.text))
	if r.text != "" && r.among[0].text == strings.ToLower(r.text) {
		s.found = append(s.found, r.match(start, next-1))
	}
	if next == len(s.typed) {
		return
	}
	for _, letter := range string(s.typed[next]) + letters[s.typed[next]] {
		if more := r.and(letter); len(more.among) > 0 {
			s.from(start, more)
		}
	}
}

// and is the reading with one letter more.
func (r reading) and(letter rune) reading {
	text := r.text + string(letter)
	begin := strings.ToLower(text)
	first := sort.Search(len(r.among), func(i int) bool { return r.among[i].text >= begin })
	rest := r.among[first:]
	end := sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i].text, begin) })
	return reading{text, rest[:end]}
}

func (r reading) match(first, last int) match.Match {
	m := match.Match{Pattern: "dictionary", I: first, J: last, Token: r.text}
	m.Entropy = entropy.DictionaryEntropy(m, float64(r.among[0].rank))
	return m
}
