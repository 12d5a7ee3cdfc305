package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/oauth2"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/roster-dev/roster/test/env"
)

// dexSettings is a Dex that signs people in with the passwords that Roster keeps, to one application.
const dexSettings = `issuer: http://%[1]s/dex
storage:
  type: kubernetes
  config:
    kubeConfigFile: %[2]s
web:
  http: %[1]s
enablePasswordDB: true
oauth2:
  skipApprovalScreen: true
staticClients:
- id: dashboard
  name: Acme's dashboard
  secret: dashboard-secret
  redirectURIs: [http://127.0.0.1/callback]
`

// findDex is the program, if it has been built; empty: it has not.
func findDex() (string, error) {
	dir, err := exec.Command(filepath.Join(env.Root(), "hack", "dex", "build.sh"), "dir").Output()
	if err != nil {
		return "", fmt.Errorf("could not find out where Dex would be: %w", err)
	}
	program := filepath.Join(strings.TrimSpace(string(dir)), "dex")
	if _, err := os.Stat(program); err != nil {
		return "", nil //nolint:nilerr // the demo goes without it
	}
	return program, nil
}

// signInServer starts Dex where it is cached, and says how Roster is told of it. Without it nobody can sign in here, and the
// rest is the same.
func (s *stage) signInServer(ctx context.Context) (flags []string, err error) {
	program, err := findDex()
	if err != nil || program == "" {
		say("Going without a sign-in server: run `make dex` (some minutes, once) to see Ana sign in")
		return nil, err
	}
	say("Starting Dex, which signs people in with the passwords that Roster keeps")
	for _, what := range [][]string{{"-f", "hack/demo/dex.yaml"}, {"-k", "config/dex"}} {
		if err := s.kubectl(ctx, append([]string{"apply"}, what...)...); err != nil {
			return nil, err
		}
	}
	token, err := s.token(ctx, "dex", "dex")
	if err != nil {
		return nil, err
	}
	config := s.tokenConfig(token)
	config.Contexts["local"].Namespace = "dex" // where Dex keeps its objects
	kubeconfig, settings := filepath.Join(s.dir, "dex.kubeconfig"), filepath.Join(s.dir, "dex.yaml")
	if err := clientcmd.WriteToFile(config, kubeconfig); err != nil {
		return nil, err
	}
	if err := os.WriteFile(settings, []byte(fmt.Sprintf(dexSettings, at(s.ports.dex), kubeconfig)), 0o600); err != nil {
		return nil, err
	}
	s.dex = "http://" + at(s.ports.dex) + "/dex"
	return []string{"--identity=dex", "--dex-namespace=dex"}, s.startDex(ctx, program, settings)
}

// startDex starts it until it stays: the first time it ends when the API server does not serve at once the kinds that it makes.
func (s *stage) startDex(ctx context.Context, program, settings string) error {
	log, err := os.Create(filepath.Join(s.dir, "dex.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	return s.wait(ctx, "Dex, see .dev/dex.log", func() error {
		command := exec.Command(program, "serve", settings)
		command.Stdout, command.Stderr = log, log
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := command.Start(); err != nil {
			return err
		}
		p := watchEnd(command)
		if err := s.wait(ctx, "Dex", func() error { return p.answers(ctx, s.dex+"/healthz") }); err != nil {
			return err
		}
		if p.over() {
			return errors.New("it ended")
		}
		s.programs = append(s.programs, p)
		return nil
	})
}

// watchEnd is a program whose end is noticed.
func watchEnd(command *exec.Cmd) program {
	p := program{command, make(chan struct{})}
	go func() {
		_ = command.Wait() //nolint:errcheck // that it has ended is all there is to know
		close(p.gone)
	}()
	return p
}

func (p *program) over() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// answers is nil when the program answers, and when it has ended, since there is nothing more to wait for then.
func (p *program) answers(ctx context.Context, address string) error {
	if p.over() {
		return nil
	}
	return ask(ctx, http.MethodGet, address, nil)
}

// chosenPassword is what everybody chooses where Roster keeps passwords.
const chosenPassword = "trumpet-orbit-lemon"

