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

// asking is a question to the decision service, and the answer that the demo wants to see.
type asking struct{ path, body, expected string }

func evaluate(user, action, about, expected string) asking {
	return asking{"/access/v1/evaluation", fmt.Sprintf(
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
		evaluate("ana@acme.example", "update", fmt.Sprintf(site, "DE"), `"decision":true`),
		evaluate("ana@acme.example", "update", fmt.Sprintf(site, "FR"), `"decision":false,"context":{"reason":"OutsideRestriction","dimension":"site"`),
		evaluate("ben@acme.example", "read", fmt.Sprintf(site, "DE"), `"decision":false,"context":{"reason":"NotActive"`),
		{"/access/v1/search/action", `{"subject":{"type":"user","id":"ana@acme.example"},"resource":{"type":"returns","id":"4711"}}`,
			`"results":[{"name":"create"},{"name":"delete"},{"name":"read"},{"name":"update"}]`},
		{"/access/v1/search/subject", `{"subject":{"type":"user"},"action":{"name":"update"},"resource":{"type":"orders","id":"4711","properties":{"site":"DE"}}}`,
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
	read := evaluate("ana@acme.example", "read", "", `"decision":true`)
	if err := s.expect(ctx, read); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "patch", "users", "ana", "-n", "acme", "--type=merge", "-p", `{"spec":{"state":"Inactive"}}`); err != nil {
		return err
	}
	read.expected = `"decision":false,"context":{"reason":"NotActive"`
	if err := s.expect(ctx, read); err != nil {
		return err
	}
	// Back in, without another invitation: she accepted once.
	if err := s.kubectl(ctx, "patch", "users", "ana", "-n", "acme", "--type=merge", "-p", `{"spec":{"state":"Active"}}`); err != nil {
		return err
	}
	return s.kubectl(ctx, "wait", "users", "ana", "-n", "acme", "--for=jsonpath={.status.state}=Active", "--timeout=60s")
}

// expect asks until the answer is there, which takes a moment at the most, and shows both.
func (s *stage) expect(ctx context.Context, a asking) error {
	fmt.Printf("  POST %s %s\n", a.path, a.body)
	var answer string
	began := time.Now()
	err := s.wait(ctx, a.expected, func() error {
		var err error
		if answer, err = s.post(ctx, a); err == nil && !strings.Contains(answer, a.expected) {
			err = fmt.Errorf("the answer is %s", answer)
		}
		return err
	})
	if err == nil {
		fmt.Printf("    %s (%s)\n", answer, time.Since(began).Round(time.Millisecond))
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
