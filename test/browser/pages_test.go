//go:build browser

// Package browser_test shows Roster's pages to a real browser: each in every state, in four languages, at two widths, light
// and dark, without scripts and by keyboard alone. What it looks for is in pages.mjs.
package browser_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/web"
)

const email = "ana@lumen.example"

// states are what the links lead to, by the UID that they are signed for.
var states = map[string]web.Invite{
	"00000000-0000-4000-8000-000000000001": open("", false),
	"00000000-0000-4000-8000-000000000002": open("", true),
	"00000000-0000-4000-8000-000000000003": {Standing: web.Open, FirstName: "Ana", Tenant: "Lumen Trading", Product: "Commerce", Keeps: true},
	"00000000-0000-4000-8000-000000000004": {Standing: web.Locked, Tenant: "Lumen Trading", SupportEmail: "help@lumen.example"},
	"00000000-0000-4000-8000-000000000005": {Standing: web.Taken, Tenant: "Lumen Trading", SupportEmail: "help@lumen.example"},
	"00000000-0000-4000-8000-000000000006": {Standing: web.Dead},
	"00000000-0000-4000-8000-000000000007": open("de", true),
	"00000000-0000-4000-8000-000000000008": open("fr", true),
	"00000000-0000-4000-8000-000000000009": open("es", true),
	"00000000-0000-4000-8000-00000000000a": long(),
}

func open(locale string, chooses bool) web.Invite {
	return web.Invite{
		Standing: web.Open, FirstName: "Ana", Tenant: "Lumen Trading", Product: "Commerce", Locale: locale,
		SupportEmail: "help@lumen.example", ContinueURL: "https://shop.lumen.example/", Chooses: chooses,
	}
}

// long has names that a narrow page has no room for.
func long() web.Invite {
	i := open("", true)
	i.Tenant = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH"
	i.FirstName = "Maximiliana-Konstantina-Theodora-Alexandrina"
	return i
}

// answers judges as the Store does, of links whose state it knows.
type answers struct{}

func (answers) Find(_ context.Context, _ link.Purpose, uid string, _ time.Time) (web.Invite, error) {
	return states[uid], nil
}

func (answers) Accept(_ context.Context, _ link.Purpose, uid string, a web.Answer, _ time.Time) (web.Invite, error) {
	invite := states[uid]
	at, err := address.Parse(email)
	switch {
	case err != nil || invite.Standing != web.Open:
	case a.Email != email:
		invite.Standing = web.Wrong
	case !invite.Chooses:
		invite.Standing = web.Joined
	default:
		invite.Standing = web.Joined
		if invite.Weakness = identity.Judge(a.Password, at, invite.Tenant); invite.Weakness != "" {
			invite.Standing = web.Weak
		}
	}
	return invite, err
}

func TestPages(t *testing.T) {
	data, err := link.NewKeyData(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := link.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	pages := httptest.NewServer(web.NewHandler(web.Options{Links: keys, Requests: answers{}, Now: time.Now, Log: logr.Discard()}))
	defer pages.Close()
	tokens := map[string]map[string]string{}
	for uid := range states {
		last := uid[len(uid)-1:]
		tokens[last] = map[string]string{}
		for _, purpose := range []link.Purpose{link.Invitation, link.PasswordReset} {
			token, err := keys.Sign(purpose, uid, time.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			tokens[last][string(purpose)] = token
		}
	}
	given, err := json.Marshal(map[string]any{"pages": pages.URL, "mailbox": mailbox(t), "tokens": tokens})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "pages.mjs")
	command.Env = append(os.Environ(), "GIVEN="+string(given))
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		t.Errorf("the browser: %v", err)
	}
}

// mailbox is the page of the development mailbox, with a mail in it.
func mailbox(t *testing.T) string {
	t.Helper()
	box, err := mail.NewMailbox(mail.MailboxConfig{SMTPAddress: "127.0.0.1:0", PageAddress: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	from, err := address.Parse("roster@roster.example")
	if err != nil {
		t.Fatal(err)
	}
	to, err := address.Parse(email)
	if err != nil {
		t.Fatal(err)
	}
	at := box.SMTPAddress()
	sender, err := mail.NewSMTP(mail.SMTPConfig{Host: at.Addr().String(), Port: int(at.Port()), TLS: mail.TLSNone, From: from, FromName: "Roster"})
	if err != nil {
		t.Fatal(err)
	}
	err = sender.Send(ctx, mail.Message{
		To: to, MessageID: "one@roster.example", Date: time.Now(), Subject: "Lumen Trading invites you to Commerce",
		Text: "Hello Ana,\n\nopen this link to accept: https://roster.example/invitations/token\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	return box.URL()
}
