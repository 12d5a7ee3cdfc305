package extauthz

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"golang.org/x/text/unicode/norm"
)

// maxTarget is the longest path with its query that is looked at.
const maxTarget = 4096

var (
	// A clean path has no empty segment and none that ends in a dot or a space, no parameter after a semicolon, no
	// backslash, and nothing encoded but spaces and what is not ASCII: nothing that one server takes for a separator, or
	// for another path, and the next one does not.
	cleanPath = regexp.MustCompile(`^/$|^(?:/(?:[\w!$&'()*+,=:@~.-]|%20|%[89A-F][0-9A-F])*(?:[\w!$&'()*+,=:@~-]|%[89A-F][0-9A-F]))+/?$`)
	// A clean host is a name in lower case without a final dot, or an IPv6 address in brackets.
	cleanHost  = regexp.MustCompile(`^(?:` + hostName + `|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)
	cleanQuery = regexp.MustCompile(`^[!"$-~]*$`)
)

const hostName = label + `(?:\.` + label + `)*`

const label = `[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?`

// overrides are headers by which applications let a client replace the method or the path that was looked at.
var overrides = []string{"x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"}

// request is a client's request that can be read in one way only.
type request struct {
	*http.Request
	headers map[string]string
}

// read returns the request to look at, and false when it is not clean.
func read(attributes *authv3.AttributeContext_HttpRequest) (*request, bool) {
	target := attributes.GetPath()
	path, query, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(path)
	switch {
	case len(target) > maxTarget, !cleanPath.MatchString(path), !cleanQuery.MatchString(query), err != nil, !plain(decoded):
		return nil, false
	case attributes.GetQuery() != "", attributes.GetFragment() != "": // they are part of the path, or nowhere
		return nil, false
	case !cleanHost.MatchString(attributes.GetHost()):
		return nil, false
	case attributes.GetHeaderMap() != nil: // headers that Envoy did not unite, of which one may contradict another
		return nil, false
	}
	for _, name := range overrides {
		if _, there := attributes.GetHeaders()[name]; there {
			return nil, false
		}
	}
	return &request{
		Request: &http.Request{
			Method: attributes.GetMethod(), Host: attributes.GetHost(),
			URL: &url.URL{Path: decoded, RawPath: path, RawQuery: query},
		},
		headers: attributes.GetHeaders(),
	}, true
}

// plain tells whether a text looks the same to everybody: valid, visible, and in the one form that all its spellings have.
func plain(text string) bool {
	invisible := func(r rune) bool { return !unicode.IsPrint(r) }
	return utf8.ValidString(text) && !strings.ContainsFunc(text, invisible) && norm.NFKC.IsNormalString(text)
}

// parameter returns what the query says under a name, which it must not say twice, in any spelling of the name.
func (r *request) parameter(name string) (string, bool) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", false
	}
	var found []string
	for key, list := range form {
		if bare, _, _ := strings.Cut(key, "["); strings.EqualFold(strings.TrimSpace(bare), name) {
			found = append(found, list...)
		}
	}
	switch {
	case len(found) == 0:
		return "", true
	case len(found) > 1 || !form.Has(name):
		return "", false
	}
	return found[0], true
}

// under returns the one label that the host has before a domain.
func (r *request) under(domain string) (string, bool) {
	host, _, _ := strings.Cut(r.Host, ":")
	before, is := strings.CutSuffix(host, "."+domain)
	return before, is && !strings.Contains(before, ".")
}
