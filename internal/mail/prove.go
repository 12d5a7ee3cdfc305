package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// prove writes every mail that the templates can write, but for the words in it, and judges each. Conditions tell only whether a
// variable is empty, so there are few.
func (p parts) prove(name mailName) error {
	for _, try := range trials(languageOf(name.language)) {
		w, err := p.render(try.facts)
		if err == nil {
			err = errors.Join(
				told(name.file(partSubject), judgeSubject(w.subject, try.facts)),
				told(name.file(partText), judgeText(w.text, try.facts)),
				told(name.file(partHTML), judgeHTML(w.html, try.facts)),
			)
		}
		if err == nil {
			_, err = p.render(try.long())
		}
		if err != nil && try.missing != "" {
			return fmt.Errorf("%w (where %s empty)", err, try.missing)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func told(file string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", file, err)
}

// maxEscaped is how many bytes a character of a name takes at most: escaped in HTML it is five, a full-width dot with what parts it
// from the next character six.
const maxEscaped = 6

// trial is one way in which the conditions of a template can come out.
type trial struct {
	facts
	// missing names the variables that are empty.
	missing string
}

// Parts of the link and the support address that stay what they are when the rest is escaped.
const (
	trialLink    = "Linktoken"
	trialSupport = "Supportname"
)

// trials begin with the one in which nothing is empty.
func trials(l language) []trial {
	full := facts{
		Lang: l.tag, Tenant: "Tenantname", Product: "Productname", FirstName: "Firstname", RequestedBy: "Requestername",
		Link: "https://roster.example/invitations/" + trialLink, Expires: l.expires(time.Unix(0, 0).UTC()),
		Support: trialSupport + "@roster.example",
	}
	var out []trial
	for n := range 1 << 3 {
		try, missing := trial{facts: full}, []string{}
		for bit, optional := range []struct {
			name string
			text *string
		}{{".RequestedBy", &try.RequestedBy}, {".FirstName", &try.FirstName}, {".Support", &try.Support}} {
			if n&(1<<bit) != 0 {
				*optional.text = ""
				missing = append(missing, optional.name)
			}
		}
		if len(missing) > 0 {
			try.missing = strings.Join(missing, " and ") + map[bool]string{true: " is", false: " are"}[len(missing) == 1]
		}
		out = append(out, try)
	}
	return out
}

// names are the texts that people chose.
func (f facts) names() []string {
	return slices.DeleteFunc([]string{f.Tenant, f.Product, f.FirstName, f.RequestedBy}, func(s string) bool { return s == "" })
}

// long is the trial with the longest texts, escaped as they may come to be.
func (t trial) long() facts {
	longest := strings.Repeat("x", maxEscaped*maxNameRunes)
	f := t.facts
	for _, text := range []*string{&f.Tenant, &f.Product, &f.FirstName, &f.RequestedBy, &f.Link, &f.Support} {
		if *text != "" {
			*text = longest
		}
	}
	return f
}

func judgeSubject(subject string, f facts) error {
	switch {
	case subject == "":
		return errors.New("the subject is empty: write one")
	case strings.ContainsAny(subject, "\r\n"):
		return errors.New("the subject has more than one line: write one")
	}
	return apart(subject, f)
}

func judgeText(text string, f facts) error {
	if !slices.Contains(strings.Fields(text), f.Link) {
		return errors.New("the link is missing, or something stands right beside it: give {{.Link}} a line of its own")
	}
	return apart(text, f)
}

// apart keeps names from becoming a link together with what stands beside them: www.{{.Tenant}}, {{.FirstName}}@acme.example.
func apart(text string, f facts) error {
	for _, name := range f.names() {
		for before, rest, found := strings.Cut(text, name); found; before, rest, found = strings.Cut(rest, name) {
			last, _ := utf8.DecodeLastRuneInString(before)
			if strings.ContainsRune(linking, last) || joins(rest) {
				return fmt.Errorf("a name that stands right beside %q could make a link of it: put a space between them", strings.TrimSpace(tail(before)+"…"+head(rest)))
			}
		}
	}
	return nil
}

// joins tells whether what follows a name could make a link of it.
func joins(rest string) bool {
	first, size := utf8.DecodeRuneInString(rest)
	if size == 0 {
		return false
	}
	if strings.ContainsRune(linking, first) {
		next, size := utf8.DecodeRuneInString(rest[size:])
		return size > 0 && !unicode.IsSpace(next)
	}
	return unicode.IsLetter(first) || unicode.IsDigit(first)
}

// tail and head are what stands right beside a name.
func tail(before string) string { return before[strings.LastIndexAny(before, " \n")+1:] }

func head(rest string) string {
	word, _, _ := strings.Cut(rest, " ")
	word, _, _ = strings.Cut(word, "\n")
	return word
}
