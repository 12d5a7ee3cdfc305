package main

import (
	"context"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/graph"
)

const (
	catalogName   = "commerce"
	siteDimension = "site"
)

// rosterEngine resolves every user as the controller does and fills the decision service's index with the statuses.
func rosterEngine(_ context.Context, w *world) (*engine, error) {
	catalog := w.catalog()
	vocabulary := access.NewVocabulary(graph.Catalog(catalog))
	var tenants []*accessv1.Tenant
	var users []*accessv1.User
	for _, t := range w.tenants {
		tenants = append(tenants, &accessv1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: t.name, UID: types.UID(t.name), ResourceVersion: "1", Generation: 1},
			Spec:       accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: catalogName}},
		})
		users = append(users, w.resolved(vocabulary, t)...)
	}
	index := decision.NewIndex()
	index.ReplaceCatalogs([]*accessv1.ResourceCatalog{catalog})
	index.ReplaceTenants(tenants)
	index.ReplaceUsers(users)
	entities := map[string]access.Entity{} // by site: a map for each question would be measured as memory out of reach
	for n := range siteCount + 1 {
		entities[siteName(n)] = access.Entity{ID: "1", Properties: map[string][]string{siteDimension: {siteName(n)}}}
	}
	return &engine{prepare: func(q question) prepared {
		return &rosterQuestion{
			index, decision.Subject{Tenant: q.tenant, ID: q.user},
			access.Query{Action: q.action, Resource: q.resource, Entity: entities[q.site]},
		}
	}}, nil
}

type rosterQuestion struct {
	index   *decision.Index
	subject decision.Subject
	query   access.Query
}

func (q *rosterQuestion) read() int {
	return letters(q.subject.Tenant, q.subject.ID, q.query.Action, q.query.Resource)
}

func (q *rosterQuestion) decide() (bool, error) {
	return q.index.Decide(q.subject, &q.query, time.Time{}).Allowed, nil
}

func (w *world) catalog() *accessv1.ResourceCatalog {
	service := accessv1.CatalogService{Name: "all"}
	for _, r := range w.resources {
		in := accessv1.CatalogResource{Name: r.name}
		if r.sited {
			in.RestrictedBy = []string{siteDimension}
		}
		service.Resources = append(service.Resources, in)
	}
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: catalogName, UID: catalogName, ResourceVersion: "1", Generation: 1},
		Spec:       accessv1.ResourceCatalogSpec{Services: []accessv1.CatalogService{service}},
	}
}

// resolved are a tenant's users with the statuses that the controller would write.
func (w *world) resolved(v *access.Vocabulary, t tenant) []*accessv1.User {
	compiled := access.CompileTenant(v, access.Tenant{Name: t.name, Active: true, Dimensions: []string{siteDimension}})
	groups := make([]*access.CompiledGroup, len(t.groups))
	for n, g := range t.groups {
		groups[n] = access.Compile(v, []string{siteDimension}, w.modelled(g))
	}
	users := make([]*accessv1.User, len(t.users))
	for n, u := range t.users {
		var memberships []access.Membership
		for _, g := range u.groups {
			memberships = append(memberships, access.Membership{Name: groups[g].Name, Group: groups[g], From: access.FromUser})
		}
		name, _, _ := strings.Cut(u.address, "@")
		model := access.User{Name: name, Active: true}
		resolution := access.Resolve(compiled, model, memberships, time.Time{})
		out := &accessv1.User{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: t.name, UID: types.UID(t.name + "/" + name), ResourceVersion: "1", Generation: 1,
		}}
		out.Spec.Email = u.address
		out.Status.State, out.Status.ObservedGeneration = accessv1.UserActive, 1
		out.Status.EffectiveAccess = graph.Entries(resolution.Grants)
		for _, alone := range access.Alone(compiled, model, resolution) {
			out.Status.Groups = append(out.Status.Groups, accessv1.EffectiveMembership{
				Name: alone.Group, Access: graph.Entries(alone.Grants),
			})
		}
		users[n] = out
	}
	return users
}

func (w *world) modelled(g group) access.Group {
	given := access.Role{Name: w.roles[g.role].name}
	for _, l := range []level{read, manage} {
		rule := access.Rule{Level: access.Level(l), Resources: w.resourcesOf(g.role, l)}
		if len(rule.Resources) > 0 {
			given.Rules = append(given.Rules, rule)
		}
	}
	out := access.Group{Name: g.name, Roles: []access.RoleRef{{Name: given.Name, Role: &given}}}
	if len(g.sites) > 0 {
		out.Restrictions = []access.RestrictionRef{{Name: g.name, Restriction: &access.Restriction{
			Name: g.name, Dimension: siteDimension, Values: g.sites,
		}}}
	}
	return out
}
