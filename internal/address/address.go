// Package address gives an e-mail address one meaning everywhere in Roster.
//
// Admission, the allow-list, uniqueness and the RCPT line of the mail all use the value that
// Parse returns, so the address that was judged is the address that is written to. An Address
// exists only in canonical form: the local part as it was typed, the domain in ASCII and lower
// case, without a trailing dot. It cannot hold a display name, quotes, a comment, a domain literal, white
// space, a control character or anything that a mail server might take for a route.
//
// Two addresses are the same person's when their keys are equal. The local part is ASCII, so that
// comparing without regard to case has one answer in every language.
package address

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const (
	// The sign-in store's object names hold no longer address.
	maxBytes       = 150
	maxLocalBytes  = 64  // RFC 5321, 4.5.3.1.1
	maxLabelBytes  = 63  // RFC 1035, 2.3.4
	maxDomainBytes = 253 // RFC 1035, 2.3.4, without the root
)

// rerouting holds the characters that are legal in a local part and that mail servers take for a
// route or a path: ana%elsewhere.example@acme.example could leave acme.example.
const rerouting = "%!/|"

// IDNA has dots of its own, so these two are met before the mapping and after it.
var (
	errEndDot   = errors.New("the domain ends with a dot: leave it out")
	errInnerDot = errors.New("the domain starts with a dot or has two in a row: remove the dot")
)

// Address is one mailbox in canonical form. The zero value is no address. Addresses made by Parse
// may be compared with ==, which regards the case of the local part; people are compared by Key.
type Address struct {
	local  string
	domain string
}

// Parse reads a bare address such as ana@acme.example. The error is a sentence that says what is
// wrong and what to do; it never repeats the input.
func Parse(s string) (Address, error) {
	if err := checkText(s); err != nil {
		return Address{}, err
	}
	local, domain, err := split(s)
	if err != nil {
		return Address{}, err
	}
	if err := checkLocal(local); err != nil {
		return Address{}, err
	}
	ascii, err := canonicalDomain(domain)
	if err != nil {
		return Address{}, err
	}
	a := Address{local: local, domain: ascii}
	if err := checkLength(a.String()); err != nil {
		return Address{}, err
	}
	return a, nil
}

// Is tells whether the text is an address of the same person, however it is spelled.
func (a Address) Is(text string) bool {
	other, err := Parse(text)
	return err == nil && !a.IsZero() && a.Key() == other.Key()
}

// Same tells whether two texts are addresses of the same person.
func Same(a, b string) bool {
	first, err := Parse(a)
	return err == nil && first.Is(b)
}

// String returns the canonical form, which is also what RCPT carries. It is empty for the zero Address.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return a.local + "@" + a.domain
}

// Key returns the form to compare and to index by: the canonical form in lower case.
func (a Address) Key() string {
	return strings.ToLower(a.String())
}

// Domain returns the domain in ASCII and lower case, such as xn--bcher-kva.example.
func (a Address) Domain() string { return a.domain }

// IsZero reports whether a is no address at all.
func (a Address) IsZero() bool { return a == Address{} }

func checkText(s string) error {
	if s == "" {
		return errors.New("the address is empty: give one such as ana@acme.example")
	}
	if err := checkLength(s); err != nil {
		return err
	}
	if !utf8.ValidString(s) {
		return errors.New("the address is not valid UTF-8: type it again")
	}
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			return errors.New("the address holds white space: leave it out")
		case unicode.IsControl(r), invisible(r):
			return errors.New("the address holds a control character or an invisible one: type it again")
		}
	}
	return nil
}

