package main

import (
	"context"
	"fmt"
	"strings"
	"testing/fstest"

	effectv1 "github.com/cerbos/cerbos/api/genpb/cerbos/effect/v1"
	enginev1 "github.com/cerbos/cerbos/api/genpb/cerbos/engine/v1"
	"github.com/cerbos/cerbos/private/ruletable"
	"github.com/cerbos/cerbos/private/ruletable/compile"
	"google.golang.org/protobuf/types/known/structpb"
)

// cerbosEngine has one policy for each resource, whatever the tenants ("static policy, dynamic context" in Cerbos's recipe
// for tenants): Cerbos knows no users, so whoever asks sends the roles of the user's groups with each question, and the
// sites of those that are narrowed. The engine is not a public package of Cerbos; what it makes of policies is run by
// the evaluator that its embedded decision point uses.
func cerbosEngine(ctx context.Context, w *world) (*engine, error) {
	table, err := compile.Compile(ctx, w.cerbosPolicies())
	if err != nil {
		return nil, err
	}
	evaluator, err := ruletable.NewRuleTableFromProto(table, nil)
	if err != nil {
		return nil, err
	}
	principals, err := w.cerbosPrincipals()
	if err != nil {
		return nil, err
	}
	sites := map[string]map[string]*structpb.Value{}
	for n := range siteCount + 1 {
		sites[siteName(n)] = map[string]*structpb.Value{"site": structpb.NewStringValue(siteName(n))}
	}
	return &engine{prepare: func(q question) prepared {
		input := []*enginev1.CheckInput{{
			Principal: principals[q.tenant+"/"+q.user],
			Resource:  &enginev1.Resource{Kind: q.resource, Id: "1", Attr: sites[q.site]},
			Actions:   []string{q.action},
		}}
		return form{q, func() (bool, error) {
			output, _, err := evaluator.Check(ctx, input)
			if err != nil {
				return false, err
			}
			return output[0].GetActions()[q.action].GetEffect() == effectv1.Effect_EFFECT_ALLOW, nil
		}}
	}}, nil
}

// cerbosSited is the role of those who have it in a narrowed group.
func cerbosSited(r role) string { return r.name + "-sited" }

func (w *world) cerbosPolicies() fstest.MapFS {
	files := fstest.MapFS{}
	for _, r := range w.resources {
		var text strings.Builder
		fmt.Fprintf(&text, "apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: %s\n  version: default\n  rules:\n", r.name)
		for _, role := range w.roles {
			held := role.levels[r.name].actions()
			if len(held) == 0 {
				continue
			}
			rule := "  - actions: [%s]\n    effect: EFFECT_ALLOW\n    roles: [%s]\n"
			if !r.sited {
				fmt.Fprintf(&text, rule, strings.Join(held, ", "), role.name+", "+cerbosSited(role))
				continue
			}
			fmt.Fprintf(&text, rule, strings.Join(held, ", "), role.name)
			fmt.Fprintf(&text, rule, strings.Join(held, ", "), cerbosSited(role))
			fmt.Fprintf(&text, "    condition:\n      match:\n        expr: R.attr.site in P.attr.sites[%q]\n", role.name)
		}
		files[r.name+".yaml"] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return files
}

func (w *world) cerbosPrincipals() (map[string]*enginev1.Principal, error) {
	principals := map[string]*enginev1.Principal{}
	for _, t := range w.tenants {
		for _, u := range t.users {
			p := &enginev1.Principal{Id: u.address}
			sites := object{}
			for _, n := range u.groups {
				g := t.groups[n]
				r := w.roles[g.role]
				if len(g.sites) == 0 {
					p.Roles = append(p.Roles, r.name)
					continue
				}
				p.Roles = append(p.Roles, cerbosSited(r))
				var values []any
				for _, s := range g.sites {
					values = append(values, s)
				}
				sites[r.name] = values
			}
			value, err := structpb.NewValue(sites)
			if err != nil {
				return nil, err
			}
			p.Attr = map[string]*structpb.Value{"sites": value}
			principals[t.name+"/"+u.address] = p
		}
	}
	return principals, nil
}
