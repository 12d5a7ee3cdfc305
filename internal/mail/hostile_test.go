package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/roster-dev/roster/internal/address"
)

// hostile are names and titles that somebody chose with something else in mind.
var hostile = []string{
	// header injection
	"x\r\nBcc: evil@evil.example", "x\nBcc: evil@evil.example", "x\rBcc: evil@evil.example", "\r\n\r\nevil body", "x\r\n.\r\nMAIL FROM:<evil@evil.example>",
	"x\r\n Subject: folded", "x\n\tfolded", "\r\nContent-Type: text/html", "x\u2028Bcc: evil@evil.example", "x\u2029y", "x\u0085Bcc: y", "x\v\fBcc: y",
	"x\x00y", "\x1b[31mred\x1b[0m", "\x7f\x08\x08", "x\u000dy",
	"=?utf-8?q?=0D=0ABcc:_evil@evil.example?=", "=?utf-8?b?DQpCY2M6IHg=?=", "=?=?=?", "?= =?utf-8?q?x?=",
	"--roster-00000000000000000000000000000000", "\r\n--roster-0\r\nContent-Type: text/html\r\n\r\n<b>", "=3D=0A=", "soft=\r\nbreak",
	`"quoted" <evil@evil.example>`, "evil@evil.example", "evil@evil.example, other@evil.example", "(comment)", `back\slash`, `"`, `a;b,c:d`,
	// HTML injection
	"<b>bold</b>", "<script>alert(1)</script>", "<img src=https://evil.example/x.png>", `"><img src=x onerror=alert(1)>`, "</p></body></html>",
	`<a href="https://evil.example">here</a>`, "<!--", "-->", "<![CDATA[x]]>", "</title><script>", "<style>*{display:none}</style>", "&lt;b&gt;", "&#60;b&#62;",
	"<svg/onload=alert(1)>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>", "</bdi><u>", "javascript:alert(1)", "<iframe srcdoc=x>",
	"<form action=https://evil.example><input>", "`${alert(1)}`", "' onmouseover='x", "\ufeff<b>", "＜b＞", "<b\x00>", "<!doctype html>",
	// template injection
	"{{.Link}}", "{{define \"title\"}}x{{end}}", "${x}", "%s%n%d", "{{template \"frame.html.tmpl\"}}", "}}{{", "{{printf \"%s\" .}}",
	// links that a mail program makes by itself
	"https://evil.example/login", "http://evil.example", "HTTPS://EVIL.EXAMPLE", "//evil.example", "www.evil.example", "evil.example", "evil.example/path?q=1",
	"ftp://evil.example", "mailto:evil@evil.example", "tel:+15551234", "file:///etc/passwd", "hxxps://evil。example", "https：／／evil．example", "evil｡example",
	"http:\u200b//evil.example", "http:/\u00ad/evil.example", "https://roster.example@evil.example/", "user:pass@evil.example", "1.2.3.4", "[x](https://evil.example)", "<https://evil.example>",
	"a.https://evil.example.b", "http://[::1]/", "data:text/html,x", "evil.example:8080", "xn--e1afmkfd.xn--p1ai", "пример.рф",
	// text that moves other text, or pretends to be part of the mail
	"\u202egnp.exe", "\u2066\u2067\u2069", "\u200e\u200f", "e" + strings.Repeat("\u0301", 400), strings.Repeat("A", 5000), strings.Repeat("A ", 5000), strings.Repeat("界", 999),
	"Ana\n\nOpen this link: evil", "   ", "\t\n", "\u200b\u200b", "\u00ad", "\U000e0041\U000e0042", "\ue000", "\xff\xfe", "\xc3\x28", "\xed\xa0\x80", "\ufffd", "🙂👩‍👩‍👧", "مثال", "שלום",
}

