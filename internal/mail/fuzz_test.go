package mail

import (
	"slices"
	"strings"
	"testing"
)

// FuzzVariable puts anything into every variable of every mail, built in and replaced.
func FuzzVariable(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	trials := []hostileTrial{
		{builtIns, PasswordReset, "en", everywhere},
		{mustTemplates(f, replacements), Invitation, "en", everywhere},
	}
	var harmless []func(s string) (want written)
	for _, trial := range trials {
		harmless = append(harmless, trial.expected(f))
	}
	f.Fuzz(func(t *testing.T, s string) {
		for i, trial := range trials {
			requireSameMail(t, s, harmless[i](s), trial.written(t, s))
		}
	})
}

// FuzzTemplates reads anything as a template. What is taken writes every mail, with the link, and soon.
func FuzzTemplates(f *testing.F) {
	for name, content := range builtIns.Sources() {
		f.Add(name, content)
	}
	for name, content := range replacements {
		f.Add(name, content)
	}
	f.Add("invitation.en.text", doubling(20))
	f.Add("invitation.en.html", `<a href="{{.Link}}">x</a><p {{.Tenant}}="{{.Product}}">{{/* x */}}<!-- {{.Link}} --><style>{{.Lang}}</style>`)
	names := fileNames()
	f.Fuzz(func(t *testing.T, name, content string) {
		file := names[len(name)%len(names)]
		if slices.Contains(names, name) {
			file = name
		}
		mail := mailName{Invitation, "en"} // which has the frame too
		for _, each := range mailNames() {
			if strings.HasPrefix(file, each.file("")) {
				mail = each
			}
		}
		p, err := loadOne(mail, file, content)
		if err != nil {
			if !strings.Contains(err.Error(), ".") {
				t.Errorf("the error names no file: %v", err)
			}
			return
		}
		c := testContent(t, mail.kind)
		c.Tenant, c.FirstName = `"><script>https://evil.example`, strings.Repeat("&", 200)
		w, err := p.render(c.facts(languageOf(mail.language)))
		if err != nil {
			t.Fatalf("%s: %q is taken and then not written: %v", file, content, err)
		}
		elements, _ := structure(t, w.html)
		if w.subject == "" || !strings.Contains(w.text, testLink) || strings.Contains(strings.Join(elements, ""), "evil") {
			t.Errorf("%s: %q makes\n%s\n%s", file, content, w.text, w.html)
		}
	})
}
