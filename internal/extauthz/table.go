package extauthz

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// file is a route table as it is written.
type file struct {
	Subject subject  `json:"subject"`
	Routes  []*route `json:"routes"`
}

// Load reads a route table. The error has a sentence for each thing that is wrong in it.
func Load(path string) (*Table, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parse(content []byte) (*Table, error) {
	f, err := decode(content)
	if err != nil {
		return nil, err
	}
	if f.Subject.Claim == "" {
		f.Subject.Claim = "sub"
	}
	t := &Table{subject: f.Subject, mux: http.NewServeMux()}
	var wrong []error
	if f.Subject.Payload == "" {
		wrong = append(wrong, errors.New("subject.payload is missing: write the payload_in_metadata of Envoy's jwt_authn provider"))
	}
	if len(f.Routes) == 0 {
		wrong = append(wrong, errors.New("routes is empty, so that every request would be denied: write at least one route"))
	}
	for i, to := range f.Routes {
		wrong = append(wrong, f.add(t.mux, i, to)...)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return t, nil
}

// decode takes one document, in which every field is known and is there once.
func decode(content []byte) (*file, error) {
	encoded, err := single(content)
	if err != nil {
		return nil, err
	}
	f := &file{}
	unknown, err := kjson.UnmarshalStrict(encoded, f)
	if err != nil {
		return nil, fmt.Errorf("the table has a value of the wrong type (a number is a text only between quotes): %w", err)
	}
	if err := errors.Join(unknown...); err != nil {
		return nil, fmt.Errorf("the table has a field that means nothing here; correct it or take it out: %w", err)
	}
	return f, nil
}

// single returns the only document that says anything, as JSON.
func single(content []byte) ([]byte, error) {
	var only []byte
	for documents := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			document, err = yaml.YAMLToJSONStrict(document)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("the table is not valid YAML: %w", err)
		case string(document) == "null":
		case only != nil:
			return nil, errors.New("the table has more than one document, of which only one would count: make them one")
		default:
			only = document
		}
	}
	if only == nil {
		return nil, errors.New("the table is empty: write subject and routes")
	}
	return only, nil
}

// add checks a route and registers it.
func (f *file) add(mux *http.ServeMux, at int, to *route) []error {
	if to == nil {
		return []error{fmt.Errorf("routes[%d] is empty: take it out", at)}
	}
	complaints := to.check()
	for _, method := range to.Methods {
		if len(complaints) > 0 {
			break // a pattern of something else than was meant could only mislead
		}
		if register(mux, method, to) != nil {
			complaints = append(complaints, f.conflict(at, method))
		}
	}
	out := make([]error, len(complaints))
	for i, complaint := range complaints {
		out[i] = fmt.Errorf("routes[%d] (%s %s%s): %s", at, strings.Join(to.Methods, " "), to.Host, to.Path, complaint)
	}
	return out
}

// register lets the mux know a route. The mux panics over a pattern that cannot be.
func register(mux *http.ServeMux, method string, to *route) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			if err, _ = reason.(error); err == nil {
				err = fmt.Errorf("%v", reason)
			}
		}
	}()
	mux.Handle(method+" "+to.Host+to.Path, to)
	return nil
}

// conflict names the earlier route that matches some of the same requests, where neither is the more specific one.
func (f *file) conflict(at int, method string) string {
	for i, other := range f.Routes[:at+1] {
		if other == nil {
			continue
		}
		for _, with := range other.Methods {
			mux := http.NewServeMux()
			if i == at || register(mux, with, other) != nil || register(mux, method, f.Routes[at]) == nil {
				continue
			}
			return fmt.Sprintf("%s is matched by routes[%d] as well, and neither is more specific: change one of the paths", method, i)
		}
	}
	return fmt.Sprintf("methods has %s twice: take one out", method)
}

var (
	methods     = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	tableHost   = regexp.MustCompile(`^` + hostName + `$`)
	segmentName = regexp.MustCompile(`\{(\w+)(?:\.\.\.)?\}`)
	headerName  = regexp.MustCompile(`^[a-z0-9-]+$`)
)

