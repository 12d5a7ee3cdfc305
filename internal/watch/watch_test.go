package watch

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
)

// added is one thing put into a queue.
type added struct {
	Name     string
	After    time.Duration
	Priority int
}

// queue notes what is put into it.
type queue struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	added []added
}

func (q *queue) AddWithOpts(o priorityqueue.AddOpts, items ...reconcile.Request) {
	for _, item := range items {
		q.added = append(q.added, added{item.String(), o.After, *o.Priority})
	}
}

// plain is a queue without priorities.
type plain struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	added []added
}

func (q *plain) AddAfter(item reconcile.Request, after time.Duration) {
	q.added = append(q.added, added{item.String(), after, 0})
}

func member(name string) *accessv1.UserGroup {
	return &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "team"},
		Spec:       accessv1.UserGroupSpec{Roles: []accessv1.Reference{{Name: "both"}, {Name: name}}},
	}
}

var roles = Named(func(g *accessv1.UserGroup) []accessv1.Reference { return g.Spec.Roles })

func TestAnUpdateConcernsWhatTheObjectNamedAndWhatItNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence string
		handler  handler.EventHandler
		after    time.Duration
	}{{"at once", Wide(roles), 0}, {"after a while", Later(roles), gathering}} {
		low := handler.LowPriority
		q, p := &queue{}, &plain{}
		update := event.UpdateEvent{ObjectOld: member("old"), ObjectNew: member("new")}
		c.handler.Update(t.Context(), update, q)
		c.handler.Update(t.Context(), update, p)
		want := []added{{"acme/both", c.after, low}, {"acme/old", c.after, low}, {"acme/new", c.after, low}}
		if diff := cmp.Diff(want, q.added); diff != "" {
			t.Errorf("%s: each once, behind what somebody touched (-want +got):\n%s", c.sentence, diff)
		}
		for i := range want {
			want[i].Priority = 0
		}
		if diff := cmp.Diff(want, p.added); diff != "" {
			t.Errorf("%s, without priorities (-want +got):\n%s", c.sentence, diff)
		}
	}
}

func TestCreationAndDeletionConcernWhatTheObjectNames(t *testing.T) {
	t.Parallel()
	q := &queue{}
	Wide(roles).Create(t.Context(), event.CreateEvent{Object: member("created")}, q)
	Wide(roles).Delete(t.Context(), event.DeleteEvent{Object: member("deleted")}, q)
	var got []string
	for _, a := range q.added {
		got = append(got, a.Name)
	}
	if diff := cmp.Diff([]string{"acme/both", "acme/created", "acme/both", "acme/deleted"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhichUpdatesCount(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		change func(*accessv1.UserGroup)
		want   bool
	}{
		"a spec":        {func(g *accessv1.UserGroup) { g.Generation++ }, true},
		"an owner":      {func(g *accessv1.UserGroup) { g.OwnerReferences = []metav1.OwnerReference{{UID: "another"}} }, true},
		"a status":      {func(g *accessv1.UserGroup) { g.Status.ObservedGeneration = 7 }, false},
		"a label":       {func(g *accessv1.UserGroup) { g.Labels = map[string]string{"a": "b"} }, false},
		"a resync":      {func(*accessv1.UserGroup) {}, false},
		"a bare writer": {func(g *accessv1.UserGroup) { g.ResourceVersion = "8" }, false},
	} {
		changed := member("a")
		c.change(changed)
		if got := specChanged.Update(event.UpdateEvent{ObjectOld: member("a"), ObjectNew: changed}); got != c.want {
			t.Errorf("%s: %v", sentence, got)
		}
	}
	if !specChanged.Create(event.CreateEvent{Object: member("a")}) || !specChanged.Delete(event.DeleteEvent{Object: member("a")}) {
		t.Error("coming and going always count")
	}
}

func TestMappers(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	tenant := func(name, namespace, catalog string) *accessv1.Tenant {
		return &accessv1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       accessv1.TenantSpec{Namespace: namespace, CatalogRef: accessv1.Reference{Name: catalog}},
		}
	}
	group := func(namespace, name, role string) *accessv1.UserGroup {
		return &accessv1.UserGroup{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       accessv1.UserGroupSpec{Roles: []accessv1.Reference{{Name: role}}},
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		tenant("a", "", "shop"), tenant("b", "other", "shop"), tenant("c", "", "another"),
		group("a", "one", "viewer"), group("a", "two", "editor"), group("other", "three", "viewer"), group("c", "four", "viewer"))
	for _, i := range index.All() {
		builder = builder.WithIndex(i.Object, i.Key, i.Extract)
	}
	reader := builder.Build()
	m := Mapper{Reader: reader, NewList: func() client.ObjectList { return &accessv1.UserGroupList{} }}
	catalog := &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	role := &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "viewer"}}
	for _, c := range []struct {
		sentence string
		mapper   handler.MapFunc
		object   client.Object
		want     []string
	}{
		{"a tenant concerns its namespace", m.Tenant, tenant("a", "", ""), []string{"a/one", "a/two"}},
		{"a tenant concerns the namespace that it asks for", m.Tenant, tenant("b", "other", ""), []string{"other/three"}},
		{"what is no tenant concerns nothing", m.Tenant, role, nil},
		{"a catalog concerns the namespaces of its tenants", m.Catalog, catalog, []string{"a/one", "a/two", "other/three"}},
		{"a role concerns the groups of its namespace that have it", m.By(index.GroupByRole), role, []string{"a/one"}},
		{"an index that is missing concerns nothing", m.By("nothing"), role, nil},
		{"a catalog concerns its tenants", TenantsOf(reader), catalog, []string{"/a", "/b"}},
		{"a group concerns what it names", roles, group("a", "one", "viewer"), []string{"a/viewer"}},
		{"what is no group names nothing", roles, role, nil},
	} {
		if diff := cmp.Diff(c.want, mapped(t.Context(), c.mapper, c.object)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
}

func mapped(ctx context.Context, mapper handler.MapFunc, object client.Object) []string {
	var out []string
	for _, request := range mapper(ctx, object) {
		out = append(out, request.String())
	}
	slices.Sort(out)
	return out
}
