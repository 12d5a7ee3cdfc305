package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Mask stands for a Password's name where people read: the name spells an address, which no log may. The same name has the
// same mask, so that lines about one sign-in are told from those about another.
func Mask(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:5])
}

// Discreet is the error with the name of the Password that it is about masked; nil for nil.
func Discreet(name string, err error) error {
	if err == nil {
		return nil
	}
	return discreet{err, name}
}

type discreet struct {
	error
	name string
}

func (d discreet) Error() string { return strings.ReplaceAll(d.error.Error(), d.name, Mask(d.name)) }

func (d discreet) Unwrap() error { return d.error }
