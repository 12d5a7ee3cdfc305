package mail

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Elements that do something, or bring something from elsewhere: mails show text.
var refusedElements = []string{
	"script", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "button", "select", "textarea", "base",
	"link", "svg", "math", "template", "noscript", "portal",
}

// Attributes that bring something from elsewhere, and so tell somebody there that the mail is read.
var fetching = []string{"src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "xlink:href", "dynsrc", "lowsrc", "cite", "longdesc", "manifest", "codebase"}

// judgeHTML looks at an HTML part as a mail program does. It holds the link, nothing from elsewhere, and names in its text only.
func judgeHTML(document string, f facts) error {
	page := htmlPage{facts: f}
	for tokens := html.NewTokenizer(strings.NewReader(document)); ; {
		kind := tokens.Next()
		token := tokens.Token()
		var err error
		switch kind {
		case html.ErrorToken:
			if !errors.Is(tokens.Err(), io.EOF) {
				return tokens.Err()
			}
			return page.end()
		case html.StartTagToken, html.SelfClosingTagToken:
			page.within = token.DataAtom
			err = page.element(token)
		case html.EndTagToken:
			page.within = 0
		case html.TextToken:
			err = page.words(token.Data)
		}
		if err != nil {
			return err
		}
	}
}

// withheld is what Go's templates write instead of a text that is not safe where it stands.
const withheld = "zgotmplz"

type htmlPage struct {
	facts
	// within is the element that the tokenizer is in, which counts where its content is not HTML.
	within atom.Atom
	linked bool
}

func (p *htmlPage) end() error {
	if !p.linked {
		return errors.New(`the link is missing: write <a href="{{.Link}}">{{.Link}}</a>`)
	}
	return nil
}

func (p *htmlPage) words(text string) error {
	if p.within == atom.Style {
		return p.style(text)
	}
	return apart(text, p.facts)
}

func (p *htmlPage) element(token html.Token) error {
	if slices.Contains(refusedElements, token.Data) || p.holdsVariable(token.Data) {
		return fmt.Errorf("<%s> has no place in a mail: leave it out", token.Data)
	}
	for _, a := range token.Attr {
		if err := p.attribute(token, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *htmlPage) attribute(token html.Token, a html.Attribute) error {
	inline := a.Key == "src" && strings.HasPrefix(a.Val, "data:image/")
	switch {
	case strings.HasPrefix(a.Key, "on"), token.DataAtom == atom.Meta && a.Key == "http-equiv":
		return fmt.Errorf("the attribute %s of <%s> does something, and a mail only shows: leave it out", a.Key, token.Data)
	case slices.Contains(fetching, a.Key) && !inline:
		return fmt.Errorf("the attribute %s of <%s> brings something from elsewhere, which tells that the mail is read: leave it out, or give an image as data:image/…", a.Key, token.Data)
	case a.Key == "href":
		return p.target(token, a.Val)
	case a.Key == "style":
		return p.style(a.Val)
	case p.holdsVariable(a.Key), p.holdsVariable(a.Val):
		return fmt.Errorf("the attribute %s of <%s> holds a variable: those stand in text, and .Link and .Support in href", a.Key, token.Data)
	}
	return nil
}

func (p *htmlPage) target(token html.Token, link string) error {
	scheme, _, _ := strings.Cut(strings.ToLower(link), ":")
	switch {
	case link == p.Link:
		p.linked = p.linked || token.DataAtom == atom.A
	case p.Support != "" && link == "mailto:"+p.Support:
	case p.holdsVariable(link):
		return fmt.Errorf(`an href of <%s> is made with a variable: write href="{{.Link}}" or href="mailto:{{.Support}}"`, token.Data)
	case !slices.Contains([]string{"https", "http", "mailto"}, scheme):
		return fmt.Errorf("an href of <%s> leads to none of https, http, mailto: write the whole address", token.Data)
	}
	return nil
}

func (p *htmlPage) style(css string) error {
	lower := strings.ToLower(css)
	switch {
	case strings.Contains(lower, "url("), strings.Contains(lower, "@import"), strings.Contains(lower, "image-set("), strings.Contains(lower, `\`):
		return errors.New("a style brings something from elsewhere, which tells that the mail is read: leave it out")
	case p.holdsVariable(css):
		return errors.New("a style holds a variable: those stand in text, and .Link and .Support in href")
	}
	return nil
}

// holdsVariable finds variables however they are escaped, and whatever the tokenizer did to them.
func (p *htmlPage) holdsVariable(text string) bool {
	text = strings.ToLower(text)
	for _, variable := range append(p.names(), trialLink, trialSupport, p.Expires) {
		if strings.Contains(text, strings.ToLower(variable)) {
			return true
		}
	}
	return strings.Contains(text, withheld)
}
