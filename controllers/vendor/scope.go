package vendor

import (
	"context"
	"time"

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
	// restriction and groups are what came of keeping them.
	restriction, groups children.Outcome
	now                 time.Time
}

// sync keeps the restriction first: a group is never there without what narrows it.
func (r *Reconciler) sync(ctx context.Context, s *scope) error {
	s.wanted = vendor.ChildrenOf(s.vendor, s.tenancy.Tenant, s.tenancy.Catalog)
	var err error
	s.restriction, err = children.Sync(ctx, r.Client, children.Set[*accessv1.Restriction]{
		Owner: s.vendor, Namespace: s.vendor.Namespace, List: &accessv1.RestrictionList{},
		Wanted: []*accessv1.Restriction{s.wanted.Restriction},
		Bring:  func(to, wanted *accessv1.Restriction) { to.Spec = wanted.Spec },
	})
	if err != nil {
		return err
	}
	s.groups, err = children.Sync(ctx, r.Client, children.Set[*accessv1.UserGroup]{
		Owner: s.vendor, Namespace: s.vendor.Namespace, List: &accessv1.UserGroupList{},
		Wanted: s.wanted.Groups, Bring: bringGroup,
	})
	return err
}

// bringGroup owns title, roles, access and restrictions; description and members are people's. The vendor of a group is
// immutable by its schema.
func bringGroup(to, wanted *accessv1.UserGroup) {
	to.Spec.DisplayName = wanted.Spec.DisplayName
	to.Spec.Roles = wanted.Spec.Roles
	to.Spec.Access = wanted.Spec.Access
	to.Spec.Restrictions = wanted.Spec.Restrictions
}

// outcome is what came of keeping all children.
func (s *scope) outcome() children.Outcome { return s.restriction.And(s.groups) }
