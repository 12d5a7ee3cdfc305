package decision

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/credential"
)

// credentialOf is one that acts for a user and may do all that he may. Its client ID is its token as well.
func credentialOf(user *accessv1.User, id string) *accessv1.ApplicationCredential {
	c := &accessv1.ApplicationCredential{ObjectMeta: metav1.ObjectMeta{Namespace: user.Namespace, Name: id, UID: types.UID(id), Generation: 1}}
	c.Spec.UserRef.Name = user.Name
	c.Status.ObservedGeneration, c.Status.ClientID, c.Status.UserUID = 1, id, string(user.UID)
	c.Status.TokenHash = credential.HashOf(id).String()
	c.Status.EffectiveAccess = user.Status.EffectiveAccess
	return c
}

// credentials are one of ana's in acme, for half a minute, and one of hers in globex.
func (s *State) credentials() []*accessv1.ApplicationCredential {
	ours, theirs := credentialOf(s.Users[0], "ours"), credentialOf(s.Users[1], "theirs")
	ours.Spec.ExpiresAt = &metav1.Time{Time: noon.Add(30 * time.Second)}
	return []*accessv1.ApplicationCredential{ours, theirs}
}

// Of an application of another tenant, a tenant's own caller does not hear whether there is one.
func TestAnApplicationOfAnotherTenantIsLikeNone(t *testing.T) {
	for id, want := range map[string]string{"ours": "allow", "theirs": "deny UnknownUser", "nobodys": "deny UnknownUser"} {
		body := strings.Replace(evaluationOf("", id, ""), `"type":"user"`, `"type":"application"`, 1)
		d := newDesk(t)
		if got := d.asks(frontend, PathEvaluation, body).says(); got != want {
			t.Errorf("%s: %s, not %s", id, got, want)
		}
		if got := d.asks(frontend, pathSearchAction, body); got.Code != http.StatusOK || (len(got.ids()) > 0) != (want == "allow") {
			t.Errorf("%s: a search says %s", id, got.Text)
		}
	}
}

func TestATokenThatHasEndedIsNotActive(t *testing.T) {
	d := newDesk(t)
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

func asApplication(body string) string {
	return strings.Replace(body, `"type":"user"`, `"type":"application"`, 1)
}

// changed is what acme's application says after a change to its credential.
func (d *desk) changed(change func(*accessv1.ApplicationCredential)) string {
	c := d.state(7).Credentials[0]
	change(c)
	d.index.PutCredential(c)
	return d.asks(frontend, PathEvaluation, asApplication(evaluationOf("acme", "ours", ""))).says()
}

func (d *desk) active(token string) bool {
	active, _ := d.asks(frontend, pathIntrospect, "token="+token).Body["active"].(bool)
	return active
}

func TestAnApplicationMayWhatItAndItsUserMay(t *testing.T) {
	taxOnly := []accessv1.AccessEntry{{Resources: []string{"tax"}, Level: accessv1.LevelManage}}
	for sentence, c := range map[string]struct {
		change func(*accessv1.ApplicationCredential)
		want   string
	}{
		"as it is":                             {func(*accessv1.ApplicationCredential) {}, "allow"},
		"no access of its own":                 {func(c *accessv1.ApplicationCredential) { c.Status.EffectiveAccess = nil }, "deny NoGrant"},
		"more access than its user's":          {func(c *accessv1.ApplicationCredential) { c.Status.EffectiveAccess = taxOnly }, "allow"},
		"another user's":                       {func(c *accessv1.ApplicationCredential) { c.Status.UserUID = "acme/later" }, "deny UnknownUser"},
		"nobody's":                             {func(c *accessv1.ApplicationCredential) { c.Status.UserUID = "" }, "deny UnknownUser"},
		"being deleted":                        {func(c *accessv1.ApplicationCredential) { c.DeletionTimestamp = &metav1.Time{Time: noon} }, "deny NotActive"},
		"expired":                              {func(c *accessv1.ApplicationCredential) { c.Spec.ExpiresAt = &metav1.Time{Time: noon} }, "deny Expired"},
		"changed otherwise, and not looked at": {func(c *accessv1.ApplicationCredential) { c.Generation = 2 }, "allow"},
		"other rules, and not looked at since": {func(c *accessv1.ApplicationCredential) {
			c.Generation, c.Spec.Access = 2, []accessv1.Rule{{Resources: []string{"orders"}}}
		}, "deny NotActive"},
		"other rules, and looked at since": {func(c *accessv1.ApplicationCredential) {
			c.Generation, c.Status.ObservedGeneration, c.Spec.Access = 2, 2, []accessv1.Rule{{Resources: []string{"tax"}}}
		}, "allow"},
	} {
		if got := newDesk(t).changed(c.change); got != c.want {
			t.Errorf("%s: %s, not %s", sentence, got, c.want)
		}
	}
	d := newDesk(t)
	d.changed(func(c *accessv1.ApplicationCredential) { c.Status.EffectiveAccess = taxOnly })
	update := strings.Replace(asApplication(evaluationOf("acme", "ours", "")), `"read"`, `"update"`, 1)
	if got := d.asks(frontend, PathEvaluation, update).says(); got != "deny NoGrant" {
		t.Errorf("what its user may not: %s", got)
	}
}

// What is known of the user counts at once, whatever the credential's status still says.
func TestAnApplicationEndsWithItsUserAtOnce(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*desk, *accessv1.User)
		want   string
	}{
		"deactivated":     {func(d *desk, u *accessv1.User) { u.Spec.State = accessv1.AccountInactive; d.index.PutUser(u) }, "deny NotActive"},
		"being deleted":   {func(d *desk, u *accessv1.User) { u.DeletionTimestamp = &metav1.Time{Time: noon}; d.index.PutUser(u) }, "deny NotActive"},
		"not accepted":    {func(d *desk, u *accessv1.User) { u.Status.State = accessv1.UserInvited; d.index.PutUser(u) }, "deny NotActive"},
		"without access":  {func(d *desk, u *accessv1.User) { u.Status.EffectiveAccess = nil; d.index.PutUser(u) }, "deny NoGrant"},
		"gone":            {func(d *desk, u *accessv1.User) { d.index.DropUser(u.Namespace, u.Name) }, "deny UnknownUser"},
		"another by name": {func(d *desk, u *accessv1.User) { u.UID = "acme/later"; d.index.PutUser(u) }, "deny UnknownUser"},
		"in a suspended tenant": {func(d *desk, _ *accessv1.User) {
			tenant := d.state(7).Tenants[0]
			tenant.Spec.State = accessv1.TenantSuspended
			d.index.PutTenant(tenant)
		}, "deny TenantSuspended"},
		"in no tenant": {func(d *desk, _ *accessv1.User) { d.index.DropTenant("acme") }, "deny UnknownUser"},
	} {
		d := newDesk(t)
		c.change(d, d.state(7).Users[0])
		body := asApplication(evaluationOf("", "ours", ""))
		if got := d.asks(platform, PathEvaluation, body).says(); got != c.want {
			t.Errorf("%s: %s, not %s", sentence, got, c.want)
		}
		if active := d.asks(platform, pathIntrospect, "token=ours").Body["active"]; active != (c.want == "deny NoGrant") {
			t.Errorf("%s: active is %v", sentence, active)
		}
	}
}

