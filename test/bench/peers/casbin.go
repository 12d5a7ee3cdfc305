package main

import (
	"context"

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
	return &engine{prepare: func(q question) decide {
		enforcer := enforcers[q.tenant]
		request := []any{q.user, q.resource, q.action, q.site}
		return func() (bool, error) { return enforcer.Enforce(request...) }
	}}, nil
}

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
	policies, sets := w.casbinPolicies(t)
	if _, err := e.AddNamedGroupingPolicies("g2", sets); err != nil {
		return nil, err
	}
	_, err = e.AddPolicies(policies)
	return e, err
}

// casbinPolicies are what the groups may do to sets of resources, and what is in the sets. A group that counts everywhere
// has a policy for each level of its role; a narrowed one has one more for each site.
func (w *world) casbinPolicies(t tenant) (policies, sets [][]string) {
	for n, r := range w.roles {
		for _, l := range []level{read, manage} {
			action := "read"
			if l == manage {
				action = casbinAny
			}
			all, open, sited := r.name+"/"+string(l), r.name+"/"+string(l)+"/open", r.name+"/"+string(l)+"/sited"
			anywhere, onSites := 0, 0
			for _, name := range w.resourcesOf(n, l) {
				sets = append(sets, []string{name, all})
				if w.sited(name) {
					sets = append(sets, []string{name, sited})
					onSites++
				} else {
					sets = append(sets, []string{name, open})
					anywhere++
				}
			}
			for _, g := range t.groups {
				switch {
				case g.role != n:
				case len(g.sites) == 0 && anywhere+onSites > 0:
					policies = append(policies, []string{g.name, all, action, casbinAny})
				case len(g.sites) > 0 && anywhere > 0:
					policies = append(policies, []string{g.name, open, action, casbinAny})
				}
				for _, s := range g.sites {
					if g.role == n && onSites > 0 {
						policies = append(policies, []string{g.name, sited, action, s})
					}
				}
			}
		}
	}
	return policies, sets
}