// check returns what is wrong with a route by itself.
func (to *route) check() []string {
	var wrong []string
	if len(to.Methods) == 0 {
		wrong = append(wrong, "methods is missing: name those that the route is for, such as [GET]")
	}
	for _, method := range to.Methods {
		if !slices.Contains(methods, method) {
			wrong = append(wrong, fmt.Sprintf("methods has %q: use %s", method, strings.Join(methods, ", ")))
		}
	}
	if to.Host != "" && !tableHost.MatchString(to.Host) {
		wrong = append(wrong, fmt.Sprintf("host %q is never matched: write a name in lower case, without port and final dot", to.Host))
	}
	if to.Action == "" {
		wrong = append(wrong, "action is missing: name an action of the catalog, such as read")
	}
	if to.Resource.Type == "" {
		wrong = append(wrong, "resource.type is missing: name a resource of the catalog")
	}
	wrong = append(wrong, to.checkPath()...)
	return append(wrong, to.checkValues()...)
}

func (to *route) checkPath() []string {
	if strings.HasSuffix(to.Path, "/") {
		return []string{"path ends in /, which matches everything below it: end it in /{$} for this path only, or in /{rest...} for all"}
	}
	if !strings.HasPrefix(to.Path, "/") {
		return []string{"path must begin with /"}
	}
	sample := segmentName.ReplaceAllString(strings.TrimSuffix(to.Path, "{$}"), "x")
	if err := register(http.NewServeMux(), http.MethodGet, &route{Path: to.Path}); err != nil || !cleanPath.MatchString(sample) {
		return []string{"path is no clean path with segments such as /orders/{id}: see http.ServeMux of Go for what a pattern may be"}
	}
	return nil
}

// checkValues checks where the values come from. A tenant and an id are never what a client merely says beside the path.
func (to *route) checkValues() []string {
	wrong := to.checkValue("tenant", to.Tenant, "fixed", "segment", "hostUnder")
	wrong = append(wrong, to.checkValue("resource.id", to.Resource.ID, "fixed", "segment")...)
	for _, dimension := range slices.Sorted(maps.Keys(to.Resource.Properties)) {
		place := "resource.properties." + dimension
		if dimension == "tenant" {
			wrong = append(wrong, place+" is no dimension: write it as tenant of the route")
		}
		from := to.Resource.Properties[dimension]
		if from == nil {
			from = &value{}
		}
		wrong = append(wrong, to.checkValue(place, from, "fixed", "segment", "hostUnder", "query", "header")...)
	}
	return wrong
}

func (to *route) checkValue(place string, v *value, allowed ...string) []string {
	if v == nil {
		return nil
	}
	sources := v.sources()
	names := slices.Sorted(maps.Keys(sources))
	if len(names) != 1 || !slices.Contains(allowed, names[0]) {
		return []string{fmt.Sprintf("%s comes from %s: write one of %s", place, described(names), strings.Join(allowed, ", "))}
	}
	name := sources[names[0]]
	switch segments := to.segments(); {
	case v.Segment != "" && !slices.Contains(segments, name):
		return []string{fmt.Sprintf("%s takes the segment %q, which the path does not have: use %s", place, name, described(segments))}
	case v.Header != "" && !headerName.MatchString(name):
		return []string{fmt.Sprintf("%s takes the header %q: write its name in lower case", place, name)}
	case v.HostUnder != "" && !tableHost.MatchString(name):
		return []string{fmt.Sprintf("%s takes what is before %q: write a domain in lower case, such as shop.example", place, name)}
	case v.HostUnder != "" && to.Host != "":
		return []string{place + " comes from the host, which is always the same here: take out host, or write the value as fixed"}
	}
	return nil
}

// sources are the fields that are set.
func (v *value) sources() map[string]string {
	all := map[string]string{"fixed": v.Fixed, "segment": v.Segment, "hostUnder": v.HostUnder, "query": v.Query, "header": v.Header}
	for name, content := range all {
		if content == "" {
			delete(all, name)
		}
	}
	return all
}

func (to *route) segments() []string {
	var names []string
	for _, found := range segmentName.FindAllStringSubmatch(to.Path, -1) {
		names = append(names, found[1])
	}
	return names
}

func described(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, " and ")
}
