package mail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	texttemplate "text/template"
)

// load makes templates of their sources. The error names everything that is wrong with them, each file and line once.
func load(sources map[string]string) (map[mailName]parts, error) {
	mails := map[mailName]parts{}
	var complaints []string
	for _, name := range mailNames() {
		p, err := loadMail(sources, name)
		if err == nil {
			err = p.prove(name)
		}
		if err != nil {
			complaints = append(complaints, strings.Split(err.Error(), "\n")...)
		}
		mails[name] = p
	}
	if len(complaints) == 0 {
		return mails, nil
	}
	slices.Sort(complaints) // the frame is in every mail, and wrong once
	return nil, errors.New(strings.Join(slices.Compact(complaints), "\n"))
}

func loadMail(sources map[string]string, name mailName) (p parts, err error) {
	var problems [3]error
	p.subject, problems[0] = read(sources, name.file(partSubject), variablesOf(partSubject))
	p.text, problems[1] = read(sources, name.file(partText), variablesOf(partText))
	page, err := read(sources, name.file(partHTML), variablesOf(partHTML), frameName)
	if err == nil {
		p.html, err = escaping(page)
	}
	problems[2] = err
	return p, errors.Join(problems[:]...)
}

// read reads a template and what it is framed by, and checks that both keep to what templates may do.
func read(sources map[string]string, name string, variables []string, frames ...string) (*texttemplate.Template, error) {
	if strings.TrimSpace(sources[name]) == "" {
		return nil, fmt.Errorf("%s: the file is empty: write it, or leave it out for the built-in one", name)
	}
	root := texttemplate.New(name)
	for _, frame := range frames {
		if _, err := root.New(frame).Parse(sources[frame]); err != nil {
			return nil, said(err)
		}
	}
	// After the frame, so that what both define is the mail's.
	if _, err := root.Parse(sources[name]); err != nil {
		return nil, said(err)
	}
	return root, check(root, variables)
}

// escaping makes an HTML template of a text template. From here on its texts are escaped by where they stand.
func escaping(from *texttemplate.Template) (*htmltemplate.Template, error) {
	root := htmltemplate.New(from.Name())
	for _, t := range from.Templates() {
		if _, err := root.AddParseTree(t.Name(), t.Tree.Copy()); err != nil {
			return nil, said(err)
		}
	}
	return root.Lookup(from.Name()), nil
}
