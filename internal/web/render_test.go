package web

import (
	"html"
	"io"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPagesSpeakTheTenantsLanguageOrTheBrowsers(t *testing.T) {
	tests := map[string]struct{ tenant, browser, want string }{
		"the tenant's goes first":       {"de", "fr", "de"},
		"else the browser's":            {"", "fr-CA,fr;q=0.9,en;q=0.1", "fr"},
		"the one that it likes best":    {"", "pl, es;q=0.3, de;q=0.7", "de"},
		"Swiss German is German":        {"", "de-CH", "de"},
		"Mexican Spanish is Spanish":    {"", "es-MX", "es"},
		"English where none is known":   {"", "ja,ko;q=0.5", "en"},
		"English where none is said":    {"", "", "en"},
		"English where nonsense is":     {"", "x;q=9,,;;*", "en"},
		"an unknown tenant's is nobody": {"pl", "es", "es"},
	}
	words := map[string]string{"en": "invites you", "de": "lädt Sie", "fr": "vous invite", "es": "le invita"}
	for name, tt := range tests {
		r := invited()
		r.tenant.Spec.Onboarding.Locale = tt.tenant
		s := newSite(t, r)
		w := s.get(s.path(uid), "Accept-Language", tt.browser)
		expectPage(t, w, 200, `<html lang="`+tt.want+`">`, words[tt.want])
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestADeadLinkSpeaksTheBrowsersLanguage(t *testing.T) {
	r := invited()
	r.tenant.Spec.Onboarding.Locale, r.user = "de", nil
	s := newSite(t, r)
	expectPage(t, s.get(s.path(uid), "Accept-Language", "es"), 404, `<html lang="es">`, "Este enlace ya no funciona")
}

func TestEveryPageIsWholeInEveryLanguage(t *testing.T) {
	full := Invite{Standing: Open, FirstName: "Ana", Tenant: "Acme", Product: "Commerce", SupportEmail: "help@acme.example", ContinueURL: "https://acme.example/"}
	views := []view{
		{Invite: full}, {Invite: full, Answered: true, Typed: "bo@acme.example"}, {Invite: full, Answered: true},
		{Invite: Invite{Standing: Open, Tenant: "Acme"}},
	}
	for key, page := range templates {
		for _, v := range views {
			v.Locale = key.locale
			var b strings.Builder
			if err := page.Execute(&b, v); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			for _, want := range []string{"<!doctype html>", `<html lang="` + key.locale + `">`, "<title>", "<h1>", "</html>"} {
				if strings.Count(text, want) != 1 {
					t.Errorf("%v: %d of %q", key, strings.Count(text, want), want)
				}
			}
			for _, bad := range []string{"style=", "<script", "<style", " onclick", "http://", "<no value>", "  ", " .", " ,", "{{"} {
				if strings.Contains(text, bad) {
					t.Errorf("%v holds %q:\n%s", key, bad, text)
				}
			}
		}
	}
	if want := len(layouts) * len(locales); len(templates) != want {
		t.Errorf("%d pages, want %d", len(templates), want)
	}
}

// The languages are translations of each other: the same blocks, none of them left in English.
func TestTheLanguagesHaveTheSameBlocks(t *testing.T) {
	block := regexp.MustCompile(`(?m)^\{\{define "([^"]+)"\}\}(.*)\{\{end\}\}$`)
	texts := map[string]map[string]string{}
	for _, locale := range locales {
		content, err := files.ReadFile("pages/text." + locale + ".html")
		if err != nil {
			t.Fatal(err)
		}
		texts[locale] = map[string]string{}
		for _, match := range block.FindAllStringSubmatch(string(content), -1) {
			texts[locale][match[1]] = match[2]
		}
	}
	for _, locale := range locales[1:] {
		if len(texts[locale]) != len(texts["en"]) {
			t.Errorf("%s has %d blocks, en %d", locale, len(texts[locale]), len(texts["en"]))
		}
		for name, english := range texts["en"] {
			if own, ok := texts[locale][name]; !ok || own == english {
				t.Errorf("%s: %q is %q", locale, name, own)
			}
		}
	}
}

// hostile are texts that try to be more than text.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)`, `</title><script>`, `</bdi></h1><a href=//evil.example>`,
	`javascript:alert(1)`, `{{.Invite}}`, `{{define "x"}}`, "a\r\nSet-Cookie: x=1", "a\x00b", "\u202egnp.exe", "\u2066\u2067\u2068", "\u200b\u200b",
	"\xff\xfe", "http://evil.example/", "https://evil.example", "//evil.example", "<!--", "-->", "]]>", "&lt;script&gt;", "&#60;script&#62;",
	"%3Cscript%3E", "<svg/onload=alert(1)>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", `<form action=//evil.example>`,
	"`${alert(1)}`", "\u2028\u2029", "＜script＞", `\"><b>`, "mailto:x@evil.example?bcc=all", "data:text/html,<b>", strings.Repeat("W", 128), "🙂‍↔️",
	`" autofocus onfocus="alert(1)`, "<style>*{display:none}</style>", "<iframe src=//evil.example>", "vbscript:x", " ", "\t\n",
}

var (
	tag  = regexp.MustCompile(`<(/?[a-zA-Z!][^>\s]*)([^>]*)>`)
	attr = regexp.MustCompile(`\s([a-z-]+)=`)
	href = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
)

// skeleton is the elements of a page and the names of their attributes.
func skeleton(text string) []string {
	var out []string
	for _, match := range tag.FindAllStringSubmatch(text, -1) {
		element := match[1]
		quoted := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(match[2], `""`)
		for _, name := range attr.FindAllStringSubmatch(quoted, -1) {
			element += " " + name[1]
		}
		out = append(out, element)
	}
	return out
}

// Names and titles reach a page through the record, what was typed through the form.
func TestHostileTextChangesNothingButItself(t *testing.T) {
	show := func(text string, standing Standing) *httptest.ResponseRecorder {
		r := invited()
		r.user.Spec.FirstName, r.tenant.Spec.DisplayName, r.tenant.Spec.Onboarding.ProductName = text, text, text
		s := newSite(t, r)
		switch standing {
		case Joined:
			return s.post(s.path(uid), email)
		case Wrong:
			return s.post(s.path(uid), "x"+text)
		default:
			return s.get(s.path(uid))
		}
	}
	for _, standing := range []Standing{Open, Wrong, Joined} {
		plain := show("Plain", standing)
		for _, text := range hostile {
			w := show(text, standing)
			got, want := skeleton(w.Body.String()), skeleton(plain.Body.String())
			// A name of which nothing is visible leaves its place empty, and the element with it.
			if oneLine(text) == "" {
				got, want = withoutBDI(got), withoutBDI(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q changes the page:\n%s", text, w.Body)
			}
			if len(w.Header()) != len(plain.Header()) || w.Code != plain.Code {
				t.Errorf("%q: status %d, headers %v", text, w.Code, w.Header())
			}
			for _, link := range href.FindAllStringSubmatch(w.Body.String(), -1) {
				if !slices.Contains([]string{"../style.css", "#email", "mailto:help@acme.example", "https://shop.acme.example/start"}, link[1]) {
					t.Errorf("%q makes the link %q", text, link[1])
				}
			}
		}
	}
}

func TestHostileLinksAndAddressesAreLeftOut(t *testing.T) {
	good := newSite(t, invited())
	want := good.get(good.path(uid)).Body.String()
	for _, text := range hostile {
		r := invited()
		r.tenant.Spec.Onboarding.SupportEmail, r.tenant.Spec.Onboarding.ContinueURL = text, "http"+text
		s := newSite(t, r)
		if got := s.get(s.path(uid)).Body.String(); got == want || strings.Contains(got, "mailto:") {
			t.Errorf("%q is taken for an address:\n%s", text, got)
		}
		if w := s.post(s.path(uid), email); strings.Contains(w.Body.String(), "evil.example") || strings.Contains(w.Body.String(), `class="button"`) {
			t.Errorf("%q is taken for a link:\n%s", text, w.Body)
		}
	}
	for _, bad := range []string{"http://acme.example/", "https:///x", "https:x", "javascript:alert(1)", "https://acme.example@evil.example/", "https://a\x00b/", "/x"} {
		if got := secureURL(bad); got != "" {
			t.Errorf("secureURL(%q) = %q", bad, got)
		}
	}
}

func TestNamesAreOneVisibleLine(t *testing.T) {
	tests := map[string]string{
		"Ana": "Ana", " Ana \n Maria\t": "Ana Maria", "Ana\u202e": "Ana", "\u200b\u200b": "", "": "", " ": "", "\u200d": "",
		"Ana\u2028Lee": "Ana Lee", "A\x00b": "A b", "\xffAna": "Ana", "क्\u200dष": "क्\u200dष", "李娜": "李娜", "O'Brien & Co": "O'Brien & Co",
	}
	for in, want := range tests {
		if got := oneLine(in); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWhatWasTypedStaysInTheField(t *testing.T) {
	s := newSite(t, invited())
	const typed = `"quoted" <ana>@acme.example`
	body := s.post(s.path(uid), typed).Body.String()
	if got := html.UnescapeString(between(body, `name="email" value="`, `"`)); got != typed {
		t.Errorf("the field holds %q", got)
	}
}

func TestTheStyleIsServed(t *testing.T) {
	s := newSite(t, invited())
	w := s.get("/style.css")
	content, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("%d %v %v", w.Code, w.Header(), err)
	}
	for _, want := range []string{"prefers-color-scheme: dark", ":focus-visible"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("the style does not hold %q", want)
		}
	}
	for _, bad := range []string{"url(", "@import", "http"} {
		if strings.Contains(string(content), bad) {
			t.Errorf("the style holds %q, which the policy forbids", bad)
		}
	}
}

func withoutBDI(elements []string) []string {
	return slices.DeleteFunc(slices.Clone(elements), func(e string) bool { return e == "bdi" || e == "/bdi" })
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}
