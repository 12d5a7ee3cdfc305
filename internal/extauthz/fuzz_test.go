package extauthz

import (
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"
)

// Whatever Envoy sends, there is a question without a panic; and one that is asked is about just the path that was sent.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{"/orders/4711", "/orders?site=FR", "/files/a/b%20c", "/t/acme/tax/", "/orders/../x", "/orders/%2e"} {
		f.Add("GET", "shop.example", target, "x-site", "FR")
	}
	f.Add("PUT", "Shop.example.:80", "//orders/1;x?a=1;b#c", "x-http-method-override", "DELETE")
	table := tableOf(f, shop)
	f.Fuzz(func(t *testing.T, method, host, target, name, content string) {
		q := table.question(attributes(ana(t), sent(method, host, target, name, content)))
		if q.Refused != "" {
			return
		}
		raw, _, _ := strings.Cut(target, "?")
		once := path.Clean(raw)
		if strings.HasSuffix(raw, "/") && raw != "/" {
			once += "/"
		}
		decoded, err := url.PathUnescape(raw)
		if err != nil || raw != once {
			t.Errorf("%q was taken for a clean path", target)
		}
		twice, err := url.PathUnescape(decoded)
		if err != nil || twice != decoded || strings.ContainsAny(decoded, "\\;\x00") || strings.Contains(decoded+"/", "./") || !utf8.ValidString(decoded) {
			t.Errorf("%q was taken for a clean path", target)
		}
		if id := q.Query.Entity.ID; id != "" && id != "all" && !strings.HasSuffix(decoded, id) {
			t.Errorf("%q: the question is about %q", target, id)
		}
		if host != strings.ToLower(host) || q.Query.Action == "" || q.Query.Resource == "" || q.Subject.ID != "ana@acme.example" {
			t.Errorf("%s %q of %q: %+v", method, target, host, q)
		}
		for dimension, list := range q.Query.Entity.Properties {
			if len(list) != 1 || list[0] == "" {
				t.Errorf("%q: %s is %q", target, dimension, list)
			}
		}
	})
}

// Any message that gRPC could hand over is answered without a panic, and never asked without a subject.
func FuzzMessage(f *testing.F) {
	seed, err := proto.Marshal(&authv3.CheckRequest{Attributes: attributes(ana(f), sent("GET", "shop.example", "/orders/1"))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	table := tableOf(f, shop)
	f.Fuzz(func(t *testing.T, content []byte) {
		request := &authv3.CheckRequest{}
		if proto.Unmarshal(content, request) != nil {
			return
		}
		if q := table.question(request.GetAttributes()); q.Refused == "" && q.Subject.ID == "" {
			t.Errorf("%v: a question without a subject", request)
		}
	})
}

// A table that is accepted routes without a panic, and one that is not says so in sentences.
func FuzzTable(f *testing.F) {
	f.Add(shop, "GET", "/orders/1")
	f.Add("subject: {payload: dex}\nroutes:\n- {methods: [GET], path: /a/{$}, action: a, resource: {type: b, id: {segment: x}}}", "GET", "/a/")
	f.Fuzz(func(t *testing.T, content, method, target string) {
		table, err := parse([]byte(content))
		if err != nil {
			if err.Error() == "" {
				t.Errorf("%q: an error that says nothing", content)
			}
			return
		}
		q := table.question(attributes(ana(t), sent(method, "shop.example", target)))
		if q.Refused == "" && (q.Query.Action == "" || q.Query.Resource == "" || q.Subject.ID == "") {
			t.Errorf("%q: %s %q asks %+v", content, method, target, q)
		}
	})
}
