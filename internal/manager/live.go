package manager

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers/applicationcredential"
	"github.com/roster-dev/roster/controllers/user"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

// live reads a tenant from the API server itself. Whether a status follows from what is read, the user's own controller
// says: it is asked to compute what it would write, and writes nothing.
type live struct {
	client client.Reader
	clock  clock.PassiveClock
}

// Read lists everything that a tenant's users depend on. Every list is as new as the call at least.
func (l live) Read(ctx context.Context, tenant string) (*decision.State, error) {
	w := &world{client: l.client, lists: map[string]*readList{}}
	state := &decision.State{}
	tenants, err := items[*accessv1.Tenant](ctx, w, &accessv1.TenantList{}, "")
	if err != nil {
		return nil, err
	}
	if state.Catalogs, err = items[*accessv1.ResourceCatalog](ctx, w, &accessv1.ResourceCatalogList{}, ""); err != nil {
		return nil, err
	}
	state.Tenants = tenants
	if at := slices.IndexFunc(tenants, func(t *accessv1.Tenant) bool { return t.Name == tenant }); at >= 0 {
		if err := w.fill(ctx, state, tenants[at].TargetNamespace()); err != nil {
			return nil, err
		}
	}
	state.Revision = w.oldest
	g := graph.New(w, w)
	reconciler := &user.Reconciler{Client: nil, Graph: g, Clock: l.clock}
	byName := make(map[string]*accessv1.User, len(state.Users))
	for _, u := range state.Users {
		byName[u.Name] = u
	}
	state.Settled = func(ctx context.Context, name string) (bool, error) {
		u, ok := byName[name]
		if !ok {
			return true, nil
		}
		return reconciler.Settled(ctx, u)
	}
	state.SettledFor = settledFor(state, byName, &applicationcredential.Reconciler{Graph: g, Clock: l.clock})
	return state, nil
}

// settledFor tells of a credential whether its status follows from its user's as it was read.
func settledFor(
	state *decision.State, users map[string]*accessv1.User, reconciler *applicationcredential.Reconciler,
) func(context.Context, string) (bool, error) {
	byName := make(map[string]*accessv1.ApplicationCredential, len(state.Credentials))
	for _, c := range state.Credentials {
		byName[c.Name] = c
	}
	return func(ctx context.Context, name string) (bool, error) {
		c, ok := byName[name]
		if !ok {
			return true, nil
		}
		return reconciler.Settled(ctx, c, users[c.Spec.UserRef.Name])
	}
}

// fill reads the namespace: all that a reading has to have before it is judged, so that one moment follows another.
func (w *world) fill(ctx context.Context, state *decision.State, namespace string) error {
	var err error
	if state.Restrictions, err = items[*accessv1.Restriction](ctx, w, &accessv1.RestrictionList{}, namespace); err != nil {
		return err
	}
	for _, list := range []client.ObjectList{
		&accessv1.UserGroupList{}, &accessv1.RoleList{}, &accessv1.VendorList{}, &accessv1.InvitationList{},
	} {
		if _, err := w.read(ctx, list, namespace); err != nil {
			return err
		}
	}
	if state.Users, err = items[*accessv1.User](ctx, w, &accessv1.UserList{}, namespace); err != nil {
		return err
	}
	state.Credentials, err = items[*accessv1.ApplicationCredential](ctx, w, &accessv1.ApplicationCredentialList{}, namespace)
	return err
}

// world is what has been read, as a reader: every list once, and searched in memory by the indexes of package index.
type world struct {
	client client.Reader
	lock   sync.Mutex
	lists  map[string]*readList
	// oldest is the lowest version among the lists.
	oldest uint64
}

// readList is a list with its objects by name, and by what each index of its kind has of them.
type readList struct {
	objects []client.Object
	byName  map[string]client.Object
	indexed map[string]map[string][]runtime.Object
}

