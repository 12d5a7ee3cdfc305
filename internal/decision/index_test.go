package decision

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

var (
	noon      = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	resources = []string{"orders", "tax", "sites"}
	actions   = []string{"read", "create", "update", "delete", "publish", "fly"}
	groups    = []string{"ash", "birch"}
	spaces    = []string{"acme", "globex", "nobodys"}
	names     = []string{"ana", "ben", "cem"}
)

const shared = "Shared@Example.Example" // by several

func catalogs2() []*accessv1.ResourceCatalog {
	shaped := func(name string, generation int64, list ...accessv1.CatalogResource) *accessv1.ResourceCatalog {
		return &accessv1.ResourceCatalog{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Generation: generation},
			Spec:       accessv1.ResourceCatalogSpec{Services: []accessv1.CatalogService{{Name: "all", Resources: list}}},
		}
	}
	orders := accessv1.CatalogResource{Name: "orders", RestrictedBy: []string{"site"}}
	tax := accessv1.CatalogResource{Name: "tax", Actions: []string{"publish"}}
	sites := accessv1.CatalogResource{Name: "sites", RestrictedBy: []string{"site"}, IdentifiedBy: "site", Actions: []string{"publish"}}
	return []*accessv1.ResourceCatalog{shaped("shop", 1, orders, tax), shaped("shop", 2, sites, tax, orders), shaped("bank", 1, tax)}
}

// model is what an index should hold, kept naively.
type model struct {
	catalogs map[string]*accessv1.ResourceCatalog
	tenants  map[string]*accessv1.Tenant
	users    map[string]*accessv1.User
	// vetted has, by user, the address that a status has spoken of, or that was accepted.
	vetted map[string]vettedAddress
}

type vettedAddress struct {
	uid     types.UID
	address string
}

func newModel() *model {
	return &model{
		map[string]*accessv1.ResourceCatalog{}, map[string]*accessv1.Tenant{}, map[string]*accessv1.User{}, map[string]vettedAddress{},
	}
}

func (m *model) put(u *accessv1.User) {
	key := u.Namespace + "/" + u.Name
	now, accepted := vettedAddress{u.UID, index.EmailKey(u.Spec.Email)}, vettedAddress{u.UID, index.EmailKey(u.Status.AcceptedEmail)}
	if u.Status.ObservedGeneration != u.Generation && now != accepted && now != m.vetted[key] {
		now.address = ""
	}
	m.users[key], m.vetted[key] = u, now
}

func (m *model) drop(namespace, name string) {
	delete(m.users, namespace+"/"+name)
	delete(m.vetted, namespace+"/"+name)
}

// holder is the only active user of a namespace who has the address and has been looked at since he has; nil: there is not one.
func (m *model) holder(namespace, address string) *accessv1.User {
	var found []*accessv1.User
	for key, u := range m.users {
		active := u.Spec.State != accessv1.AccountInactive && u.Status.State == accessv1.UserActive
		if u.Namespace == namespace && active && m.vetted[key].address == address {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

func drawEntries(t *rapid.T) []accessv1.AccessEntry {
	var out []accessv1.AccessEntry
	for range rapid.IntRange(0, 3).Draw(t, "entries") {
		e := accessv1.AccessEntry{
			Resources: rapid.SliceOfNDistinct(rapid.SampledFrom(append(resources, "gone")), 1, 3, rapid.ID).Draw(t, "resources"),
			Level:     rapid.SampledFrom([]accessv1.Level{"", accessv1.LevelRead, accessv1.LevelManage}).Draw(t, "level"),
			Actions:   rapid.SliceOfN(rapid.SampledFrom(actions), 0, 2).Draw(t, "actions"),
			Via:       []accessv1.AccessSource{{Group: rapid.SampledFrom(groups).Draw(t, "group")}},
		}
		if rapid.Bool().Draw(t, "narrow") {
			e.RestrictedTo = []accessv1.DimensionValues{{
				Dimension: rapid.SampledFrom([]string{"site", "vendor"}).Draw(t, "dimension"), Values: []string{rapid.SampledFrom([]string{"DE", "FR"}).Draw(t, "value")},
			}}
		}
		if rapid.IntRange(0, 3).Draw(t, "ends") == 0 {
			e.Until = &metav1.Time{Time: noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "hours")) * time.Hour)}
		}
		out = append(out, e)
	}
	return out
}