func TestAnActingGroupNarrowsAnApplicationToo(t *testing.T) {
	d := newDesk(t)
	u := d.state(7).Users[0]
	u.Status.EffectiveAccess[0].Via = []accessv1.AccessSource{{Group: "ash"}}
	d.index.PutUser(u)
	for group, want := range map[string]string{"ash": "allow", "birch": "deny NoGrant"} {
		body := asApplication(evaluationOf("acme", "ours", `,"context":{"group":"`+group+`"}`))
		if got := d.asks(frontend, PathEvaluation, body).says(); got != want {
			t.Errorf("in %s: %s, not %s", group, got, want)
		}
	}
}

func TestOnlyTheTokensInForceAreActive(t *testing.T) {
	rotated := func(rotation, overlap int32) func(*accessv1.ApplicationCredential) {
		return func(c *accessv1.ApplicationCredential) { c.Spec.Rotation, c.Spec.OverlapSeconds = &rotation, &overlap }
	}
	followed := func(rotation, overlap int32, until time.Time) func(*accessv1.ApplicationCredential) {
		return func(c *accessv1.ApplicationCredential) {
			rotated(rotation, overlap)(c)
			c.Status.Rotation = &rotation
			c.Status.TokenHash = credential.HashOf("new").String()
			c.Status.Previous = &accessv1.PreviousToken{TokenHash: credential.HashOf("ours").String(), Until: metav1.NewTime(until)}
		}
	}
	for sentence, c := range map[string]struct {
		change     func(*accessv1.ApplicationCredential)
		old, fresh bool
	}{
		"as it was":                        {func(*accessv1.ApplicationCredential) {}, true, false},
		"rotated a moment ago":             {rotated(1, 0), false, false},
		"rotated a moment ago, in overlap": {rotated(1, 60), true, false},
		"pending": {func(c *accessv1.ApplicationCredential) {
			c.Status.Pending = &accessv1.PendingToken{TokenHash: credential.HashOf("new").String()}
		}, true, false},
		"rotated, in overlap":            {followed(1, 60, noon.Add(time.Second)), true, true},
		"rotated, after the overlap":     {followed(1, 60, noon), false, true},
		"rotated, the overlap withdrawn": {followed(1, 0, noon.Add(time.Second)), false, true},
		"without any":                    {func(c *accessv1.ApplicationCredential) { c.Status.TokenHash = "" }, false, false},
	} {
		d := newDesk(t)
		d.changed(c.change)
		if d.active("ours") != c.old || d.active("new") != c.fresh {
			t.Errorf("%s: the old token %v, the new one %v", sentence, d.active("ours"), d.active("new"))
		}
	}
	d := newDesk(t)
	d.index.DropCredential("acme", "ours")
	if d.active("ours") || d.asks(frontend, PathEvaluation, asApplication(evaluationOf("acme", "ours", ""))).says() != "deny UnknownUser" {
		t.Error("a deleted credential lives on")
	}
	d = newDesk(t)
	d.index.ReplaceCredentials(d.state(7).Credentials[1:])
	if d.active("ours") {
		t.Error("what is not in a new list lives on")
	}
}

