package extauthz

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/decision"
)

const shop = `
subject: {payload: dex, claim: email}
routes:
- {methods: [GET], path: /orders, tenant: {fixed: acme}, action: read, resource: {type: orders, properties: {site: {query: site}}}}
- {methods: [GET], path: "/orders/{id}", tenant: {fixed: acme}, action: read, resource: {type: orders, id: {segment: id}}}
- {methods: [GET], path: "/orders/export", tenant: {fixed: acme}, action: export, resource: {type: orders}}
- {methods: [PUT, PATCH], path: "/orders/{id}", tenant: {fixed: acme}, action: update, resource: {type: orders, id: {segment: id}, properties: {site: {header: x-site}}}}
- {methods: [GET], path: "/t/{tenant}/tax/{$}", tenant: {segment: tenant}, action: read, resource: {type: tax}}
- {methods: [GET], path: "/files/{rest...}", action: read, resource: {type: files, id: {segment: rest}}}
- {host: admin.example, methods: [GET], path: "/orders/{id}", tenant: {fixed: acme}, action: audit, resource: {type: orders, id: {segment: id}}}
- {methods: [GET], path: /mine, tenant: {hostUnder: shop.example}, action: read, resource: {type: tax, id: {fixed: all}}}
`

func tableOf(t testing.TB, content string) *Table {
	t.Helper()
	table, err := parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// claims are what Envoy has verified, under the payload key dex.
func claims(t testing.TB, content map[string]any) *corev3.Metadata {
	t.Helper()
	payload, err := structpb.NewStruct(map[string]any{"dex": content})
	if err != nil {
		t.Fatal(err)
	}
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{verified: payload}}
}

func ana(t testing.TB) *corev3.Metadata {
	return claims(t, map[string]any{"email": "ana@acme.example", "email_verified": true, "sub": "ana"})
}

func sent(method, host, path string, headers ...string) *authv3.AttributeContext_HttpRequest {
	r := &authv3.AttributeContext_HttpRequest{Method: method, Host: host, Path: path, Headers: map[string]string{}}
	for i := 0; i < len(headers); i += 2 {
		r.Headers[headers[i]] = headers[i+1]
	}
	return r
}

func attributes(metadata *corev3.Metadata, r *authv3.AttributeContext_HttpRequest) *authv3.AttributeContext {
	return &authv3.AttributeContext{MetadataContext: metadata, Request: &authv3.AttributeContext_Request{Http: r}}
}

// put is a question of Ana's.
func put(tenant, action, resource, id string, properties map[string][]string) *decision.Question {
	if properties == nil {
		properties = map[string][]string{}
	}
	return &decision.Question{
		Subject: decision.Subject{Tenant: tenant, ID: "ana@acme.example"},
		Query:   access.Query{Action: action, Resource: resource, Entity: access.Entity{ID: id, Properties: properties}},
	}
}

