package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// The workload: tenants of 12 groups each, users in one to four of them, six roles over 31 resources, and restrictions to
// sites on six of these.
const (
	resourceCount  = 31
	restricted     = 6
	groupCount     = 12
	roleCount      = 6
	siteCount      = 4
	mostGroups     = 4
	catalogName    = "commerce"
	denialsAndMore = 4096
)

var actions = []string{access.ActionRead, access.ActionCreate, access.ActionUpdate, access.ActionDelete}

// world is the workload as objects, with the statuses that the controller would write.
type world struct {
	catalog *accessv1.ResourceCatalog
	tenants []*accessv1.Tenant
	users   []*accessv1.User
}

func resourceName(n int) string { return fmt.Sprintf("resource-%02d", n) }

func newWorld(tenants, users int) *world {
	random := rand.New(rand.NewPCG(1, 2))
	w := &world{catalog: newCatalog()}
	vocabulary := access.NewVocabulary(graph.Catalog(w.catalog))
	for t := range tenants {
		name := fmt.Sprintf("tenant-%03d", t)
		w.tenants = append(w.tenants, &accessv1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), ResourceVersion: "1", Generation: 1},
			Spec:       accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: catalogName}},
		})
		w.people(random, vocabulary, name, users/tenants)
	}
	return w
}

func newCatalog() *accessv1.ResourceCatalog {
	service := accessv1.CatalogService{Name: "all"}
	for n := range resourceCount {
		r := accessv1.CatalogResource{Name: resourceName(n)}
		if n < restricted {
			r.RestrictedBy = []string{"site"}
		}
		service.Resources = append(service.Resources, r)
	}
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: catalogName, UID: catalogName, ResourceVersion: "1", Generation: 1},
		Spec:       accessv1.ResourceCatalogSpec{Services: []accessv1.CatalogService{service}},
	}
}

func (w *world) people(random *rand.Rand, v *access.Vocabulary, tenant string, count int) {
	compiled := access.CompileTenant(v, access.Tenant{Name: tenant, Active: true, Dimensions: []string{"site"}})
	groups := make([]*access.CompiledGroup, groupCount)
	for g := range groups {
		groups[g] = access.Compile(v, []string{"site"}, groupOf(g))
	}
	for n := range count {
		name := fmt.Sprintf("user-%05d", n)
		u := &accessv1.User{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: tenant, ResourceVersion: "1", Generation: 1,
			UID: types.UID(fmt.Sprintf("%08x-%04x-4000-8000-%012x", random.Uint32(), n&0xffff, random.Uint64()>>16)),
		}}
		u.Spec.Email = name + "@" + tenant + ".example"
		memberships := make([]access.Membership, 0, mostGroups)
		for _, g := range random.Perm(groupCount)[:1+random.IntN(mostGroups)] {
			memberships = append(memberships, access.Membership{Name: groups[g].Name, Group: groups[g], From: access.FromUser})
		}
		model := access.User{Name: name, Type: "Employee", Active: true}
		r := access.Resolve(compiled, model, memberships, time.Time{})
		u.Status.State, u.Status.ObservedGeneration = accessv1.UserActive, 1
		u.Status.EffectiveAccess = graph.Entries(r.Grants)
		alone := access.Alone(compiled, model, r)
		for _, m := range r.Memberships {
			e := accessv1.EffectiveMembership{Name: m.Name, From: accessv1.MembershipSource(m.From)}
			for _, a := range alone {
				if a.Group == m.Name {
					e.Access = graph.Entries(a.Grants)
				}
			}
			u.Status.Groups = append(u.Status.Groups, e)
		}
		w.users = append(w.users, u)
	}
}

// groupOf is the n-th group: one of the six roles, every second group narrowed to a site.
func groupOf(n int) access.Group {
	role := n % roleCount
	rule := access.Rule{Level: access.Read}
	if role%2 == 1 {
		rule.Level = access.Manage
	}
	for r := range resourceCount {
		if (r+role)%roleCount < 2 {
			rule.Resources = append(rule.Resources, resourceName(r))
		}
	}
	name := fmt.Sprintf("role-%d", role)
	group := access.Group{
		Name:  fmt.Sprintf("group-%02d", n),
		Roles: []access.RoleRef{{Name: name, Role: &access.Role{Name: name, Rules: []access.Rule{rule}}}},
	}
	if n >= groupCount/2 {
		site := fmt.Sprintf("site-%d", n%siteCount)
		group.Restrictions = []access.RestrictionRef{{Name: site, Restriction: &access.Restriction{Name: site, Dimension: "site", Values: []string{site}}}}
	}
	return group
}

// effective is what access.Decide, the oracle of the measurement, decides from.
func (w *world) effective(u *accessv1.User, v *access.Vocabulary) access.Effective {
	e := access.Effective{Vocabulary: v}
	for _, entry := range u.Status.EffectiveAccess {
		g := access.Grant{Resources: entry.Resources, Level: access.Level(entry.Level), Actions: entry.Actions}
		for _, d := range entry.RestrictedTo {
			g.Scope = append(g.Scope, access.Dimension{Name: d.Dimension, Values: d.Values})
		}
		e.Grants = append(e.Grants, g)
	}
	return e
}
