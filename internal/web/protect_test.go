package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestEveryResponseCarriesTheHeaders(t *testing.T) {
	s := newSite(t, invited())
	path := s.path(uid)
	responses := map[string]*httptest.ResponseRecorder{
		"the page":        s.get(path),
		"its head":        s.do(httptest.NewRequest(http.MethodHead, path, nil)),
		"a dead link":     s.get("/invitations/x"),
		"a wrong address": s.post(path, "bo@acme.example"),
		"the style":       s.get("/style.css"),
		"nothing there":   s.get("/nothing"),
		"the root":        s.get("/"),
		"a redirect":      s.get("//invitations/x"),
		"another method":  s.do(httptest.NewRequest(http.MethodDelete, path, nil)),
		"a foreign form":  s.post(path, email, "Sec-Fetch-Site", "cross-site"),
		"no form":         s.post(path, email, "Content-Type", "application/json"),
		"success":         s.post(path, email),
	}
	s.store.broken = errBroken
	responses["trouble"] = s.get(path)
	for name, w := range responses {
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Referrer-Policy":         "no-referrer",
			"Cache-Control":           "no-store",
			"X-Content-Type-Options":  "nosniff",
		} {
			if got := w.Header().Values(header); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		if len(w.Header().Values("Set-Cookie")) > 0 {
			t.Errorf("%s: sets a cookie", name)
		}
	}
}