func TestRequestsAsk(t *testing.T) {
	site := map[string][]string{"site": {"FR"}}
	table := tableOf(t, shop)
	for name, c := range map[string]struct {
		sent *authv3.AttributeContext_HttpRequest
		want *decision.Question
	}{
		"for an entity by its segment":                     {sent("GET", "shop.example", "/orders/4711"), put("acme", "read", "orders", "4711", nil)},
		"for a list":                                       {sent("GET", "shop.example", "/orders"), put("acme", "read", "orders", "", nil)},
		"for a list of what the query says":                {sent("GET", "shop.example", "/orders?site=FR&page=2"), put("acme", "read", "orders", "", site)},
		"by the more specific route":                       {sent("GET", "shop.example", "/orders/export"), put("acme", "export", "orders", "", nil)},
		"by the route of the host":                         {sent("GET", "admin.example:8443", "/orders/1"), put("acme", "audit", "orders", "1", nil)},
		"by their method":                                  {sent("PATCH", "shop.example", "/orders/1"), put("acme", "update", "orders", "1", nil)},
		"with what a header says":                          {sent("PUT", "shop.example", "/orders/1", "x-site", "FR"), put("acme", "update", "orders", "1", site)},
		"HEAD as GET":                                      {sent("HEAD", "shop.example", "/orders/1"), put("acme", "read", "orders", "1", nil)},
		"in the tenant of a segment":                       {sent("GET", "shop.example", "/t/globex/tax/"), put("globex", "read", "tax", "", nil)},
		"in the tenant of the host":                        {sent("GET", "globex.shop.example:443", "/mine"), put("globex", "read", "tax", "all", nil)},
		"in no named tenant, for the rest of a path":       {sent("GET", "shop.example", "/files/a/b.txt"), put("", "read", "files", "a/b.txt", nil)},
		"for ids with spaces and letters of all scripts":   {sent("GET", "shop.example", "/orders/Z%C3%BCrich%20Nord"), put("acme", "read", "orders", "Zürich Nord", nil)},
		"for ids with the punctuation of paths":            {sent("GET", "shop.example", "/orders/a:b@c,d=1+2&e~f!$'()*"), put("acme", "read", "orders", "a:b@c,d=1+2&e~f!$'()*", nil)},
		"with a query that is no business of theirs":       {sent("GET", "shop.example", "/orders/1?a=/../&a=%2f;"), put("acme", "read", "orders", "1", nil)},
		"with what the query says in encoded letters":      {sent("GET", "shop.example", "/orders?site=F%52"), put("acme", "read", "orders", "", site)},
		"on an IPv6 address, where no name is asked for":   {sent("GET", "[::1]:8080", "/orders/1"), put("acme", "read", "orders", "1", nil)},
		"with several values in one header as one strange": {sent("PUT", "shop.example", "/orders/1", "x-site", "DE,FR"), put("acme", "update", "orders", "1", map[string][]string{"site": {"DE,FR"}})},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, table.question(attributes(ana(t), c.sent))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	table := tableOf(t, shop)
	long := "/orders/" + strings.Repeat("a", maxTarget)
	twice := sent("GET", "shop.example", "/orders/1")
	twice.HeaderMap = &corev3.HeaderMap{}
	apart := sent("GET", "shop.example", "/orders/1")
	apart.Query = "id=2"
	fragment := sent("GET", "shop.example", "/orders/1")
	fragment.Fragment = "x"
	unclear := map[string]*authv3.AttributeContext_HttpRequest{
		"nothing": nil, "an empty message": {}, "raw headers": twice, "a query apart": apart, "a fragment apart": fragment,
		"two sites": sent("GET", "shop.example", "/orders?site=DE&site=FR"), "two spellings": sent("GET", "shop.example", "/orders?site=DE&SITE=FR"),
		"another spelling": sent("GET", "shop.example", "/orders?Site=DE"), "a list": sent("GET", "shop.example", "/orders?site=DE&site[]=FR"),
		"an encoded name": sent("GET", "shop.example", "/orders?site=DE&s%69te=FR"), "another separator": sent("GET", "shop.example", "/orders?x=1;site=FR"),
		"a broken query": sent("GET", "shop.example", "/orders?site=%zz"), "a control character in a query": sent("GET", "shop.example", "/orders?site=FR%00"),
		"a control character in a header": sent("PUT", "shop.example", "/orders/1", "x-site", "FR\x00"),
		"a host outside of the domain":    sent("GET", "shop.example", "/mine"), "a host deep in the domain": sent("GET", "a.b.shop.example", "/mine"),
		"no rest": sent("GET", "shop.example", "/files/"),
	}
	for _, path := range []string{
		"", "*", "orders/1", "http://shop.example/orders/1", "//orders/1", "/orders//1", "/orders/1//", "/./orders/1", "/orders/.", "/orders/..",
		"/orders/../orders/1", "/files/../orders/1", "/orders/..;/1", "/orders/1;a=b", "/orders/.%2e", "/orders/%2e%2e/x", "/files/a%2fb", "/files/a%2Fb",
		"/files/a%5cb", `/files/a\b`, "/orders/1%00", "/orders/1%", "/orders/1%2", "/orders/1%zz", "/orders/%31", "/%6frders/1", "/orders/1%252f",
		"/orders/1.", "/orders/1..", "/orders/.../1", "/orders/1%20", "/orders/1#x", "/orders/1?a#x", "/orders/1%23", "/orders/1%3fa", "/orders/1 ",
		"/orders/\t1", "/orders/1\r\nHost: x", "/orders/\x00", "/orders/ü", "/orders/\xff", "/orders/%FF", "/orders/%C0%AF", "/orders/%c3%bc",
		"/orders/%E2%80%AE", "/orders/u%CC%88", "/orders/%EF%BC%8F", "/orders/%EF%BC%8E%EF%BC%8E", "/orders/%C2%85", "/orders/1?a b", "/orders/1?\xff", long, "/orders?" + long,
	} {
		unclear["the path "+path[:min(len(path), 40)]] = sent("GET", "shop.example", path)
	}
	for _, host := range []string{"", "Shop.example", "ADMIN.EXAMPLE", "shop.example.", "admin.example.", ".example", "a..b", "user@admin.example", "admin.example:", "admin.example:x", "shop.example/x", "bücher.example", "-x", "[::1", "a b"} {
		unclear["the host "+host] = sent("GET", host, "/orders/1")
	}
	for _, name := range overrides {
		unclear["the header "+name] = sent("GET", "shop.example", "/orders/1", name, "DELETE")
	}
	none := map[string]*authv3.AttributeContext_HttpRequest{}
	for _, line := range []string{
		"GET /", "GET /admin", "GET /orders/", "GET /orders/1/", "GET /orders/1/2", "GET /Orders/1", "GET /t/acme/tax", "GET /t/acme/tax/1",
		"DELETE /orders/1", "get /orders/1", " /orders/1", "CONNECT /orders/1", "GETX /orders/1", "POST /orders/export", "GET /%C3%B6rders", "GET /orders,1",
	} {
		method, path, _ := strings.Cut(line, " ")
		none[line] = sent(method, "shop.example", path)
	}
	for reason, requests := range map[access.Reason]map[string]*authv3.AttributeContext_HttpRequest{unclearRequest: unclear, noRoute: none} {
		for name, r := range requests {
			t.Run(string(reason)+": "+name, func(t *testing.T) {
				if got := table.question(attributes(ana(t), r)).Refused; got != reason {
					t.Errorf("got %q", got)
				}
			})
		}
	}
}

func TestSubjects(t *testing.T) {
	bySub := strings.Replace(shop, ", claim: email", "", 1)
	elsewhere := ana(t)
	elsewhere.FilterMetadata["envoy.lua"] = elsewhere.FilterMetadata[verified]
	delete(elsewhere.FilterMetadata, verified)
	other, err := structpb.NewStruct(map[string]any{"other": map[string]any{"sub": "ana", "email": "ana@acme.example", "email_verified": true}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		table    string
		metadata *corev3.Metadata
		want     string
	}{
		"an address":                          {shop, ana(t), "ana@acme.example"},
		"a sub":                               {bySub, ana(t), "ana"},
		"no metadata":                         {shop, nil, ""},
		"no filter's":                         {shop, &corev3.Metadata{}, ""},
		"another filter's":                    {shop, elsewhere, ""},
		"another provider's":                  {bySub, &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{verified: other}}, ""},
		"a nil struct":                        {bySub, &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{verified: nil}}, ""},
		"a nil payload":                       {bySub, &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{verified: {Fields: map[string]*structpb.Value{"dex": nil}}}}, ""},
		"a payload that is a text":            {bySub, &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{verified: {Fields: map[string]*structpb.Value{"dex": structpb.NewStringValue("ana")}}}}, ""},
		"a claim that is a number":            {bySub, claims(t, map[string]any{"sub": 7}), ""},
		"a claim that is a list":              {bySub, claims(t, map[string]any{"sub": []any{"ana"}}), ""},
		"an empty claim":                      {bySub, claims(t, map[string]any{"sub": ""}), ""},
		"a claim with a control character":    {bySub, claims(t, map[string]any{"sub": "ana\n"}), ""},
		"an address that is not verified":     {shop, claims(t, map[string]any{"email": "ana@acme.example"}), ""},
		"an address that is said not to be":   {shop, claims(t, map[string]any{"email": "ana@acme.example", "email_verified": false}), ""},
		"an address that a text verifies":     {shop, claims(t, map[string]any{"email": "ana@acme.example", "email_verified": "true"}), ""},
		"an address where a sub is looked at": {bySub, claims(t, map[string]any{"email": "ana@acme.example", "email_verified": true}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			// What a client says about himself in headers is no subject.
			r := sent("GET", "shop.example", "/orders/1", "x-user", "ben", "authorization", "Bearer x", "x-jwt-payload", "e30")
			q := tableOf(t, c.table).question(attributes(c.metadata, r))
			if q.Subject.ID != c.want || (q.Refused == noSubject) != (c.want == "") {
				t.Errorf("got %q, refused %q", q.Subject.ID, q.Refused)
			}
		})
	}
}

