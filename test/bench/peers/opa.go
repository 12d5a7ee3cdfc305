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
	return &engine{prepare: func(q question) decide {
		input := ast.NewObject()
		for key, value := range map[string]string{
			"tenant": q.tenant, "user": q.user, "action": q.action, "resource": q.resource, "site": q.site,
		} {
			input.Insert(ast.StringTerm(key), ast.StringTerm(value))
		}
		parsed := rego.EvalParsedInput(input)
		return func() (bool, error) {
			results, err := query.Eval(ctx, parsed)
			if err == nil && len(results) != 1 {
				err = errors.New("undefined")
			}
			return err == nil && results.Allowed(), err
		}
	}}, nil
}

type object = map[string]any

func (w *world) opaData() object {
	roles, sited, tenants := object{}, object{}, object{}
	for _, r := range w.roles {
		given := object{}
		for resource, l := range r.levels {
			held := object{}
			for _, action := range l.actions() {
				held[action] = true
			}
			given[resource] = held
		}
		roles[r.name] = given
	}
	for _, r := range w.resources {
		if r.sited {
			sited[r.name] = true
		}
	}
	for _, t := range w.tenants {
		groups, users := object{}, object{}
		for _, g := range t.groups {
			sites := object{}
			for _, s := range g.sites {
				sites[s] = true
			}
			groups[g.name] = object{"role": w.roles[g.role].name, "everywhere": len(g.sites) == 0, "sites": sites}
		}
		for _, u := range t.users {
			memberships := object{}
			for _, g := range u.groups {
				memberships[t.groups[g].name] = true
			}
			users[u.address] = memberships
		}
		tenants[t.name] = object{"groups": groups, "users": users}
	}
	return object{"roles": roles, "sited": sited, "tenants": tenants}
}
