package credential

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
)

// prefix lets scanners of source code and logs recognise a token: it matches roster_[a-z2-7]{52}.
const prefix = "roster_"

// entropy is how many random bytes a token has: 256 bits.
const entropy = 32

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Hash is the SHA-256 of a token: all of it that Roster keeps. Of so many random bits a plain hash gives nothing away.
type Hash [sha256.Size]byte

// NewToken makes a token from a source of randomness, of which 32 bytes are read. It fails when the source does.
func NewToken(random io.Reader) (string, error) {
	var secret [entropy]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return "", fmt.Errorf("there is no randomness for a token: %w", err)
	}
	return prefix + encoding.EncodeToString(secret[:]), nil
}

// HashOf is a token's hash.
func HashOf(token string) Hash { return sha256.Sum256([]byte(token)) }

// String is the hash as a status spells it: 64 lower case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what a status spells, and is false for anything else.
func ParseHash(text string) (Hash, bool) {
	var h Hash
	if len(text) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(text))
	return h, err == nil
}
