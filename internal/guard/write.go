package guard

import (
	"context"
	"errors"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
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
		w.changesOwners()
}

// changesOwners tells whether a write adds an owner, takes one away, or says anything else of one. Whose owner is gone, the
// cluster deletes, and no deletion of the cluster's is judged; whose owner is not to be found outlives him.
func (w write) changesOwners() bool {
	return w.new != nil && !equality.Semantic.DeepEqual(ownersOf(w.old), ownersOf(w.new))
}

func ownersOf(object client.Object) []metav1.OwnerReference {
	if object == nil {
		return nil
	}
	return object.GetOwnerReferences()
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

// worlds are the world before a write and the world after it.
type worlds struct{ before, after *world }

// worlds makes the world before a write and the world after it, as they are.
func (g *Guard) worlds(ctx context.Context, w write, tenancy *graph.Tenancy) (worlds, error) {
	was, willBe := over(g.Reader), over(g.Reader)
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
	namespace, now := w.object().GetNamespace(), g.Clock.Now()
	before := &world{reader: was, graph: g.Graph.Reading(was), tenancy: tenancy, namespace: namespace, now: now}
	after := &world{reader: willBe, graph: g.Graph.Supposing(willBe), tenancy: tenancy, namespace: namespace, now: now}
	return worlds{before, after}, after.hideChildren(ctx, w)
}

// settled makes the world before a write and the world after it, as they will be.
func (g *Guard) settled(ctx context.Context, w write, tenancy *graph.Tenancy) (worlds, error) {
	found, err := g.worlds(ctx, w, tenancy)
	if err != nil {
		return found, err
	}
	return found, errors.Join(
		found.before.settle(ctx, g.Graph, w.old, w.new != nil), found.after.settle(ctx, g.Graph, w.new, true))
}

// hideChildren takes what goes with a deleted vendor out of the world after it.
func (w *world) hideChildren(ctx context.Context, of write) error {
	gone, ok := of.old.(*accessv1.Vendor)
	if !ok || of.new != nil {
		return nil
	}
	groups, err := w.graph.GroupsBy(ctx, w.namespace, index.GroupByVendor, gone.Name)
	for i := range groups {
		w.reader.hide(&groups[i])
	}
	return err
}
