package mail

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	messagemail "github.com/emersion/go-message/mail"
	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/test/addresses"
)

// testConfig sends to a port of this machine in the clear.
func testConfig(t testing.TB, port int) SMTPConfig {
	t.Helper()
	return SMTPConfig{
		Host: "127.0.0.1", Port: port, TLS: TLSNone,
		From: mustAddress(t, "roster@acme.example"), FromName: "Acme Röster",
	}
}

func withPassword(c SMTPConfig, p string) SMTPConfig {
	c.Username = testUser
	c.Password = func(context.Context) (string, error) { return p, nil }
	return c
}

func mustSMTP(t testing.TB, config SMTPConfig) *SMTP {
	t.Helper()
	sender, err := NewSMTP(config)
	if err != nil {
		t.Fatalf("NewSMTP: %v", err)
	}
	return sender
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	server := &fakeServer{}
	startServer(t, server, nil, false)
	config := testConfig(t, server.port)
	config.ReplyTo = mustAddress(t, "help@acme.example")
	m := testMessage(t)
	if err := mustSMTP(t, config).Send(t.Context(), m); err != nil {
		t.Fatalf("Send: %v", err)
	}
	taken := server.taken()
	if len(taken) != 1 {
		t.Fatalf("the server took %d mails, want 1", len(taken))
	}
	if taken[0].from != "roster@acme.example" || !slices.Equal(taken[0].to, []string{"Ana.Lee@xn--bcher-kva.example"}) {
		t.Errorf("envelope: from %q to %q", taken[0].from, taken[0].to)
	}
	header, text, html := readBack(t, taken[0].data)
	want := map[string]string{
		"Message-Id": "<ana-3fz8k2.1@roster.example>", "Date": "Fri, 07 Aug 2026 12:05:00 +0000", "Mime-Version": "1.0",
		"Subject": "Acme lädt Sie zu Roster ein", "Auto-Submitted": "auto-generated",
		"From": `Acme Röster <roster@acme.example>`, "To": "<Ana.Lee@xn--bcher-kva.example>", "Reply-To": "<help@acme.example>",
	}
	delete(header, "Content-Type")
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if text != m.Text || html != m.HTML {
		t.Errorf("text %q and HTML %q, want %q and %q", text, html, m.Text, m.HTML)
	}
}

// readBack parses a mail as a receiver would. Every header field is there once.
func readBack(t testing.TB, data string) (header map[string]string, text, html string) {
	t.Helper()
	reader, err := messagemail.CreateReader(strings.NewReader(data))
	if err != nil {
		t.Fatalf("the mail cannot be parsed: %v\n%s", err, data)
	}
	header = map[string]string{}
	for fields := reader.Header.Fields(); fields.Next(); {
		if _, double := header[fields.Key()]; double {
			t.Errorf("header %s is there twice", fields.Key())
		}
		if header[fields.Key()], err = fields.Text(); err != nil {
			t.Errorf("header %s: %v", fields.Key(), err)
		}
	}
	for n := 0; ; n++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return header, text, html
		}
		if err != nil || n > 1 {
			t.Fatalf("part %d: %v", n, err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatalf("part %d: %v", n, err)
		}
		content := strings.ReplaceAll(string(body), "\r\n", "\n")
		switch kind := part.Header.Get("Content-Type"); kind {
		case "text/plain; charset=UTF-8":
			text = content
		case "text/html; charset=UTF-8":
			html = content
		default:
			t.Errorf("part %d is a %q", n, kind)
		}
	}
}

