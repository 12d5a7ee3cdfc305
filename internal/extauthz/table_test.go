package extauthz

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTablesThatAreRefused(t *testing.T) {
	whole := func(routes ...string) string {
		return "subject: {payload: dex}\nroutes:\n- " + strings.Join(routes, "\n- ") + "\n"
	}
	with := func(path, more string) string {
		return "{methods: [GET], path: " + path + ", action: read, resource: {type: orders}" + more + "}"
	}
	ordinary := with(`"/orders/{id}"`, "")
	for name, c := range map[string]struct{ content, says string }{
		"nothing":                       {"", "the table is empty: write"},
		"only a comment":                {"# soon\n---\n", "the table is empty: write"},
		"two documents":                 {whole(ordinary) + "---\n" + whole(ordinary), "make them one"},
		"no YAML":                       {"a: [", "not valid YAML"},
		"a field twice":                 {"subject: {payload: a}\nsubject: {payload: b}\n", "not valid YAML"},
		"another type":                  {"[]", "wrong type"},
		"a number for a text":           {whole(with("/a", ", tenant: {fixed: 7}")), "between quotes"},
		"an unknown field":              {whole(with("/a", ", methdos: [GET]")), `unknown field "routes[0].methdos"`},
		"a field in another spelling":   {whole(with("/a", ", Host: a.example")), `unknown field "routes[0].Host"`},
		"no payload":                    {"routes:\n- " + ordinary, "subject.payload is missing: write"},
		"no routes":                     {"subject: {payload: dex}", "routes is empty"},
		"an empty route":                {whole("null"), "routes[0] is empty: take it out"},
		"no methods":                    {whole("{path: /a, action: read, resource: {type: orders}}"), "routes[0] ( /a): methods is missing: name"},
		"a method in lower case":        {whole("{methods: [get], path: /a, action: read, resource: {type: orders}}"), `methods has "get": use GET`},
		"a method twice":                {whole("{methods: [GET, GET], path: /a, action: read, resource: {type: orders}}"), "methods has GET twice: take one out"},
		"no action":                     {whole("{methods: [GET], path: /a, resource: {type: orders}}"), "action is missing: name"},
		"no resource":                   {whole("{methods: [GET], path: /a, action: read}"), "resource.type is missing: name"},
		"a host in upper case":          {whole(with("/a", ", host: A.example")), `host "A.example" is never matched: write`},
		"a host with a port":            {whole(with("/a", `, host: "a.example:80"`)), "is never matched: write"},
		"no path":                       {whole(with(`""`, "")), "path must begin with /"},
		"a relative path":               {whole(with("orders", "")), "path must begin with /"},
		"a path for all below":          {whole(with("/orders/", "")), "end it in /{$}"},
		"an unclean path":               {whole(with("/a/../b", "")), "path is no clean path"},
		"an encoded path":               {whole(with("/a%2fb", "")), "path is no clean path"},
		"a broken segment":              {whole(with(`"/a/{b"`, "")), "path is no clean path"},
		"a segment that is no whole":    {whole(with(`"/a/x{b}"`, "")), "path is no clean path"},
		"a segment twice":               {whole(with(`"/a/{b}/{b}"`, "")), "path is no clean path"},
		"the same twice":                {whole(ordinary, ordinary), "routes[1] (GET /orders/{id}): GET is matched by routes[0] as well"},
		"neither more specific":         {whole(with(`"/a/{x}/b"`, ""), with(`"/a/b/{y}"`, "")), "GET is matched by routes[0] as well, and neither is more specific: change"},
		"a segment that is not there":   {whole(with(`"/a/{b}"`, ", tenant: {segment: c}")), `tenant takes the segment "c", which the path does not have: use b`},
		"a tenant that a client writes": {whole(with("/a", ", tenant: {header: x-tenant}")), "tenant comes from header: write one of fixed, segment, hostUnder"},
		"a tenant from nowhere":         {whole(with("/a", ", tenant: {}")), "tenant comes from nothing: write one of"},
		"a tenant from two places":      {whole(with("/a", ", tenant: {fixed: a, segment: b}")), "tenant comes from fixed and segment: write one of"},
		"a tenant from a fixed host":    {whole(with("/a", ", host: a.example, tenant: {hostUnder: example}")), "take out host"},
		"a tenant from no domain":       {whole(with("/a", ", tenant: {hostUnder: .example}")), "write a domain in lower case"},
		"an id that a client writes":    {whole("{methods: [GET], path: /a, action: read, resource: {type: orders, id: {query: id}}}"), "resource.id comes from query: write one of fixed, segment"},
		"a property from nowhere":       {whole("{methods: [GET], path: /a, action: read, resource: {type: orders, properties: {site: null}}}"), "resource.properties.site comes from nothing"},
		"a property that is a tenant":   {whole("{methods: [GET], path: /a, action: read, resource: {type: orders, properties: {tenant: {query: t}}}}"), "write it as tenant of the route"},
		"a header in upper case":        {whole("{methods: [GET], path: /a, action: read, resource: {type: orders, properties: {site: {header: X-Site}}}}"), "write its name in lower case"},
		"a pseudo-header":               {whole("{methods: [GET], path: /a, action: read, resource: {type: orders, properties: {site: {header: ':path'}}}}"), "write its name in lower case"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse([]byte(c.content))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEverythingWrongIsSaid(t *testing.T) {
	_, err := parse([]byte("routes:\n- {path: a}\n- {methods: [TRACE], path: /b, action: read, resource: {type: orders}}\n"))
	if err == nil || len(strings.Split(err.Error(), "\n")) != 6 {
		t.Errorf("got %v", err)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "routes.yaml")
	if _, err := Load(path); err == nil {
		t.Error("a file that is not there was read")
	}
	for content, fine := range map[string]bool{"# ours\n---\n" + shop: true, "{}": false} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); (err == nil) != fine || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
	}
}
