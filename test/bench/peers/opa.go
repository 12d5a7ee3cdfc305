package main

import (
	"context"
	_ "embed"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

//go:embed policy.rego
var opaPolicy string

// opaEngine asks a query that was prepared once, with inputs that were parsed before. All data are objects with the key
// that is looked up, as OPA's page on performance advises, and are kept as the evaluator reads them.
func opaEngine(ctx context.Context, w *world) (*engine, error) {
	store := inmem.NewFromObjectWithOpts(w.opaData(), inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(
		rego.Query("data.peers.allow"), rego.Module("policy.rego", opaPolicy), rego.Store(store),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	return &engine{prepare: func(q question) prepared {
		input := ast.NewObject()
		for key, value := range map[string]string{
			"tenant": q.tenant, "user": q.user, "action": q.action, "resource": q.resource, "site": q.site,
		} {
			input.Insert(ast.StringTerm(key), ast.StringTerm(value))
		}
		parsed := rego.EvalParsedInput(input)
		return form{q, func() (bool, error) {
			results, err := query.Eval(ctx, parsed)
			if err == nil && len(results) != 1 {
				err = errors.New("undefined")
			}
			return err == nil && results.Allowed(), err
		}}
	}}, nil
}

type object = map[string]any

// opaData are the roles of each user, and those that may do an action to a thing of a resource on a site.
func (w *world) opaData() object {
	holders, users := object{}, object{}
	for _, r := range w.resources {
		sites := object{}
		for n := range siteCount + 1 {
			sites[siteName(n)] = w.opaHolders(r, siteName(n))
		}
		holders[r.name] = sites
	}
	for _, t := range w.tenants {
		roles := object{}
		for _, u := range t.users {
			names := object{}
			for _, name := range w.placesOf(t, u) {
				names[name] = true
			}
			roles[u.address] = names
		}
		users[t.name] = roles
	}
	return object{"holders": holders, "users": users}
}

func (w *world) opaHolders(r resource, site string) object {
	held := object{}
	for _, action := range actions {
		names := object{}
		for _, role := range w.roles {
			for _, name := range role.places(r, site) {
				if role.holds(action, r) {
					names[name] = true
				}
			}
		}
		held[action] = names
	}
	return held
}