func TestAMailServerSeesTheCanonicalAddressOfEveryValidOne(t *testing.T) {
	server := &fakeServer{}
	startServer(t, server, nil, false)
	sender := mustSMTP(t, testConfig(t, server.port))
	inputs := slices.Sorted(maps.Keys(addresses.Valid))
	for _, input := range inputs {
		m := testMessage(t)
		m.To = mustAddress(t, input)
		if err := sender.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", input, err)
		}
	}
	taken := server.taken()
	if len(taken) != len(inputs) {
		t.Fatalf("%d mails became %d", len(inputs), len(taken))
	}
	for i, input := range inputs {
		want := addresses.Valid[input]
		if !slices.Equal(taken[i].to, []string{want}) {
			t.Errorf("%q: RCPT is %q, want %q", input, taken[i].to, want)
		}
		if !strings.Contains(server.said(), "RCPT TO:<"+want+">\r\n") {
			t.Errorf("%q: no line RCPT TO:<%s>", input, want)
		}
		if header, _, _ := readBack(t, taken[i].data); header["To"] != "<"+want+">" {
			t.Errorf("%q: To is %s", input, header["To"])
		}
	}
}

func TestTheSameMessageGivesTheSameBytes(t *testing.T) {
	server := &fakeServer{}
	startServer(t, server, nil, false)
	config := testConfig(t, server.port)
	for range 3 { // as after two crashes
		if err := mustSMTP(t, config).Send(t.Context(), testMessage(t)); err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	taken := server.taken()
	if len(taken) != 3 || taken[0].data != taken[1].data || taken[1].data != taken[2].data {
		t.Errorf("the repeated mails differ:\n%v", taken)
	}
}

func TestAMailWithoutHTMLIsPlainText(t *testing.T) {
	server := &fakeServer{}
	startServer(t, server, nil, false)
	m := testMessage(t)
	m.HTML = ""
	m.From, m.ReplyTo = mustAddress(t, "other@acme.example"), mustAddress(t, "answers@acme.example")
	if err := mustSMTP(t, testConfig(t, server.port)).Send(t.Context(), m); err != nil {
		t.Fatalf("Send: %v", err)
	}
	header, text, html := readBack(t, server.taken()[0].data)
	if text != m.Text || html != "" || !strings.HasPrefix(header["Content-Type"], "text/plain") {
		t.Errorf("a %q with text %q and HTML %q", header["Content-Type"], text, html)
	}
	if header["From"] != "Acme Röster <other@acme.example>" || header["Reply-To"] != "<answers@acme.example>" {
		t.Errorf("From %q, Reply-To %q", header["From"], header["Reply-To"])
	}
	if server.taken()[0].from != "other@acme.example" {
		t.Errorf("MAIL FROM is %q", server.taken()[0].from)
	}
}

func TestPasswordsTravelOverTLS(t *testing.T) {
	for _, mode := range []TLSMode{TLSStart, TLSImplicit} {
		for _, mechanisms := range [][]string{{"PLAIN"}, {"LOGIN"}, {"LOGIN", "PLAIN"}} {
			t.Run(string(mode)+" "+strings.Join(mechanisms, " "), func(t *testing.T) {
				cert, pool := certificate(t, "127.0.0.1", false)
				server := &fakeServer{mechanisms: mechanisms, requireAuth: true}
				startServer(t, server, cert, mode == TLSImplicit)
				config := withPassword(testConfig(t, server.port), testPassword)
				config.TLS, config.RootCAs = mode, pool
				if err := mustSMTP(t, config).Send(t.Context(), testMessage(t)); err != nil {
					t.Fatalf("Send: %v", err)
				}
				if len(server.taken()) != 1 {
					t.Errorf("the server took %d mails, want 1", len(server.taken()))
				}
			})
		}
	}
}

func TestAPasswordIsAskedForAtEveryMail(t *testing.T) {
	cert, pool := certificate(t, "127.0.0.1", false)
	server := &fakeServer{mechanisms: []string{"PLAIN"}, requireAuth: true}
	startServer(t, server, cert, false)
	current := "the old one"
	config := withPassword(testConfig(t, server.port), "")
	config.TLS, config.RootCAs = TLSStart, pool
	config.Password = func(context.Context) (string, error) { return current, nil }
	sender := mustSMTP(t, config)
	if err := sender.Send(t.Context(), testMessage(t)); ClassOf(err) != Misconfigured {
		t.Errorf("with the old password: %v", err)
	}
	current = testPassword
	if err := sender.Send(t.Context(), testMessage(t)); err != nil {
		t.Errorf("with the new password: %v", err)
	}
}

func TestNewSMTPNamesTheFieldThatIsWrong(t *testing.T) {
	tests := map[string]struct {
		change func(*SMTPConfig)
		want   string
	}{
		"no host":                {func(c *SMTPConfig) { c.Host = "" }, "smtp host"},
		"a host with a port":     {func(c *SMTPConfig) { c.Host = "smtp.example 25" }, "smtp host"},
		"a host and a colon":     {func(c *SMTPConfig) { c.Host = "smtp.example:25" }, "smtp host"},
		"a URL for a host":       {func(c *SMTPConfig) { c.Host = "smtp://smtp.example" }, "smtp host"},
		"a socket for a host":    {func(c *SMTPConfig) { c.Host = "unix:///run/smtp" }, "smtp host"},
		"an unknown mode":        {func(c *SMTPConfig) { c.TLS = "opportunistic" }, "smtp tls"},
		"a negative port":        {func(c *SMTPConfig) { c.Port = -1 }, "smtp port"},
		"a port out of range":    {func(c *SMTPConfig) { c.Port = 65536 }, "smtp port"},
		"a password in clear":    {func(c *SMTPConfig) { *c = withPassword(*c, "x"); c.TLS = TLSNone }, "in the clear"},
		"a user, no password":    {func(c *SMTPConfig) { c.Username = "x" }, "smtp password"},
		"a password, no user":    {func(c *SMTPConfig) { *c = withPassword(*c, "x"); c.Username = "" }, "smtp password"},
		"no sender":              {func(c *SMTPConfig) { c.From = address.Address{} }, "smtp from"},
		"a hello of two lines":   {func(c *SMTPConfig) { c.HelloName = "a\r\nMAIL" }, "smtp hello name"},
		"a negative timeout":     {func(c *SMTPConfig) { c.Timeout = -time.Second }, "smtp timeout"},
		"a negative connect one": {func(c *SMTPConfig) { c.ConnectTimeout = -time.Second }, "smtp timeout"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t, 0)
			config.TLS = ""
			tc.change(&config)
			sender, err := NewSMTP(config)
			if err == nil || sender != nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("NewSMTP: %v, %v, want an error about %q", sender, err, tc.want)
			}
		})
	}
}

