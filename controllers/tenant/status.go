package tenant

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// count counts what is in the tenant's own namespace.
func (r *Reconciler) count(ctx context.Context, s *scope) (err error) {
	if !s.owns() || s.released {
		return nil
	}
	namespace := s.tenant.TargetNamespace()
	if s.members, err = r.Graph.Users(ctx, namespace); err != nil {
		return err
	}
	groups, vendors := &accessv1.UserGroupList{}, &accessv1.VendorList{}
	for _, list := range []client.ObjectList{groups, vendors} {
		if err := r.Client.List(ctx, list, client.InNamespace(namespace), client.DisableReadYourWritesConsistency); err != nil {
			return err
		}
	}
	byState := map[accessv1.UserState]int{}
	for i := range s.members {
		byState[s.members[i].Status.State]++
	}
	s.users = accessv1.TenantUsers{
		Total: number(len(s.members)), Active: number(byState[accessv1.UserActive]),
		Invited: number(byState[accessv1.UserInvited]), Inactive: number(byState[accessv1.UserInactive]),
	}
	s.groups, s.vendors = *number(len(groups.Items)), *number(len(vendors.Items))
	return nil
}

func number(n int) *int32 {
	return ptr.To(int32(min(n, 1<<30))) //nolint:gosec // bounded in this line
}

// finding is a condition's content. Waiting tells whether another object's appearance mends it, unknown that it could
// not be looked at, advice that the tenant is Ready whatever it says.
type finding struct {
	holds, waiting, unknown, advice bool
	reason, message                 string
}

var fine = finding{holds: true, reason: accessv1.ReasonSucceeded}

func (s *scope) conclude(out *accessv1.TenantStatus) {
	conditions := status.NewConditions(s.tenant.Status.Conditions, s.tenant.Generation, s.now)
	switch refused := synced(s.place, ""); {
	case s.deleting() && !refused.holds:
		conditions.Stalled(refused.reason, refused.message)
	case s.deleting():
		conditions.Waiting(accessv1.ReasonDeleting, "Everybody's access is being taken away first")
	default:
		s.concludeSyncs(conditions)
	}
	out.ObservedGeneration = s.tenant.Generation
	out.Conditions = conditions.Result()
	out.Namespace = ""
	if s.usable() {
		out.Namespace = s.namespace.Name
	}
	out.Users, out.Groups, out.Vendors = s.users, ptr.To(s.groups), ptr.To(s.vendors)
}

func (s *scope) concludeSyncs(conditions *status.Conditions) {
	parts := []struct {
		kind    string
		finding finding
	}{
		{accessv1.ConditionNamespaceReady, s.namespaceReady()},
		{accessv1.ConditionRolesSynced, s.rolesSynced()},
		{accessv1.ConditionRestrictionsSynced, s.restrictionsSynced()},
		{accessv1.ConditionRulesResolved, s.rulesResolved()},
		{accessv1.ConditionBindingsSynced, s.bindingsSynced()},
		{accessv1.ConditionAdministered, s.administered()},
	}
	for _, part := range parts {
		if f := part.finding; f.unknown {
			conditions.Unknown(part.kind, f.reason, f.message)
		} else {
			conditions.Is(part.kind, f.holds, f.reason, f.message)
		}
	}
	for _, part := range parts {
		switch f := part.finding; {
		case f.holds, f.advice:
		case f.waiting:
			conditions.Waiting(f.reason, f.message)
			return
		default:
			conditions.Stalled(f.reason, f.message)
			return
		}
	}
	s.concludeReady(conditions)
}

func (s *scope) concludeReady(conditions *status.Conditions) {
	if s.tenant.Spec.State == accessv1.TenantSuspended {
		conditions.Ready(accessv1.ReasonTenantSuspended, "Everything is kept; nobody has any access while the tenant is suspended")
		return
	}
	conditions.Ready(accessv1.ReasonSucceeded, "Namespace, roles and restrictions are in place")
}

