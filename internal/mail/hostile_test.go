package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/roster-dev/roster/internal/address"
)

// foreignLinks find what mail programs turn into links.
var foreignLinks = []*regexp.Regexp{
	// a scheme and what could follow it, which the mark that ends a clause is not
	regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*:[^\s\x{200b},.;!?:)]`),
	regexp.MustCompile(`[/／][/／]`),
	regexp.MustCompile(`[\pL\pN_-][.。．｡][\pL\pN]`),
	regexp.MustCompile(`[^\s\x{200b}][@＠][\pL\pN]`),
}

// setter puts a value where somebody could have chosen it.
type setter func(*Content, *SMTPConfig, string)

var variables = map[string]setter{
	"tenant":    func(m *Content, _ *SMTPConfig, s string) { m.Tenant = s },
	"product":   func(m *Content, _ *SMTPConfig, s string) { m.Product = s },
	"name":      func(m *Content, _ *SMTPConfig, s string) { m.FirstName = s },
	"requester": func(m *Content, _ *SMTPConfig, s string) { m.RequestedBy = s },
	"locale":    func(m *Content, _ *SMTPConfig, s string) { m.Locale = s },
	"sender":    func(_ *Content, c *SMTPConfig, s string) { c.FromName = s },
}

// everywhere but in the locale, which chooses another template.
func everywhere(m *Content, c *SMTPConfig, s string) {
	for name, set := range variables {
		if name != "locale" {
			set(m, c, s)
		}
	}
}

func TestHostileNamesChangeNothingButTheirText(t *testing.T) {
	if len(hostile) < 200 {
		t.Fatalf("only %d hostile strings", len(hostile))
	}
	for variable, set := range variables {
		t.Run(variable, func(t *testing.T) { requireHarmless(t, hostileTrial{builtIns, Invitation, "en", set}) })
	}
	for _, name := range mailNames() {
		t.Run(name.file("all at once"), func(t *testing.T) {
			requireHarmless(t, hostileTrial{builtIns, name.kind, name.language, everywhere})
		})
	}
}

func TestHostileNamesChangeNothingInReplacedTemplatesEither(t *testing.T) {
	templates := mustTemplates(t, replacements)
	for variable, set := range variables {
		t.Run(variable, func(t *testing.T) { requireHarmless(t, hostileTrial{templates, Invitation, "en", set}) })
	}
}

// hostileTrial puts hostile strings into one mail.
type hostileTrial struct {
	templates *Templates
	kind      Kind
	locale    string
	set       setter
}

func requireHarmless(t *testing.T, trial hostileTrial) {
	t.Helper()
	expected := trial.expected(t)
	for _, s := range hostile {
		requireSameMail(t, s, expected(s), trial.written(t, s))
	}
}

// expected is the mail with a usual value, or without one where nothing of a string is left.
func (trial hostileTrial) expected(t testing.TB) func(s string) written {
	usual, nothing := trial.written(t, "Usual"), trial.written(t, "")
	usual.elements, _ = structure(t, usual.html)
	nothing.elements, _ = structure(t, nothing.html)
	return func(s string) written {
		if displayText(s) == "" {
			return nothing
		}
		return usual
	}
}

// written is a mail as a receiver parses it.
type written struct {
	header     map[string]string
	text, html string
	// elements are those of the HTML, of a mail that others are compared with.
	elements []string
}

func (trial hostileTrial) written(t testing.TB, value string) written {
	t.Helper()
	content, config := testContent(t, trial.kind), testConfig(t, 25)
	content.Locale = trial.locale
	trial.set(&content, &config, value)
	m := testMessage(t)
	var err error
	if m.Subject, m.Text, m.HTML, err = trial.templates.Render(content); err != nil {
		t.Fatalf("Render with %q: %v", value, err)
	}
	msg, err := mustSMTP(t, config).compose(m)
	if err != nil {
		t.Fatalf("compose with %q: %v", value, err)
	}
	var data bytes.Buffer
	if _, err := msg.WriteTo(&data); err != nil {
		t.Fatalf("write with %q: %v", value, err)
	}
	for line := range strings.SplitSeq(data.String(), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("a line that SMTP cannot carry: %q", line)
		}
	}
	header, text, html := readBack(t, data.String())
	if text == "" || html == "" {
		t.Errorf("with %q a part is missing", value)
	}
	return written{header: header, text: text, html: html}
}

func requireSameMail(t *testing.T, s string, want, got written) {
	t.Helper()
	failing := func(format string, args ...any) {
		t.Helper()
		t.Errorf("with %q: "+format, append([]any{s}, args...)...)
	}
	for _, header := range []string{"Subject", "From"} {
		if strings.ContainsFunc(got.header[header], unicode.IsControl) || got.header[header] == "" {
			failing("%s is %q", header, got.header[header])
		}
	}
	if !strings.HasSuffix(got.header["From"], "<roster@acme.example>") {
		failing("From is %q", got.header["From"])
	}
	if w, g := fixed(want.header), fixed(got.header); !maps.Equal(w, g) {
		failing("header (-usual +hostile):\n%s", cmp.Diff(w, g))
	}
	if w, g := strings.Count(want.text, "\n"), strings.Count(got.text, "\n"); w != g {
		failing("the text has %d lines, want %d:\n%s", g, w, got.text)
	}
	elements, words := structure(t, got.html)
	if !slices.Equal(want.elements, elements) {
		failing("elements (-usual +hostile):\n%s", cmp.Diff(want.elements, elements))
	}
	for where, content := range map[string]string{"subject": got.header["Subject"], "text": got.text, "HTML": words} {
		if complaint := foreignLink(where, content); complaint != "" {
			failing("%s: %s", where, complaint)
		}
	}
}

// fixed are the headers with the values that no name is part of; the Content-Type holds the boundary.
func fixed(header map[string]string) map[string]string {
	out := maps.Clone(header)
	for _, changing := range []string{"Subject", "From", "Content-Type"} {
		out[changing] = ""
	}
	return out
}

// foreignLink says what a mail program may make a link of.
func foreignLink(where, content string) string {
	rest := strings.ReplaceAll(content, testLink, "")
	if where == "text" && rest == content {
		return "the link is missing"
	}
	rest = strings.ReplaceAll(strings.ReplaceAll(rest, "help@acme.example", ""), "01:05", "")
	for _, pattern := range foreignLinks {
		if found := pattern.FindString(rest); found != "" {
			return fmt.Sprintf("a mail program may make a link of %q in:\n%s", found, rest)
		}
	}
	return ""
}

// structure lists all of an HTML document that is not text, with every attribute, and its text.
func structure(t testing.TB, document string) (elements []string, words string) {
	t.Helper()
	var text strings.Builder
	for tokens := html.NewTokenizer(strings.NewReader(document)); ; {
		kind := tokens.Next()
		switch token := tokens.Token(); {
		case kind == html.ErrorToken && errors.Is(tokens.Err(), io.EOF):
			return elements, text.String()
		case kind == html.ErrorToken:
			t.Fatalf("HTML: %v", tokens.Err())
		case kind == html.TextToken && len(elements) > 0 && elements[len(elements)-1] == "<style>":
		case kind == html.TextToken:
			text.WriteString(token.Data)
		default:
			elements = append(elements, token.String())
			if slices.Contains([]string{"p", "h1", "title"}, token.Data) {
				text.WriteByte('\n') // another line, to a reader and to a mail program
			}
		}
	}
}

func TestHostileAddressesAreNone(t *testing.T) {
	for _, s := range hostile {
		a, err := address.Parse(s)
		if err == nil && a.String() != "evil@evil.example" {
			t.Errorf("Parse(%q) = %q", s, a)
		}
	}
}

func TestHostileLinksAreRefusedOrLeftAsTheyAre(t *testing.T) {
	taken := 0
	for _, s := range hostile {
		for _, link := range []string{s, "https://roster.example/invitations/" + s} {
			c := testContent(t, PasswordReset)
			c.Link = link
			_, text, document, err := builtIns.Render(c)
			if err != nil {
				continue
			}
			taken++
			elements, _ := structure(t, document)
			if !slices.Contains(strings.Fields(text), link) || !slices.Contains(elements, `<a href="`+html.EscapeString(link)+`">`) {
				t.Errorf("the link %q became another:\n%s\n%s", link, text, document)
			}
			usual, _ := structure(t, mustRender(t, builtIns, testContent(t, PasswordReset)).html)
			if len(elements) != len(usual) {
				t.Errorf("the link %q changed the HTML:\n%s", link, document)
			}
		}
	}
	if taken == 0 || taken == 2*len(hostile) {
		t.Errorf("%d of %d are taken", taken, 2*len(hostile))
	}
}

func TestHostileStringsAreSentWhole(t *testing.T) {
	server := &fakeServer{}
	startServer(t, server, nil, false)
	sender := mustSMTP(t, testConfig(t, server.port))
	for _, s := range hostile {
		m := testMessage(t)
		m.Subject, m.Text, m.HTML = s, s+"\nend", s
		if err := sender.Send(t.Context(), m); err != nil {
			t.Fatalf("Send with %q: %v", s, err)
		}
	}
	for i, got := range server.taken() {
		header, _, _ := readBack(t, got.data)
		if len(header) != 8 || header["Auto-Submitted"] != "auto-generated" || len(got.to) != 1 {
			t.Errorf("%q changed the mail: to %q, header %q", hostile[i], got.to, header)
		}
	}
	if n := len(server.taken()); n != len(hostile) {
		t.Errorf("%d mails became %d", len(hostile), n)
	}
}

func TestDisplayText(t *testing.T) {
	tests := map[string]string{
		"Ana":                    "Ana",
		"  Ana \t\r\n Lee":       "Ana Lee",
		"A. B. Meyer":            "A. B. Meyer",
		"acme.example":           "acme.\u200bexample",
		"https://x":              "https:\u200b/\u200b/\u200bx",
		"Team: Blue":             "Team: Blue",
		"O'Brien & Söhne":        "O'Brien & Söhne",
		"\u202eevil":             "evil",
		"👩‍👩‍👧":                  "👩‍👩‍👧",
		"\xffx":                  "x",
		"\u200b \u00ad":          "",
		strings.Repeat("é", 100): strings.Repeat("é", 100),
		strings.Repeat("é", 101): strings.Repeat("é", 99) + "…",
	}
	for input, want := range tests {
		if diff := cmp.Diff(want, displayText(input)); diff != "" {
			t.Errorf("displayText(%q) (-want +got):\n%s", input, diff)
		}
	}
}
