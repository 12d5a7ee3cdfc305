package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// startMailbox runs a mailbox on free ports until the test ends.
func startMailbox(t *testing.T) *Mailbox {
	t.Helper()
	mailbox, err := NewMailbox(MailboxConfig{SMTPAddress: "127.0.0.1:0", PageAddress: "localhost:0"})
	if err != nil {
		t.Fatalf("NewMailbox: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- mailbox.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return mailbox
}

func toMailbox(t *testing.T, mailbox *Mailbox) *SMTP {
	t.Helper()
	return mustSMTP(t, testConfig(t, int(mailbox.SMTPAddress().Port())))
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return response, string(body)
}

func TestTheMailboxShowsWhatTheSenderSent(t *testing.T) {
	mailbox := startMailbox(t)
	first, second := testMessage(t), testMessage(t)
	second.MessageID, second.To, second.Subject = "bo-1@roster.example", mustAddress(t, "bo@acme.example"), "Second"
	second.Text = "No link, no HTML.\n"
	second.HTML = ""
	for _, m := range []Message{first, second} {
		if err := toMailbox(t, mailbox).Send(t.Context(), m); err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	response, body := get(t, mailbox.URL()+"/mails.json")
	if kind := response.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("mails.json is %q", kind)
	}
	var got []map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("mails.json: %v\n%s", err, body)
	}
	want := []map[string]any{{
		"id": 2.0, "to": "bo@acme.example", "from": "roster@acme.example", "subject": "Second", "messageID": "bo-1@roster.example",
		"date": "2026-08-07T12:05:00Z", "text": second.Text, "links": []any{},
	}, {
		"id": 1.0, "to": "Ana.Lee@xn--bcher-kva.example", "from": "roster@acme.example", "subject": first.Subject, "messageID": first.MessageID,
		"date": "2026-08-07T12:05:00Z", "text": first.Text, "html": first.HTML, "links": []any{"https://roster.example/invitations/abc"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mails.json (-want +got):\n%s", diff)
	}
	_, list := get(t, mailbox.URL())
	if at1, at2 := strings.Index(list, `href="/mails/1"`), strings.Index(list, `href="/mails/2"`); at2 < 0 || at1 < at2 {
		t.Errorf("the list does not show the newest first:\n%s", list)
	}
	_, page := get(t, mailbox.URL()+"/mails/1")
	for _, part := range []string{
		"<title>Acme lädt Sie zu Roster ein", "Ana.Lee@xn--bcher-kva.example", `<time datetime="2026-08-07T12:05:00Z">7 Aug 2026, 12:05:00 UTC</time>`,
		`<iframe sandbox title="HTML of the mail" src="/mails/1/html">`, `<a href="https://roster.example/invitations/abc" rel="noopener noreferrer">`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	response, part := get(t, mailbox.URL()+"/mails/1/html")
	if part != first.HTML || response.Header.Get("Content-Security-Policy") != framePolicy {
		t.Errorf("the HTML part is %q under %q", part, response.Header.Get("Content-Security-Policy"))
	}
	if _, page := get(t, mailbox.URL()+"/mails/2"); strings.Contains(page, "<iframe") || strings.Contains(page, "<h2>Links") {
		t.Errorf("a mail without HTML and links shows some:\n%s", page)
	}
}

func TestTheMailboxShowsARenderedInvitation(t *testing.T) {
	mailbox := startMailbox(t)
	m := testMessage(t)
	var err error
	if m.Subject, m.Text, m.HTML, err = builtIns.Render(testContent(t, Invitation)); err != nil {
		t.Fatalf("Render: %v", err)
	}
	if err := toMailbox(t, mailbox).Send(t.Context(), m); err != nil {
		t.Fatalf("Send: %v", err)
	}
	mail, _ := mailbox.find(1)
	if diff := cmp.Diff([]string{testLink}, mail.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if mail.Subject != m.Subject || mail.Text != m.Text || mail.HTML != m.HTML {
		t.Errorf("the mail changed on its way: %+v", mail)
	}
}

func TestTheMailboxKeepsTheNewest(t *testing.T) {
	mailbox := &Mailbox{}
	for n := range mailboxSize + 5 {
		mailbox.keep(storedMail{Subject: fmt.Sprint(n + 1)})
	}
	kept := mailbox.newestFirst()
	if len(kept) != mailboxSize || kept[0].ID != mailboxSize+5 || kept[mailboxSize-1].ID != 6 || kept[0].Subject != "205" {
		t.Errorf("%d mails from %d to %d", len(kept), kept[0].ID, kept[len(kept)-1].ID)
	}
	for id, want := range map[int]bool{-1: false, 0: false, 5: false, 6: true, mailboxSize + 5: true, mailboxSize + 6: false} {
		if mail, ok := mailbox.find(id); ok != want || ok && mail.ID != id {
			t.Errorf("find(%d) = %d, %v", id, mail.ID, ok)
		}
	}
}

func TestTheMailboxListensOnLoopbackOnly(t *testing.T) {
	for _, listenAddress := range []string{":1025", "0.0.0.0:1025", "[::]:1025", "192.168.0.1:1025", "10.0.0.1:0", "mail.example:1025", "*:1025", "127.0.0.1.example:1025"} {
		for _, config := range []MailboxConfig{
			{SMTPAddress: listenAddress, PageAddress: "127.0.0.1:0"}, {SMTPAddress: "127.0.0.1:0", PageAddress: listenAddress},
		} {
			mailbox, err := NewMailbox(config)
			if err == nil || mailbox != nil || !strings.Contains(err.Error(), "not on loopback") {
				t.Errorf("NewMailbox(%+v): %v", config, err)
			}
		}
	}
	if _, err := NewMailbox(MailboxConfig{SMTPAddress: "1025"}); err == nil || !strings.Contains(err.Error(), "not host:port") {
		t.Errorf("an address without a port: %v", err)
	}
}

func TestAPortInUseIsSaidInOneSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().String()
	for what, config := range map[string]MailboxConfig{
		"SMTP": {SMTPAddress: port, PageAddress: "127.0.0.1:0"}, "page": {SMTPAddress: "127.0.0.1:0", PageAddress: port},
	} {
		want := "mailbox " + what + " address: " + port + " is in use: stop what listens there, or choose another port"
		if _, err := NewMailbox(config); err == nil || err.Error() != want {
			t.Errorf("NewMailbox: %v, want %s", err, want)
		}
	}
}

// request asks the handler alone, as somebody at host would.
func request(mailbox *Mailbox, method, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+host+path, nil)
	w := httptest.NewRecorder()
	mailbox.Handler().ServeHTTP(w, r)
	return w
}

func TestOtherSitesCannotReadTheMailbox(t *testing.T) {
	mailbox := &Mailbox{}
	mailbox.keep(storedMail{Text: "secret", Subject: "secret"})
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8025": 200, "LOCALHOST:8025": 200, "127.0.0.1:8025": 200, "[::1]:8025": 200, "127.9.9.9": 200,
		"evil.example": 421, "evil.example:8025": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example:8025": 421, "192.168.0.1": 421, "0.0.0.0": 421,
	} {
		for _, path := range []string{"/", "/mails.json", "/mails/1"} {
			w := request(mailbox, http.MethodGet, host, path)
			if w.Code != want || (want != 200 && strings.Contains(w.Body.String(), "secret")) {
				t.Errorf("GET %s at %s: %d, want %d", path, host, w.Code, want)
			}
		}
	}
}

func TestEveryPageIsLockedDown(t *testing.T) {
	mailbox := &Mailbox{}
	mailbox.keep(storedMail{Text: "x", HTML: "<script>alert(1)</script>"})
	for path, want := range map[string]int{
		"/": 200, "/mails/1": 200, "/mails/1/html": 200, "/mails.json": 200, "/mailbox.css": 200,
		"/mails/2": 404, "/mails/2/html": 404, "/mails/x": 404, "/mails/-1": 404, "/mails/99999999999999999999": 404, "/other": 404, "/mailbox/list.html.tmpl": 404,
	} {
		w := request(mailbox, http.MethodGet, "localhost", path)
		if w.Code != want {
			t.Errorf("GET %s: %d, want %d", path, w.Code, want)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
			t.Errorf("GET %s: policy %q", path, policy)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if path != "/mailbox.css" && w.Header().Get(header) != want {
				t.Errorf("GET %s: %s is %q", path, header, w.Header().Get(header))
			}
		}
		if kind := w.Header().Get("Content-Type"); !strings.Contains(kind, "utf-8") && path != "/mails.json" {
			t.Errorf("GET %s: type %q", path, kind)
		}
		if path != "/mails/1/html" && path != "/mails.json" && strings.Contains(w.Body.String(), "<script") {
			t.Errorf("GET %s holds a script:\n%s", path, w.Body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodPut} {
		if w := request(mailbox, method, "localhost", "/"); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s /: %d", method, w.Code)
		}
	}
}

func TestAnEmptyMailbox(t *testing.T) {
	mailbox := &Mailbox{}
	if w := request(mailbox, http.MethodGet, "localhost", "/"); !strings.Contains(w.Body.String(), "No mail yet") {
		t.Errorf("the empty page:\n%s", w.Body)
	}
	if w := request(mailbox, http.MethodGet, "localhost", "/mails.json"); w.Body.String() != "[]\n" {
		t.Errorf("no mails as JSON: %q", w.Body)
	}
}

func TestHostileMailsAreShownAsText(t *testing.T) {
	usual := &Mailbox{}
	usual.keep(storedMail{To: "x", From: "x", Subject: "x", MessageID: "x", Text: "x", HTML: "x", Links: []string{"http://x"}})
	for _, s := range hostile {
		mailbox := &Mailbox{}
		mailbox.keep(storedMail{To: s, From: s, Subject: s, MessageID: s, Text: s, HTML: s, Links: []string{"http://x"}})
		for _, path := range []string{"/", "/mails/1"} {
			want, _ := structure(t, request(usual, http.MethodGet, "localhost", path).Body.String())
			got, _ := structure(t, request(mailbox, http.MethodGet, "localhost", path).Body.String())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q on %s (-usual +hostile):\n%s", s, path, diff)
			}
		}
	}
}

func TestLimitsOfTheMailbox(t *testing.T) {
	mailbox := startMailbox(t)
	m := testMessage(t)
	m.Text = strings.Repeat("a line that is long enough to matter\n", mailboxMailBytes/30)
	if err := toMailbox(t, mailbox).Send(t.Context(), m); ClassOf(err) != Rejected {
		t.Errorf("a mail of %d bytes: %v", len(m.Text), err)
	}
	if len(mailbox.newestFirst()) != 0 {
		t.Error("the mailbox kept the mail that it refused")
	}
}

func TestReadMail(t *testing.T) {
	multipart := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", mailboxParts+1) + "--b--\r\n"
	tests := map[string]struct {
		data string
		want storedMail
		bad  bool
	}{
		"a bare text":            {"\r\nhello http://x.example/a, http://x.example/a and (https://y.example).", storedMail{Text: "hello http://x.example/a, http://x.example/a and (https://y.example).", Links: []string{"http://x.example/a", "https://y.example"}}, false},
		"an encoded subject":     {"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx", storedMail{Subject: "Grüße", Text: "x", Links: []string{}}, false},
		"an undecodable subject": {"Subject: =?klingon?q?x?=\r\n\r\nx", storedMail{Subject: "=?klingon?q?x?=", Text: "x", Links: []string{}}, false},
		"an unknown charset":     {"Content-Type: text/plain; charset=klingon\r\n\r\nx", storedMail{Text: "x", Links: []string{}}, false},
		"an unreadable type":     {"Content-Type: ;;;\r\n\r\nx", storedMail{Text: "x", Links: []string{}}, false},
		"no UTF-8":               {"\r\n\xff", storedMail{Text: "\ufffd", Links: []string{}}, false},
		"only HTML":              {"Content-Type: text/html\r\n\r\n<p>", storedMail{HTML: "<p>", Links: []string{}}, false},
		"a script for a link":    {"\r\njavascript:alert(1) data:x ftp://x", storedMail{Text: "javascript:alert(1) data:x ftp://x", Links: []string{}}, false},
		"a date in another zone": {"Date: Fri, 07 Aug 2026 14:05:00 +0200\r\n\r\nx", storedMail{Date: time.Date(2026, 8, 7, 12, 5, 0, 0, time.UTC), Text: "x", Links: []string{}}, false},
		"a date that is none":    {"Date: tomorrow\r\n\r\nx", storedMail{Text: "x", Links: []string{}}, false},
		"a broken header":        {"no colon\r\n\r\nx", storedMail{}, true},
		"too many parts":         {multipart, storedMail{}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readMail(strings.NewReader(tc.data))
			if (err != nil) != tc.bad {
				t.Fatalf("readMail: %v", err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" && !tc.bad {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzReadMail(f *testing.F) {
	f.Add("Subject: x\r\n\r\nhttps://x.example")
	f.Add("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\ny\r\n--b--\r\n")
	f.Add("Subject: =?utf-8?q?=0D=0A?=\r\nDate: x\r\nMessage-ID: x\r\n\r\n")
	f.Fuzz(func(t *testing.T, data string) {
		mail, err := readMail(strings.NewReader(data))
		if err != nil {
			return
		}
		if strings.ContainsAny(mail.Subject, "\r\n") || mail.Links == nil {
			t.Errorf("%q is read as %+v", data, mail)
		}
		for _, link := range mail.Links {
			if !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "https://") {
				t.Errorf("%q is shown as a link", link)
			}
		}
	})
}
