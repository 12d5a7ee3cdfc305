// Package binding says which of a tenant's users the cluster knows as its administrators and its viewers, and makes the
// RoleBindings that say so to the API server.
//
// Being bound lets somebody ask. What he may change then is the guard's to judge, so nobody is bound as an administrator by
// a manager that does not guard.
package binding

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
)

// Names of the two RoleBindings of a tenant, and of the ClusterRoles that they bind to.
const (
	administratorsName = "roster-administrators"
	viewersName        = "roster-viewers"
	administratorRole  = "roster-tenant-admin"
	viewerRole         = "roster-tenant-viewer"
)

// maxSubjects is how many usernames one RoleBinding holds: at 150 bytes for an address and 100 for the prefix it stays below
// the 1.5 MiB that etcd takes, and the API server goes through all of them for each request in the namespace.
const maxSubjects = 5_000

// MaxPrefix is how many bytes the prefix of usernames may have.
const MaxPrefix = 100

// Binder finds people. All fields but the prefix are required.
type Binder struct {
	Graph *graph.Graph
	// UsernamePrefix is what the API server puts before the address of somebody who signs in.
	UsernamePrefix string
	// Guarded says that a guard judges what those who are bound will write.
	Guarded bool
}

// People are the usernames of those who may work with a tenant's users and groups, sorted.
type People struct {
	// Administrators hold Manage, or administer the tenant's partner. Viewers hold Read only. An address with capitals has two
	// usernames.
	Administrators, Viewers []string
}

// People finds them among the users of the tenant's namespace, as their statuses stand, and those of its partner. There are
// none while nobody has any access.
func (b *Binder) People(ctx context.Context, tenancy *graph.Tenancy, users []accessv1.User) (People, error) {
	var people People
	namespace := tenancy.Tenant.TargetNamespace()
	if reason, _ := tenancy.Problem(namespace); reason != "" {
		return people, nil
	}
	own, err := b.signedIn(ctx, tenancy, users, accessv1.LevelManage)
	if err != nil {
		return people, err
	}
	partners, err := b.partners(ctx, tenancy)
	if err != nil {
		return people, err
	}
	viewers, err := b.signedIn(ctx, tenancy, users, accessv1.LevelRead)
	people.Administrators = b.usernames(append(own, partners...))
	people.Viewers = b.usernames(viewers)
	return people, err
}

// signedIn are the addresses of the active users at a level, or more than one RoleBinding holds. A robot does not sign in, nor
// does anybody without an address.
func (b *Binder) signedIn(ctx context.Context, tenancy *graph.Tenancy, users []accessv1.User, level accessv1.Level) ([]address.Address, error) {
	var out []address.Address
	for i := range users {
		user := &users[i]
		if user.Status.Administration != level || user.Spec.Type == accessv1.UserTypeRobot || len(out) > maxSubjects {
			continue
		}
		in, err := b.isIn(ctx, tenancy, user)
		if err != nil {
			return nil, err
		}
		parsed, err := address.Parse(user.Spec.Email)
		if in && err == nil {
			out = append(out, parsed)
		}
	}
	return out, nil
}

// isIn tells whether somebody is active who was when his status was written. That status may speak of another address.
func (b *Binder) isIn(ctx context.Context, tenancy *graph.Tenancy, user *accessv1.User) (bool, error) {
	if user.Status.ObservedGeneration == user.Generation {
		return user.DeletionTimestamp.IsZero(), nil
	}
	return b.Graph.Active(ctx, tenancy, user)
}

// partners are the addresses of the partner's administrators. One that a user of the tenant has too is that user's: he is
// looked up here first.
func (b *Binder) partners(ctx context.Context, tenancy *graph.Tenancy) ([]address.Address, error) {
	partner, err := b.Graph.Partner(ctx, tenancy.Tenant)
	if err != nil || partner == nil {
		return nil, err
	}
	namespace := partner.Tenant.TargetNamespace()
	if reason, _ := partner.Problem(namespace); reason != "" {
		return nil, nil
	}
	users, err := b.Graph.Users(ctx, namespace)
	if err != nil {
		return nil, err
	}
	found, err := b.signedIn(ctx, partner, users, accessv1.LevelManage)
	if err != nil {
		return nil, err
	}
	var out []address.Address
	for _, a := range found {
		user, err := b.Graph.UserWithEmail(ctx, tenancy.Tenant.TargetNamespace(), a.Key())
		if err != nil {
			return nil, err
		}
		if user == nil {
			out = append(out, a)
		}
	}
	return out, nil
}

// usernames are the addresses as identity providers may spell them: as Roster writes to them, and in lower case, as Dex has
// those whose passwords Roster keeps. Both are one address, which is one user's.
func (b *Binder) usernames(addresses []address.Address) []string {
	out := make([]string, 0, len(addresses))
	for _, a := range addresses {
		out = append(out, b.UsernamePrefix+a.String(), b.UsernamePrefix+a.Key())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Bindings are the two RoleBindings of a namespace, without ownership.
func (b *Binder) Bindings(namespace string, people People) []*rbacv1.RoleBinding {
	administrators := people.Administrators
	if !b.Guarded {
		administrators = nil
	}
	return []*rbacv1.RoleBinding{
		bindingOf(namespace, administratorsName, administratorRole, administrators),
		bindingOf(namespace, viewersName, viewerRole, people.Viewers),
	}
}

// bindingOf binds nobody where there are too many: whom to leave out is not ours to choose.
func bindingOf(namespace, name, role string, usernames []string) *rbacv1.RoleBinding {
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}
	if len(usernames) > maxSubjects {
		return binding
	}
	for _, name := range usernames {
		binding.Subjects = append(binding.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name})
	}
	return binding
}

// Problem says who is not bound, and what to do: a reason and a sentence, both empty when everybody is.
func (b *Binder) Problem(people People) (reason, message string) {
	const tooMany = "More than %d usernames would be bound by %s, so nobody is: give the ClusterRole %s to a group of your identity provider"
	switch {
	case !b.Guarded && len(people.Administrators) > 0:
		return accessv1.ReasonGuardOff, "Administrators are not bound, because this manager does not guard writes: start it with --guard-bind-address"
	case len(people.Administrators) > maxSubjects:
		return accessv1.ReasonTooManySubjects, fmt.Sprintf(tooMany, maxSubjects, administratorsName, administratorRole)
	case len(people.Viewers) > maxSubjects:
		return accessv1.ReasonTooManySubjects, fmt.Sprintf(tooMany, maxSubjects, viewersName, viewerRole)
	default:
		return "", ""
	}
}

// Kept tells whether a RoleBinding has the name of one that is kept, whoever made it.
func Kept(name string) bool { return name == administratorsName || name == viewersName }

// Slim leaves of every other RoleBinding of the cluster only its identity in the cache. It is a client-go transform.
func Slim(object any) (any, error) {
	binding, ok := object.(*rbacv1.RoleBinding)
	if !ok {
		return object, nil
	}
	binding.ManagedFields = nil
	if !Kept(binding.Name) {
		binding.Subjects, binding.Labels, binding.Annotations = nil, nil, nil
	}
	return binding, nil
}
