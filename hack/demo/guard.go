package main

import "context"

const anaSays = "--as=ana@acme.example"

// guardAna gives Ana Kubernetes' leave to write users and groups, which the guard does not take for Roster's.
func guardAna(ctx context.Context, s *stage) error {
	for _, arguments := range [][]string{
		{"create", "role", "roster-writer", "-n", "acme", "--verb=get,list,create,update,patch,delete", "--resource=users.access.roster.dev,usergroups.access.roster.dev"},
		{"create", "rolebinding", "ana", "-n", "acme", "--role=roster-writer", "--user=ana@acme.example"},
		{"patch", "usergroups", "de-order-fulfillment", "-n", "acme", "--type=merge", "-p", `{"spec":{"members":[{"name":"ben"},{"name":"carl"}]}}`, "--dry-run=server", anaSays},
	} {
		if err := s.kubectl(ctx, arguments...); err != nil {
			return err
		}
	}
	if err := s.refused(ctx, "user ana would gain", "patch", "usergroups", "administrators", "-n", "acme", "--type=merge",
		"-p", `{"spec":{"members":[{"name":"ana"}]}}`, anaSays); err != nil {
		return err
	}
	return s.refused(ctx, "group us-order-fulfillment would gain", "patch", "usergroups", "us-order-fulfillment", "-n", "acme", "--type=merge",
		"-p", `{"spec":{"restrictions":[]}}`, anaSays)
}
