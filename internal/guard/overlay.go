package guard

import (
	"context"
	"errors"
	"reflect"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/internal/index"
)

// overlay is a reader that shows some objects otherwise than the one below: as given, or not at all.
type overlay struct {
	client.Reader
	shown []*shown
	// make makes what will be in a free name's place, nil for nothing; without it nothing will be.
	make func(ctx context.Context, like client.Object, name string) (client.Object, error)
	// missed says that something was looked for in vain, or is on its way out.
	missed bool
}

// shown is one object as an overlay shows it.
type shown struct {
	kind reflect.Type
	key  client.ObjectKey
	// object is nil for one that is not there.
	object client.Object
	// found has by index the values under which the object is found, made when first asked for: a group of thousands is
	// looked for once for each member.
	found map[string]map[string]bool
}

// show shows an object as given.
func (o *overlay) show(object client.Object) {
	o.shown = append(o.shown, &shown{
		kind: reflect.TypeOf(object), key: client.ObjectKeyFromObject(object), object: object, found: map[string]map[string]bool{},
	})
}

// hide lets no object of the like's kind and name be there.
func (o *overlay) hide(like client.Object) {
	o.shown = append(o.shown, &shown{kind: reflect.TypeOf(like), key: client.ObjectKeyFromObject(like)})
}

// Get reads the object as the overlay shows it.
func (o *overlay) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	err := o.get(ctx, key, into, options)
	if err == nil && into.GetDeletionTimestamp() == nil || client.IgnoreNotFound(err) != nil {
		return err
	}
	o.missed = true
	if o.make == nil {
		return err
	}
	made, failed := o.make(ctx, into, key.Name)
	if made == nil || failed != nil {
		return errors.Join(err, failed)
	}
	assign(into, made)
	return nil
}

func (o *overlay) get(ctx context.Context, key client.ObjectKey, into client.Object, options []client.GetOption) error {
	for _, s := range o.shown {
		if s.key != key || s.kind != reflect.TypeOf(into) {
			continue
		}
		if s.object == nil {
			return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
		}
		assign(into, s.object)
		return nil
	}
	return o.Reader.Get(ctx, key, into, options...)
}

// assign makes one object as another of its type.
func assign(into, from client.Object) { reflect.ValueOf(into).Elem().Set(reflect.ValueOf(from).Elem()) }

// List lists the objects as the overlay shows them.
func (o *overlay) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	if err := o.Reader.List(ctx, into, options...); err != nil {
		return err
	}
	if err := apimeta.EachListItem(into, func(item runtime.Object) error { return o.replace(ctx, item) }); err != nil {
		return err
	}
	asked := client.ListOptions{}
	asked.ApplyOptions(options)
	for _, s := range o.shown {
		if s.listedIn(into) && (asked.Namespace == "" || asked.Namespace == s.key.Namespace) {
			if err := s.replaceIn(into, &asked); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace shows what will be in the place of something listed that is on its way out.
func (o *overlay) replace(ctx context.Context, item runtime.Object) error {
	going, ok := item.(client.Object)
	if !ok || going.GetDeletionTimestamp() == nil || o.shows(going) {
		return nil
	}
	o.missed = true
	if o.make == nil {
		return nil
	}
	made, err := o.make(ctx, going, going.GetName())
	if made != nil {
		o.show(made)
	}
	return err
}

func (o *overlay) shows(object client.Object) bool {
	return slices.ContainsFunc(o.shown, func(s *shown) bool {
		return s.key == client.ObjectKeyFromObject(object) && s.kind == reflect.TypeOf(object)
	})
}

// listedIn tells whether a list is of the object's kind.
func (s *shown) listedIn(list client.ObjectList) bool {
	items, ok := reflect.TypeOf(list).Elem().FieldByName("Items")
	return ok && items.Type.Elem() == s.kind.Elem()
}

// replaceIn takes the stored object out of what was listed and puts the shown one in, where it belongs there.
func (s *shown) replaceIn(list client.ObjectList, asked *client.ListOptions) error {
	var others []runtime.Object
	listed := 0
	err := apimeta.EachListItem(list, func(item runtime.Object) error {
		listed++
		if object, ok := item.(client.Object); ok && client.ObjectKeyFromObject(object) != s.key {
			others = append(others, item)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.object != nil && s.isFound(asked) {
		others = append(others, s.object)
	} else if listed == len(others) {
		return nil // it was not there, and is not to be
	}
	return apimeta.SetList(list, others)
}

// isFound tells whether the object is among what is asked for, by one of the indexes or without any.
func (s *shown) isFound(asked *client.ListOptions) bool {
	if asked.FieldSelector == nil {
		return true
	}
	for _, wanted := range asked.FieldSelector.Requirements() {
		if !s.valuesOf(wanted.Field)[wanted.Value] {
			return false
		}
	}
	return true
}

func (s *shown) valuesOf(key string) map[string]bool {
	if known, ok := s.found[key]; ok {
		return known
	}
	values := map[string]bool{}
	for _, i := range index.All() {
		if i.Key == key && reflect.TypeOf(i.Object) == s.kind {
			for _, value := range i.Extract(s.object) {
				values[value] = true
			}
		}
	}
	s.found[key] = values
	return values
}
