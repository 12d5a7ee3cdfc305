package guard_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

// memory is a reader as the manager's cache is one: indexed, and without deep copies.
type memory struct {
	objects map[string]client.Object
	found   map[string][]runtime.Object
}

func newMemory(objects []client.Object) *memory {
	m := &memory{objects: map[string]client.Object{}, found: map[string][]runtime.Object{}}
	for _, object := range objects {
		kind := kindOf(object)
		m.objects[kind+"/"+client.ObjectKeyFromObject(object).String()] = object
		all := kind + "/" + object.GetNamespace()
		m.found[all] = append(m.found[all], object)
		for _, i := range index.All() {
			if kindOf(i.Object) != kind {
				continue
			}
			for _, value := range i.Extract(object) {
				key := all + "/" + i.Key + "/" + value
				m.found[key] = append(m.found[key], object)
			}
		}
	}
	return m
}

func (m *memory) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	object, ok := m.objects[kindOf(into)+"/"+key.String()]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(object).Elem())
	return nil
}

func (m *memory) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	asked := client.ListOptions{}
	asked.ApplyOptions(options)
	items, _ := reflect.TypeOf(into).Elem().FieldByName("Items")
	key := items.Type.Elem().Name() + "/" + asked.Namespace
	if asked.FieldSelector != nil {
		wanted := asked.FieldSelector.Requirements()[0]
		key += "/" + wanted.Field + "/" + wanted.Value
	}
	return apimeta.SetList(into, m.found[key])
}

// crowd is tenant acme with many users, each in four of many groups, two by either side's list.
func crowd(users, groups int) []client.Object {
	out := stored()
	made := make([]*accessv1.UserGroup, groups)
	for i := range made {
		made[i] = group(fmt.Sprintf("crowd-%d", i), roles("clerk"), restricted("site.de"))
		out = append(out, made[i])
	}
	for i := range users {
		name := fmt.Sprintf("user-%d", i)
		out = append(out, user(name, of(fmt.Sprintf("crowd-%d", i%groups), fmt.Sprintf("crowd-%d", (i+1)%groups))))
		for _, at := range []int{(i + 2) % groups, (i + 3) % groups} {
			made[at].Spec.Members = append(made[at].Spec.Members, accessv1.GroupMember{Name: name})
		}
	}
	return out
}

func benchmarkRow(b *testing.B, objects []client.Object, r row, allowed bool) {
	b.Helper()
	g := newGuard(b)
	g.Reader = newMemory(objects)
	g.Graph = graph.New(g.Reader, g.Reader)
	request := ask(b, r.by, r.was, r.is)
	b.ReportAllocs()
	for b.Loop() {
		if response := g.Handle(context.Background(), request); response.Allowed != allowed {
			b.Fatal(response.Result.Message)
		}
	}
}

func BenchmarkUser(b *testing.B) {
	for _, users := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			benchmarkRow(b, crowd(users, max(users/10, 10)), changed(robot, "ben", "", join("crowd-7")), false)
		})
	}
}

func BenchmarkMembers(b *testing.B) {
	large := group("large", roles("clerk"))
	objects := append(crowd(10_000, 1_000), large)
	was, is := change(large, func(g *accessv1.UserGroup) {
		for i := range 10_000 {
			g.Spec.Members = append(g.Spec.Members, accessv1.GroupMember{Name: fmt.Sprintf("user-%d", i)})
		}
	})
	b.Run("10000 join what the requester holds", func(b *testing.B) {
		benchmarkRow(b, objects, row{by: ana, was: was, is: is}, true)
	})
	b.Run("10000 join what he does not hold", func(b *testing.B) {
		benchmarkRow(b, objects, row{by: robot, was: was, is: is}, false)
	})
	b.Run("one leaves 10000", func(b *testing.B) {
		full, _ := is.(*accessv1.UserGroup)
		stays, leaves := change(full, func(g *accessv1.UserGroup) { g.Spec.Members = g.Spec.Members[1:] })
		benchmarkRow(b, append(crowd(10_000, 1_000), full), row{by: robot, was: stays, is: leaves}, true)
	})
}
