package gains

import (
	"context"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/internal/index"
)

// Memory is a reader as the manager's cache is one: indexed, and without deep copies. It is for one goroutine.
type Memory struct {
	stored map[reflect.Type][]client.Object
	// byKey and byValue are made for a kind, and for an index, when first asked for.
	byKey   map[reflect.Type]map[client.ObjectKey]client.Object
	byValue map[string]map[string][]runtime.Object
}

// NewMemory holds these objects.
func NewMemory(objects []client.Object) *Memory {
	m := &Memory{
		stored: map[reflect.Type][]client.Object{}, byKey: map[reflect.Type]map[client.ObjectKey]client.Object{},
		byValue: map[string]map[string][]runtime.Object{},
	}
	for _, object := range objects {
		kind := reflect.TypeOf(object)
		m.stored[kind] = append(m.stored[kind], object)
	}
	return m
}

// Get reads an object.
func (m *Memory) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	kind := reflect.TypeOf(into)
	if m.byKey[kind] == nil {
		m.byKey[kind] = make(map[client.ObjectKey]client.Object, len(m.stored[kind]))
		for _, object := range m.stored[kind] {
			m.byKey[kind][client.ObjectKeyFromObject(object)] = object
		}
	}
	object, ok := m.byKey[kind][key]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(object).Elem())
	return nil
}

// List lists the objects of a namespace, all or those that an index finds.
func (m *Memory) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	asked := client.ListOptions{}
	asked.ApplyOptions(options)
	items, _ := reflect.TypeOf(into).Elem().FieldByName("Items")
	if asked.FieldSelector == nil {
		return apimeta.SetList(into, m.all(reflect.PointerTo(items.Type.Elem()), asked.Namespace))
	}
	wanted := asked.FieldSelector.Requirements()[0]
	return apimeta.SetList(into, m.indexed(wanted.Field)[asked.Namespace+"/"+wanted.Value])
}

func (m *Memory) all(kind reflect.Type, namespace string) []runtime.Object {
	var out []runtime.Object
	for _, object := range m.stored[kind] {
		if namespace == "" || object.GetNamespace() == namespace {
			out = append(out, object)
		}
	}
	return out
}

func (m *Memory) indexed(key string) map[string][]runtime.Object {
	if m.byValue[key] == nil {
		m.byValue[key] = map[string][]runtime.Object{}
		for _, i := range indexes {
			if i.Key == key {
				m.addIndex(i)
			}
		}
	}
	return m.byValue[key]
}

func (m *Memory) addIndex(i index.Index) {
	for _, object := range m.stored[reflect.TypeOf(i.Object)] {
		for _, value := range i.Extract(object) {
			at := object.GetNamespace() + "/" + value
			m.byValue[i.Key][at] = append(m.byValue[i.Key][at], object)
		}
	}
}

var indexes = index.All()