func drawUser(t *rapid.T) *accessv1.User {
	name := rapid.SampledFrom(names).Draw(t, "name")
	namespace := rapid.SampledFrom(spaces).Draw(t, "namespace")
	u := &accessv1.User{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: namespace, UID: types.UID(rapid.SampledFrom([]string{"first ", "second "}).Draw(t, "uid") + name), Generation: 2,
		CreationTimestamp: metav1.NewTime(noon),
	}}
	addresses := []string{"", name + "@" + namespace + ".example", shared}
	u.Spec.Email = rapid.SampledFrom(addresses).Draw(t, "email")
	u.Status.AcceptedEmail = index.EmailKey(rapid.SampledFrom(addresses).Draw(t, "accepted"))
	u.Status.ObservedGeneration = rapid.SampledFrom([]int64{1, 2, 2}).Draw(t, "observed")
	u.Spec.State = rapid.SampledFrom([]accessv1.AccountState{"", "", accessv1.AccountActive, accessv1.AccountInactive}).Draw(t, "account")
	u.Status.State = rapid.SampledFrom([]accessv1.UserState{accessv1.UserActive, accessv1.UserActive, accessv1.UserActive, accessv1.UserInvited}).Draw(t, "state")
	u.Status.EffectiveAccess = drawEntries(t)
	if rapid.Bool().Draw(t, "alone") {
		u.Status.Groups = []accessv1.EffectiveMembership{{Name: "ash", From: "User", Access: drawEntries(t)}}
	}
	if rapid.Bool().Draw(t, "rival") { // for an address of which several are likely to want something
		u.Spec.Email, u.Spec.State, u.Status.State = shared, accessv1.AccountActive, accessv1.UserActive
		u.Status.EffectiveAccess = []accessv1.AccessEntry{{Resources: resources, Level: accessv1.LevelRead}}
	}
	return u
}

func drawTenant(t *rapid.T) *accessv1.Tenant {
	name := rapid.SampledFrom([]string{"acme", "globex", "rival"}).Draw(t, "tenant")
	out := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(len(name)) * time.Second))}}
	out.Spec.CatalogRef.Name = rapid.SampledFrom([]string{"shop", "bank", "none"}).Draw(t, "catalog")
	out.Spec.State = rapid.SampledFrom([]accessv1.TenantState{accessv1.TenantActive, accessv1.TenantActive, accessv1.TenantSuspended}).Draw(t, "state")
	if name == "rival" {
		out.Spec.Namespace = rapid.SampledFrom([]string{"acme", "globex"}).Draw(t, "claims")
	}
	return out
}

// step does one thing that a watch could deliver to both.
func step(t *rapid.T, i *Index, m *model) {
	switch rapid.IntRange(0, 9).Draw(t, "step") {
	case 0:
		c := rapid.SampledFrom(catalogs2()).Draw(t, "catalog")
		m.catalogs[c.Name] = c
		i.PutCatalog(c)
	case 1, 2:
		tenant := drawTenant(t)
		m.tenants[tenant.Name] = tenant
		i.PutTenant(tenant)
	case 3:
		name := rapid.SampledFrom([]string{"acme", "rival"}).Draw(t, "drop tenant")
		delete(m.tenants, name)
		i.DropTenant(name)
	case 4:
		u := drawUser(t)
		m.drop(u.Namespace, u.Name)
		i.DropUser(u.Namespace, u.Name)
	case 5:
		i.ReplaceUsers(slices.Collect(maps.Values(m.users)))
		i.ReplaceTenants(slices.Collect(maps.Values(m.tenants)))
		i.ReplaceCatalogs(slices.Collect(maps.Values(m.catalogs)))
	default:
		u := drawUser(t)
		m.put(u)
		i.PutUser(u)
	}
}

// owner is the oldest tenant that asks for a namespace.
func (m *model) owner(namespace string) *accessv1.Tenant {
	var list []accessv1.Tenant
	for _, t := range m.tenants {
		if t.TargetNamespace() == namespace {
			list = append(list, *t)
		}
	}
	return graph.Owner(list)
}

// decide answers by access.Decide over what the objects say.
func (m *model) decide(tenant, name string, q access.Query) access.Decision {
	t := m.tenants[tenant]
	if t == nil || m.owner(t.TargetNamespace()) == nil || m.owner(t.TargetNamespace()).Name != tenant {
		return access.Decision{Reason: access.UnknownUser}
	}
	u := m.users[t.TargetNamespace()+"/"+name]
	if u == nil {
		return access.Decision{Reason: access.UnknownUser}
	}
	e := access.Effective{Grants: grantsOf(u.Status.EffectiveAccess)}
	for _, g := range u.Status.Groups {
		if len(g.Access) > 0 && len(e.Grants) > 0 {
			e.Alone = append(e.Alone, access.GroupGrants{Group: g.Name, Grants: grantsOf(g.Access)})
		}
	}
	if c := m.catalogs[t.Spec.CatalogRef.Name]; c != nil {
		e.Vocabulary = access.NewVocabulary(graph.Catalog(c))
	}
	switch {
	case t.Spec.State == accessv1.TenantSuspended:
		e.Denied = access.TenantSuspended
	case u.Spec.State == accessv1.AccountInactive || u.Status.State != accessv1.UserActive:
		e.Denied = access.NotActive
	}
	return access.Decide(e, q, noon)
}

