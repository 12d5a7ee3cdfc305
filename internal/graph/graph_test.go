package graph_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

// world is a small cluster in memory, with one group that has one of everything.
type world struct {
	t     *testing.T
	c     client.Client
	graph *graph.Graph
	// liveReads counts what went past the cache.
	liveReads atomic.Int32
}

func newWorld(t *testing.T, more ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{accessv1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(append(objects(), more...)...)
	for _, i := range index.All() {
		builder = builder.WithIndex(i.Object, i.Key, i.Extract)
	}
	w := &world{t: t, c: builder.Build()}
	live := interceptor.NewClient(nil, interceptor.Funcs{
		Get: func(ctx context.Context, _ client.WithWatch, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
			w.liveReads.Add(1)
			return w.c.Get(ctx, key, into)
		},
	})
	w.graph = graph.New(w.c, live)
	return w
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "acme", UID: types.UID("uid-" + name), Generation: 1}
}

func objects() []client.Object {
	tenant := &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: "uid-acme", Generation: 1},
		Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: "shop"}, State: accessv1.TenantActive,
			Dimensions: []accessv1.TenantDimension{{Name: "site", Values: []string{"DE"}}},
		},
	}
	catalog := &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", UID: "uid-shop", Generation: 1},
		Spec: accessv1.ResourceCatalogSpec{
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
				{Name: "orders", RestrictedBy: []string{"site"}, Actions: []string{"publish"}},
			}}},
			Roles: []accessv1.CatalogRole{{Name: "editor", Options: []accessv1.CatalogRoleOption{
				{Name: "publishing", Rules: []accessv1.Rule{{Resources: []string{"orders"}, Actions: []string{"publish"}}}},
			}}},
		},
	}
	vendor := &accessv1.Vendor{ObjectMeta: named("abc"), Spec: accessv1.VendorSpec{Options: []string{"publishing"}}}
	role := &accessv1.Role{
		ObjectMeta: named("editor"),
		Spec:       accessv1.RoleSpec{Rules: []accessv1.Rule{{Resources: []string{"orders"}, Level: accessv1.LevelRead}}},
	}
	role.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(tenant, accessv1.SchemeGroupVersion.WithKind("Tenant"))}
	group := &accessv1.UserGroup{ObjectMeta: named("team"), Spec: accessv1.UserGroupSpec{
		Roles: []accessv1.Reference{{Name: "editor"}}, Restrictions: []accessv1.Reference{{Name: "site.de"}},
		Members: []accessv1.GroupMember{{Name: "ana"}}, VendorRef: &accessv1.Reference{Name: "abc"},
	}}
	group.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vendor, accessv1.SchemeGroupVersion.WithKind("Vendor"))}
	restriction := &accessv1.Restriction{
		ObjectMeta: named("site.de"), Spec: accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"DE"}},
	}
	restriction.OwnerReferences = group.OwnerReferences
	return []client.Object{
		tenant, catalog, vendor, role, group, restriction,
		&accessv1.User{ObjectMeta: named("ana"), Spec: accessv1.UserSpec{Email: "ana@acme.example"}},
	}
}