func TestWhatIsNotServed(t *testing.T) {
	s := newSite(t, invited())
	for _, path := range []string{"/", "/favicon.ico", "/invitations", "/invitations/", "/invitations/a/b", "/pages/frame.html", "/style.css/x"} {
		w := s.get(path)
		expectPage(t, w, http.StatusNotFound)
		if w.Body.Len() > 100 {
			t.Errorf("%s: %d bytes", path, w.Body.Len())
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "PROPFIND"} {
		w := s.do(httptest.NewRequest(method, s.path(uid), nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := s.do(httptest.NewRequest(http.MethodPost, "/style.css", nil)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /style.css: %d", w.Code)
	}
	if s.store.writes != 0 {
		t.Errorf("%d writes", s.store.writes)
	}
}

func TestOnlyOurOwnFormsAreTaken(t *testing.T) {
	tests := map[string]struct {
		headers []string
		want    int
	}{
		"our page":                              {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, http.StatusOK},
		"our page over plain HTTP":              {[]string{"Origin", "null"}, http.StatusOK},
		"our page in a browser that says more":  {[]string{"Origin", "http://example.com"}, http.StatusOK},
		"no browser":                            {nil, http.StatusOK},
		"another site":                          {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, http.StatusForbidden},
		"another site that hides its origin":    {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, http.StatusForbidden},
		"another host of our site":              {[]string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		"another site in an old browser":        {[]string{"Origin", "https://evil.example"}, http.StatusForbidden},
		"another port":                          {[]string{"Origin", "http://example.com:8080"}, http.StatusForbidden},
		"JSON":                                  {[]string{"Content-Type", "application/json"}, http.StatusUnsupportedMediaType},
		"multipart":                             {[]string{"Content-Type", "multipart/form-data; boundary=x"}, http.StatusUnsupportedMediaType},
		"plain text":                            {[]string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
		"no type":                               {[]string{"Content-Type", ""}, http.StatusUnsupportedMediaType},
		"a type that is none":                   {[]string{"Content-Type", ";"}, http.StatusUnsupportedMediaType},
		"a form with a charset":                 {[]string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}, http.StatusOK},
		"a form whose type is in other letters": {[]string{"Content-Type", "Application/X-WWW-Form-Urlencoded"}, http.StatusOK},
	}
	for name, tt := range tests {
		s := newSite(t, invited())
		if w := s.post(s.path(uid), email, tt.headers...); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
		}
		if accepted := s.store.writes == 1; accepted != (tt.want == http.StatusOK) {
			t.Errorf("%s: %d writes", name, s.store.writes)
		}
	}
}

func TestFormsAreBounded(t *testing.T) {
	s := newSite(t, invited())
	send := func(body string) int {
		r := httptest.NewRequest(http.MethodPost, s.path(uid), strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return s.do(r).Code
	}
	if got := send("email=ana%40acme.example&x=" + strings.Repeat("x", maxBody)); got != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", got)
	}
	if got := send("email=%zz"); got != http.StatusBadRequest {
		t.Errorf("not a form: %d", got)
	}
	if s.store.writes != 0 {
		t.Errorf("%d writes", s.store.writes)
	}
	body := "email=ana%40acme.example&x="
	if got := send(body + strings.Repeat("x", maxBody-len(body))); got != http.StatusOK {
		t.Errorf("just not too large: %d", got)
	}
}

func TestOneClientCannotPostForEver(t *testing.T) {
	s := newSite(t, invited())
	post := func(from string) int {
		r := httptest.NewRequest(http.MethodPost, "/invitations/x", strings.NewReader("email=x"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from
		return s.do(r).Code
	}
	for i := range postBurst {
		if got := post("192.0.2.1:1000"); got != http.StatusNotFound {
			t.Fatalf("post %d: %d", i, got)
		}
	}
	if got := post("192.0.2.1:2000"); got != http.StatusTooManyRequests {
		t.Errorf("one too many: %d", got)
	}
	if got := post("192.0.2.2:1000"); got != http.StatusNotFound {
		t.Errorf("another client: %d", got)
	}
	if w := s.get(s.path(uid)); w.Code != http.StatusOK {
		t.Errorf("reading: %d", w.Code)
	}
	s.now = s.now.Add(time.Second / postsPerSecond)
	if got := post("192.0.2.1:1000"); got != http.StatusNotFound {
		t.Errorf("a while later: %d", got)
	}
}

func TestTheLimiterIsBounded(t *testing.T) {
	var l limiter
	first := network(netip.MustParseAddr("192.0.2.1"))
	for range postBurst {
		l.allow(first, noon)
	}
	client := netip.MustParseAddr("10.0.0.0")
	for range maxClients {
		l.allow(network(client), noon)
		client = client.Next()
	}
	if l.allow(first, noon) {
		t.Error("the next generation forgot a client")
	}
	for range 10 * maxClients {
		l.allow(network(client), noon)
		client = client.Next()
		if held := len(l.young) + len(l.old); held > 2*maxClients {
			t.Fatalf("%d clients held", held)
		}
	}
}

func TestClientsAreToldApart(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"an IPv4 address is a client":                {"192.0.2.1:1", nil, "192.0.2.1/32"},
		"so is one in IPv6 clothes":                  {"[::ffff:192.0.2.1]:1", nil, "192.0.2.1/32"},
		"an IPv6 network is one client":              {"[2001:db8::1:2:3:4]:1", nil, "2001:db8::/64"},
		"zones do not count":                         {"[fe80::1%eth0]:1", nil, "fe80::/64"},
		"nobody is believed about himself":           {"192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1/32"},
		"a proxy is":                                 {"10.1.2.3:1", []string{"198.51.100.7"}, "198.51.100.7/32"},
		"only about the last hop":                    {"10.1.2.3:1", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7/32"},
		"which may be another proxy":                 {"10.1.2.3:1", []string{"203.0.113.9, 198.51.100.7", "10.9.9.9"}, "198.51.100.7/32"},
		"an IPv6 one too":                            {"[fd00::1]:1", []string{"2001:db8::9"}, "2001:db8::/64"},
		"a proxy that says nothing is the client":    {"10.1.2.3:1", nil, "10.1.2.3/32"},
		"nor does nonsense name one":                 {"10.1.2.3:1", []string{"198.51.100.7, unknown"}, "10.1.2.3/32"},
		"all proxies: the first of them":             {"10.1.2.3:1", []string{"10.0.0.1"}, "10.0.0.1/32"},
		"an unknown remote address is one for all":   {"@", nil, "invalid Prefix"},
		"and is believed about nothing that it says": {"", []string{"198.51.100.7"}, "invalid Prefix"},
	}
	for name, tt := range tests {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = tt.remote
		for _, value := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		if got := clientOf(r, proxies).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestTheServerWaitsForNobody(t *testing.T) {
	s := NewServer(http.NotFoundHandler())
	if s.Handler == nil || s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= answerTimeout || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
}