func (s *scope) namespaceReady() finding {
	name := s.tenant.TargetNamespace()
	switch {
	case !s.owns():
		return finding{reason: accessv1.ReasonNamespaceTaken, message: fmt.Sprintf(
			"Tenant %s is older and owns the namespace %s; this tenant gives nobody anything", s.owner.Name, name)}
	case len(s.place.Refused) > 0:
		return synced(s.place, "")
	case s.namespace == nil || !s.namespace.DeletionTimestamp.IsZero():
		return finding{waiting: true, reason: accessv1.ReasonNamespaceTerminating, message: fmt.Sprintf(
			"The namespace %s is being deleted, and will be made again", name)}
	default:
		return with(fine, fmt.Sprintf("The namespace %s is the tenant's", name))
	}
}

func with(f finding, message string) finding {
	f.message = message
	return f
}

func (s *scope) rolesSynced() finding {
	switch {
	case !s.usable():
		return s.withoutNamespace()
	case s.tenancy.Catalog == nil:
		return s.withoutCatalog()
	}
	f, unknown := synced(s.roles, "The catalog's roles are there"), s.unknownRoles()
	if f.holds && len(unknown) > 0 {
		return finding{waiting: true, reason: accessv1.ReasonRoleNotFound, message: fmt.Sprintf(
			"ResourceCatalog %s has no roles of these names in entitledRoles: %s", s.tenancy.Catalog.Name, status.Names(unknown))}
	}
	return f
}

func (s *scope) withoutCatalog() finding {
	return finding{waiting: true, reason: accessv1.ReasonCatalogNotFound, message: fmt.Sprintf(
		"ResourceCatalog %s does not exist; nobody has any access", s.tenant.Spec.CatalogRef.Name)}
}

// unknownRoles are the entitledRoles that the catalog does not have.
func (s *scope) unknownRoles() []string {
	var out []string
	for _, name := range s.tenant.Spec.EntitledRoles {
		if !slices.ContainsFunc(s.tenancy.Catalog.Spec.Roles, func(r accessv1.CatalogRole) bool { return r.Name == name }) {
			out = append(out, name)
		}
	}
	return out
}

// rulesResolved speaks of defaultAccess: a rule that names something unknown gives nothing.
func (s *scope) rulesResolved() finding {
	if s.tenancy.Catalog == nil {
		f := s.withoutCatalog()
		f.unknown = true
		return f
	}
	var texts []string
	for _, p := range graph.CheckRules(s.tenancy.Vocabulary, s.tenant.Spec.DefaultAccess) {
		texts = append(texts, p.String())
	}
	if len(texts) > 0 {
		return finding{waiting: true, reason: accessv1.ReasonUnknownNames, message: fmt.Sprintf(
			"ResourceCatalog %s does not know everything; these rules of defaultAccess grant nothing: %s", s.tenancy.Catalog.Name, status.Names(texts))}
	}
	return with(fine, "Every name in defaultAccess is known")
}

func (s *scope) withoutNamespace() finding {
	f := s.namespaceReady()
	return finding{waiting: f.waiting, reason: f.reason, message: "There is no namespace to work in"}
}

func synced(outcome children.Outcome, message string) finding {
	if reason, message := outcome.Problem("tenant"); reason != "" {
		return finding{reason: reason, message: message}
	}
	return with(fine, message)
}

func (s *scope) restrictionsSynced() finding {
	switch {
	case !s.usable():
		return s.withoutNamespace()
	case len(s.missingSources) > 0:
		return finding{waiting: true, reason: accessv1.ReasonValuesNotFound, message: fmt.Sprintf(
			"The values of these dimensions cannot be found: %s; restrictions made of them earlier stay", s.sources())}
	case len(s.badValues) > 0:
		return finding{reason: accessv1.ReasonInvalidValues, message: fmt.Sprintf(
			"No name of a Restriction can be made of these values, or two make the same: %s; write Restrictions for them by hand", status.Names(s.badValues))}
	default:
		return synced(s.restrictions, "Each value of a Synced dimension has its restriction")
	}
}

// sources names each missing source in full: which dimension, and where its values should stand.
func (s *scope) sources() string {
	var out []string
	for _, d := range s.tenant.Spec.Dimensions {
		if slices.Contains(s.missingSources, d.Name) {
			ref := d.ValuesFrom.ConfigMapKeyRef
			out = append(out, fmt.Sprintf("%s (ConfigMap %s, key %s)", d.Name, ref.Name, ref.Key))
		}
	}
	return status.Names(out)
}
