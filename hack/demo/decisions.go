package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// asking is a question to the decision service, in words and as it is sent, and the answer that the demo wants to see.
type asking struct{ words, path, body, expected string }

func evaluate(words, user, action, about, expected string) asking {
	return asking{words, "/access/v1/evaluation", fmt.Sprintf(
		`{"subject":{"type":"user","id":%q},"action":{"name":%q},"resource":{"type":"orders","id":"4711"%s}}`, user, action, about), expected}
}

func askDecisions(ctx context.Context, s *stage) error {
	for _, arguments := range [][]string{
		{"create", "serviceaccount", "dashboard", "-n", "acme"},
		{"create", "clusterrolebinding", "acme-dashboard", "--clusterrole=roster-decisions-caller", "--serviceaccount=acme:dashboard"},
	} {
		if err := s.kubectl(ctx, arguments...); err != nil {
			return err
		}
	}
	var err error
	if s.caller, err = s.token(ctx, "acme", "dashboard"); err != nil {
		return err
	}
	const site = `,"properties":{"site":%q}`
	for _, a := range []asking{
		evaluate("May Ana change a German order?", "ana@acme.example", "update", fmt.Sprintf(site, "DE"), `"decision":true`),
		evaluate("May Ana change a French one?", "ana@acme.example", "update", fmt.Sprintf(site, "FR"),
			`"decision":false,"context":{"reason":"OutsideRestriction","dimension":"site"`),
		evaluate("May Ben, who has not accepted, read one?", "ben@acme.example", "read", fmt.Sprintf(site, "DE"),
			`"decision":false,"context":{"reason":"NotActive"`),
		{"What may Ana do with a return?", "/access/v1/search/action", `{"subject":{"type":"user","id":"ana@acme.example"},"resource":{"type":"returns","id":"4711"}}`,
			`"results":[{"name":"create"},{"name":"delete"},{"name":"read"},{"name":"update"}]`},
		{"Which sites may Ana look at?", "/access/v1/search/resource", `{"subject":{"type":"user","id":"ana@acme.example"},"action":{"name":"read"},"resource":{"type":"sites"}}`,
			`"results":[{"type":"sites","id":"DE"},{"type":"sites","id":"FR"},{"type":"sites","id":"US"}]`},
		{"Where may Ana change orders? Acme knows its orders, Roster the sites", "/access/v1/search/resource",
			`{"subject":{"type":"user","id":"ana@acme.example"},"action":{"name":"update"},"resource":{"type":"orders"}}`,
			`"scopes":[{"restrictedTo":[{"dimension":"site","values":["DE"]}]}]`},
		{"Who may change a German order?", "/access/v1/search/subject", `{"subject":{"type":"user"},"action":{"name":"update"},"resource":{"type":"orders","id":"4711","properties":{"site":"DE"}}}`,
			`"results":[{"type":"user","id":"ana"}]`},
	} {
		if err := s.expect(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// revokeAna asks before and after, without waiting for her status.
func revokeAna(ctx context.Context, s *stage) error {
	read := evaluate("May Ana read orders?", "ana@acme.example", "read", "", `"decision":true`)
	if err := s.expect(ctx, read); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "patch", "users", "ana", "-n", "acme", "--type=merge", "-p", `{"spec":{"state":"Inactive"}}`); err != nil {
		return err
	}
	read.words, read.expected = "And now?", `"decision":false,"context":{"reason":"NotActive"`
	if err := s.expect(ctx, read); err != nil {
		return err
	}
	if err := refuseAna(ctx, s); err != nil {
		return err
	}
	// Back in, without another invitation: she accepted once.
	if err := s.kubectl(ctx, "patch", "users", "ana", "-n", "acme", "--type=merge", "-p", `{"spec":{"state":"Active"}}`); err != nil {
		return err
	}
	return s.kubectl(ctx, "wait", "users", "ana", "-n", "acme", "--for=jsonpath={.status.state}=Active", "--timeout=60s")
}

// expect asks until the answer is there, which takes a moment at the most, and shows both, and how often it had to ask.
func (s *stage) expect(ctx context.Context, a asking) error {
	fmt.Printf("  %s\n  POST %s %s\n", a.words, a.path, a.body)
	var answer string
	var asked int
	began := time.Now()
	err := s.wait(ctx, a.expected, func() error {
		var err error
		asked++
		if answer, err = s.post(ctx, a); err == nil && !strings.Contains(answer, a.expected) {
			err = fmt.Errorf("the answer is %s", answer)
		}
		return err
	})
	if err == nil {
		fmt.Printf("    %s (answer %d, after %s)\n", answer, asked, time.Since(began).Round(100*time.Microsecond))
	}
	return err
}

func (s *stage) post(ctx context.Context, a asking) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at(s.ports.decisions)+a.path, bytes.NewBufferString(a.body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.caller)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && !json.Valid(content) {
		err = fmt.Errorf("the answer is no JSON: %s", content)
	}
	return string(content), err
}
