package manager

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/mail"
)

func smtpOptions() Options {
	o := Defaults()
	o.Transport, o.SMTP.Host, o.SMTP.From = TransportSMTP, "smtp.acme.example", "access@acme.example"
	return o
}

func dkimKey(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef")))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestMailSettingsThatCannotWorkEndTheStart(t *testing.T) {
	dir := t.TempDir()
	key, none := writeFile(t, dir, "key", dkimKey(t)), writeFile(t, dir, "none", "hunter2")
	tests := map[string]struct {
		change func(*Options)
		want   string
	}{
		"an unknown transport":       {func(o *Options) { o.Transport = "pigeon" }, `--mail "pigeon" is none of smtp, mailbox, none`},
		"no server":                  {func(o *Options) { o.SMTP.Host = "" }, "--smtp-host is missing"},
		"nobody whom mails are from": {func(o *Options) { o.SMTP.From = Defaults().SMTP.From }, "--smtp-from is missing"},
		"no address":                 {func(o *Options) { o.SMTP.From = "Acme <access@acme.example>" }, "--smtp-from: "},
		"no address for answers":     {func(o *Options) { o.SMTP.ReplyTo = "help" }, "--smtp-reply-to: "},
		"the same with a mailbox":    {func(o *Options) { o.Transport, o.SMTP.ReplyTo = TransportMailbox, "help" }, "--smtp-reply-to: "},
		"an unknown TLS mode":        {func(o *Options) { o.SMTP.TLS = "opportunistic" }, "smtp tls"},
		"a user without a password":  {func(o *Options) { o.SMTP.Username = "roster" }, "smtp password"},
		"a password without a user":  {func(o *Options) { o.SMTP.PasswordFile = none }, "smtp password"},
		"a password in the clear":    {func(o *Options) { o.SMTP.Username, o.SMTP.PasswordFile, o.SMTP.TLS = "roster", none, "none" }, "in the clear"},
		"a negative timeout":         {func(o *Options) { o.SMTP.ConnectTimeout = -1 }, "smtp timeout"},
		"no templates":               {func(o *Options) { o.Templates = dir + "/missing" }, "--mail-templates: the directory"},
		"a selector without a key":   {func(o *Options) { o.SMTP.DKIMSelector = "s1" }, "--dkim-selector and --dkim-key-file come together"},
		"a key without a selector":   {func(o *Options) { o.SMTP.DKIMKeyFile = key }, "--dkim-selector and --dkim-key-file come together"},
		"a DKIM domain alone":        {func(o *Options) { o.SMTP.DKIMDomain = "acme.example" }, "--dkim-selector and --dkim-key-file come together"},
		"a key that is not there":    {func(o *Options) { o.SMTP.DKIMSelector, o.SMTP.DKIMKeyFile = "s1", dir+"/missing" }, "--dkim-key-file cannot be read"},
		"a key that is none":         {func(o *Options) { o.SMTP.DKIMSelector, o.SMTP.DKIMKeyFile = "s1", none }, "--dkim-key-file " + none + ": this is no PEM"},
		"another's DKIM domain": {func(o *Options) {
			o.SMTP.DKIMSelector, o.SMTP.DKIMKeyFile, o.SMTP.DKIMDomain = "s1", key, "evil.example"
		}, "dkim domain: mails come from acme.example"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o := smtpOptions()
			o.MailboxSMTPAddress, o.MailboxPageAddress = "127.0.0.1:0", "127.0.0.1:0"
			tc.change(&o)
			_, err := newPost(o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("newPost: %v, want an error about %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
}

func TestAPasswordIsReadAsItIsNow(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{"hunter2": "hunter2", "hunter2\n": "hunter2", "hunter2\r\n": "hunter2", " two words \n": " two words "} {
		if got, err := password(writeFile(t, dir, "password", content)); got != want || err != nil {
			t.Errorf("%q gives %q, %v", content, got, err)
		}
	}
	for _, content := range []string{"", "\n"} {
		if got, err := password(writeFile(t, dir, "password", content)); err == nil {
			t.Errorf("%q gives %q", content, got)
		}
	}
	if got, err := password(dir + "/missing"); err == nil {
		t.Errorf("no file gives %q", got)
	}
}

// taken is what a mail server was handed.
type taken struct {
	mails chan string
}

func (s *taken) Mail(string, *smtp.MailOptions) error { return nil }
func (s *taken) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *taken) Reset()                               {}
func (s *taken) Logout() error                        { return nil }

func (s *taken) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	s.mails <- string(content)
	return err
}

func TestSettingsReachTheMail(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := &taken{mails: make(chan string, 1)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return at, nil }))
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	o := smtpOptions()
	o.SMTP.Host, o.SMTP.Port, o.SMTP.TLS = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port, "none"
	o.SMTP.FromName, o.SMTP.ReplyTo = "Acme access", "help@acme.example"
	o.SMTP.DKIMSelector, o.SMTP.DKIMKeyFile = "s1", writeFile(t, t.TempDir(), "key", dkimKey(t))
	p, err := newPost(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.sender.Send(t.Context(), message(t)); err != nil {
		t.Fatal(err)
	}
	mail := <-at.mails
	for _, want := range []string{"From: \"Acme access\" <access@acme.example>\r\n", "Reply-To: <help@acme.example>\r\n", "d=acme.example;\r\n s=s1;\r\n a=ed25519-sha256;"} {
		if !strings.Contains(mail, want) {
			t.Errorf("no %q in\n%s", want, mail)
		}
	}
	if p.domain != "acme.example" {
		t.Errorf("Message-IDs end with %q", p.domain)
	}
}

func message(t *testing.T) mail.Message {
	t.Helper()
	to, err := address.Parse("ana@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	return mail.Message{To: to, MessageID: "1@acme.example", Date: time.Unix(0, 0), Subject: "x", Text: "x"}
}

func TestTheMailboxShowsMailsAsTheyWouldBeSent(t *testing.T) {
	o := Defaults()
	o.Transport, o.MailboxSMTPAddress, o.MailboxPageAddress = TransportMailbox, "127.0.0.1:0", "127.0.0.1:0"
	p, err := newPost(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.mailbox.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
	})
	if err := p.sender.Send(t.Context(), message(t)); err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(p.mailbox.URL() + "/mails.json")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if content, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(content), "ana@acme.example") {
		t.Errorf("%s, %v", content, err)
	}
}
