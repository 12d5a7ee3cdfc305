package vendor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/vendor"
)

// scope is what one reconcile of a vendor looks at and finds.
type scope struct {
	vendor  *accessv1.Vendor
	tenancy *graph.Tenancy
	// wanted are the children that the vendor should have; set by sync, empty while the catalog is unknown.
	wanted vendor.Children
	// conflicts are the names of children that somebody else's object has.
	conflicts []string
	// refused are sentences of the API server about children that it would not take.
	refused []string
	now     time.Time
}

func (r *Reconciler) sync(ctx context.Context, s *scope) error {
	s.wanted = vendor.ChildrenOf(s.vendor, s.tenancy.Tenant, s.tenancy.Catalog)
	// The restriction comes first: a group is never there without what narrows it.
	if err := r.syncRestriction(ctx, s); err != nil {
		return err
	}
	return r.syncGroups(ctx, s)
}

func (r *Reconciler) syncRestriction(ctx context.Context, s *scope) error {
	wanted := []*accessv1.Restriction{s.wanted.Restriction}
	if err := claim(r, s, wanted); err != nil {
		return err
	}
	list := &accessv1.RestrictionList{}
	if err := r.stored(ctx, s, list); err != nil {
		return err
	}
	stored := pointers(list.Items, func(o *accessv1.Restriction) bool { return o.Name == s.wanted.Restriction.Name || ours(o) })
	plan := children.Make(s.vendor, wanted, stored, bringRestriction, func(a, b *accessv1.Restriction) bool {
		return equality.Semantic.DeepEqual(a.Spec, b.Spec) && equality.Semantic.DeepEqual(a.Labels, b.Labels)
	})
	return carryOut(ctx, r.Client, s, plan)
}

func (r *Reconciler) syncGroups(ctx context.Context, s *scope) error {
	if err := claim(r, s, s.wanted.Groups); err != nil {
		return err
	}
	list := &accessv1.UserGroupList{}
	if err := r.stored(ctx, s, list); err != nil {
		return err
	}
	named := func(o *accessv1.UserGroup) bool {
		return slices.ContainsFunc(s.wanted.Groups, func(w *accessv1.UserGroup) bool { return w.Name == o.Name })
	}
	stored := pointers(list.Items, func(o *accessv1.UserGroup) bool { return named(o) || ours(o) })
	plan := children.Make(s.vendor, s.wanted.Groups, stored, bringGroup, func(a, b *accessv1.UserGroup) bool {
		return equality.Semantic.DeepEqual(a.Spec, b.Spec) && equality.Semantic.DeepEqual(a.Labels, b.Labels)
	})
	return carryOut(ctx, r.Client, s, plan)
}

func claim[T client.Object](r *Reconciler, s *scope, wanted []T) error {
	for _, child := range wanted {
		labels := map[string]string{accessv1.LabelVendor: s.vendor.Name}
		if err := children.Claim(s.vendor, child, r.Client.Scheme(), labels); err != nil {
			return fmt.Errorf("could not claim %s: %w", child.GetName(), err)
		}
	}
	return nil
}

func (r *Reconciler) stored(ctx context.Context, s *scope, list client.ObjectList) error {
	if err := r.Client.List(ctx, list, client.InNamespace(s.vendor.Namespace)); err != nil {
		return fmt.Errorf("could not list the children of Vendor %s: %w", s.vendor.Name, err)
	}
	return nil
}

// ours tells whether Roster made the object for some vendor; whose it is decides the owner reference.
func ours(object client.Object) bool { return object.GetLabels()[accessv1.LabelVendor] != "" }

// pointers keeps the items that the function takes.
func pointers[T any](items []T, keep func(*T) bool) []*T {
	var out []*T
	for i := range items {
		if keep(&items[i]) {
			out = append(out, &items[i])
		}
	}
	return out
}

func bringRestriction(stored, wanted *accessv1.Restriction) *accessv1.Restriction {
	out := stored.DeepCopy()
	out.Spec = wanted.Spec
	children.BringLabels(out, wanted)
	return out
}

// bringGroup owns title, roles, access and restrictions; description and members are people's. The vendor of a group is
// immutable by its schema.
func bringGroup(stored, wanted *accessv1.UserGroup) *accessv1.UserGroup {
	out := stored.DeepCopy()
	out.Spec.DisplayName = wanted.Spec.DisplayName
	out.Spec.Roles = wanted.Spec.Roles
	out.Spec.Access = wanted.Spec.Access
	out.Spec.Restrictions = wanted.Spec.Restrictions
	children.BringLabels(out, wanted)
	return out
}

func carryOut[T client.Object](ctx context.Context, c client.Client, s *scope, plan children.Plan[T]) error {
	refused, err := children.Apply(ctx, c, plan)
	s.refused = append(s.refused, refused...)
	s.conflicts = append(s.conflicts, plan.Conflicts...)
	return err
}
