package guard

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
)

// world is everything at one side of a write: before it, or after.
type world struct {
	reader    *overlay
	graph     *graph.Graph
	tenancy   *graph.Tenancy
	namespace string
	now       time.Time
}

// standing is what a user has, and what he comes to have without anybody's leave.
type standing struct {
	// active says that he has what let says; else he has nothing for now.
	active bool
	// let is what his groups give him now if he has accepted, whoever else has his address.
	let []access.Grant
	// memberships are those in force.
	memberships []access.Membership
	// conflict says that he is in the groups of several vendors, and at is let at another time.
	conflict bool
	at       func(time.Time) []access.Grant
}

// nobody has nothing.
var nobody = standing{at: func(time.Time) []access.Grant { return nil }}

// has is what he has now.
func (s *standing) has() []access.Grant {
	if !s.active {
		return nil
	}
	return s.let
}

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

// standing resolves a user; nil has nothing.
func (w *world) standing(ctx context.Context, user *accessv1.User) (standing, error) {
	if user == nil || user.Spec.State == accessv1.AccountInactive || !user.DeletionTimestamp.IsZero() {
		return nobody, nil
	}
	memberships, err := w.graph.Memberships(ctx, w.tenancy, user)
	if err != nil {
		return nobody, err
	}
	active, err := w.graph.Active(ctx, w.tenancy, user)
	if err != nil {
		return nobody, err
	}
	let := graph.ModelUser(user, true)
	now := access.Resolve(w.tenancy.Access, let, memberships, w.now)
	return standing{
		active: active, let: now.Grants, memberships: now.Memberships, conflict: len(now.VendorConflict) > 0,
		at: func(t time.Time) []access.Grant {
			return access.Resolve(w.tenancy.Access, let, now.Memberships, t).Grants
		},
	}, nil
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