func TestATokenSaysForWhomItStands(t *testing.T) {
	got := newDesk(t).asks(frontend, pathIntrospect, "token=ours").Body
	want := map[string]any{
		"active": true, "client_id": "ours", "sub": "ana", "username": "ana", "token_type": "Bearer", "tenant": "acme", "exp": float64(noon.Add(30 * time.Second).Unix()),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestApplicationsAreSearchedLikeUsers(t *testing.T) {
	d := newDesk(t)
	for body, want := range map[string][]string{
		asApplication(evaluationOf("acme", "", "")):   {"ours"},
		asApplication(evaluationOf("globex", "", "")): {"theirs"},
	} {
		if got := d.asks(platform, pathSearchSubject, body).ids(); !slices.Equal(got, want) {
			t.Errorf("%s finds %v", body, got)
		}
	}
	d.pass(30 * time.Second)
	if got := d.asks(platform, pathSearchSubject, asApplication(evaluationOf("acme", "", ""))).ids(); len(got) > 0 {
		t.Errorf("after its end: %v", got)
	}
}

// A version is waited for until the credential's status follows from it, and its user's does.
func TestAnApplicationIsAsFreshAsItIsAskedToBe(t *testing.T) {
	for _, waits := range []string{"user", "credential"} {
		d := newDesk(t)
		d.read = func(string) (*State, error) {
			s := d.state(8)
			settled := d.reads.Load() > 1
			if settled {
				s.Credentials[0].Status.EffectiveAccess = nil
			}
			s.Settled = func(context.Context, string) (bool, error) { return settled || waits != "user", nil }
			s.SettledFor = func(context.Context, string) (bool, error) { return settled || waits != "credential", nil }
			return s, nil
		}
		if got := d.asks(platform, PathEvaluation, asApplication(late("acme", "ours"))).says(); got != "deny NoGrant" || d.reads.Load() != 2 {
			t.Errorf("%s: %s after %d readings", waits, got, d.reads.Load())
		}
	}
}

func TestAMovedCatalogMovesApplications(t *testing.T) {
	d := newDesk(t)
	ask := func() string {
		return d.asks(platform, PathEvaluation, asApplication(evaluationOf("acme", "ours", ""))).says()
	}
	d.index.DropCatalog("shop")
	if got := ask(); got == "allow" {
		t.Error("without a catalog something is allowed")
	}
	d.index.PutCatalog(d.state(7).Catalogs[0])
	if got := ask(); got != "allow" {
		t.Errorf("with the catalog back: %s", got)
	}
}

func TestDecidingForAnApplicationAllocatesNothing(t *testing.T) {
	d := newDesk(t)
	query := access.Query{Action: "read", Resource: "tax"}
	for _, id := range []string{"ours", "nobodys"} {
		s := party{Subject{Tenant: "acme", ID: id}, true}
		if n := testing.AllocsPerRun(100, func() { d.index.decide(s, &query, noon) }); n > 0 {
			t.Errorf("%s: %v allocations", id, n)
		}
	}
}

func BenchmarkDecideForAnApplication(b *testing.B) {
	state := (&desk{}).state(7)
	i := NewIndex()
	i.ReplaceCatalogs(state.Catalogs)
	i.ReplaceTenants(state.Tenants)
	i.ReplaceUsers(state.Users)
	i.ReplaceCredentials(state.Credentials)
	query, s := access.Query{Action: "read", Resource: "tax"}, party{Subject{Tenant: "acme", ID: "ours"}, true}
	b.ReportAllocs()
	for b.Loop() {
		if d, _ := i.decide(s, &query, noon); !d.Allowed {
			b.Fatal("denied")
		}
	}
}
