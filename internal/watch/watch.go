// Package watch holds the ways in which an event on one object enqueues others.
package watch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
)

// gathering is how long counts wait for more events: many changes make one recount.
const gathering = 200 * time.Millisecond

// SpecChanged lets an update through only when somebody changed what they want, deletes the object, or changed whose it
// is: Roster's own status writes on the other object are of no interest, nor are labels.
func SpecChanged() builder.WatchesOption { return builder.WithPredicates(specChanged) }

var specChanged = predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		return !equality.Semantic.DeepEqual(e.ObjectOld.GetOwnerReferences(), e.ObjectNew.GetOwnerReferences())
	},
})

// Wide enqueues everything that the mapper names, for the object as it was and as it is, behind objects that somebody
// has just touched: one change that concerns thousands keeps nobody waiting.
func Wide(mapper handler.MapFunc) handler.EventHandler { return enqueue(mapper, 0) }

// Later is Wide after a short while, in which further events for the same object cost nothing more. It is meant for
// counts.
func Later(mapper handler.MapFunc) handler.EventHandler { return enqueue(mapper, gathering) }

func enqueue(mapper handler.MapFunc, after time.Duration) handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	add := func(ctx context.Context, q queue, objects ...client.Object) {
		seen := map[reconcile.Request]bool{}
		for _, object := range objects {
			for _, request := range mapper(ctx, object) {
				if !seen[request] {
					seen[request] = true
					addOne(q, request, after)
				}
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { add(ctx, q, e.Object) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) { add(ctx, q, e.ObjectOld, e.ObjectNew) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { add(ctx, q, e.Object) },
	}
}

func addOne(q workqueue.TypedRateLimitingInterface[reconcile.Request], request reconcile.Request, after time.Duration) {
	if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		low := handler.LowPriority
		pq.AddWithOpts(priorityqueue.AddOpts{After: after, Priority: &low}, request)
		return
	}
	q.AddAfter(request, after)
}

// Mapper turns an object into the requests for all objects of one kind that it concerns.
type Mapper struct {
	Reader client.Reader
	// NewList makes an empty list of the kind that is enqueued.
	NewList func() client.ObjectList
}

// Namespace maps a namespace's name to everything in it.
func (m Mapper) Namespace(ctx context.Context, namespace string) []reconcile.Request {
	return m.list(ctx, client.InNamespace(namespace))
}

// Tenant maps a Tenant to everything in the namespace that it asks for.
func (m Mapper) Tenant(ctx context.Context, object client.Object) []reconcile.Request {
	tenant, ok := object.(*accessv1.Tenant)
	if !ok {
		return nil
	}
	return m.Namespace(ctx, tenant.TargetNamespace())
}

// Catalog maps a ResourceCatalog to everything in the namespaces of its tenants.
func (m Mapper) Catalog(ctx context.Context, object client.Object) []reconcile.Request {
	var out []reconcile.Request
	for _, tenant := range tenantsOf(ctx, m.Reader, object.GetName()) {
		out = append(out, m.Namespace(ctx, tenant.TargetNamespace())...)
	}
	return out
}

// By maps an object to everything of its namespace that an index finds by its name.
func (m Mapper) By(key string) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		return m.list(ctx, client.InNamespace(object.GetNamespace()), client.MatchingFields{key: object.GetName()})
	}
}

func (m Mapper) list(ctx context.Context, options ...client.ListOption) []reconcile.Request {
	list := m.NewList()
	if !listed(ctx, m.Reader, list, options...) {
		return nil
	}
	out := make([]reconcile.Request, 0, apimeta.LenList(list))
	err := apimeta.EachListItem(list, func(item runtime.Object) error {
		if object, ok := item.(client.Object); ok {
			out = append(out, Request(object.GetNamespace(), object.GetName()))
		}
		return nil
	})
	if err != nil {
		log.FromContext(ctx).Error(err, "Could not walk a list from the cache")
	}
	return out
}

// TenantsOf maps a ResourceCatalog to its Tenants.
func TenantsOf(reader client.Reader) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		var out []reconcile.Request
		for _, tenant := range tenantsOf(ctx, reader, object.GetName()) {
			out = append(out, Request("", tenant.Name))
		}
		return out
	}
}

func tenantsOf(ctx context.Context, reader client.Reader, catalog string) []accessv1.Tenant {
	tenants := &accessv1.TenantList{}
	listed(ctx, reader, tenants, client.MatchingFields{index.TenantByCatalog: catalog})
	return tenants.Items
}

// listed reads from the cache. It fails only when the manager is stopping or an index is missing, and then there is
// nobody to give the error to but the log.
func listed(ctx context.Context, reader client.Reader, list client.ObjectList, options ...client.ListOption) bool {
	if err := reader.List(ctx, list, append(options, client.DisableReadYourWritesConsistency)...); err != nil {
		log.FromContext(ctx).Error(err, "Could not list from the cache")
		return false
	}
	return true
}

// Request names one object.
func Request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// Named maps a group to the objects of its namespace that one of its lists names.
func Named(list func(*accessv1.UserGroup) []accessv1.Reference) handler.MapFunc {
	return func(_ context.Context, object client.Object) []reconcile.Request {
		group, ok := object.(*accessv1.UserGroup)
		if !ok {
			return nil
		}
		refs := list(group)
		out := make([]reconcile.Request, len(refs))
		for i := range refs {
			out[i] = Request(group.Namespace, refs[i].Name)
		}
		return out
	}
}
