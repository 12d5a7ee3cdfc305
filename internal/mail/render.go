package mail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
)

// The longest subject, text and HTML part. Templates that could write more are not taken in the first place.
const (
	maxSubjectBytes = 4 << 10
	maxBodyBytes    = 64 << 10
)

// parts is one mail in one language, as templates.
type parts struct {
	subject, text *texttemplate.Template
	html          *htmltemplate.Template
}

// Render writes a mail in the person's language. It fails only when the kind is unknown, the link is not
// an absolute http or https URL or the expiry is missing; no name or title makes it fail.
func (t *Templates) Render(c Content) (subject, text, html string, err error) {
	if err := c.check(); err != nil {
		return "", "", "", err
	}
	l := languageOf(c.Locale)
	templates, known := t.current.Load().mails[mailName{c.Kind, l.tag}]
	if !known {
		return "", "", "", fmt.Errorf("mail: %q is no kind of mail", c.Kind)
	}
	w, err := templates.render(c.facts(l))
	return w.subject, w.text, w.html, err
}

// rendered is one mail as the templates wrote it.
type rendered struct{ subject, text, html string }

func (p parts) render(f facts) (w rendered, err error) {
	var problems [3]error
	w.subject, problems[0] = write(p.subject, f, maxSubjectBytes)
	w.subject = strings.TrimSpace(w.subject)
	w.text, problems[1] = write(p.text, f, maxBodyBytes)
	w.html, problems[2] = write(p.html, f, maxBodyBytes)
	if err := errors.Join(problems[:]...); err != nil {
		return rendered{}, err
	}
	return w, nil
}

// executable is what text and HTML templates have in common.
type executable interface {
	Name() string
	Execute(to io.Writer, data any) error
}

func write(t executable, f facts, most int) (string, error) {
	out := bounded{left: most}
	if err := t.Execute(&out, f); err != nil {
		if errors.Is(err, errTooLong) {
			return "", fmt.Errorf("%s: writes more than %d bytes: write less", t.Name(), most)
		}
		return "", said(err)
	}
	return out.text.String(), nil
}

var errTooLong = errors.New("too long")

// bounded keeps what is written, and refuses what is too much.
type bounded struct {
	text strings.Builder
	left int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, errTooLong
	}
	b.left -= len(p)
	return b.text.Write(p)
}

// said is what a template package says, beginning with the file and line.
func said(err error) error {
	text := err.Error()
	for _, prefix := range []string{"html/template:", "template:"} {
		text = strings.TrimPrefix(text, prefix)
	}
	return errors.New(strings.TrimSpace(text))
}
