package guard

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
)

// world is everything at one side of a write: before it, or after. It is for one judgement, in which it does not change.
type world struct {
	reader    *overlay
	graph     *graph.Graph
	tenancy   *graph.Tenancy
	namespace string
	now       time.Time
	// complete says that everything is shown that is yet to be made.
	complete bool
	// dues are those resolved so far, by what they depend on.
	dues map[string]*due
	// members are the memberships of users found so far, by name.
	members map[string][]access.Membership
	// expected are users whose memberships will be asked for.
	expected []string
}

// standing is what a user has, and what he comes to have without anybody's leave.
type standing struct {
	// active says that he has what is due to him; else he has nothing for now.
	active bool
	*due
}

// due is what groups give to whoever is in the same ones, for the same time and with the same attributes as far as these
// count, once he has accepted and whoever else has his address. Thousands may share one.
type due struct {
	let []access.Grant
	// memberships are those in force.
	memberships []access.Membership
	// conflict says that he is in the groups of several vendors, and at is let at another time.
	conflict bool
	at       func(time.Time) []access.Grant
	// administers tells whether let makes an administrator.
	administers func() bool
}

// nothing is what is due to nobody.
var nothing = &due{
	at: func(time.Time) []access.Grant { return nil }, administers: func() bool { return false },
}

// nobody has nothing.
var nobody = standing{due: nothing}

// administrates tells whether he administers the tenant now.
func (s *standing) administrates() bool { return s.active && s.administers() }

// isElders tells whether a user's address is an older one's.
func (w *world) isElders(ctx context.Context, user *accessv1.User) (bool, error) {
	parsed, err := address.Parse(user.Spec.Email)
	if err != nil {
		return false, nil //nolint:nilerr // what is no address is nobody's
	}
	elder, err := w.graph.Elder(ctx, user, parsed)
	return elder != "", err
}

// user reads a user; nil when there is none or he is being deleted.
func (w *world) user(ctx context.Context, name string) (*accessv1.User, error) {
	return w.graph.User(ctx, w.namespace, name)
}

// standing is a user's; nil has nothing.
func (w *world) standing(ctx context.Context, user *accessv1.User) (standing, error) {
	due, err := w.due(ctx, user)
	if err != nil || due == nothing {
		return nobody, err
	}
	active, err := w.graph.Active(ctx, w.tenancy, user)
	return standing{active, due}, err
}

// due is what is due to a user, whether he is active or not; nothing to nil, and to who is deactivated or being deleted.
func (w *world) due(ctx context.Context, user *accessv1.User) (*due, error) {
	if user == nil || user.Spec.State == accessv1.AccountInactive || !user.DeletionTimestamp.IsZero() {
		return nothing, nil
	}
	memberships, err := w.memberships(ctx, user)
	if err != nil {
		return nothing, err
	}
	return w.dueTo(user, memberships), nil
}

// many is how many users make it quicker to go through all groups once than to look for each one's.
const many = 500

// expect says whose memberships will be asked for.
func (w *world) expect(users []string) {
	if len(users) > many {
		w.expected = users
	}
}

// memberships are a user's, from both sides.
func (w *world) memberships(ctx context.Context, user *accessv1.User) ([]access.Membership, error) {
	if known, ok := w.members[user.Name]; ok {
		return known, nil
	}
	if len(w.expected) > 0 {
		if err := w.graph.Gather(ctx, w.namespace, w.expected); err != nil {
			return nil, err
		}
		w.expected = nil
	}
	found, err := w.graph.Memberships(ctx, w.tenancy, user)
	if err != nil {
		return nil, err
	}
	if w.members == nil {
		w.members = map[string][]access.Membership{}
	}
	w.members[user.Name] = found
	return found, nil
}

// dueTo is what is due to a user who is in these groups.
func (w *world) dueTo(user *accessv1.User, memberships []access.Membership) *due {
	key := keyOf(user, memberships)
	if known := w.dues[key]; known != nil {
		return known
	}
	let := graph.ModelUser(user, true)
	now := access.Resolve(w.tenancy.Access, let, memberships, w.now)
	found := &due{
		let: now.Grants, memberships: now.Memberships, conflict: len(now.VendorConflict) > 0,
		at: func(t time.Time) []access.Grant {
			return access.Resolve(w.tenancy.Access, let, now.Memberships, t).Grants
		},
		administers: sync.OnceValue(func() bool { return administers(w.tenancy, now.Grants, w.now) }),
	}
	if w.dues == nil {
		w.dues = map[string]*due{}
	}
	w.dues[key] = found
	return found
}

// keyOf is equal for users to whom the same is due in one world, in which a group is known by its name.
func keyOf(user *accessv1.User, memberships []access.Membership) string {
	key := append(make([]byte, 0, 128), user.Spec.Type...)
	personal := false
	for i := range memberships {
		key = append(append(key, 0), memberships[i].Name...)
		key = strconv.AppendInt(append(key, 0), memberships[i].Until.Unix(), 36)
		personal = personal || memberships[i].Group.IsPersonal()
	}
	if personal {
		key = fmt.Appendf(key, "\x00%q", graph.ModelUser(user, true).Attributes)
	}
	return string(key)
}

// group compiles a group; nil when there is none or it is being deleted.
func (w *world) group(ctx context.Context, group *accessv1.UserGroup) (*access.CompiledGroup, error) {
	if group == nil || !group.DeletionTimestamp.IsZero() || w.tenancy.Vocabulary == nil {
		return nil, nil
	}
	return w.graph.Group(ctx, w.tenancy, group)
}

// alone is what a role gives without a group's restrictions; nil for one that is not there.
func (w *world) alone(role *accessv1.Role) *access.CompiledGroup {
	if role == nil || !role.DeletionTimestamp.IsZero() {
		return nil
	}
	return graph.RoleAlone(w.tenancy, role)
}

// read reads an object of the namespace as it is in the world, nil when there is none.
func read[T any, P interface {
	*T
	client.Object
}](ctx context.Context, w *world, name string) (*T, error) {
	object := P(new(T))
	err := w.reader.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: name}, object)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return object, err
}

// administers tells whether somebody who has the grants administers the tenant.
func administers(tenancy *graph.Tenancy, grants []access.Grant, now time.Time) bool {
	return tenancy.Administration(grants, now) == accessv1.LevelManage
}
