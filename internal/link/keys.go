package link

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Purpose keeps the links of one kind of page apart from those of every other.
type Purpose string

const (
	// Invitation is the purpose of the links that lead to the acceptance page.
	Invitation Purpose = "invitation"
	// PasswordReset is the purpose of the links that lead to the page that sets a password.
	PasswordReset Purpose = "password-reset"
)

// purposes lists every Purpose that there are keys for.
var purposes = []Purpose{Invitation, PasswordReset}

const (
	// keyBytes is the length of every key, of the Secret and derived.
	keyBytes = 32
	// maxKeyNumber keeps ids short and the number inside the payload's four bytes.
	maxKeyNumber = 999_999_999
)

// Keys signs and verifies. It is made by Parse, never changes, and may be used by many at once.
type Keys struct {
	newest  uint32
	derived map[derivation][]byte
}

type derivation struct {
	purpose Purpose
	number  uint32
}

// NewKeyData returns the data of a Secret with a first key, read from random, which has to be
// unpredictable: crypto/rand.Reader. The error is random's.
func NewKeyData(random io.Reader) (map[string][]byte, error) {
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("reading randomness for the first link key: %w", err)
	}
	return map[string][]byte{"k1": key}, nil
}

// Parse reads the data of a Secret: ids k1, k2, … to 32 bytes each, at least one. Ids count as
// numbers, so k10 is newer than k9. The error names the entry at fault and never repeats a value.
func Parse(data map[string][]byte) (*Keys, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("there is no link key: add one named k1 with %d random bytes", keyBytes)
	}
	keys := &Keys{derived: map[derivation][]byte{}}
	for _, id := range slices.Sorted(maps.Keys(data)) {
		if err := keys.add(id, data[id]); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (k *Keys) add(id string, secret []byte) error {
	number, err := keyNumber(id)
	if err != nil {
		return err
	}
	if len(secret) != keyBytes {
		return fmt.Errorf("the link key %s has %d bytes: it needs exactly %d random ones", id, len(secret), keyBytes)
	}
	for _, purpose := range purposes {
		key, err := hkdf.Key(sha256.New, secret, nil, "access.roster.dev link "+string(purpose), keyBytes)
		if err != nil {
			return fmt.Errorf("deriving from the link key %s: %w", id, err)
		}
		k.derived[derivation{purpose, number}] = key
	}
	k.newest = max(k.newest, number)
	return nil
}

// keyNumber takes an id in its one spelling: two ids are never the same key.
func keyNumber(id string) (uint32, error) {
	digits, ok := strings.CutPrefix(id, "k")
	number, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || number == 0 || number > maxKeyNumber || digits != strconv.FormatUint(number, 10) {
		return 0, fmt.Errorf("%q is no name for a link key: they are named k1, k2 and so on", id)
	}
	return uint32(number), nil
}
