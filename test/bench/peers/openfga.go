package main

import (
	"context"
	_ "embed"
	"slices"

	openfgav1 "github.com/openfga/api/proto/openfga/v1"
	"github.com/openfga/language/pkg/go/transformer"
	"github.com/openfga/openfga/pkg/server"
	"github.com/openfga/openfga/pkg/storage/memory"
)

//go:embed model.fga
var openfgaModel string

// openfgaEngine calls the server's Check in process, over its memory storage. A group is related to the resources of its
// role as reader or manager; a narrowed one to the things of the resource on its sites, whose parent is the resource.
// Every tenant has a store of its own, because the memory storage goes through all tuples of a store.
func openfgaEngine(ctx context.Context, w *world) (*engine, error) {
	s, err := server.NewServerWithOpts(server.WithDatastore(memory.New()))
	if err != nil {
		return nil, err
	}
	model, err := transformer.TransformDSLToProto(openfgaModel)
	if err != nil {
		return nil, err
	}
	stores, models := map[string]string{}, map[string]string{}
	for _, t := range w.tenants {
		created, err := s.CreateStore(ctx, &openfgav1.CreateStoreRequest{Name: t.name})
		if err != nil {
			return nil, err
		}
		written, err := s.WriteAuthorizationModel(ctx, &openfgav1.WriteAuthorizationModelRequest{
			StoreId: created.GetId(), SchemaVersion: model.GetSchemaVersion(), TypeDefinitions: model.GetTypeDefinitions(),
		})
		if err != nil {
			return nil, err
		}
		stores[t.name], models[t.name] = created.GetId(), written.GetAuthorizationModelId()
		for some := range slices.Chunk(w.openfgaTuples(t), tuplesAtOnce) {
			if _, err := s.Write(ctx, &openfgav1.WriteRequest{
				StoreId: created.GetId(), AuthorizationModelId: written.GetAuthorizationModelId(),
				Writes: &openfgav1.WriteRequestWrites{TupleKeys: some},
			}); err != nil {
				return nil, err
			}
		}
	}
	return &engine{stop: s.Close, prepare: func(q question) prepared {
		request := &openfgav1.CheckRequest{
			StoreId: stores[q.tenant], AuthorizationModelId: models[q.tenant],
			TupleKey: &openfgav1.CheckRequestTupleKey{
				User: "user:" + q.user, Relation: "can_" + q.action, Object: w.openfgaObject(q.resource, q.site),
			},
		}
		return form{q, func() (bool, error) {
			response, err := s.Check(ctx, request)
			return response.GetAllowed(), err
		}}
	}}, nil
}

const tuplesAtOnce = 100

// openfgaObject is what is asked about: the resource, or its part on a site where sites count.
func (w *world) openfgaObject(resource, site string) string {
	if w.sited(resource) {
		return "part:" + resource + "/" + site
	}
	return "resource:" + resource
}

func (w *world) openfgaTuples(t tenant) []*openfgav1.TupleKey {
	var tuples []*openfgav1.TupleKey
	add := func(user, relation, object string) {
		tuples = append(tuples, &openfgav1.TupleKey{User: user, Relation: relation, Object: object})
	}
	for _, u := range t.users {
		for _, g := range u.groups {
			add("user:"+u.address, "member", "group:"+t.groups[g].name)
		}
	}
	for _, r := range w.resources {
		for n := range siteCount + 1 {
			if r.sited {
				add("resource:"+r.name, "resource", w.openfgaObject(r.name, siteName(n)))
			}
		}
		for _, g := range t.groups {
			relation := map[level]string{read: "reader", manage: "manager"}[w.roles[g.role].levels[r.name]]
			switch {
			case relation == "":
			case len(g.sites) == 0 || !r.sited:
				add("group:"+g.name+"#member", relation, "resource:"+r.name)
			default:
				for _, s := range g.sites {
					add("group:"+g.name+"#member", relation, w.openfgaObject(r.name, s))
				}
			}
		}
	}
	return tuples
}
