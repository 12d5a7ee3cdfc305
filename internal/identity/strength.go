package identity

import (
	_ "embed"
	"strings"

	"github.com/roster-dev/roster/internal/address"
)

// Weakness is why a password is not taken; empty: it is.
type Weakness string

const (
	// missing: nothing was typed.
	missing Weakness = "missing"
	// short: fewer than minBytes.
	short Weakness = "short"
	// long: more than maxBytes.
	long Weakness = "long"
	// personal: it holds the address, a part of it, or the tenant's name.
	personal Weakness = "personal"
	// common: it is a common one, or made of common words, repetitions and sequences.
	common Weakness = "common"
)

const (
	minBytes = 12
	// maxBytes is all that bcrypt reads.
	maxBytes = 72
	// minPart is the length from which a part of an address or a name is looked for: a shorter one is in too many words.
	minPart = 4
	// minScore is zxcvbn's "safely unguessable", of 0 to 4.
	minScore = 3
)

// frequent are words that people of the other languages of the pages begin with; the library knows English.
//
//go:embed frequent.txt
var frequent string

// Judge looks for what is wrong with a password that the user at this address of this tenant chose.
func Judge(password string, at address.Address, tenant string) Weakness {
	switch {
	case password == "":
		return missing
	case len(password) < minBytes:
		return short
	case len(password) > maxBytes:
		return long
	}
	parts := partsOf(at, tenant)
	lower := strings.ToLower(password)
	for _, part := range parts {
		if len(part) >= minPart && strings.Contains(lower, part) {
			return personal
		}
	}
	known := append(strings.Fields(frequent), parts...)
	if repeats(lower) || score(password, known) < minScore {
		return common
	}
	return ""
}

// partsOf are the words that anybody would try who knows who the password is for.
func partsOf(at address.Address, tenant string) []string {
	key := at.Key()
	local, domain, _ := strings.Cut(key, "@")
	parts := []string{key, local, domain}
	separator := func(r rune) bool { return strings.ContainsRune(".-_+ ", r) }
	for _, text := range []string{local, domain, strings.ToLower(tenant)} {
		parts = append(parts, strings.FieldsFunc(text, separator)...)
	}
	return append(parts, strings.ToLower(tenant))
}

// repeats tells whether the password is one short piece over and over.
func repeats(password string) bool {
	const longest = 4
	for size := 1; size <= longest; size++ {
		if strings.HasPrefix(strings.Repeat(password[:size], len(password)/size+1), password) {
			return true
		}
	}
	return false
}