func grantsOf(entries []accessv1.AccessEntry) []access.Grant {
	n := newInterner()
	var out []access.Grant
	for i := range entries {
		out = append(out, n.grant(&entries[i]))
	}
	return out
}

func TestIndexAnswersLikeTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := NewIndex()
		m := newModel()
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			step(t, i, m)
		}
		for _, tenant := range []string{"acme", "globex", "rival", "unknown"} {
			for _, name := range names {
				for _, resource := range append(resources, "moon") {
					for _, action := range actions {
						for _, group := range []string{"", "ash", "birch"} {
							for _, entity := range []access.Entity{{ID: "DE"}, {Properties: map[string][]string{"site": {"FR", "DE"}}}} {
								q := access.Query{Action: action, Resource: resource, Entity: entity, Group: group}
								got, want := i.Decide(Subject{tenant, name}, &q, noon), m.decide(tenant, name, q)
								if got != want {
									t.Fatalf("%s in %s, %+v: got %+v, want %+v", name, tenant, q, got, want)
								}
							}
						}
					}
				}
			}
		}
		finds(t, i, m)
	})
}

// finds holds every way to name a user against the model.
func finds(t *rapid.T, i *Index, m *model) {
	for _, u := range m.users {
		owner := m.owner(u.Namespace)
		if owner == nil {
			continue
		}
		sub := base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("\x0a%c%s\x12\x05local", len(u.UID), u.UID)))
		for _, id := range []string{u.Name, sub} {
			if r, _, reason := i.user(Subject{owner.Name, id}); reason != "" || string(r.id(byName)) != u.Name {
				t.Fatalf("%s is not found by %s", u.Name, id)
			}
		}
		if u.Spec.Email != "" {
			addressed(t, i, m, owner.Name, u)
		}
	}
	for _, name := range names {
		homes := map[string]bool{}
		for _, u := range m.users {
			if owner := m.owner(u.Namespace); owner != nil && u.Name == name {
				homes[u.Namespace] = true
			}
		}
		_, _, reason := i.user(Subject{ID: name})
		want := map[int]access.Reason{0: access.UnknownUser, 1: ""}
		expected, few := want[len(homes)]
		if !few {
			expected = ambiguousTenant
		}
		if reason != expected {
			t.Fatalf("%s in %v: %q", name, homes, reason)
		}
	}
}

// addressed holds what is decided by a user's address against what is decided by the name of whom it is.
func addressed(t *rapid.T, i *Index, m *model, tenant string, u *accessv1.User) {
	holder := m.holder(u.Namespace, index.EmailKey(u.Spec.Email))
	for _, resource := range resources {
		for _, id := range []string{u.Spec.Email, index.EmailKey(u.Spec.Email)} {
			q := access.Query{Action: "read", Resource: resource, Entity: access.Entity{ID: "DE"}}
			got := i.Decide(Subject{tenant, id}, &q, noon)
			if holder == nil {
				if got.Allowed {
					t.Fatalf("%q in %s is allowed %s, and is nobody's", id, tenant, resource)
				}
				continue
			}
			if want := m.decide(tenant, holder.Name, q); got != want {
				t.Fatalf("%s in %s, who is %s: got %+v, want %+v", id, tenant, holder.Name, got, want)
			}
		}
	}
}

func TestADecisionDoesNotAllocate(t *testing.T) {
	i := NewIndex()
	i.PutCatalog(catalogs2()[1])
	i.PutTenant(&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: "shop"}}})
	u := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: "ana", Namespace: "acme"}, Spec: accessv1.UserSpec{Email: "ana@acme.example"}}
	u.Status.State = accessv1.UserActive
	u.Status.EffectiveAccess = []accessv1.AccessEntry{
		{Resources: []string{"tax"}, Level: accessv1.LevelRead},
		{Resources: []string{"orders"}, Level: accessv1.LevelRead, RestrictedTo: []accessv1.DimensionValues{{Dimension: "site", Values: []string{"DE"}}}},
	}
	i.PutUser(u)
	at := access.Entity{ID: "7", Properties: map[string][]string{"site": {"DE"}}}
	for _, q := range []access.Query{{Action: "read", Resource: "tax"}, {Action: "read", Resource: "orders", Entity: at}, {Action: "update", Resource: "tax"}} {
		for _, s := range []Subject{{"acme", "ana"}, {"acme", "ana@acme.example"}, {"", "ana@acme.example"}} {
			if n := testing.AllocsPerRun(100, func() { i.Decide(s, &q, noon) }); n > 0 {
				t.Errorf("%v, %+v: %v allocations", s, q, n)
			}
		}
	}
}