func TestPortsFollowTheTLSModeAndNeverFallBack(t *testing.T) {
	for mode, want := range map[TLSMode]int{"": 587, TLSStart: 587, TLSImplicit: 465, TLSNone: 25} {
		config := testConfig(t, 0)
		config.TLS = mode
		sender := mustSMTP(t, config)
		if got := sender.config.Port; got != want {
			t.Errorf("port with TLS %q is %d, want %d", mode, got, want)
		}
		if sender.config.HelloName != "acme.example" {
			t.Errorf("the hello name is %q", sender.config.HelloName)
		}
	}
	if config := mustSMTP(t, testConfig(t, 2525)).config; config.Port != 2525 {
		t.Errorf("a given port became %d", config.Port)
	}
}

func TestAMessageThatNobodyCanSendIsRejectedUnsent(t *testing.T) {
	tests := map[string]func(*Message){
		"no recipient":                func(m *Message) { m.To = address.Address{} },
		"no Message-ID":               func(m *Message) { m.MessageID = "" },
		"a Message-ID without a host": func(m *Message) { m.MessageID = "abc" },
		"a Message-ID with a header":  func(m *Message) { m.MessageID = "a@b>\r\nBcc: <x@evil.example" },
		"a Message-ID and a line end": func(m *Message) { m.MessageID = "a@b\n" },
		"no date":                     func(m *Message) { m.Date = time.Time{} },
		"no text":                     func(m *Message) { m.Text = " \n" },
	}
	server := &fakeServer{}
	startServer(t, server, nil, false)
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			m := testMessage(t)
			change(&m)
			if err := mustSMTP(t, testConfig(t, server.port)).Send(t.Context(), m); ClassOf(err) != Rejected {
				t.Errorf("Send: %v, want Rejected", err)
			}
		})
	}
	if server.said() != "" {
		t.Errorf("the server was spoken to:\n%s", server.said())
	}
}
