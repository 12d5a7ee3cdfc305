package decision

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=users;tenants;resourcecatalogs;restrictions;applicationcredentials,verbs=get;list;watch

// feed takes what one watch delivers into the index. It keeps nothing else of the objects.
type feed[T client.Object] struct {
	index   *Index
	source  source
	put     func(T)
	drop    func(T)
	replace func([]T)
}

// Add takes a new object.
func (f *feed[T]) Add(object any) error { return f.Update(object) }

// Update takes an object as it is now.
func (f *feed[T]) Update(object any) error {
	typed, ok := object.(T)
	if !ok {
		return fmt.Errorf("%T is none of the objects that are watched", object)
	}
	f.put(typed)
	f.index.progress.advance(f.source, typed.GetResourceVersion())
	return nil
}

// Delete forgets an object.
func (f *feed[T]) Delete(object any) error {
	typed, ok := object.(T)
	if !ok {
		return fmt.Errorf("%T is none of the objects that are watched", object)
	}
	f.drop(typed)
	f.index.progress.advance(f.source, typed.GetResourceVersion())
	return nil
}

// Replace takes a whole list.
func (f *feed[T]) Replace(list []any, resourceVersion string) error {
	typed := make([]T, 0, len(list))
	for _, object := range list {
		if t, ok := object.(T); ok {
			typed = append(typed, t)
		}
	}
	f.replace(typed)
	f.index.progress.advance(f.source, resourceVersion)
	return nil
}

// Bookmark notes that there was nothing up to a version.
func (f *feed[T]) Bookmark(resourceVersion string) error {
	f.index.progress.advance(f.source, resourceVersion)
	return nil
}

// Resync has nothing to do: the index is the state.
func (f *feed[T]) Resync() error { return nil }

// watch starts the watches. Each ends with the context.
func (s *Service) watch(ctx context.Context) {
	i := s.index
	start(ctx, s, &accessv1.ResourceCatalogList{}, &feed[*accessv1.ResourceCatalog]{
		i, catalogs, i.PutCatalog, func(c *accessv1.ResourceCatalog) { i.DropCatalog(c.Name) }, i.ReplaceCatalogs,
	})
	start(ctx, s, &accessv1.TenantList{}, &feed[*accessv1.Tenant]{
		i, tenants, i.PutTenant, func(t *accessv1.Tenant) { i.DropTenant(t.Name) }, i.ReplaceTenants,
	})
	start(ctx, s, &accessv1.RestrictionList{}, &feed[*accessv1.Restriction]{
		i, restrictions, i.PutRestriction, func(r *accessv1.Restriction) { i.DropRestriction(r.Namespace, r.Name) }, i.ReplaceRestrictions,
	})
	start(ctx, s, &accessv1.UserList{}, &feed[*accessv1.User]{
		i, users, i.PutUser, func(u *accessv1.User) { i.DropUser(u.Namespace, u.Name) }, i.ReplaceUsers,
	})
	start(ctx, s, &accessv1.ApplicationCredentialList{}, &feed[*accessv1.ApplicationCredential]{
		i, credentials, i.PutCredential, func(c *accessv1.ApplicationCredential) { i.DropCredential(c.Namespace, c.Name) }, i.ReplaceCredentials,
	})
}

func start[T client.Object](ctx context.Context, s *Service, list client.ObjectList, store *feed[T]) {
	var object T
	reflector := cache.NewReflectorWithOptions(s.source(list, store.source), object, store,
		cache.ReflectorOptions{Name: "decisions/" + fmt.Sprintf("%T", object), Backoff: retries()})
	go reflector.RunWithContext(ctx)
}

// retries are when a watch that is lost is tried again. The usual ones come to be a minute apart, and for that long a
// service that has run out of memory's time would still answer nothing when the API server is back.
func retries() *wait.Backoff {
	return &wait.Backoff{Duration: 250 * time.Millisecond, Factor: 2, Jitter: 1, Steps: 8, Cap: 3 * time.Second}
}