func (l *readList) add(object client.Object) {
	l.objects = append(l.objects, object)
	l.byName[object.GetName()] = object
	for _, i := range index.All() {
		if reflect.TypeOf(i.Object) != reflect.TypeOf(object) {
			continue
		}
		if l.indexed[i.Key] == nil {
			l.indexed[i.Key] = map[string][]runtime.Object{}
		}
		for _, value := range i.Extract(object) {
			l.indexed[i.Key][value] = append(l.indexed[i.Key][value], object)
		}
	}
}

func items[T client.Object](ctx context.Context, w *world, list client.ObjectList, namespace string) ([]T, error) {
	read, err := w.read(ctx, list, namespace)
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(read.objects))
	for _, object := range read.objects {
		if typed, ok := object.(T); ok {
			out = append(out, typed)
		}
	}
	return out, nil
}

// read lists a kind in a namespace, once.
func (w *world) read(ctx context.Context, list client.ObjectList, namespace string) (*readList, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	key := fmt.Sprintf("%T %s", list, namespace)
	if found, ok := w.lists[key]; ok {
		return found, nil
	}
	fresh, ok := list.DeepCopyObject().(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("%T is no list", list)
	}
	if err := w.client.List(ctx, fresh, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	version, err := strconv.ParseUint(fresh.GetResourceVersion(), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the version %q of a list is no number: %w", fresh.GetResourceVersion(), err)
	}
	if w.oldest == 0 || version < w.oldest {
		w.oldest = version
	}
	out := &readList{byName: map[string]client.Object{}, indexed: map[string]map[string][]runtime.Object{}}
	err = apimeta.EachListItem(fresh, func(item runtime.Object) error {
		if object, ok := item.(client.Object); ok {
			out.add(object)
		}
		return nil
	})
	w.lists[key] = out
	return out, err
}

// Get finds an object among those that have been read.
func (w *world) Get(ctx context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	list, err := listOf(into)
	if err != nil {
		return err
	}
	read, err := w.read(ctx, list, key.Namespace)
	if err != nil {
		return err
	}
	if object, ok := read.byName[key.Name]; ok {
		return copyInto(object, into)
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

// List finds objects among those that have been read, by one of the indexes.
func (w *world) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	o := client.ListOptions{}
	o.ApplyOptions(options)
	read, err := w.read(ctx, into, o.Namespace)
	if err != nil {
		return err
	}
	if o.FieldSelector == nil || len(o.FieldSelector.Requirements()) != 1 {
		return fmt.Errorf("what has been read is searched by one index, not by %v", o.FieldSelector)
	}
	wanted := o.FieldSelector.Requirements()[0]
	return apimeta.SetList(into, read.indexed[wanted.Field][wanted.Value])
}

func listOf(object client.Object) (client.ObjectList, error) {
	switch object.(type) {
	case *accessv1.ResourceCatalog:
		return &accessv1.ResourceCatalogList{}, nil
	case *accessv1.UserGroup:
		return &accessv1.UserGroupList{}, nil
	case *accessv1.Role:
		return &accessv1.RoleList{}, nil
	case *accessv1.Restriction:
		return &accessv1.RestrictionList{}, nil
	case *accessv1.Vendor:
		return &accessv1.VendorList{}, nil
	default:
		return nil, fmt.Errorf("a user's access does not depend on a %T", object)
	}
}

func copyInto(from, into client.Object) error {
	switch into := into.(type) {
	case *accessv1.ResourceCatalog:
		return assign(from, into)
	case *accessv1.UserGroup:
		return assign(from, into)
	case *accessv1.Role:
		return assign(from, into)
	case *accessv1.Restriction:
		return assign(from, into)
	case *accessv1.Vendor:
		return assign(from, into)
	default:
		return fmt.Errorf("a user's access does not depend on a %T", into)
	}
}

func assign[T any](from client.Object, into *T) error {
	typed, ok := from.(any).(*T)
	if !ok {
		return fmt.Errorf("%T is no %T", from, into)
	}
	*into = *typed
	return nil
}
