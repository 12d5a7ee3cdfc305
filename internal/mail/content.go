package mail

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/roster-dev/roster/internal/address"
)

const defaultProduct = "Roster"

// Kind says what a mail is about. It is also the first part of the names of its templates.
type Kind string

const (
	// Invitation asks somebody to join.
	Invitation Kind = "invitation"
	// PasswordReset lets somebody choose a new password.
	PasswordReset Kind = "passwordreset"
)

var kinds = []Kind{Invitation, PasswordReset}

// Content holds the facts of one mail. Kind, Link and ExpiresAt are required; every text may be empty
// and may hold anything.
type Content struct {
	Kind Kind
	// Tenant is the display name of whose account it is; empty: the product's.
	Tenant string
	// Product is the name of what the account is for; empty: Roster.
	Product string
	// FirstName is how the person is greeted; empty: without a name.
	FirstName string
	// RequestedBy is who asked for the mail, which vouches for it: give only what nobody can choose for
	// themselves. Empty: nobody is named.
	RequestedBy string
	// Link is the absolute http or https URL of the page that the mail leads to. No other value becomes a link.
	Link string
	// ExpiresAt is when the link stops working. It is written in UTC.
	ExpiresAt time.Time
	// Support answers questions; zero: nobody is named.
	Support address.Address
	// Locale is a language tag such as de or fr-CH; what is not one of en, de, fr, es is en.
	Locale string
}

// facts are the variables of the templates: texts that are safe in any part of a mail.
type facts struct {
	Lang, Tenant, Product, FirstName, RequestedBy, Link, Expires, Support string
}

func (c Content) facts(l language) facts {
	product := cmp.Or(displayText(c.Product), defaultProduct)
	return facts{
		Lang:        l.tag,
		Tenant:      cmp.Or(displayText(c.Tenant), product),
		Product:     product,
		FirstName:   displayText(c.FirstName),
		RequestedBy: displayText(c.RequestedBy),
		Link:        c.Link,
		Expires:     l.expires(c.ExpiresAt.UTC()),
		Support:     c.Support.String(),
	}
}

func (c Content) check() error {
	if c.ExpiresAt.IsZero() {
		return errors.New("mail: the expiry is missing")
	}
	return checkLink(c.Link)
}

// checkLink keeps the link in one piece in a line of text. It does not repeat the link, which is a secret.
func checkLink(link string) error {
	parsed, err := url.Parse(link)
	switch {
	case err != nil, parsed.Host == "", parsed.Scheme != "https" && parsed.Scheme != "http":
		return errors.New("mail: the link is not an absolute http or https URL")
	case strings.ContainsFunc(link, noLinkRune):
		return errors.New("mail: the link holds a character that has to be escaped")
	}
	return nil
}

// noLinkRune finds what would not stay as it is in every part of a mail.
func noLinkRune(r rune) bool {
	letter, digit := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z', r >= '0' && r <= '9'
	return !letter && !digit && !strings.ContainsRune("-._~:/?#@!$&*+,;=%[]", r)
}

// language is one in which mails are written.
type language struct {
	tag     string
	expires func(time.Time) string
}

// languages begin with the one for everybody else.
var languages = []language{{"en", dateEnglish}, {"de", dateGerman}, {"fr", dateFrench}, {"es", dateSpanish}}

// languageOf finds a language by its tag, of which only the first part counts.
func languageOf(locale string) language {
	tag, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	for _, l := range languages {
		if strings.EqualFold(l.tag, tag) {
			return l
		}
	}
	return languages[0]
}