// invisible leaves the two joiners to IDNA, which allows them where a script needs them.
func invisible(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return r != nonJoiner && r != joiner && unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

func checkLength(s string) error {
	if len(s) > maxBytes {
		return fmt.Errorf("the address is %d bytes long and the most is %d: use a shorter one", len(s), maxBytes)
	}
	return nil
}

func split(s string) (local, domain string, err error) {
	at := strings.LastIndexByte(s, '@')
	switch {
	case at < 0:
		return "", "", errors.New("the address has no @: give one such as ana@acme.example")
	case at == 0:
		return "", "", errors.New("there is nothing before the @: give one such as ana@acme.example")
	case at == len(s)-1:
		return "", "", errors.New("there is nothing after the @: give one such as ana@acme.example")
	}
	local, domain = s[:at], s[at+1:]
	if err := checkShape(local, domain); err != nil {
		return "", "", err
	}
	// ParseAddress understands more than is wanted and drops what it understands, so it is
	// believed only where it returns what it was given.
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return "", "", errors.New("this is not a plain address: give one such as ana@acme.example, without a name, quotes or comments")
	}
	return local, domain, nil
}

// checkShape names the common mistakes, for which ParseAddress has one error.
func checkShape(local, domain string) error {
	switch {
	case strings.HasPrefix(domain, "["):
		return errors.New("the domain is a network address: use a domain name")
	case strings.ContainsAny(local+domain, `<>(),;:\"`):
		return errors.New("the address holds a name, quotes, a comment or a list: give the bare address, such as ana@acme.example")
	case strings.ContainsRune(local, '@'):
		return errors.New("the address holds more than one @: give one address only")
	case strings.HasSuffix(domain, "."):
		return errEndDot
	case strings.HasPrefix(domain, "."), strings.Contains(domain, ".."):
		return errInnerDot
	case strings.HasPrefix(local, "."), strings.HasSuffix(local, "."), strings.Contains(local, ".."):
		return errors.New("the part before the @ starts or ends with a dot or has two in a row: remove the dot")
	}
	return nil
}

func checkLocal(local string) error {
	if len(local) > maxLocalBytes {
		return fmt.Errorf("the part before the @ is %d bytes long and the most is %d: use a shorter one", len(local), maxLocalBytes)
	}
	for _, r := range local {
		if r > unicode.MaxASCII {
			return errors.New("the part before the @ holds a character outside ASCII, which most mail servers refuse: use an address without it")
		}
	}
	if i := strings.IndexAny(local, rerouting); i >= 0 {
		return fmt.Errorf("the part before the @ holds a %q, by which some mail servers send mail elsewhere: use an address without it", local[i])
	}
	return nil
}

// canonicalDomain returns the lower-case ASCII form of a domain, which is its own canonical form.
func canonicalDomain(domain string) (string, error) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("the domain is not a valid name: check its spelling")
	}
	if err := checkDomain(ascii); err != nil {
		return "", err
	}
	// Mapping twice must change nothing, else two readers of one address could disagree.
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", errors.New("the domain has no unambiguous form: use its ASCII form")
	}
	return ascii, nil
}

// checkDomain repeats what the DNS requires of a name, since the lookup profile leaves lengths and
// empty labels alone.
func checkDomain(ascii string) error {
	if strings.HasSuffix(ascii, ".") {
		return errEndDot
	}
	if len(ascii) > maxDomainBytes {
		return fmt.Errorf("the domain is longer than %d bytes: check its spelling", maxDomainBytes)
	}
	labels := strings.Split(ascii, ".")
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return err
		}
	}
	if len(labels) < 2 {
		return errors.New("the domain has no dot: give a full one such as acme.example")
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return errors.New("the domain is a network address: use a domain name")
	}
	return nil
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return errInnerDot
	case len(label) > maxLabelBytes:
		return fmt.Errorf("a part of the domain is longer than %d bytes: check its spelling", maxLabelBytes)
	case strings.HasPrefix(label, "-"), strings.HasSuffix(label, "-"):
		return errors.New("a part of the domain starts or ends with a hyphen: check its spelling")
	case strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return errors.New("the domain holds a character that domain names cannot have: check its spelling")
	}
	return nil
}
