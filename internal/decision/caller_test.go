package decision

import (
	"fmt"
	"testing"
)

// evaluationOf asks whether a user may read tax; about is what else stands beside the action.
func evaluationOf(tenant, user, about string) string {
	properties := ""
	if tenant != "" {
		properties = fmt.Sprintf(`,"properties":{"tenant":%q}`, tenant)
	}
	return fmt.Sprintf(`{"subject":{"type":"user","id":%q%s},"action":{"name":"read"},"resource":{"type":"tax","id":"1"}%s}`, user, properties, about)
}

func TestWhoMayAskAboutWhichTenant(t *testing.T) {
	const nowhere = "Forbidden: %s belongs to no tenant, and may not ask about all of them"
	for _, c := range []struct{ what, caller, tenant, want string }{
		{"the platform about any", platform, "globex", "allow"},
		{"a tenant's own about this tenant", frontend, "acme", "allow"},
		{"a tenant's own about another", frontend, "globex", "Forbidden: This caller belongs to tenant acme and may ask about no other"},
		{"one in a namespace that no tenant keeps", homeless, "acme", fmt.Sprintf(nowhere, homeless)},
		{"one who may not ask at all", stranger, "acme", "Forbidden: stranger may not post to /access/v1/evaluation"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := newDesk(t).asks(c.caller, PathEvaluation, evaluationOf(c.tenant, "ana", "")).says(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A tenant that is deleted may leave its namespace behind, with service accounts in it.
func TestACallerDoesNotOutgrowItsTenant(t *testing.T) {
	d := newDesk(t)
	if got := d.asks(frontend, PathEvaluation, evaluationOf("acme", "ana", "")).says(); got != "allow" {
		t.Fatal(got)
	}
	d.index.DropTenant("acme")
	for _, path := range []string{PathEvaluation, pathEvaluations, pathSearchSubject, pathSearchAction, pathIntrospect} {
		if got := d.asks(frontend, path, evaluationOf("globex", "ana", "")); got.Code != 403 {
			t.Errorf("%s: %s", path, got.Text)
		}
	}
}