// change changes a stored object, and counts its generation up as the API server does for a spec.
func change[T client.Object](w *world, object T, name string, f func(T)) {
	w.t.Helper()
	key := client.ObjectKey{Namespace: "acme", Name: name}
	if err := w.c.Get(w.t.Context(), key, object); err != nil {
		key.Namespace = ""
		if err := w.c.Get(w.t.Context(), key, object); err != nil {
			w.t.Fatal(err)
		}
	}
	f(object)
	object.SetGeneration(object.GetGeneration() + 1)
	if err := w.c.Update(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tenancy() *graph.Tenancy {
	w.t.Helper()
	tenancy, err := w.graph.Tenancy(w.t.Context(), "acme")
	if err != nil {
		w.t.Fatal(err)
	}
	return tenancy
}

func (w *world) compiled() *access.CompiledGroup {
	w.t.Helper()
	group := &accessv1.UserGroup{}
	if err := w.c.Get(w.t.Context(), client.ObjectKey{Namespace: "acme", Name: "team"}, group); err != nil {
		w.t.Fatal(err)
	}
	compiled, err := w.graph.Group(w.t.Context(), w.tenancy(), group)
	if err != nil {
		w.t.Fatal(err)
	}
	return compiled
}

// gives writes what the group gives, a line an entry.
func gives(c *access.CompiledGroup) []string {
	var out []string
	for _, g := range c.Grants() {
		out = append(out, fmt.Sprintf("%s %v at %s", g.Level, g.Actions, g.Scope))
	}
	return out
}

func TestOneVersionIsCompiledOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const readers = 32
	var wait sync.WaitGroup
	groups, tenancies := make([]*access.CompiledGroup, readers), make([]*graph.Tenancy, readers)
	for i := range readers {
		wait.Go(func() { groups[i], tenancies[i] = w.compiled(), w.tenancy() })
	}
	wait.Wait()
	for i := range readers {
		if groups[i] != groups[0] {
			t.Fatal("two compiled groups of one version")
		}
		if tenancies[i].Vocabulary != tenancies[0].Vocabulary || tenancies[i].Access != tenancies[0].Access {
			t.Fatal("two compiled tenants or vocabularies of one version")
		}
	}
	if tenancies[0].Access.Vocabulary() != tenancies[0].Vocabulary {
		t.Error("the tenant is compiled for another vocabulary")
	}
}

func TestWhateverAGroupPointsAtCompilesItAnew(t *testing.T) {
	t.Parallel()
	narrow := "Read [publish] at site=DE"
	for sentence, c := range map[string]struct {
		change func(w *world)
		want   []string
	}{
		"the group": {func(w *world) {
			change(w, &accessv1.UserGroup{}, "team", func(g *accessv1.UserGroup) { g.Spec.Restrictions = nil })
		}, []string{"Read [publish] at everywhere"}},
		"the role": {func(w *world) {
			change(w, &accessv1.Role{}, "editor", func(r *accessv1.Role) { r.Spec.Rules[0].Level = accessv1.LevelManage })
		}, []string{"Manage [publish] at site=DE"}},
		"the restriction": {func(w *world) {
			change(w, &accessv1.Restriction{}, "site.de", func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"FR"} })
		}, []string{"Read [publish] at site=FR"}},
		"the vendor": {func(w *world) {
			change(w, &accessv1.Vendor{}, "abc", func(v *accessv1.Vendor) { v.Spec.Options = nil })
		}, []string{"Read [] at site=DE"}},
		"the catalog": {func(w *world) {
			change(w, &accessv1.ResourceCatalog{}, "shop", func(c *accessv1.ResourceCatalog) {
				c.Spec.Services[0].Resources[0].RestrictedBy = nil
			})
		}, []string{"Read [publish] at everywhere"}},
		"the tenant": {func(w *world) {
			change(w, &accessv1.Tenant{}, "acme", func(t *accessv1.Tenant) { t.Spec.Dimensions = nil })
		}, []string{narrow}},
		"the role's owner": {func(w *world) {
			change(w, &accessv1.Role{}, "editor", func(r *accessv1.Role) { r.OwnerReferences = nil; r.Generation-- })
		}, []string{"Read [] at site=DE"}},
		"the group's owner": {func(w *world) {
			change(w, &accessv1.UserGroup{}, "team", func(g *accessv1.UserGroup) { g.OwnerReferences = nil; g.Generation-- })
		}, nil},
		"the restriction's owner": {func(w *world) {
			change(w, &accessv1.Restriction{}, "site.de", func(r *accessv1.Restriction) { r.OwnerReferences = nil; r.Generation-- })
		}, nil},
		"the role made anew, of the same generation": {func(w *world) {
			w.remove(&accessv1.Role{ObjectMeta: named("editor")})
			anew := named("editor")
			anew.UID = "another"
			w.add(&accessv1.Role{ObjectMeta: anew, Spec: accessv1.RoleSpec{Rules: []accessv1.Rule{{Resources: []string{"*"}, Actions: []string{"update"}}}}})
		}, []string{" [update] at site=DE"}},
		"the role gone":        {func(w *world) { w.remove(&accessv1.Role{ObjectMeta: named("editor")}) }, nil},
		"the restriction gone": {func(w *world) { w.remove(&accessv1.Restriction{ObjectMeta: named("site.de")}) }, nil},
		"the vendor gone":      {func(w *world) { w.remove(&accessv1.Vendor{ObjectMeta: named("abc")}) }, nil},
		"the catalog gone": {func(w *world) {
			w.remove(&accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}})
		}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.compiled()
			if diff := cmp.Diff([]string{narrow}, gives(before)); diff != "" {
				t.Fatalf("before (-want +got):\n%s", diff)
			}
			c.change(w)
			after := w.compiled()
			if after == before {
				t.Error("the group was not compiled anew")
			}
			if diff := cmp.Diff(c.want, gives(after)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if w.compiled() != after {
				t.Error("the second version is compiled twice")
			}
		})
	}
}

