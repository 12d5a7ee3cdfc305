package guard

import (
	"context"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/vendor"
)

// supposed is the generation of objects that are not stored as they are shown; a stored one has a positive generation.
const supposed = -1

// write is one write to one object, of which both sides are of the same type.
type write struct {
	// old is the object as stored; nil: it is created.
	old client.Object
	// new is the object as it will be; nil: it is deleted.
	new client.Object
}

// object is the new side where there is one, else the old.
func (w write) object() client.Object {
	if w.new != nil {
		return w.new
	}
	return w.old
}

// staying is the write as if its object were not being deleted.
func (w write) staying() write { return write{staying(w.old), staying(w.new)} }

func staying(object client.Object) client.Object {
	if object == nil || object.GetDeletionTimestamp() == nil {
		return object
	}
	same, _ := object.DeepCopyObject().(client.Object) // a deep copy is of the same type
	same.SetDeletionTimestamp(nil)
	return same
}

// means tells whether the write changes what anything else can depend on: all but annotations, labels and finalizers. A
// status is written on its own.
func (w write) means() bool {
	return w.old == nil || w.new == nil || !equality.Semantic.DeepEqual(specOf(w.old), specOf(w.new)) ||
		!equality.Semantic.DeepEqual(w.old.GetOwnerReferences(), w.new.GetOwnerReferences())
}

func specOf(object client.Object) any {
	return reflect.ValueOf(object).Elem().FieldByName("Spec").Interface()
}

// sides are both sides of a write as a type; nil for one that is not there.
func sides[T any](w write) (was, is *T) {
	was, _ = any(w.old).(*T)
	is, _ = any(w.new).(*T)
	return was, is
}

// worlds makes the world before the write and the world after it.
func worlds(ctx context.Context, stored *graph.Graph, reader client.Reader, w write, now time.Time) (before, after *world, err error) {
	was, willBe := &overlay{Reader: reader}, &overlay{Reader: reader}
	if w.old != nil {
		was.show(w.old)
	} else {
		was.hide(w.new)
	}
	if w.new != nil {
		w.new.SetGeneration(supposed)
		willBe.show(w.new)
	} else {
		willBe.hide(w.old)
	}
	namespace := w.object().GetNamespace()
	before = &world{reader: was, graph: stored.Reading(was), namespace: namespace, now: now}
	after = &world{reader: willBe, graph: stored.Supposing(willBe), namespace: namespace, now: now}
	if before.tenancy, err = before.graph.Tenancy(ctx, namespace); err != nil {
		return nil, nil, err
	}
	after.tenancy = before.tenancy
	if object, ok := w.object().(*accessv1.Vendor); ok {
		err = supposeChildren(ctx, before, willBe, w, object)
	}
	return before, after, err
}

// supposeChildren puts what comes of a vendor into the world after it: its groups and its restriction appear with it,
// although it is Roster that will make them, and disappear with it.
func supposeChildren(ctx context.Context, before *world, after *overlay, w write, of *accessv1.Vendor) error {
	if w.new == nil {
		groups, err := before.graph.GroupsBy(ctx, of.Namespace, index.GroupByVendor, of.Name)
		for i := range groups {
			after.hide(&groups[i])
		}
		return err
	}
	if w.old != nil || before.tenancy.Catalog == nil {
		return nil
	}
	children := vendor.ChildrenOf(of, before.tenancy.Tenant, before.tenancy.Catalog)
	if err := suppose(ctx, after, of, children.Restriction); err != nil {
		return err
	}
	for _, group := range children.Groups {
		if err := suppose(ctx, after, of, group); err != nil {
			return err
		}
	}
	return nil
}

// suppose shows a child that Roster will make, unless somebody else's object has its name: Roster takes over nothing.
func suppose(ctx context.Context, after *overlay, of *accessv1.Vendor, child client.Object) error {
	taken, ok := reflect.New(reflect.TypeOf(child).Elem()).Interface().(client.Object)
	if !ok {
		return nil // what is made of an object's type is one
	}
	err := after.Reader.Get(ctx, client.ObjectKeyFromObject(child), taken)
	if !apierrors.IsNotFound(err) {
		return err
	}
	child.SetGeneration(supposed)
	child.SetOwnerReferences([]metav1.OwnerReference{
		*metav1.NewControllerRef(of, accessv1.SchemeGroupVersion.WithKind("Vendor")),
	})
	after.show(child)
	return nil
}
