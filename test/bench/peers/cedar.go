package main

import (
	"context"
	"fmt"

	"github.com/cedar-policy/cedar-go"
)

// There are few policies, because all of them are evaluated for each question. Read is asked of one list only.
const cedarPolicies = `
permit(principal, action == Action::"read", resource) when { principal in resource.readers };
permit(principal, action in [Action::"create", Action::"update", Action::"delete"], resource) when { principal in resource.managers };
`

// cedarEngine follows Cedar's relationship pattern: a thing has lists of the roles that may read and manage it, and a user's
// parents are the roles that his groups give him. A narrowed group gives its role on each of its sites; where sites
// count, there is a thing for each of them, which lists the roles on that site too. Cedar's membership pattern, with
// policies that name roles and the sites as an attribute of the user, takes twice as long here.
func cedarEngine(_ context.Context, w *world) (*engine, error) {
	policies, err := cedar.NewPolicySetFromBytes("policies.cedar", []byte(cedarPolicies))
	if err != nil {
		return nil, err
	}
	entities := cedar.EntityMap{}
	for _, r := range w.resources {
		for n := range siteCount + 1 {
			thing := w.cedarThing(r, siteName(n))
			entities[thing.UID] = thing
		}
	}
	for _, t := range w.tenants {
		for _, u := range t.users {
			principal := w.cedarUser(t, u)
			entities[principal.UID] = principal
		}
	}
	return &engine{prepare: func(q question) prepared {
		return &cedarQuestion{policies, entities, cedar.Request{
			Principal: cedarUserID(q.tenant, q.user), Action: cedar.NewEntityUID("Action", cedar.String(q.action)),
			Resource: cedarThingID(q.resource, q.site),
		}}
	}}, nil
}

type cedarQuestion struct {
	policies *cedar.PolicySet
	entities cedar.EntityMap
	request  cedar.Request
}

func (q *cedarQuestion) read() int {
	return letters(string(q.request.Principal.ID), string(q.request.Action.ID), string(q.request.Resource.ID))
}

func (q *cedarQuestion) decide() (bool, error) {
	decision, diagnostic := cedar.Authorize(q.policies, q.entities, q.request)
	if len(diagnostic.Errors) > 0 {
		return false, fmt.Errorf("%s", diagnostic.Errors[0])
	}
	return decision == cedar.Allow, nil
}

func cedarThingID(resource, site string) cedar.EntityUID {
	return cedar.NewEntityUID("Thing", cedar.String(resource+"@"+site))
}

func cedarUserID(tenant, user string) cedar.EntityUID {
	return cedar.NewEntityUID("User", cedar.String(tenant+"/"+user))
}

func cedarRoleID(name string) cedar.EntityUID { return cedar.NewEntityUID("Role", cedar.String(name)) }

func (w *world) cedarThing(r resource, site string) cedar.Entity {
	var readers, managers []cedar.Value
	for _, role := range w.roles {
		if !role.holds("read", r) {
			continue
		}
		for _, name := range role.places(r, site) {
			readers = append(readers, cedarRoleID(name))
			if role.holds("delete", r) {
				managers = append(managers, cedarRoleID(name))
			}
		}
	}
	return cedar.Entity{UID: cedarThingID(r.name, site), Attributes: cedar.NewRecord(cedar.RecordMap{
		"readers": cedar.NewSet(readers...), "managers": cedar.NewSet(managers...),
	})}
}

func (w *world) cedarUser(t tenant, u user) cedar.Entity {
	var parents []cedar.EntityUID
	for _, name := range w.placesOf(t, u) {
		parents = append(parents, cedarRoleID(name))
	}
	return cedar.Entity{UID: cedarUserID(t.name, u.address), Parents: cedar.NewEntityUIDSet(parents...)}
}