func (w *world) remove(object client.Object) {
	w.t.Helper()
	if err := w.c.Delete(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(object client.Object) {
	w.t.Helper()
	object.SetResourceVersion("")
	if err := w.c.Create(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

func TestALabelCompilesNothingAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.compiled()
	change(w, &accessv1.Role{}, "editor", func(r *accessv1.Role) { r.Labels = map[string]string{"a": "b"}; r.Generation-- })
	change(w, &accessv1.Tenant{}, "acme", func(t *accessv1.Tenant) { t.Labels = map[string]string{"a": "b"}; t.Generation-- })
	if w.compiled() != before {
		t.Error("the group was compiled anew")
	}
}

func TestWhatIsBeingDeletedGivesNothing(t *testing.T) {
	t.Parallel()
	for name, object := range map[string]client.Object{
		"editor": &accessv1.Role{}, "site.de": &accessv1.Restriction{}, "abc": &accessv1.Vendor{}, "shop": &accessv1.ResourceCatalog{},
	} {
		w := newWorld(t)
		change(w, object, name, func(o client.Object) { o.SetFinalizers([]string{"test/hold"}) })
		w.remove(object)
		if got := gives(w.compiled()); got != nil {
			t.Errorf("with %s on its way out: %v", name, got)
		}
	}
}

func TestTenancy(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"all is there": {func(*world) {}, ""},
		"no tenant": {func(w *world) { w.remove(&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}) },
			"TenantNotFound: no Tenant owns the namespace acme"},
		"no catalog": {func(w *world) { w.remove(&accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}) },
			"CatalogNotFound: ResourceCatalog shop of Tenant acme does not exist"},
		"suspended": {func(w *world) {
			change(w, &accessv1.Tenant{}, "acme", func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		}, "TenantSuspended: Tenant acme is suspended"},
		"being deleted": {func(w *world) {
			change(w, &accessv1.Tenant{}, "acme", func(t *accessv1.Tenant) { t.Finalizers = []string{"test/hold"} })
			w.remove(&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}})
		}, "TenantDeleting: Tenant acme is being deleted"},
		"an older tenant asks for the namespace": {func(w *world) {
			change(w, &accessv1.Tenant{}, "acme", func(t *accessv1.Tenant) { t.CreationTimestamp = metav1.Now() })
			w.add(&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "older"}, Spec: accessv1.TenantSpec{
				Namespace: "acme", CatalogRef: accessv1.Reference{Name: "shop"}, State: accessv1.TenantSuspended,
			}})
		}, "TenantSuspended: Tenant older is suspended"},
	} {
		w := newWorld(t)
		c.change(w)
		got := ""
		if reason, message := w.tenancy().Problem("acme"); reason != "" {
			got = reason + ": " + message
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", sentence, got, c.want)
		}
		user := access.User{Name: "ana", Active: true}
		memberships := []access.Membership{{Name: "team", Group: w.compiled()}}
		resolution := access.Resolve(w.tenancy().Access, user, memberships, now)
		if (len(resolution.Grants) > 0) != (c.want == "") {
			t.Errorf("%s: %d grants", sentence, len(resolution.Grants))
		}
	}
}

func TestMembershipsComeFromBothSides(t *testing.T) {
	t.Parallel()
	until := metav1.NewTime(now)
	w := newWorld(t, &accessv1.UserGroup{ObjectMeta: named("other"), Spec: accessv1.UserGroupSpec{
		Members: []accessv1.GroupMember{{Name: "ben"}, {Name: "ana", Until: &until}},
	}})
	user := &accessv1.User{ObjectMeta: named("ana"), Spec: accessv1.UserSpec{Groups: []accessv1.GroupMembership{
		{Name: "team", Until: &until}, {Name: "missing"},
	}}}
	memberships, err := w.graph.Memberships(t.Context(), w.tenancy(), user)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range memberships {
		got = append(got, fmt.Sprintf("%s %s until %v found %v", m.Name, m.From, !m.Until.IsZero(), m.Group != nil))
	}
	want := []string{
		"team User until true found true", "missing User until false found false",
		"other UserGroup until true found true", "team UserGroup until false found true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
