package access

import (
	"slices"
	"testing"
)

func TestBits(t *testing.T) {
	of := func(members ...int) bits {
		b := newBits(130)
		for _, i := range members {
			b.add(i)
		}
		return b
	}
	a, b := of(0, 63, 64, 129), of(63, 65, 129)
	united, without := a.clone(), a.clone()
	united.or(b)
	without.andNot(b)
	for _, tt := range []struct {
		sentence  string
		got, want bits
	}{
		{"or unites", united, of(0, 63, 64, 65, 129)},
		{"andNot removes", without, of(0, 64)},
		{"and intersects", a.and(b), of(63, 129)},
		{"the operands stay", a, of(0, 63, 64, 129)},
	} {
		if !tt.got.equal(tt.want) {
			t.Errorf("%s: got %v", tt.sentence, slices.Collect(tt.got.each))
		}
	}
	for sentence, holds := range map[string]bool{
		"has":                a.has(64) && !a.has(65),
		"overlaps":           a.overlaps(b) && !a.overlaps(of(1, 65)),
		"includes":           a.includes(of(0, 129)) && !a.includes(b) && a.includes(of()),
		"empty":              of().empty() && !a.empty(),
		"count":              a.count() == 4 && allBits(130).count() == 130,
		"each is in order":   slices.Equal(slices.Collect(a.each), []int{0, 63, 64, 129}),
		"equal keys":         a.key() == of(129, 64, 63, 0).key() && a.key() != b.key(),
		"a table of nothing": newBits(0).empty() && allBits(0).equal(newBits(0)),
	} {
		if !holds {
			t.Error(sentence)
		}
	}
}
