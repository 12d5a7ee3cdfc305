package main

import (
	"context"
	"slices"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// The comparisons that cost least come first. Policies name sets of resources, so that there are few of them: all are
// looked at until one holds.
const casbinModel = `
[request_definition]
r = sub, obj, act, site
[policy_definition]
p = sub, obj, act, site
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = (p.act == "*" || p.act == r.act) && (p.site == "*" || p.site == r.site) && g(r.sub, p.sub) && g2(r.obj, p.obj)
`

const casbinAny = "*"

// casbinEngine has one enforcer for each tenant, as casbin's page on performance advises, in its RBAC model with roles of
// users (the groups) and of resources (the sets that the policies name). Decisions are not cached.
func casbinEngine(_ context.Context, w *world) (*engine, error) {
	enforcers := map[string]*casbin.Enforcer{}
	for _, t := range w.tenants {
		e, err := w.casbinTenant(t)
		if err != nil {
			return nil, err
		}
		enforcers[t.name] = e
	}
	return &engine{prepare: func(q question) prepared {
		return &casbinQuestion{enforcers[q.tenant], q, []any{q.user, q.resource, q.action, q.site}}
	}}, nil
}

type casbinQuestion struct {
	enforcer *casbin.Enforcer
	question
	request []any
}

func (q *casbinQuestion) decide() (bool, error) { return q.enforcer.Enforce(q.request...) }

func (w *world) casbinTenant(t tenant) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	var members [][]string
	for _, u := range t.users {
		for _, g := range u.groups {
			members = append(members, []string{u.address, t.groups[g].name})
		}
	}
	if _, err := e.AddGroupingPolicies(members); err != nil {
		return nil, err
	}
	if _, err := e.AddNamedGroupingPolicies("g2", w.casbinSets()); err != nil {
		return nil, err
	}
	var policies [][]string
	for _, g := range t.groups {
		policies = append(policies, w.casbinPolicies(g)...)
	}
	_, err = e.AddPolicies(policies)
	return e, err
}

// casbinSet is the resources on which a role gives a level: all, or those on which sites count or do not.
func casbinSet(r role, l level, part string) string { return r.name + "/" + string(l) + "/" + part }

const (
	casbinAll   = "all"
	casbinSited = "sited"
	casbinOpen  = "open"
)

func (w *world) casbinSets() [][]string {
	var sets [][]string
	for _, r := range w.resources {
		part := casbinOpen
		if r.sited {
			part = casbinSited
		}
		for _, role := range w.roles {
			if l := role.levels[r.name]; l != none {
				sets = append(sets, []string{r.name, casbinSet(role, l, casbinAll)}, []string{r.name, casbinSet(role, l, part)})
			}
		}
	}
	return sets
}

// casbinPolicies has one for each level of the group's role, and if it is narrowed one more for each of its sites; none
// for a set that is empty.
func (w *world) casbinPolicies(g group) [][]string {
	var policies [][]string
	r := w.roles[g.role]
	for _, l := range []level{read, manage} {
		action := map[level]string{read: "read", manage: casbinAny}[l]
		resources := w.resourcesOf(g.role, l)
		if len(g.sites) == 0 && len(resources) > 0 {
			policies = append(policies, []string{g.name, casbinSet(r, l, casbinAll), action, casbinAny})
		}
		if len(g.sites) > 0 && slices.ContainsFunc(resources, w.open) {
			policies = append(policies, []string{g.name, casbinSet(r, l, casbinOpen), action, casbinAny})
		}
		for _, s := range g.sites {
			if slices.ContainsFunc(resources, w.sited) {
				policies = append(policies, []string{g.name, casbinSet(r, l, casbinSited), action, s})
			}
		}
	}
	return policies
}

func (w *world) open(resource string) bool { return !w.sited(resource) }
