package tenant

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/status"
)

// syncBindings keeps the RoleBindings of the tenant's administrators and viewers. A tenant that has lost its namespace, or is
// being deleted, keeps none.
func (r *Reconciler) syncBindings(ctx context.Context, s *scope) (err error) {
	if s.namespace == nil || !s.namespace.DeletionTimestamp.IsZero() {
		return nil
	}
	var wanted []*rbacv1.RoleBinding
	if s.owns() && !s.deleting() {
		if s.people, err = r.Binder.People(ctx, s.tenancy, s.members); err != nil {
			return err
		}
		reason, message := r.Binder.Problem(s.people)
		s.unbound = finding{advice: true, reason: reason, message: message}
		wanted = r.Binder.Bindings(s.namespace.Name, s.people)
	}
	s.bindings, err = children.Sync(ctx, r.Client, children.Set[*rbacv1.RoleBinding]{
		Owner: s.tenant, Namespace: s.namespace.Name, List: &rbacv1.RoleBindingList{}, Wanted: wanted,
		Bring: func(to, wanted *rbacv1.RoleBinding) { to.Subjects, to.RoleRef = wanted.Subjects, wanted.RoleRef },
	})
	return err
}

func (s *scope) bindingsSynced() finding {
	f := synced(s.bindings, "Administrators and viewers are bound to their ClusterRoles")
	switch {
	case !s.usable():
		return s.withoutNamespace()
	case f.holds && s.unbound.reason != "":
		return s.unbound
	default:
		return f
	}
}

// administered is advice: a new tenant has nobody yet, and that is for people to mend.
func (s *scope) administered() finding {
	if !s.usable() {
		return s.withoutNamespace()
	}
	reason, problem := s.tenancy.Problem(s.namespace.Name)
	switch {
	case reason != "":
		return finding{advice: true, reason: reason, message: status.Sentence(problem) + ": nobody administers it"}
	case len(s.people.Administrators) == 0:
		return finding{advice: true, reason: accessv1.ReasonNoAdministrator, message: fmt.Sprintf(
			"Nobody administers the tenant: give an active user a group with Manage on %s, without restrictions", s.tenancy.Catalog.Spec.AdministrationResource)}
	default:
		return with(fine, "The tenant has administrators")
	}
}