// signInAna goes through OpenID Connect as Acme's dashboard and Ana's browser would, and asks about the subject that comes back.
func signInAna(ctx context.Context, s *stage) error {
	if s.dex == "" {
		fmt.Println("  There is no sign-in server: run `make dex` once, then the demo again.")
		return nil
	}
	return s.wait(ctx, "Ana's sign-in", func() error { return s.signIn(ctx) })
}

func (s *stage) signIn(ctx context.Context) error {
	claims, err := s.tokenFor(ctx, "ana@acme.example", chosenPassword)
	if err != nil {
		return err
	}
	fmt.Printf("  Dex signs her in: sub %s, email %s\n", claims.Subject, claims.Email)
	return s.expect(ctx, evaluate("May this subject read orders?", claims.Subject, "read", "", `"decision":true`))
}

type claims struct {
	Subject string `json:"sub"`
	Email   string `json:"email"`
}

func (s *stage) tokenFor(ctx context.Context, email, password string) (*claims, error) {
	application := oauth2.Config{
		ClientID: "dashboard", ClientSecret: "dashboard-secret", RedirectURL: "http://127.0.0.1/callback", Scopes: []string{"openid", "email"},
		Endpoint: oauth2.Endpoint{AuthURL: s.dex + "/auth", TokenURL: s.dex + "/token"},
	}
	verifier := oauth2.GenerateVerifier()
	code, err := browse(application.AuthCodeURL("demo", oauth2.S256ChallengeOption(verifier)), email, password)
	if err != nil {
		return nil, err
	}
	token, err := application.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	// It comes straight from Dex, so its signature proves nothing more here. Applications verify it.
	raw, ok := token.Extra("id_token").(string)
	parts := strings.Split(raw, ".")
	if !ok || len(parts) != 3 {
		return nil, errors.New("no ID token came from Dex")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	out := &claims{}
	return out, json.Unmarshal(payload, out)
}

// browse fills in Dex's form, and returns the code that comes back.
func browse(address, email, password string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	form, err := browser.Get(address)
	if err != nil {
		return "", err
	}
	defer form.Body.Close()
	answer, err := browser.PostForm(form.Request.URL.String(), url.Values{"login": {email}, "password": {password}})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if back, err := answer.Location(); err == nil {
		return back.Query().Get("code"), nil
	}
	page, err := io.ReadAll(answer.Body)
	if strings.Contains(string(page), "Invalid") {
		return "", errRefused
	}
	return "", fmt.Errorf("the answer from Dex is %s, %w", answer.Status, orNothing(err))
}

var errRefused = errors.New("the password was refused by Dex")

// refuseAna shows that the sign-in went with the access.
func refuseAna(ctx context.Context, s *stage) error {
	if s.dex == "" {
		return nil
	}
	err := s.wait(ctx, "Dex to refuse Ana", func() error {
		if _, err := s.tokenFor(ctx, "ana@acme.example", chosenPassword); !errors.Is(err, errRefused) {
			return fmt.Errorf("she was not refused: %w", orNothing(err))
		}
		return nil
	})
	if err == nil {
		fmt.Println("  Dex refuses her password: it was deleted when she was deactivated")
	}
	return err
}

// resetAna opens the mail that asks for another password.
func resetAna(ctx context.Context, s *stage) error {
	if s.dex == "" {
		fmt.Println("  There is no sign-in server, so there was no password.")
		return nil
	}
	var link string
	err := s.wait(ctx, "the mail", func() error {
		arrived, err := s.letters(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(arrived, func(l letter) bool { return len(l.Links) > 0 && strings.Contains(l.Links[0], "/password-resets/") })
		if i < 0 {
			return errors.New("no mail asks for a password")
		}
		link = arrived[i].Links[0]
		fmt.Printf("    %-22s %s\n", arrived[i].To, arrived[i].Subject)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println("  POST email=ana@acme.example\n       password=…")
	if err := ask(ctx, http.MethodPost, link, url.Values{"email": {"ana@acme.example"}, "password": {chosenPassword}}); err != nil {
		return err
	}
	return s.wait(ctx, "Ana's sign-in", func() error { return s.signIn(ctx) })
}
