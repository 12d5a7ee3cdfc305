package mail

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/roster-dev/roster/internal/address"
)

const defaultProduct = "Roster"

//go:embed templates
var templates embed.FS

// InvitationMail holds the facts of one invitation. Link and ExpiresAt are required; every text may
// be empty and may hold anything.
type InvitationMail struct {
	// Tenant is the display name of who invites; empty: the product's.
	Tenant string
	// Product is the name of what one is invited to use; empty: Roster.
	Product string
	// FirstName is how the person is greeted; empty: without a name.
	FirstName string
	// RequestedBy is who asked for the invitation; empty: nobody is named.
	RequestedBy string
	// Link is the absolute http or https URL of the page that accepts. Nothing else in the mail is a link.
	Link string
	// ExpiresAt is when the link stops working. It is written in UTC.
	ExpiresAt time.Time
	// Support answers questions; zero: nobody is named.
	Support address.Address
	// Locale is a language tag such as de or fr-CH; what is not one of en, de, fr, es is en.
	Locale string
}

// facts are what a template sees: texts that are safe in any part of a mail.
type facts struct {
	Lang, Tenant, Product, FirstName, RequestedBy, Link, Expires, Support string
}

// language is what one locale consists of.
type language struct {
	tag           string
	expires       func(time.Time) string
	subject, text *texttemplate.Template
	html          *htmltemplate.Template
}

var languages = map[string]language{
	"en": load("en", dateEnglish),
	"de": load("de", dateGerman),
	"fr": load("fr", dateFrench),
	"es": load("es", dateSpanish),
}

// load reads the templates of one language. They are part of the program, so a broken one cannot be started.
func load(tag string, expires func(time.Time) string) language {
	path := "templates/invitation/" + tag
	read := func(part string) *texttemplate.Template {
		return texttemplate.Must(texttemplate.ParseFS(templates, path+part)).Option("missingkey=error")
	}
	return language{
		tag:     tag,
		expires: expires,
		subject: read(".subject.tmpl"),
		text:    read(".text.tmpl"),
		html: htmltemplate.Must(htmltemplate.ParseFS(templates,
			"templates/frame.html.tmpl", path+".html.tmpl")).Option("missingkey=error"),
	}
}

// Render writes an invitation in the person's language. It fails only when the link is not an
// absolute http or https URL or the expiry is missing; no name or title makes it fail.
func Render(m InvitationMail) (subject, text, html string, err error) {
	if err := checkLink(m.Link); err != nil {
		return "", "", "", err
	}
	if m.ExpiresAt.IsZero() {
		return "", "", "", errors.New("invitation mail: the expiry is missing")
	}
	return languageOf(m.Locale).render(m)
}

func (l language) render(m InvitationMail) (subject, text, html string, err error) {
	product := cmp.Or(displayText(m.Product), defaultProduct)
	known := facts{
		Lang:        l.tag,
		Tenant:      cmp.Or(displayText(m.Tenant), product),
		Product:     product,
		FirstName:   displayText(m.FirstName),
		RequestedBy: displayText(m.RequestedBy),
		Link:        m.Link,
		Expires:     l.expires(m.ExpiresAt.UTC()),
		Support:     m.Support.String(),
	}
	var subjectPart, textPart, htmlPart strings.Builder
	err = errors.Join(
		l.subject.Execute(&subjectPart, known),
		l.text.Execute(&textPart, known),
		l.html.ExecuteTemplate(&htmlPart, "frame.html.tmpl", known),
	)
	if err != nil {
		return "", "", "", fmt.Errorf("invitation mail in %s: %w", l.tag, err)
	}
	return strings.TrimSpace(subjectPart.String()), textPart.String(), htmlPart.String(), nil
}

// checkLink keeps the link in one piece in a line of text. It does not repeat the link, which is a secret.
func checkLink(link string) error {
	parsed, err := url.Parse(link)
	switch {
	case err != nil, parsed.Host == "", parsed.Scheme != "https" && parsed.Scheme != "http":
		return errors.New("invitation mail: the link is not an absolute http or https URL")
	case strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"'`\\", r) }):
		return errors.New("invitation mail: the link holds a character that has to be escaped")
	}
	return nil
}

// languageOf finds a language by its tag, of which only the first part counts.
func languageOf(locale string) language {
	tag, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	if l, ok := languages[strings.ToLower(tag)]; ok {
		return l
	}
	return languages["en"]
}
