package decision

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// applications are credentials by their client ID, which is their token as well.
type applications map[string]Application

func (a applications) Find(id string) (Application, bool) { found, ok := a[id]; return found, ok }

func (a applications) Introspect(token string) (Application, bool) { return a.Find(token) }

func withApplications(d *desk) {
	d.options.Applications = applications{
		"ours":   {ClientID: "ours", Tenant: "acme", User: "ana", Expires: noon.Add(30 * time.Second)},
		"theirs": {ClientID: "theirs", Tenant: "globex", User: "ana"},
	}
}

// Of an application of another tenant, a tenant's own caller does not hear whether there is one.
func TestAnApplicationOfAnotherTenantIsLikeNone(t *testing.T) {
	for id, want := range map[string]string{"ours": "allow", "theirs": "deny UnknownUser", "nobodys": "deny UnknownUser"} {
		body := strings.Replace(evaluationOf("", id, ""), `"type":"user"`, `"type":"application"`, 1)
		d := newDesk(t, withApplications)
		if got := d.asks(frontend, PathEvaluation, body).says(); got != want {
			t.Errorf("%s: %s, not %s", id, got, want)
		}
		if got := d.asks(frontend, pathSearchAction, body); got.Code != http.StatusOK || (len(got.ids()) > 0) != (want == "allow") {
			t.Errorf("%s: a search says %s", id, got.Text)
		}
	}
}

func TestATokenThatHasEndedIsNotActive(t *testing.T) {
	d := newDesk(t, withApplications)
	for _, c := range []struct {
		caller, token string
		want          bool
	}{{frontend, "ours", true}, {platform, "theirs", true}, {frontend, "theirs", false}, {frontend, "nobodys", false}} {
		if got := d.asks(c.caller, pathIntrospect, "token="+c.token); got.Body["active"] != c.want {
			t.Errorf("%s to %s: %s", c.token, c.caller, got.Text)
		}
	}
	d.pass(30 * time.Second)
	if got := d.asks(frontend, pathIntrospect, "token=ours"); got.Body["active"] != false {
		t.Errorf("after its end: %s", got.Text)
	}
}