// foreignLinks find what mail programs turn into links.
var foreignLinks = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*:[^\s\x{200b}]`),
	regexp.MustCompile(`[/／][/／]`),
	regexp.MustCompile(`[\pL\pN_-][.。．｡][\pL\pN]`),
	regexp.MustCompile(`[^\s\x{200b}][@＠][\pL\pN]`),
}

func TestHostileNamesChangeNothingButTheirText(t *testing.T) {
	if len(hostile) < 60 {
		t.Fatalf("only %d hostile strings", len(hostile))
	}
	variables := map[string]func(*Content, *SMTPConfig, string){
		"tenant":    func(m *Content, _ *SMTPConfig, s string) { m.Tenant = s },
		"product":   func(m *Content, _ *SMTPConfig, s string) { m.Product = s },
		"name":      func(m *Content, _ *SMTPConfig, s string) { m.FirstName = s },
		"requester": func(m *Content, _ *SMTPConfig, s string) { m.RequestedBy = s },
		"locale":    func(m *Content, _ *SMTPConfig, s string) { m.Locale = s },
		"sender":    func(_ *Content, c *SMTPConfig, s string) { c.FromName = s },
	}
	for variable, set := range variables {
		for n, s := range hostile {
			t.Run(fmt.Sprintf("%s %d", variable, n), func(t *testing.T) {
				got := renderWith(t, set, s)
				usual := "Usual"
				if displayText(s) == "" {
					usual = ""
				}
				want := renderWith(t, set, usual)
				if variable == "locale" {
					want = renderWith(t, set, "en")
				}
				requireSameMail(t, want, got)
			})
		}
	}
}

// written is a mail as a receiver parses it.
type written struct {
	header     map[string]string
	text, html string
}

func renderWith(t *testing.T, set func(*Content, *SMTPConfig, string), value string) written {
	t.Helper()
	invitation, config := testContent(t, Invitation), testConfig(t, 25)
	set(&invitation, &config, value)
	m := testMessage(t)
	var err error
	if m.Subject, m.Text, m.HTML, err = builtIns.Render(invitation); err != nil {
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
	return written{header, text, html}
}

func requireSameMail(t *testing.T, want, got written) {
	t.Helper()
	for _, header := range []string{"Subject", "From"} {
		if strings.ContainsFunc(got.header[header], unicode.IsControl) {
			t.Errorf("%s holds a control character: %q", header, got.header[header])
		}
	}
	if !strings.HasSuffix(got.header["From"], "<roster@acme.example>") {
		t.Errorf("From is %q", got.header["From"])
	}
	requireNoForeignLink(t, "subject", got.header["Subject"])
	for _, changing := range []string{"Subject", "From", "Content-Type"} { // the last holds the boundary
		if (want.header[changing] == "") != (got.header[changing] == "") {
			t.Errorf("%s is %q, want one as in %q", changing, got.header[changing], want.header[changing])
		}
		delete(want.header, changing)
		delete(got.header, changing)
	}
	if diff := cmp.Diff(want.header, got.header); diff != "" {
		t.Errorf("header (-usual +hostile):\n%s", diff)
	}
	if w, g := strings.Count(want.text, "\n"), strings.Count(got.text, "\n"); w != g {
		t.Errorf("the text has %d lines, want %d:\n%s", g, w, got.text)
	}
	requireNoForeignLink(t, "text", got.text)
	wantElements, _ := structure(t, want.html)
	elements, words := structure(t, got.html)
	if diff := cmp.Diff(wantElements, elements); diff != "" {
		t.Errorf("elements (-usual +hostile):\n%s", diff)
	}
	requireNoForeignLink(t, "HTML", words)
}

func requireNoForeignLink(t *testing.T, where, content string) {
	t.Helper()
	rest := strings.ReplaceAll(content, testLink, "")
	if where != "subject" && rest == content {
		t.Errorf("%s: the link is missing", where)
	}
	rest = strings.ReplaceAll(strings.ReplaceAll(rest, "help@acme.example.", ""), "01:05", "")
	for _, pattern := range foreignLinks {
		if found := pattern.FindString(rest); found != "" {
			t.Errorf("%s: a mail program may make a link of %q in:\n%s", where, found, rest)
		}
	}
}

// structure lists all of an HTML document that is not text, with every attribute, and its text.
func structure(t *testing.T, document string) (elements []string, words string) {
	t.Helper()
	var text strings.Builder
	for tokens := html.NewTokenizer(strings.NewReader(document)); ; {
		kind := tokens.Next()
		switch token := tokens.Token(); {
		case kind == html.ErrorToken && errors.Is(tokens.Err(), io.EOF):
			return elements, text.String()
		case kind == html.ErrorToken:
			t.Fatalf("HTML: %v", tokens.Err())
		case kind == html.TextToken:
			text.WriteString(token.Data)
		default:
			elements = append(elements, token.String())
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
