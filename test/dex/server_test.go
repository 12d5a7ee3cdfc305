package dex_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	. "github.com/onsi/gomega"
	"golang.org/x/oauth2"

	"github.com/roster-dev/roster/test/env"
)

// dexConfig is what docs/tasks/sign-in.md shows, with an address and a kubeconfig of this test.
const dexConfig = `
issuer: %[1]s
storage:
  type: kubernetes
  config:
    kubeConfigFile: %[2]s
web:
  http: %[3]s
enablePasswordDB: true
oauth2:
  skipApprovalScreen: true
staticClients:
- id: dashboard
  name: Dashboard
  secret: dashboard-secret
  redirectURIs: [http://127.0.0.1/callback]
`

// freeAddress is an address of this machine at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startDex runs the server that `make dex` has built, with its objects in the cluster's namespace dex.
func startDex(t *testing.T, cluster *env.Cluster) (issuer string) {
	t.Helper()
	output, err := exec.Command(filepath.Join(env.Root(), "hack", "dex", "build.sh"), "dir").Output()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(strings.TrimSpace(string(output)), "dex")
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("there is no Dex yet: run make dex (%v)", err)
	}
	kubeconfig, err := cluster.Kubeconfig("dex", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), freeAddress(t)
	issuer = "http://" + address + "/dex"
	// Dex keeps its objects in the namespace of the kubeconfig's context.
	inNamespace := regexp.MustCompile(`(?m)^(\s+)cluster: (.*)$`).ReplaceAllString(string(kubeconfig), "${1}cluster: $2\n${1}namespace: dex")
	write(t, filepath.Join(dir, "kubeconfig"), inNamespace)
	write(t, filepath.Join(dir, "config.yaml"), fmt.Sprintf(dexConfig, issuer, filepath.Join(dir, "kubeconfig"), address))
	log, err := os.Create(filepath.Join(dir, "dex.log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// The first start makes Dex's kinds, and ends when the API server is not quick enough to serve them.
		for ctx.Err() == nil {
			command := exec.CommandContext(ctx, program, "serve", filepath.Join(dir, "config.yaml"))
			command.Stdout, command.Stderr = log, log
			_ = command.Run()
		}
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if t.Failed() {
			content, _ := os.ReadFile(log.Name())
			t.Logf("Dex said:\n%s", content)
		}
	})
	Eventually(func() error { return reach(issuer + "/.well-known/openid-configuration") }, patience).Should(Succeed())
	return issuer
}

func reach(address string) error {
	response, err := http.Get(address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// application signs people in: OIDC with an authorization code and PKCE, through Dex's own login form.
type application struct {
	provider *oidc.Provider
	config   oauth2.Config
}

func newApplication(ctx context.Context, t *testing.T, issuer string) *application {
	t.Helper()
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return &application{provider, oauth2.Config{
		ClientID: "dashboard", ClientSecret: "dashboard-secret", Endpoint: provider.Endpoint(), RedirectURL: "http://127.0.0.1/callback",
		Scopes: []string{oidc.ScopeOpenID, "email", "profile", oidc.ScopeOfflineAccess},
	}}
}

// session is what the application learns about somebody who signed in.
type session struct {
	Subject       string `json:"sub"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Name          string `json:"name"`

	token *oauth2.Token
}

var errRefused = errors.New("the sign-in was refused")

// signIn goes through the whole flow, as a browser would. The error is errRefused when the form is shown again.
func (a *application) signIn(ctx context.Context, email, password string) (*session, error) {
	const state, nonce = "some-state", "some-nonce"
	verifier := oauth2.GenerateVerifier()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse // the application's own page, which is not served here
		}
		return nil
	}}
	form, err := browser.Get(a.config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return nil, err
	}
	defer form.Body.Close()
	page, err := io.ReadAll(form.Body)
	if err != nil || !strings.Contains(string(page), `name="password"`) {
		return nil, fmt.Errorf("no login form at %s: %s, %w", form.Request.URL, page, err)
	}
	answer, err := browser.PostForm(form.Request.URL.String(), url.Values{"login": {email}, "password": {password}})
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		return nil, errRefused
	}
	if back.Query().Get("state") != state {
		return nil, fmt.Errorf("came back to %s", back)
	}
	token, err := a.config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	return a.session(ctx, token, nonce)
}

func (a *application) session(ctx context.Context, token *oauth2.Token, nonce string) (*session, error) {
	raw, _ := token.Extra("id_token").(string)
	verified, err := a.provider.Verifier(&oidc.Config{ClientID: a.config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if verified.Nonce != nonce {
		return nil, fmt.Errorf("the nonce is %q", verified.Nonce)
	}
	s := &session{token: token}
	return s, verified.Claims(s)
}

// renew asks for another token without a sign-in.
func (a *application) renew(ctx context.Context, s *session) error {
	_, err := a.config.TokenSource(ctx, &oauth2.Token{RefreshToken: s.token.RefreshToken}).Token()
	return err
}
