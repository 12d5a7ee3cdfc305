package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"
)

// cedarEngine follows Cedar's membership pattern, with one static policy for each level of a role, whatever the tenants. A
// user's parents are the roles that his groups give him everywhere, and those that they give him on some sites; the
// sites are an attribute of his. A thing's parents are the sets of resources that the policies name, and its site is an
// attribute of it.
func cedarEngine(_ context.Context, w *world) (*engine, error) {
	policies, err := cedar.NewPolicySetFromBytes("roles.cedar", []byte(w.cedarPolicies()))
	if err != nil {
		return nil, err
	}
	entities := cedar.EntityMap{}
	w.addCedarThings(entities)
	for _, t := range w.tenants {
		for _, u := range t.users {
			e := w.cedarUser(t, u)
			entities[e.UID] = e
		}
	}
	return &engine{prepare: func(q question) decide {
		request := cedar.Request{
			Principal: cedarUserID(q.tenant, q.user), Action: cedar.NewEntityUID("Action", cedar.String(q.action)),
			Resource: w.cedarThing(q.resource, q.site),
		}
		return func() (bool, error) {
			decision, diagnostic := cedar.Authorize(policies, entities, request)
			if len(diagnostic.Errors) > 0 {
				return false, fmt.Errorf("%s", diagnostic.Errors[0])
			}
			return decision == cedar.Allow, nil
		}
	}}, nil
}

func (w *world) cedarPolicies() string {
	var text strings.Builder
	for n, r := range w.roles {
		for _, l := range []level{read, manage} {
			if len(w.resourcesOf(n, l)) == 0 {
				continue
			}
			action := `action == Action::"read"`
			if l == manage {
				action = `action in [Action::"read", Action::"create", Action::"update", Action::"delete"]`
			}
			fmt.Fprintf(&text, "permit(principal in Role::%q, %s, resource in Kind::%q);\n", r.name, action, cedarKind(r, l))
			fmt.Fprintf(&text, "permit(principal in SiteRole::%q, %s, resource in Kind::%q)\n", r.name, action, cedarKind(r, l))
			fmt.Fprintf(&text, "when { !(resource has site) || principal.sites[%q].contains(resource.site) };\n", r.name)
		}
	}
	return text.String()
}

func cedarKind(r role, l level) string { return r.name + "/" + string(l) }

func cedarUserID(tenant, user string) cedar.EntityUID {
	return cedar.NewEntityUID("User", cedar.String(tenant+"/"+user))
}

// cedarThing is a thing of the resource; where sites count, there is one on each site.
func (w *world) cedarThing(resource, site string) cedar.EntityUID {
	if w.sited(resource) {
		resource += "@" + site
	}
	return cedar.NewEntityUID("Thing", cedar.String(resource))
}

func (w *world) addCedarThings(entities cedar.EntityMap) {
	for _, r := range w.resources {
		var kinds []cedar.EntityUID
		for _, role := range w.roles {
			if l := role.levels[r.name]; l != none {
				kinds = append(kinds, cedar.NewEntityUID("Kind", cedar.String(cedarKind(role, l))))
			}
		}
		thing := cedar.Entity{UID: w.cedarThing(r.name, ""), Parents: cedar.NewEntityUIDSet(kinds...)}
		if !r.sited {
			entities[thing.UID] = thing
			continue
		}
		for n := range siteCount + 1 {
			thing.UID = w.cedarThing(r.name, siteName(n))
			thing.Attributes = cedar.NewRecord(cedar.RecordMap{"site": cedar.String(siteName(n))})
			entities[thing.UID] = thing
		}
	}
}

func (w *world) cedarUser(t tenant, u user) cedar.Entity {
	var parents []cedar.EntityUID
	sites := cedar.RecordMap{}
	for _, r := range w.roles {
		sites[cedar.String(r.name)] = cedar.NewSet()
	}
	for _, n := range u.groups {
		g := t.groups[n]
		name := cedar.String(w.roles[g.role].name)
		if len(g.sites) == 0 {
			parents = append(parents, cedar.NewEntityUID("Role", name))
			continue
		}
		parents = append(parents, cedar.NewEntityUID("SiteRole", name))
		var values []cedar.Value
		for _, s := range g.sites {
			values = append(values, cedar.String(s))
		}
		sites[name] = cedar.NewSet(values...)
	}
	return cedar.Entity{
		UID: cedarUserID(t.name, u.address), Parents: cedar.NewEntityUIDSet(parents...),
		Attributes: cedar.NewRecord(cedar.RecordMap{"sites": cedar.NewRecord(sites)}),
	}
}
