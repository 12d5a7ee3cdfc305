package guard_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/guard"
)

func kindOf(object client.Object) string { return reflect.TypeOf(object).Elem().Name() }

func TestWhatCannotBeJudgedIsRefusedForNow(t *testing.T) {
	joins := changed(vic, "ben", "", join("owners"))
	for sentence, spoil := range map[string]func(*guard.Guard){
		"the objects cannot be read":     func(g *guard.Guard) { g.Reader = broken{} },
		"the API server does not answer": func(g *guard.Guard) { g.Reviews = broken{} },
	} {
		t.Run(sentence, func(t *testing.T) {
			g := newGuard(t, stored()...)
			spoil(g)
			response := g.Handle(context.Background(), ask(t, joins.by, joins.was, joins.is))
			if response.Allowed || response.Result.Code != http.StatusServiceUnavailable || response.Result.Reason != metav1.StatusReasonServiceUnavailable {
				t.Errorf("answered %+v", response.Result)
			}
		})
	}
	t.Run("the version is unknown", func(t *testing.T) {
		request := ask(t, ana, joins.was, joins.is)
		request.Kind.Version = "v9"
		if response := newGuard(t, stored()...).Handle(context.Background(), request); response.Allowed {
			t.Error("allowed")
		}
	})
	t.Run("the object is none", func(t *testing.T) {
		request := ask(t, ana, joins.was, joins.is)
		request.Object.Raw = []byte(`{"spec":7}`)
		if response := newGuard(t, stored()...).Handle(context.Background(), request); response.Allowed {
			t.Error("allowed")
		}
	})
}

func TestAPanicRefuses(t *testing.T) {
	joins := changed(ana, "ben", "", join("owners"))
	g := newGuard(t, stored()...)
	g.Graph = nil
	response := (&admission.Webhook{Handler: g}).Handle(context.Background(), ask(t, joins.by, joins.was, joins.is))
	if response.Allowed || response.Result.Code != http.StatusInternalServerError {
		t.Errorf("answered %+v", response.Result)
	}
}

type broken struct{ client.Reader }

var errBroken = errors.New("the cable is out")

func (broken) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errBroken
}

func (broken) List(context.Context, client.ObjectList, ...client.ListOption) error { return errBroken }

func (broken) Create(context.Context, client.Object, ...client.CreateOption) error { return errBroken }

func TestStatusesAreRostersAlone(t *testing.T) {
	forged := changed(platform, "vic", "", func(u *accessv1.User) { u.Status.State = accessv1.UserActive })
	for by, allowed := range map[string]bool{self: true, platform: false, pipeline: false, ana: false, cleaner: false} {
		request := ask(t, by, forged.was, forged.is)
		request.SubResource = "status"
		if response := newGuard(t, stored()...).Handle(context.Background(), request); response.Allowed != allowed {
			t.Errorf("%s: allowed is %v", by, response.Allowed)
		}
	}
}

func TestARefusalSaysWhatIsGainedByWhomAndWhatIsLacking(t *testing.T) {
	r := changed(dee, "ben", "", func(u *accessv1.User) { u.Spec.Groups = []accessv1.GroupMembership{{Name: "both", Until: in(year)}} })
	both := group("both", rules(rule(accessv1.LevelManage, "orders"), rule(accessv1.LevelRead, "tax")), restricted("site.de", "site.fr"))
	response := newGuard(t, append(stored(), both)...).Handle(context.Background(), ask(t, r.by, r.was, r.is))
	const want = "user ben would gain Read on tax until 2027-06-01T12:00:00Z, Manage on orders at site=DE, FR until 2027-06-01T12:00:00Z, " +
		"and oidc:dee@acme.example does not hold Read on tax until 2027-06-01T12:00:00Z, Manage on orders at site=FR until 2027-06-01T12:00:00Z; " +
		"that takes the verb escalate on roles.access.roster.dev in namespace acme"
	if response.Result.Message != want {
		t.Errorf("said\n%s\nand not\n%s", response.Result.Message, want)
	}
}

func TestWarnings(t *testing.T) {
	for sentence, c := range map[string]struct {
		row  row
		want string
	}{
		"a group that does not exist":       {changed(ana, "ben", "", join("nowhere", "owners")), "these groups do not exist (yet) and count for nothing: nowhere"},
		"a role that does not exist":        {changed(ana, "staff", "", roles("nothing")), "these roles do not exist (yet) and count for nothing: nothing"},
		"a member who does not exist":       {changed(ana, "staff", "", members("nobody")), "these users do not exist (yet) and count for nothing: nobody"},
		"a restriction that does not exist": {changed(ana, "staff", "", restricted("site.no")), "close what they might narrow: site.no"},
		"nothing to warn of":                {changed(ana, "ben", "", join("owners")), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			response := newGuard(t, stored()...).Handle(context.Background(), ask(t, c.row.by, c.row.was, c.row.is))
			if !response.Allowed {
				t.Fatalf("refused: %s", response.Result.Message)
			}
			found := slices.ContainsFunc(response.Warnings, func(w string) bool { return strings.Contains(w, c.want) })
			if c.want == "" && len(response.Warnings) > 0 || c.want != "" && !found {
				t.Errorf("warned of %q", response.Warnings)
			}
		})
	}
}

func TestStamp(t *testing.T) {
	forged := invitation("new", "ben")
	forged.Spec.RequestedBy = "somebody@else.example"
	kept := invitation("new", "ben")
	kept.Spec.RequestedBy = ana
	forgedReset := reset("new", "ben")
	forgedReset.Spec.RequestedBy = "somebody@else.example"
	for sentence, c := range map[string]struct {
		by      string
		was, is client.Object
		want    string
	}{
		"who creates it":                       {ana, nil, invitation("new", "ben"), `{"op":"add","path":"/spec/requestedBy","value":"oidc:ana@acme.example"}`},
		"whatever he wrote":                    {ana, nil, forged, `{"op":"replace","path":"/spec/requestedBy","value":"oidc:ana@acme.example"}`},
		"who asks for a password reset":        {ana, nil, forgedReset, `{"op":"replace","path":"/spec/requestedBy","value":"oidc:ana@acme.example"}`},
		"Roster's own have none":               {self, nil, invitation("new", "ben"), ""},
		"applied again without it":             {ana, kept, invitation("new", "ben"), `{"op":"add","path":"/spec/requestedBy","value":"oidc:ana@acme.example"}`},
		"changed by another":                   {vic, kept, forged, `{"op":"replace","path":"/spec/requestedBy","value":"oidc:ana@acme.example"}`},
		"one of Roster's, claimed by somebody": {ana, invitation("new", "ben"), forged, `{"op":"remove","path":"/spec/requestedBy"}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			response := newGuard(t, stored()...).Stamp(context.Background(), ask(t, c.by, c.was, c.is))
			var patches []string
			for _, p := range response.Patches {
				patches = append(patches, p.Json())
			}
			if !response.Allowed || strings.Join(patches, "\n") != c.want {
				t.Errorf("allowed is %v, patched %q", response.Allowed, patches)
			}
		})
	}
}
