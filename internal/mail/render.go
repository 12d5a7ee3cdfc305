package mail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
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
	templates, known := t.mails[mailName{c.Kind, l.tag}]
	if !known {
		return "", "", "", fmt.Errorf("mail: %q is no kind of mail", c.Kind)
	}
	return templates.render(c.facts(l))
}

func (p parts) render(f facts) (subject, text, html string, err error) {
	var subjectPart, textPart, htmlPart strings.Builder
	err = errors.Join(p.subject.Execute(&subjectPart, f), p.text.Execute(&textPart, f), p.html.Execute(&htmlPart, f))
	if err != nil {
		return "", "", "", fmt.Errorf("mail: %w", err)
	}
	return strings.TrimSpace(subjectPart.String()), textPart.String(), htmlPart.String(), nil
}
