package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// page names a page. Its title and its texts are the blocks of that name in every language's file.
type page string

const (
	pageInvitation page = "invitation"
	pageJoined     page = "joined"
	pageReset      page = "reset"
	pageChanged    page = "changed"
	pageTaken      page = "taken"
	pageDead       page = "dead"
	pageLocked     page = "locked"
	pageBusy       page = "busy"
	pageFailed     page = "failed"
	pageRefused    page = "refused"
)

// layouts says which file lays a page out; those that only say something share one.
var layouts = map[page]string{
	pageInvitation: "form",
	pageReset:      "form",
	pageJoined:     "joined",
	pageChanged:    "joined",
	pageTaken:      "notice",
	pageDead:       "notice",
	pageLocked:     "notice",
	pageBusy:       "notice",
	pageFailed:     "notice",
	pageRefused:    "notice",
}

// locales are those of the API; the first is for whoever reads none of them.
var locales = []string{"en", "de", "fr", "es"}

var (
	//go:embed pages
	files embed.FS

	templates = parseAll()
	matcher   = language.NewMatcher(tags())
)

// view is what the templates are given.
type view struct {
	Locale string
	Invite Invite
	// Answered is true when a form was sent.
	Answered bool
	// Typed is the address in that form.
	Typed string
}

// WrongAddress is true when the address that was typed, if any, is not the right one.
func (v view) WrongAddress() bool { return v.Answered && v.Invite.Weakness == "" }

// WeakPassword is true when the address is right and the password is not taken.
func (v view) WeakPassword() bool { return v.Answered && v.Invite.Weakness != "" }

type variant struct {
	page   page
	locale string
}

func parseAll() map[variant]*template.Template {
	all := map[variant]*template.Template{}
	for p, layout := range layouts {
		for _, locale := range locales {
			all[variant{p, locale}] = template.Must(parse(p, layout, locale))
		}
	}
	return all
}

// ownBlocks are those that each page of a layout has its own of, beside title, heading and text.
var ownBlocks = map[string][]string{"form": {"hint", "button", "note", "problem"}}

// parse puts a page together. Its own blocks get their names here: a template cannot call another by a
// name that it computes.
func parse(p page, layout, locale string) (*template.Template, error) {
	t, err := template.ParseFS(files, "pages/frame.html", "pages/"+layout+".html", "pages/text."+locale+".html")
	if err != nil {
		return nil, err
	}
	for _, block := range append([]string{"title", "heading", "text"}, ownBlocks[layout]...) {
		// Escaping rewrites trees, so each name has one of its own.
		if _, err := t.AddParseTree(block, t.Lookup(string(p)+"."+block).Tree.Copy()); err != nil {
			return nil, err
		}
	}
	return t.Lookup("frame.html"), nil
}

func tags() []language.Tag {
	out := make([]language.Tag, len(locales))
	for i, locale := range locales {
		out[i] = language.Make(locale)
	}
	return out
}

// render writes a page in the tenant's language, or else in the one that the browser prefers.
func render(w http.ResponseWriter, r *http.Request, status int, p page, v view) {
	v.Locale = localeOf(v.Invite.Locale, r)
	var body bytes.Buffer
	if err := templates[variant{p, v.Locale}].Execute(&body, v); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) //nolint:errcheck // the client is gone, and there is nobody left to tell
}

func localeOf(tenant string, r *http.Request) string {
	if slices.Contains(locales, tenant) {
		return tenant
	}
	_, best := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return locales[best]
}

// oneLine reduces a name to one line without characters that nobody sees, or that turn the
// direction of what follows. The two joiners stay, which some scripts cannot do without.
func oneLine(s string) string {
	const nonJoiner, joiner = '\u200c', '\u200d'
	seen := false
	line := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case r == nonJoiner, r == joiner:
			return r
		case unicode.In(r, unicode.Cf, unicode.Co):
			return -1
		}
		seen = true
		return r
	}, strings.ToValidUTF8(s, ""))
	if !seen {
		return ""
	}
	return strings.Join(strings.Fields(line), " ")
}
