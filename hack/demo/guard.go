package main

import (
	"context"
	"fmt"
)

const (
	anaSays = "--as=ana@acme.example"
	joSays  = "--as=jo@acme.example"
)

// bindJo waits for nobody but Roster to let Jo work in her tenant, and not outside of it.
func bindJo(ctx context.Context, s *stage) error {
	if err := accept(ctx, s, "jo"); err != nil {
		return err
	}
	if err := bound(ctx, s, "jo@acme.example"); err != nil {
		return err
	}
	for _, arguments := range [][]string{
		{"get", "users", "jo", "-n", "acme"},
		{"get", "rolebindings", "-n", "acme"},
		{"auth", "can-i", "create", "users.access.roster.dev", "-n", "acme", joSays},
	} {
		if err := s.kubectl(ctx, arguments...); err != nil {
			return err
		}
	}
	if err := s.refused(ctx, "no", "auth", "can-i", "get", "secrets", "-n", "acme", joSays); err != nil {
		return err
	}
	return s.refused(ctx, "no", "auth", "can-i", "create", "users.access.roster.dev", "-n", "default", joSays)
}

// bound waits until somebody is one of the tenant's administrators.
func bound(ctx context.Context, s *stage, address string) error {
	return s.kubectl(ctx, "wait", "rolebindings", "roster-administrators", "-n", "acme",
		fmt.Sprintf("--for=jsonpath={.subjects[?(@.name==%q)].name}=%s", address, address), "--timeout=60s")
}

// guardAna is told by Jo to say who is in which group. Kubernetes lets Ana write groups then; the guard holds her within what
// she has.
func guardAna(ctx context.Context, s *stage) error {
	if err := s.kubectl(ctx, "apply", "-f", "docs/examples/people-desk.yaml", joSays); err != nil {
		return err
	}
	if err := bound(ctx, s, "ana@acme.example"); err != nil {
		return err
	}
	err := s.kubectl(ctx, "patch", "usergroups", "de-order-fulfillment", "-n", "acme", "--type=merge",
		"-p", `{"spec":{"members":[{"name":"ben"},{"name":"carl"}]}}`, "--dry-run=server", anaSays)
	if err != nil {
		return err
	}
	if err := s.refused(ctx, "user ana would gain", "patch", "usergroups", "administrators", "-n", "acme", "--type=merge",
		"-p", `{"spec":{"members":[{"name":"ana"}]}}`, anaSays); err != nil {
		return err
	}
	return s.refused(ctx, "group us-order-fulfillment would gain", "patch", "usergroups", "us-order-fulfillment", "-n", "acme", "--type=merge",
		"-p", `{"spec":{"restrictions":[]}}`, anaSays)
}
