package mail

import (
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mounted writes templates as the kubelet mounts a ConfigMap, and returns the directory and how to change them.
func mounted(t testing.TB, files map[string]string) (dir string, change func(version string, files map[string]string)) {
	t.Helper()
	dir = t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	change = func(version string, files map[string]string) {
		t.Helper()
		must(os.Mkdir(filepath.Join(dir, version), 0o755))
		for name, content := range files {
			must(os.WriteFile(filepath.Join(dir, version, name), []byte(content), 0o600))
			if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
				must(os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
			}
		}
		must(os.Symlink(version, filepath.Join(dir, "..data_tmp")))
		must(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	change("..2026_01", files)
	return dir, change
}

func mustTemplates(t testing.TB, files map[string]string) *Templates {
	t.Helper()
	dir, _ := mounted(t, files)
	templates, err := NewTemplates(dir)
	if err != nil {
		t.Fatalf("NewTemplates: %v", err)
	}
	return templates
}

func mustRender(t testing.TB, templates *Templates, c Content) rendered {
	t.Helper()
	subject, text, html, err := templates.Render(c)
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	return rendered{subject, text, html}
}

// replacements use all that templates may use.
var replacements = map[string]string{
	"invitation.en.subject": "{{if and .RequestedBy .FirstName}}{{.FirstName}}, {{end}}{{.Product}} awaits you\n",
	"invitation.en.text": `{{/* for everybody */ -}}
{{template "greeting" .}}{{define "greeting"}}Dear {{with .FirstName}}{{.}}{{else}}colleague{{end}},{{end}}
{{if or .RequestedBy .Support}}{{with .RequestedBy}}{{.}} of {{$.Tenant}} wants you.{{end}}{{else if not .FirstName}}Nobody asks.{{end}}
{{block "link" $}}Here: {{.Link}} until {{.Expires}}{{end}}
{{.Support}}`,
	"invitation.en.html": `<!doctype html><html lang="{{.Lang}}"><head><title>{{.Product}}</title><style>p{color:#123}</style></head>
<body style="margin:0"><h1>{{.Tenant}}</h1><p>{{with .FirstName}}Dear {{.}}, {{end}}<a href="{{.Link}}" style="color:red">Join</a></p>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="Acme"><a href="https://acme.example/imprint">Imprint</a>
{{if .Support}}<a href="mailto:{{.Support}}">{{.Support}}</a>{{end}}</body></html>`,
	"passwordreset.de.subject": "Passwort",
}

func TestFilesOfADirectoryStandInForBuiltInOnes(t *testing.T) {
	templates := mustTemplates(t, replacements)
	got := mustRender(t, templates, testContent(t, Invitation))
	want := rendered{
		subject: "Ana, Atlas awaits you",
		text:    "Dear Ana,\nJo Park of Acme wants you.\nHere: " + testLink + " until 2 August 2026, 01:05 UTC\nhelp@acme.example",
		html: `<!doctype html><html lang="en"><head><title>Atlas</title><style>p{color:#123}</style></head>
<body style="margin:0"><h1>Acme</h1><p>Dear Ana, <a href="` + testLink + `" style="color:red">Join</a></p>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="Acme"><a href="https://acme.example/imprint">Imprint</a>
<a href="mailto:help@acme.example">help@acme.example</a></body></html>`,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(rendered{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range mailNames() {
		c := testContent(t, name.kind)
		c.Locale = name.language
		want := mustRender(t, builtIns, c)
		switch name {
		case mailName{Invitation, "en"}:
			continue
		case mailName{PasswordReset, "de"}:
			want.subject = "Passwort"
		}
		if diff := cmp.Diff(want, mustRender(t, templates, c), cmp.AllowUnexported(rendered{})); diff != "" {
			t.Errorf("%v (-built in +got):\n%s", name, diff)
		}
	}
}

func TestAFrameIsReplacedInEveryMail(t *testing.T) {
	frame := `<p>{{template "why" .}}</p>{{define "foot"}}Acme foot{{end}}<a href="{{.Link}}">x</a>{{template "foot" .}}`
	templates := mustTemplates(t, map[string]string{
		frameName: frame,
		"invitation.fr.html": strings.ReplaceAll(builtIns.Sources()["invitation.fr.html"], "{{.Tenant}}", "<b>{{.Tenant}}</b>") +
			`{{define "foot"}}pied{{end}}`,
	})
	for _, name := range mailNames() {
		c := testContent(t, name.kind)
		c.Locale = name.language
		foot := map[bool]string{true: "pied", false: "Acme foot"}[name == mailName{Invitation, "fr"}]
		if got := mustRender(t, templates, c).html; !strings.HasSuffix(got, `<a href="`+testLink+`">x</a>`+foot+"\n") || strings.Contains(got, "<strong>") {
			t.Errorf("%v:\n%s", name, got)
		}
	}
}

func TestBuiltInTemplatesAreThereByTheirNames(t *testing.T) {
	sources := builtIns.Sources()
	if len(sources) != len(kinds)*len(languages)*3+1 {
		t.Errorf("%d templates", len(sources))
	}
	for _, name := range fileNames() {
		if sources[name] == "" {
			t.Errorf("no %s", name)
		}
	}
	// What is copied out and put back changes nothing.
	again := mustTemplates(t, sources)
	if diff := cmp.Diff(sources, again.Sources()); diff != "" {
		t.Errorf("(-built in +copied):\n%s", diff)
	}
}

func TestTemplatesAreReadAgainWhenTheConfigMapChanges(t *testing.T) {
	dir, change := mounted(t, map[string]string{"invitation.en.subject": "One"})
	templates, err := NewTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(step, subject string, wantChanged bool, complaint string) {
		t.Helper()
		changed, err := templates.Reload()
		if changed != wantChanged || (err == nil) != (complaint == "") || (err != nil && !strings.Contains(err.Error(), complaint)) {
			t.Errorf("%s: changed %t, error %v", step, changed, err)
		}
		if got := mustRender(t, templates, testContent(t, Invitation)).subject; got != subject {
			t.Errorf("%s: the subject is %q, want %q", step, got, subject)
		}
	}
	expect("nothing changes", "One", false, "")
	change("..2026_02", map[string]string{"invitation.en.subject": "Two"})
	expect("a new version", "Two", true, "")
	change("..2026_03", map[string]string{"invitation.en.subject": "Three", "invitation.en.text": "no link"})
	expect("a broken version", "Two", false, "invitation.en.text: the link is missing")
	expect("still broken", "Two", false, "invitation.en.text: the link is missing")
	change("..2026_04", map[string]string{"invitation.en.subject": "Four"})
	expect("mended", "Four", true, "")
	change("..2026_05", nil)
	expect("no files at all", "Acme invites you to Atlas", true, "")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	expect("no directory any more", "Acme invites you to Atlas", false, "cannot be read")
}

func TestMailsAreWrittenWhileTemplatesChange(t *testing.T) {
	dir, change := mounted(t, map[string]string{"invitation.en.subject": "One", "invitation.en.text": "One {{.Link}}"})
	templates, err := NewTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 200 {
				subject, text, _, err := templates.Render(testContent(t, Invitation))
				if err != nil || text != subject+" "+testLink {
					t.Errorf("a mail of two versions: %q, %q, %v", subject, text, err)
					return
				}
			}
		})
	}
	change("..2026_02", map[string]string{"invitation.en.subject": "Two", "invitation.en.text": "Two {{.Link}}"})
	if _, err := templates.Reload(); err != nil {
		t.Error(err)
	}
	writers.Wait()
}

func TestWhatIsWrongWithTemplatesIsSaidWithFileAndLine(t *testing.T) {
	const variables = "the variables are .Lang, .Tenant, .Product, .FirstName, .RequestedBy, .Link, .Expires, .Support"
	linked := func(html string) string { return `<a href="{{.Link}}">x</a>` + html }
	tests := map[string]struct {
		file, content string
		want          []string
	}{
		"an unknown name":           {"invitation.it.text", "x", []string{"invitation.it.text: no template has this name", "KIND invitation or passwordreset, LANGUAGE en or de or fr or es, PART subject or text or html"}},
		"a name with an ending":     {"invitation.en.text.tmpl", "x", []string{"invitation.en.text.tmpl: no template has this name"}},
		"an unknown variable":       {"invitation.en.text", "a\nb {{.Link}}\n{{.Surname}}", []string{"invitation.en.text:3: there is no variable .Surname here: " + variables}},
		"in a branch":               {"invitation.en.text", "{{.Link}}\n{{if .Tenant}}x{{else}}{{.Surname}}{{end}}", []string{"invitation.en.text:2: there is no variable .Surname"}},
		"in what is never included": {"invitation.en.text", "{{.Link}}\n{{define \"x\"}}\n{{.Surname}}{{end}}", []string{"invitation.en.text:3: there is no variable .Surname"}},
		"a part of a variable":      {"invitation.en.text", "{{.Link.Host}}", []string{"invitation.en.text:1: there is no variable .Link.Host"}},
		"all variables at once":     {"invitation.en.text", "{{.}} {{.Link}}", []string{"invitation.en.text:1: the dot alone is no text"}},
		"a dollar alone":            {"invitation.en.text", "{{$}} {{.Link}}", []string{"invitation.en.text:1: there is no variable $ here"}},
		"the link in the subject":   {"invitation.en.subject", "{{.Link}}", []string{"invitation.en.subject:1: there is no variable .Link here"}},
		"a variable in a with":      {"invitation.en.text", "{{.Link}}{{with .Support}}{{.Tenant}}{{end}}", []string{"invitation.en.text:1: inside with the dot is another: write $.Tenant instead of .Tenant"}},
		"a syntax error":            {"passwordreset.es.text", "x\n\n{{.Link}", []string{"passwordreset.es.text:3: bad character U+007D '}'"}},
		"an if without an end":      {"passwordreset.es.html", "{{if .Link}}", []string{"passwordreset.es.html:1:", "unexpected EOF"}},
		"an unknown function":       {"invitation.en.text", "{{upper .Link}}", []string{"invitation.en.text:1:", `function "upper" not defined`}},
		"a function of Go's":        {"invitation.en.text", "{{.Link}}{{printf \"%9999999s\" .Tenant}}", []string{"invitation.en.text:1: a mail does not use printf: the functions are and, or, not"}},
		"a comparison":              {"invitation.en.text", "{{.Link}}{{if (eq .Tenant \"x\")}}{{end}}", []string{"a mail does not use eq", "a mail has no use for \"x\""}},
		"a loop":                    {"invitation.en.text", "{{.Link}}{{range 1000000000}}x{{end}}", []string{"invitation.en.text:1: a mail has no use for {{range 1000000000}}x{{end}}: use if, with, define and template"}},
		"a variable of its own":     {"invitation.en.text", "{{.Link}}{{$x := .Tenant}}{{$x}}", []string{"a mail sets no variables of its own"}},
		"a pipe":                    {"invitation.en.html", linked("{{.Tenant | html}}"), []string{"invitation.en.html:1:", "a mail passes nothing on with |"}},
		"an unknown template":       {"invitation.en.text", "{{.Link}}{{template \"x\" .}}", []string{"invitation.en.text:1: there is no template \"x\""}},
		"a template of no value":    {"invitation.en.text", "{{.Link}}{{template \"x\"}}{{define \"x\"}}y{{end}}", []string{"gets no variables: write {{template \"x\" $}}"}},
		"a template in a with":      {"invitation.en.text", "{{.Link}}{{with .Tenant}}{{template \"x\" .}}{{end}}{{define \"x\"}}y{{end}}", []string{"gets no variables: write {{template \"x\" $}}"}},
		"a template in itself":      {"invitation.en.text", "{{.Link}}{{template \"invitation.en.text\" .}}", []string{"the template \"invitation.en.text\" includes itself"}},
		"templates in a circle":     {"invitation.en.text", "{{.Link}}{{template \"a\" .}}{{define \"a\"}}{{template \"b\" .}}{{end}}{{define \"b\"}}{{template \"a\" .}}{{end}}", []string{"the template \"a\" includes itself"}},
		"too many templates":        {"invitation.en.text", doubling(60), []string{"invitation.en.text: takes more than 10000 steps"}},
		"too long a file":           {"invitation.en.text", "{{.Link}}" + strings.Repeat(" ", maxTemplateBytes), []string{"invitation.en.text: the file is longer than 65536 bytes"}},
		"too long a text":           {"invitation.en.text", "{{.Link}} " + strings.Repeat("{{.Tenant}} ", 200), []string{"invitation.en.text: writes more than 65536 bytes"}},
		"too long a subject":        {"invitation.en.subject", strings.Repeat("x", maxSubjectBytes+1), []string{"invitation.en.subject: writes more than 4096 bytes"}},
		"an empty file":             {"invitation.en.text", "", []string{"invitation.en.text: the file is empty"}},
		"an empty subject":          {"invitation.en.subject", "{{if .Support}}x{{end}}", []string{"invitation.en.subject: the subject is empty: write one (where .Support is empty)"}},
		"a subject of two lines":    {"invitation.en.subject", "a\nb", []string{"invitation.en.subject: the subject has more than one line"}},
		"no link in the text":       {"invitation.en.text", "Hello", []string{"invitation.en.text: the link is missing"}},
		"no link for some":          {"invitation.en.text", "{{if or .RequestedBy .FirstName}}{{.Link}}{{end}}", []string{"invitation.en.text: the link is missing", "(where .RequestedBy and .FirstName are empty)"}},
		"a dot right after it":      {"invitation.en.text", "Go to {{.Link}}.", []string{"invitation.en.text: the link is missing, or something stands right beside it"}},
		"no link in the HTML":       {"invitation.en.html", "<p>Hello</p>", []string{`invitation.en.html: the link is missing: write <a href="{{.Link}}">{{.Link}}</a>`}},
		"a link to nowhere":         {"invitation.en.html", "<p>{{.Link}}</p>", []string{`invitation.en.html: the link is missing: write <a href="{{.Link}}">{{.Link}}</a>`}},
		"a link in a comment":       {"invitation.en.html", `<!-- <a href="{{.Link}}">x</a> -->`, []string{"invitation.en.html: the link is missing"}},
		"HTML that breaks off":      {"invitation.en.html", linked("<p title='"), []string{"invitation.en.html", "ends in a non-text context"}},
		"branches that differ":      {"invitation.en.html", linked("{{if .Support}}<p title='{{end}}x'>"), []string{"invitation.en.html:1:", "branches end in different contexts"}},
		"a frame that is broken":    {frameName, "<p>\n{{.Surname}}", []string{"frame.html:2: there is no variable .Surname"}},
		"a frame without the link":  {frameName, `{{template "why" .}}`, []string{"invitation.en.html: the link is missing", "passwordreset.fr.html: the link is missing"}},
		"a frame's missing piece":   {"invitation.en.html", `{{template "frame.html" .}}`, []string{`frame.html:7: there is no template "title": define it in invitation.en.html`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			requireComplaint(t, map[string]string{tc.file: tc.content}, tc.want...)
		})
	}
}

// doubling includes nothing 2^n times.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{{.Link}}")
	for i := range n {
		name := strings.Repeat("x", i+1)
		b.WriteString(`{{define "` + name + `"}}` + strings.Repeat(`{{template "`+name+`x" .}}`, 2) + `{{end}}`)
	}
	b.WriteString(`{{define "` + strings.Repeat("x", n+1) + `"}}{{end}}{{template "x" .}}`)
	return b.String()
}

func requireComplaint(t *testing.T, files map[string]string, want ...string) {
	t.Helper()
	dir, _ := mounted(t, files)
	_, err := NewTemplates(dir)
	if err == nil {
		t.Fatalf("%q is taken", files)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error is\n%v\nwithout %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "template:") || strings.Contains(err.Error(), dir) {
		t.Errorf("the error speaks of the inside: %v", err)
	}
	lines := strings.Split(err.Error(), "\n")
	slices.Sort(lines)
	if len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Errorf("said twice: %v", err)
	}
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	requireComplaint(t, map[string]string{"invitation.en.text": "x", "invitation.de.text": "{{.Name}} {{.Link}}", "passwordreset.fr.subject": " "},
		"invitation.en.text: the link is missing", "invitation.de.text:1: there is no variable .Name", "passwordreset.fr.subject: the file is empty")
	requireComplaint(t, map[string]string{"a": "x", "b": "x"}, "a: no template has this name", "b: no template has this name")
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := NewTemplates(dir); err == nil || !strings.Contains(err.Error(), dir+" cannot be read") {
		t.Errorf("NewTemplates: %v", err)
	}
}

// loadOne loads one mail with one file replaced.
func loadOne(name mailName, file, content string) (parts, error) {
	sources := builtIns.Sources()
	sources[file] = content
	p, err := loadMail(sources, name)
	if err == nil {
		err = p.prove(name)
	}
	return p, err
}

func proveOne(name mailName, part, content string) error {
	_, err := loadOne(name, name.file(part), content)
	return err
}

func TestATemplateThatCouldMakeALinkOfANameIsRefused(t *testing.T) {
	for _, beside := range []string{
		"www.{{.Tenant}}", "https://{{.Tenant}}", "{{.Tenant}}.example", "{{.FirstName}}@acme.example", "ana@{{.Tenant}}", "{{.Tenant}}/login",
		"{{.FirstName}}{{.Product}}", "{{.FirstName}}s", "mailto:{{.RequestedBy}}", "{{.Product}}:8080", "{{.Product}}2",
	} {
		for part, content := range map[string]string{
			partText: "{{.Link}}\n" + beside, partHTML: `<a href="{{.Link}}">x</a><p>` + beside + "</p>", partSubject: "x " + beside,
		} {
			name := mailName{Invitation, "en"}
			if err := proveOne(name, part, content); err == nil || !strings.Contains(err.Error(), name.file(part)+": a name that stands right beside") {
				t.Errorf("%s %q: %v", part, content, err)
			}
		}
	}
	for _, apart := range []string{
		"({{.Tenant}})", "“{{.Tenant}}”", "{{.FirstName}}, {{.Product}}.", "{{.Tenant}}: {{.Product}}", "{{.Tenant}}’s", "{{.Tenant}}-Team", "{{.Tenant}}.\n\nx", "{{.Tenant}}!",
	} {
		if err := proveOne(mailName{Invitation, "en"}, partText, "{{.Link}}\n"+apart); err != nil {
			t.Errorf("%q: %v", apart, err)
		}
	}
}

func TestNoNameIsLongerThanWhatIsTried(t *testing.T) {
	most := maxEscaped * maxNameRunes
	for _, s := range append(hostile, strings.Repeat("。", 200), strings.Repeat("'", 200), strings.Repeat("𝔸", 200), strings.Repeat("／", 200)) {
		shown := displayText(s)
		if len(shown) > most || len(html.EscapeString(shown)) > most {
			t.Errorf("%q becomes %d bytes, %d in HTML", s, len(shown), len(html.EscapeString(shown)))
		}
	}
}

func TestHTMLThatDoesMoreThanShowIsRefused(t *testing.T) {
	for _, piece := range []string{
		"<script>x</script>", "<SCRIPT src=https://acme.example/x.js></script>", "<iframe></iframe>", "<form action=x></form>", "<input>", "<base href='https://acme.example'>",
		"<link rel=stylesheet href='https://acme.example/x.css'>", "<object data='x'></object>", "<svg></svg>", "<meta http-equiv=refresh content='0'>",
		"<img src='https://acme.example/pixel.png'>", "<img src='//acme.example/x'>", "<img src='data:text/html,x'>", "<img srcset='https://acme.example/x 2x'>",
		"<table background='https://acme.example/x'></table>", "<p style='background:url(https://acme.example/x)'>", "<p style='background:u\\72l(x)'>",
		"<style>@import 'https://acme.example/x'</style>", "<style>p{background:URL(x)}</style>", "<p onclick='x'>", "<a href='javascript:x'>x</a>", "<a href='/relative'>x</a>",
		"<a href='{{.Tenant}}'>x</a>", "<a href='https://acme.example/?name={{.FirstName}}'>x</a>", "<a href='https://evil.example/?next={{.Link}}'>x</a>", "<a href='{{.Link}}?x=y'>x</a>",
		"<a href='mailto:{{.Tenant}}'>x</a>", "<a href='mailto:{{.Support}}?subject={{.Tenant}}'>x</a>", "<a href='https://{{.Support}}'>x</a>", "<img src='{{.Link}}'>",
		"<img src='https://evil.example/{{.Link}}'>", "<p title='{{.Tenant}}'>", "<p title={{.Tenant}}>", "<p class='{{.Link}}'>", "<p {{.Tenant}}>", "<p data-x='{{.Support}}'>",
		"<style>{{.Tenant}}</style>", "<p style='color:{{.Tenant}}'>", "<p style='{{.FirstName}}'>", "<style>p{font-family:'{{.Product}}'}</style>", "<p on{{.Tenant}}='x'>",
	} {
		err := proveOne(mailName{PasswordReset, "de"}, partHTML, `<a href="{{.Link}}">x</a>`+piece)
		if err == nil || !strings.HasPrefix(err.Error(), "passwordreset.de.html:") {
			t.Errorf("%q: %v", piece, err)
		}
	}
}
