// Package graph is the one bridge from Kubernetes objects to the access model. It follows references through a cached
// reader and compiles catalogs, tenants and groups once per version of everything that goes into them. A reference that
// leads nowhere, or to an object that is being deleted, becomes "missing" in the model; what that means is the model's
// business.
package graph

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// compiledLimit bounds each store of compiled values; past it the least recently used one is compiled again.
const compiledLimit = 1 << 16

// Graph reads objects and hands out the model. It is safe for concurrent use.
type Graph struct {
	reader       client.Reader
	live         client.Reader
	vocabularies memo[*access.Vocabulary]
	tenants      memo[*access.CompiledTenant]
	groups       memo[*access.CompiledGroup]
	// members are the places of a group's members in its list, ordered by name.
	members memo[[]int32]
	values  memo[[]string]
	// settled are the groups that were compiled for a judgement; nil: what is read can change, and is followed each time.
	settled map[client.ObjectKey]*access.CompiledGroup
	// gathered are the groups that name the users for whom they were gathered.
	gathered map[client.ObjectKey][]naming
}

// New makes a Graph over a cached reader with the indexes of package index. The live reader is used for the ConfigMaps
// that list a dimension's values: only their metadata is cached.
func New(cached, live client.Reader) *Graph {
	return &Graph{
		reader: cached, live: live,
		vocabularies: newMemo[*access.Vocabulary](),
		tenants:      newMemo[*access.CompiledTenant](),
		groups:       newMemo[*access.CompiledGroup](),
		members:      newMemo[[]int32](),
		values:       newMemo[[]string](),
	}
}

// Reading is the same graph for another reader of what is stored: what is compiled for one serves the other. It is for one
// goroutine and one moment: a group is followed once, and stays what it was then.
func (g *Graph) Reading(reader client.Reader) *Graph {
	same := *g
	same.reader, same.settled = reader, map[client.ObjectKey]*access.CompiledGroup{}
	return &same
}

// Supposing is a graph for a reader that shows some objects as they are not stored. It takes what has been compiled of the
// others, and what it compiles itself goes with it. What is shown otherwise must have a generation that nothing stored
// has: a negative one. It is for one goroutine and one moment, too.
func (g *Graph) Supposing(reader client.Reader) *Graph {
	return &Graph{
		reader: reader, live: g.live, settled: map[client.ObjectKey]*access.CompiledGroup{},
		vocabularies: g.vocabularies.above(), tenants: g.tenants.above(), groups: g.groups.above(),
		members: g.members.above(), values: g.values.above(),
	}
}

// memo keeps one compiled value a key, together with the version of what it was compiled from.
// Compiling happens under its lock: one version has one compiled value, and values that belong together (a group and its
// vocabulary) can be told apart from others by their address.
type memo[V any] struct {
	lock    *sync.Mutex
	entries *lru.Cache
	// below is asked first and never added to; nil: there is none.
	below *memo[V]
}

type versioned[V any] struct {
	version string
	value   V
}

func newMemo[V any]() memo[V] { return memo[V]{lock: &sync.Mutex{}, entries: lru.New(compiledLimit)} }

// above is an empty memo that looks into m first.
func (m memo[V]) above() memo[V] {
	top := newMemo[V]()
	top.below = &m
	return top
}

func (m memo[V]) get(key any, version string, compile func() V) V {
	if m.below != nil {
		m.below.lock.Lock()
		value, ok := m.below.find(key, version)
		m.below.lock.Unlock()
		if ok {
			return value
		}
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	if value, ok := m.find(key, version); ok {
		return value
	}
	value := compile()
	m.entries.Add(key, versioned[V]{version, value})
	return value
}

// find needs the lock.
func (m memo[V]) find(key any, version string) (V, bool) {
	found, _ := m.entries.Get(key)
	entry, _ := found.(versioned[V]) // what is not there is no version of anything
	return entry.value, entry.version == version
}

// find reads one object. It reports false when there is none, or when it is being deleted: what is on its way out
// gives nothing any more.
func (g *Graph) find(ctx context.Context, namespace, name string, object client.Object) (bool, error) {
	err := g.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not read %T %s: %w", object, name, err)
	}
	return object.GetDeletionTimestamp().IsZero(), nil
}

// list reads objects by an index. It does not wait for this process's own writes: whatever they change comes as an
// event of its own.
func (g *Graph) list(ctx context.Context, list client.ObjectList, namespace, key, value string) error {
	options := []client.ListOption{client.MatchingFields{key: value}, client.DisableReadYourWritesConsistency}
	if namespace != "" {
		options = append(options, client.InNamespace(namespace))
	}
	if err := g.reader.List(ctx, list, options...); err != nil {
		return fmt.Errorf("could not list %T by %s: %w", list, key, err)
	}
	return nil
}

// versionOf tells one state of an object's spec from every other.
func versionOf(object client.Object) string {
	return string(object.GetUID()) + "/" + strconv.FormatInt(object.GetGeneration(), 10)
}

// Users lists the users of a namespace.
func (g *Graph) Users(ctx context.Context, namespace string) ([]accessv1.User, error) {
	users := &accessv1.UserList{}
	err := g.reader.List(ctx, users, client.InNamespace(namespace), client.DisableReadYourWritesConsistency)
	if err != nil {
		return nil, fmt.Errorf("could not list the users of %s: %w", namespace, err)
	}
	return users.Items, nil
}

// UsersWithEmail lists the users of a namespace that have an address, by its comparable form.
func (g *Graph) UsersWithEmail(ctx context.Context, namespace, key string) ([]accessv1.User, error) {
	users := &accessv1.UserList{}
	err := g.list(ctx, users, namespace, index.UserByEmail, key)
	return users.Items, err
}

// InvitationsOf lists the invitations that name a user.
func (g *Graph) InvitationsOf(ctx context.Context, namespace, user string) ([]accessv1.Invitation, error) {
	invitations := &accessv1.InvitationList{}
	err := g.list(ctx, invitations, namespace, index.InvitationByUser, user)
	return invitations.Items, err
}

// UsersListing lists the users of a namespace whose own list of groups names the group.
func (g *Graph) UsersListing(ctx context.Context, namespace, group string) ([]accessv1.User, error) {
	users := &accessv1.UserList{}
	err := g.list(ctx, users, namespace, index.UserByGroup, group)
	return users.Items, err
}

// GroupsBy lists the groups of a namespace by one of the indexes over UserGroups.
func (g *Graph) GroupsBy(ctx context.Context, namespace, key, value string) ([]accessv1.UserGroup, error) {
	groups := &accessv1.UserGroupList{}
	err := g.list(ctx, groups, namespace, key, value)
	return groups.Items, err
}

// TenantsBy lists tenants by one of the indexes over Tenants.
func (g *Graph) TenantsBy(ctx context.Context, key, value string) ([]accessv1.Tenant, error) {
	tenants := &accessv1.TenantList{}
	err := g.list(ctx, tenants, "", key, value)
	return tenants.Items, err
}

// User reads a user; nil when there is none or it is being deleted.
func (g *Graph) User(ctx context.Context, namespace, name string) (*accessv1.User, error) {
	user := &accessv1.User{}
	found, err := g.find(ctx, namespace, name, user)
	if err != nil || !found {
		return nil, err
	}
	return user, nil
}
