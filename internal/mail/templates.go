package mail

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync/atomic"
)

// builtIn holds a file for every kind, language and part, such as invitation.de.subject, and the frame of all HTML parts.
//
//go:embed templates
var builtIn embed.FS

const frameName = "frame.html"

// The parts of a mail, as the last part of a template's name.
const (
	partSubject = "subject"
	partText    = "text"
	partHTML    = "html"
)

// mailName is what one set of templates is for.
type mailName struct {
	kind     Kind
	language string
}

func (n mailName) file(part string) string { return string(n.kind) + "." + n.language + "." + part }

// mailNames are all of them, in order.
func mailNames() []mailName {
	var out []mailName
	for _, kind := range kinds {
		for _, l := range languages {
			out = append(out, mailName{kind, l.tag})
		}
	}
	return out
}

// Templates write mails, in every kind and language. It is safe for concurrent use.
//
// There is one file for each kind, language and part, and a frame for the HTML parts. Files of a directory
// stand in for built-in ones of the same name. What is in force has been checked: it writes every mail
// whole, whatever the names and titles are, and ends soon.
type Templates struct {
	dir     string
	current atomic.Pointer[version]
}

// version is what is in force.
type version struct {
	sources map[string]string
	mails   map[mailName]parts
}

// BuiltIn are the templates that are part of the program.
func BuiltIn() *Templates {
	t, err := NewTemplates("")
	if err != nil {
		panic(fmt.Errorf("a built-in template is broken: %w", err))
	}
	return t
}

// NewTemplates are those of a directory, and built-in ones where it has none; with an empty name, there is
// no directory. The error names each file and line that is wrong, and what to write instead.
func NewTemplates(dir string) (*Templates, error) {
	t := &Templates{dir: dir}
	_, err := t.Reload()
	return t, err
}

// Reload reads the directory again, and tells whether what is there came into force. After an error the
// templates are the ones from before.
func (t *Templates) Reload() (changed bool, err error) {
	sources, err := builtInSources()
	if err != nil {
		return false, err
	}
	replaced, err := readDirectory(t.dir)
	if err != nil {
		return false, err
	}
	maps.Copy(sources, replaced)
	if now := t.current.Load(); now != nil && maps.Equal(now.sources, sources) {
		return false, nil
	}
	mails, err := load(sources)
	if err != nil {
		return false, err
	}
	t.current.Store(&version{sources, mails})
	return true, nil
}

// Sources are the texts of all templates in force, by file name.
func (t *Templates) Sources() map[string]string { return maps.Clone(t.current.Load().sources) }

func builtInSources() (map[string]string, error) {
	files, err := fs.Sub(builtIn, "templates")
	if err != nil {
		return nil, err
	}
	return readFiles(files)
}

// fileNames are the names that a template can have.
func fileNames() []string {
	out := []string{frameName}
	for _, name := range mailNames() {
		out = append(out, name.file(partSubject), name.file(partText), name.file(partHTML))
	}
	return slices.Sorted(slices.Values(out))
}