// source lists and watches a kind, and tells the link whether the watch stands.
func (s *Service) source(list client.ObjectList, of source) *cache.ListWatch {
	c := s.options.Client
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			fresh, ok := list.DeepCopyObject().(client.ObjectList)
			if !ok {
				return nil, fmt.Errorf("%T is no list", list)
			}
			return fresh, c.List(ctx, fresh, &client.ListOptions{Raw: &o})
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := c.Watch(ctx, list, &client.ListOptions{Raw: &o})
			if err != nil {
				return nil, err
			}
			return guard(w, s.link.opened(of)), nil
		},
	}
}

// guarded is a watch that says when it has ended.
type guarded struct {
	watch.Interface
	events chan watch.Event
	done   chan struct{}
	stop   sync.Once
}

func guard(w watch.Interface, lost func()) *guarded {
	g := &guarded{Interface: w, events: make(chan watch.Event), done: make(chan struct{})}
	go func() {
		defer close(g.events)
		defer lost()
		for event := range w.ResultChan() {
			select {
			case g.events <- event:
			case <-g.done:
				return
			}
		}
	}()
	return g
}

// ResultChan passes events on.
func (g *guarded) ResultChan() <-chan watch.Event { return g.events }

// Stop ends it.
func (g *guarded) Stop() {
	g.stop.Do(func() { close(g.done) })
	g.Interface.Stop()
}

// link knows how long the API server has been out of reach.
type link struct {
	now func() time.Time
	// open has the watches that stand, each by a token of its own.
	open   [sources]atomic.Pointer[token]
	good   atomic.Int64 // when all was well (or all began), in nanoseconds
	latest atomic.Uint64
	// due is a version that every watch ought to have come to by now, and next the one that will be due after it.
	due, next uint64
	nextSince time.Time
}

type token struct{ _ byte } // of a size, so that no two are at one address

// opened notes that a watch stands, and returns what notes its end: that of this watch, and not of one opened since.
func (l *link) opened(s source) (lost func()) {
	mine := &token{}
	l.open[s].Store(mine)
	return func() { l.open[s].CompareAndSwap(mine, nil) }
}

// Times of the probe. Shorter gaps are not worth a word: watches end every few minutes and are opened again.
const (
	probeInterval = time.Second
	probeTimeout  = 5 * time.Second
	tolerated     = 3 * time.Second
	// silence is how long a watch may deliver nothing, not even that there was nothing, before it counts as broken. It is
	// longer than the ten minutes after which etcd, left as it is, speaks of kinds to which nothing happens.
	silence = 12 * time.Minute
)

// stale is how long the API server has been out of reach; 0: it is not, or not for long.
func (l *link) stale() time.Duration {
	if away := l.now().Sub(time.Unix(0, l.good.Load())); away > tolerated+probeTimeout {
		return away
	}
	return 0
}

// probe asks the API server for its newest version, over and over, and notes when it answered while all watches stood.
func (l *link) probe(ctx context.Context, c client.Client, p *progress) {
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	for {
		if l.ask(ctx, c) {
			l.note(p)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *link) ask(ctx context.Context, c client.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind("TenantList"))
	if err := c.List(ctx, list, client.Limit(1)); err != nil {
		return false
	}
	if version, err := strconv.ParseUint(list.ResourceVersion, 10, 64); err == nil {
		l.latest.Store(version)
	}
	return true
}

// note takes what the API server has now for all being well, if every watch stands and is not silent.
func (l *link) note(p *progress) {
	now := l.now()
	if now.Sub(l.nextSince) >= silence {
		l.due, l.next, l.nextSince = l.next, l.latest.Load(), now
	}
	if l.allOpen() && p.revision.Load() >= l.due {
		l.good.Store(now.UnixNano())
	}
}

func (l *link) allOpen() bool {
	for s := range l.open {
		if l.open[s].Load() == nil {
			return false
		}
	}
	return true
}
