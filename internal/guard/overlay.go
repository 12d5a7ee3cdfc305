package guard

import (
	"context"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
)

// overlay is a reader that shows some objects otherwise than the one below: as given, or not at all.
type overlay struct {
	client.Reader
	shown map[place]*shown
	// order has what is shown in the order in which it was first.
	order []*shown
	// make makes what will be in a free name's place, nil for nothing; without it nothing will be.
	make func(ctx context.Context, like client.Object, name string) (client.Object, error)
	// missed says that something was looked for in vain, or is on its way out.
	missed bool
	// gone tells by its UID whether a vendor, of which a child was found, is there no more.
	gone map[types.UID]bool
}

// place is where an object is, or is not.
type place struct {
	kind reflect.Type
	key  client.ObjectKey
}

func placeOf(object client.Object) place {
	return place{reflect.TypeOf(object), client.ObjectKeyFromObject(object)}
}

// shown is one object as an overlay shows it.
type shown struct {
	place
	// object is nil for one that is not there.
	object client.Object
	// found has by index the values under which the object is found, made when first asked for: a group of thousands is
	// looked for once for each member.
	found map[string]map[string]bool
}

func over(reader client.Reader) *overlay {
	return &overlay{Reader: reader, shown: map[place]*shown{}, gone: map[types.UID]bool{}}
}

// show shows an object as given.
func (o *overlay) show(object client.Object) { o.put(placeOf(object), object) }

// hide lets no object of the like's kind and name be there.
func (o *overlay) hide(like client.Object) { o.put(placeOf(like), nil) }

func (o *overlay) put(at place, object client.Object) {
	s, ok := o.shown[at]
	if !ok {
		s = &shown{place: at}
		o.shown[at], o.order = s, append(o.order, s)
	}
	s.object, s.found = object, map[string]map[string]bool{}
}

// Get reads the object as the overlay shows it.
func (o *overlay) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	stays, err := o.getStaying(ctx, key, into, options)
	if stays || client.IgnoreNotFound(err) != nil {
		return err
	}
	o.missed = true
	if o.make == nil {
		return err
	}
	made, failed := o.make(ctx, into, key.Name)
	switch {
	case failed != nil:
		return failed
	case made != nil:
		assign(into, made)
		return nil
	case err == nil:
		into.SetDeletionTimestamp(&leaving)
	}
	return err
}

// leaving is since when what is on its way out is being deleted, at the latest.
var leaving = metav1.Unix(0, 0)

// getStaying reads an object as it is shown, and tells whether it is there and will be.
func (o *overlay) getStaying(ctx context.Context, key client.ObjectKey, into client.Object, options []client.GetOption) (bool, error) {
	if s, ok := o.shown[place{reflect.TypeOf(into), key}]; !ok {
		if err := o.Reader.Get(ctx, key, into, options...); err != nil {
			return false, err
		}
	} else if s.object == nil {
		return false, apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	} else {
		assign(into, s.object)
	}
	goes, err := o.goes(ctx, into)
	return !goes, err
}

// goes tells whether an object is on its way out: it is being deleted, or what a vendor left that is there no more. A vendor
// is nobody's child, whatever it says.
func (o *overlay) goes(ctx context.Context, object client.Object) (bool, error) {
	owner := metav1.GetControllerOfNoCopy(object)
	_, isVendor := object.(*accessv1.Vendor)
	if object.GetDeletionTimestamp() != nil || isVendor || owner == nil || owner.Kind != "Vendor" {
		return object.GetDeletionTimestamp() != nil, nil
	}
	if known, ok := o.gone[owner.UID]; ok {
		return known, nil
	}
	vendor := &accessv1.Vendor{}
	there, err := o.getStaying(ctx, client.ObjectKey{Namespace: object.GetNamespace(), Name: owner.Name}, vendor, nil)
	if client.IgnoreNotFound(err) != nil {
		return false, err
	}
	o.gone[owner.UID] = !there || vendor.UID != owner.UID
	return o.gone[owner.UID], nil
}

// assign makes one object as another of its type.
func assign(into, from client.Object) { reflect.ValueOf(into).Elem().Set(reflect.ValueOf(from).Elem()) }

// List lists the objects as the overlay shows them.
func (o *overlay) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	if err := o.Reader.List(ctx, into, options...); err != nil {
		return err
	}
	if err := apimeta.EachListItem(into, func(item runtime.Object) error { return o.drop(ctx, item) }); err != nil {
		return err
	}
	asked := client.ListOptions{}
	asked.ApplyOptions(options)
	return o.showIn(into, &asked)
}

// drop takes something listed that is on its way out from what will be there.
func (o *overlay) drop(ctx context.Context, item runtime.Object) error {
	object, ok := item.(client.Object)
	if !ok || o.shown[placeOf(object)] != nil {
		return nil
	}
	if goes, err := o.goes(ctx, object); err != nil || !goes {
		return err
	}
	o.missed = true
	if o.make != nil {
		o.hide(object)
	}
	return nil
}

// showIn takes what is shown otherwise out of what was listed, and puts in what is shown where it belongs there.
func (o *overlay) showIn(list client.ObjectList, asked *client.ListOptions) error {
	var items, added []runtime.Object
	for _, s := range o.order {
		if s.object != nil && s.isOf(list) && s.isFound(asked) {
			added = append(added, s.object)
		}
	}
	listed := 0
	err := apimeta.EachListItem(list, func(item runtime.Object) error {
		listed++
		if object, ok := item.(client.Object); ok && o.shown[placeOf(object)] == nil {
			items = append(items, item)
		}
		return nil
	})
	if err != nil || listed == len(items) && len(added) == 0 {
		return err
	}
	return apimeta.SetList(list, append(items, added...))
}

// isOf tells whether a list is of the object's kind.
func (s *shown) isOf(list client.ObjectList) bool {
	items, ok := reflect.TypeOf(list).Elem().FieldByName("Items")
	return ok && items.Type.Elem() == s.kind.Elem()
}

// isFound tells whether the object is among what is asked for, by one of the indexes or without any.
func (s *shown) isFound(asked *client.ListOptions) bool {
	if asked.Namespace != "" && asked.Namespace != s.key.Namespace {
		return false
	}
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

var indexes = index.All()

func (s *shown) valuesOf(key string) map[string]bool {
	if known, ok := s.found[key]; ok {
		return known
	}
	values := map[string]bool{}
	for _, i := range indexes {
		if i.Key == key && reflect.TypeOf(i.Object) == s.kind {
			for _, value := range i.Extract(s.object) {
				values[value] = true
			}
		}
	}
	s.found[key] = values
	return values
}
