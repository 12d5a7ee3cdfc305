package graph_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

func TestWhatItTakesToAdminister(t *testing.T) {
	t.Parallel()
	tenancy := &graph.Tenancy{Catalog: &accessv1.ResourceCatalog{Spec: accessv1.ResourceCatalogSpec{AdministrationResource: "people"}}}
	people, other := []string{"people", "tax"}, []string{"tax"}
	somewhere := access.Scope{{Name: "site", Values: []string{"DE"}}}
	for name, c := range map[string]struct {
		grants []access.Grant
		want   accessv1.Level
	}{
		"nothing":                  {},
		"Manage on something else": {[]access.Grant{{Resources: other, Level: access.Manage}}, ""},
		"Manage":                   {[]access.Grant{{Resources: people, Level: access.Manage}}, accessv1.LevelManage},
		"Read":                     {[]access.Grant{{Resources: people, Level: access.Read}}, accessv1.LevelRead},
		"Manage in one place only": {[]access.Grant{{Resources: people, Level: access.Manage, Scope: somewhere}}, ""},
		"Manage in one place, Read everywhere": {[]access.Grant{
			{Resources: people, Level: access.Manage, Scope: somewhere}, {Resources: people, Level: access.Read},
		}, accessv1.LevelRead},
		"Manage until later":       {[]access.Grant{{Resources: people, Level: access.Manage, Until: now.Add(time.Second)}}, accessv1.LevelManage},
		"Manage until a while ago": {[]access.Grant{{Resources: people, Level: access.Manage, Until: now.Add(-time.Second)}}, ""},
		"one action of the four":   {[]access.Grant{{Resources: people, Actions: []string{"update"}}}, ""},
		"the four actions in two entries": {[]access.Grant{
			{Resources: people, Actions: []string{"create", "read"}, Until: now.Add(time.Hour)},
			{Resources: people, Actions: []string{"delete", "update"}},
		}, accessv1.LevelManage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tenancy.Administration(c.grants, now); got != c.want {
				t.Errorf("administration is %q, not %q", got, c.want)
			}
		})
	}
	if got := (&graph.Tenancy{}).Administration([]access.Grant{{Resources: people, Level: access.Manage}}, now); got != "" {
		t.Errorf("without a catalog, administration is %q", got)
	}
}

func TestTheUserWithAnAddressIsTheOldest(t *testing.T) {
	t.Parallel()
	sibling := func(name string, age time.Duration) *accessv1.User {
		user := &accessv1.User{ObjectMeta: named(name), Spec: accessv1.UserSpec{Email: "Twin@acme.example"}}
		user.CreationTimestamp = metav1.NewTime(now.Add(-age))
		return user
	}
	gone := sibling("gone", 3*time.Hour)
	gone.DeletionTimestamp, gone.Finalizers = &metav1.Time{Time: now}, []string{"test.example/hold"}
	w := newWorld(t, sibling("younger", time.Hour), sibling("elder", 2*time.Hour), gone)
	user, err := w.graph.UserWithEmail(t.Context(), "acme", "twin@acme.example")
	if err != nil || user == nil || user.Name != "elder" {
		t.Errorf("found %v (%v), not elder", user, err)
	}
	if user, err := w.graph.UserWithEmail(t.Context(), "acme", "nobody@acme.example"); err != nil || user != nil {
		t.Errorf("found %v (%v) at an address that nobody has", user, err)
	}
}

func TestAPartnerKeepsItsNamespace(t *testing.T) {
	t.Parallel()
	tenant := func(name, namespace string) *accessv1.Tenant {
		return &accessv1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now)},
			Spec:       accessv1.TenantSpec{Namespace: namespace, CatalogRef: accessv1.Reference{Name: "shop"}},
		}
	}
	older := tenant("older", "shared")
	older.CreationTimestamp = metav1.NewTime(now.Add(-time.Hour))
	w := newWorld(t, tenant("agency", "agents"), tenant("younger", "shared"), older)
	for name, want := range map[string]string{"": "", "nobody": "", "agency": "agency", "younger": "", "older": "older"} {
		managed := tenant("managed", "managed")
		if name != "" {
			managed.Spec.ManagedBy = &accessv1.Reference{Name: name}
		}
		partner, err := w.graph.Partner(t.Context(), managed)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if partner != nil {
			got = partner.Tenant.Name
		}
		if got != want {
			t.Errorf("managed by %q, the partner is %q, not %q", name, got, want)
		}
	}
}