// fixed gives one answer, or panics without one.
type fixed struct{ *decision.Answer }

func (f *fixed) Ask(*http.Request, *decision.Question) decision.Answer { return *f.Answer }

func (f *fixed) Ready(*http.Request) error { return nil }

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer *decision.Answer
		code   codes.Code
		status typev3.StatusCode
		body   string
	}{
		"allowed":       {&decision.Answer{Status: 200, Allowed: true, Body: []byte(`{"decision":true}`)}, codes.OK, 0, ""},
		"denied":        {&decision.Answer{Status: 200, Body: []byte(`{"decision":false}`)}, codes.PermissionDenied, 403, `{"decision":false}`},
		"unknown proxy": {&decision.Answer{Status: 401, Allowed: true, Message: "secret"}, codes.Unauthenticated, 403, `{"context":{"error":{"message":"Forbidden","status":403}},"decision":false}`},
		"proxy that may not ask": {&decision.Answer{Status: 403, Message: "secret"}, codes.PermissionDenied, 403,
			`{"context":{"error":{"message":"Forbidden","status":403}},"decision":false}`},
		"malformed": {&decision.Answer{Status: 400}, codes.PermissionDenied, 403, `{"context":{"error":{"message":"Forbidden","status":403}},"decision":false}`},
		"too much":  {&decision.Answer{Status: 429}, codes.Unavailable, 503, `{"context":{"error":{"message":"Service Unavailable","status":503}},"decision":false}`},
		"stale":     {&decision.Answer{Status: 503}, codes.Unavailable, 503, `{"context":{"error":{"message":"Service Unavailable","status":503}},"decision":false}`},
		"a panic":   {nil, codes.Unavailable, 503, `{"context":{"error":{"message":"Service Unavailable","status":503}},"decision":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := &authorization{decisions: &fixed{c.answer}, table: tableOf(t, shop), log: logr.Discard()}
			for _, request := range []*authv3.CheckRequest{nil, {}, {Attributes: attributes(ana(t), sent("GET", "shop.example", "/orders/1"))}} {
				got, err := a.Check(context.Background(), request)
				if err != nil || codes.Code(got.GetStatus().GetCode()) != c.code {
					t.Fatalf("got %v, %v", got, err)
				}
				refusal := got.GetDeniedResponse()
				if refusal.GetStatus().GetCode() != c.status || refusal.GetBody() != c.body || (got.GetOkResponse() == nil) == (c.code == codes.OK) {
					t.Errorf("got %v", got)
				}
				if c.code != codes.OK && !json.Valid([]byte(refusal.GetBody())) {
					t.Errorf("the body is no JSON: %s", refusal.GetBody())
				}
			}
		})
	}
}
