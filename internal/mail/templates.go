package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	texttemplate "text/template"
)

// builtIn holds a file for every kind, language and part, such as invitation.de.subject, and the frame of all HTML parts.
//
//go:embed templates
var builtIn embed.FS

const frameName = "frame.html"

// mailName is what one set of templates is for.
type mailName struct {
	kind     Kind
	language string
}

func (n mailName) file(part string) string { return string(n.kind) + "." + n.language + "." + part }

// Templates write mails, in every kind and language. It is safe for concurrent use.
type Templates struct {
	mails map[mailName]parts
}

// BuiltIn are the templates that are part of the program.
func BuiltIn() *Templates {
	files, err := fs.Sub(builtIn, "templates")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	t := &Templates{mails: map[mailName]parts{}}
	for _, kind := range kinds {
		for _, l := range languages {
			name := mailName{kind, l.tag}
			if t.mails[name], err = load(files, name); err != nil {
				panic(fmt.Errorf("a built-in template is broken: %w", err))
			}
		}
	}
	return t
}

func load(files fs.FS, name mailName) (p parts, err error) {
	if p.subject, err = texttemplate.ParseFS(files, name.file("subject")); err != nil {
		return p, err
	}
	if p.text, err = texttemplate.ParseFS(files, name.file("text")); err != nil {
		return p, err
	}
	p.html, err = htmltemplate.ParseFS(files, name.file("html"), frameName)
	return p, err
}
