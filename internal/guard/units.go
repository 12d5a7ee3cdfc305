package guard

import (
	"context"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// ofUnit compares what a group gives to anybody.
func (g *gains) ofUnit(ctx context.Context, was, is *accessv1.UserGroup) error {
	before, err := g.before.group(ctx, was)
	if err != nil {
		return err
	}
	after, err := g.after.group(ctx, is)
	if err != nil || after == nil {
		return err
	}
	g.compareUnits("group "+is.Name, before, after)
	return nil
}

// compareUnits compares for each type of user, since a role may be for some of them only.
func (g *gains) compareUnits(who string, before, after *access.CompiledGroup) {
	for _, userType := range userTypes {
		g.note(who, access.Gained(before.GrantsTo(userType), after.GrantsTo(userType)))
	}
}

var userTypes = []string{
	string(accessv1.UserTypeEmployee), string(accessv1.UserTypeSelfService), string(accessv1.UserTypeRobot),
}

// ofRole looks at the groups that have the role, and at the role by itself, as a group without restrictions would have it: a
// group that names it may be on its way at the same instant, and be judged by what the role was. It is Kubernetes' own
// rule for its roles.
func (g *gains) ofRole(ctx context.Context, was, is *accessv1.Role) error {
	if is == nil {
		return nil // a role that is gone gives nothing to anybody
	}
	g.compareUnits("any group with role "+is.Name, g.before.alone(was), g.after.alone(is))
	return g.ofGroupsBy(ctx, index.GroupByRole, is.Name)
}

// ofGroupsBy looks at the groups that have the written object, by one of the indexes.
func (g *gains) ofGroupsBy(ctx context.Context, key, name string) error {
	groups, err := g.after.groupsBy(ctx, key, name)
	if err != nil {
		return err
	}
	for i := range groups {
		if err := ctx.Err(); err != nil || g.found != nil {
			return err
		}
		was, err := read[accessv1.UserGroup](ctx, g.before, groups[i].Name)
		if err != nil {
			return err
		}
		if err := g.ofUnit(ctx, was, &groups[i]); err != nil {
			return err
		}
	}
	return nil
}

// ofVendor looks at the groups of a vendor, and at those that wait for its restriction. Where it goes, it looks at those who
// are in its groups.
func (g *gains) ofVendor(ctx context.Context, vendor *accessv1.Vendor, stays bool) error {
	if !stays {
		return g.ofLeaving(ctx, vendor)
	}
	for _, child := range g.after.childrenOf(vendor) {
		if _, ok := child.(*accessv1.Restriction); !ok {
			continue
		}
		if err := g.ofGroupsBy(ctx, index.GroupByRestriction, child.GetName()); err != nil {
			return err
		}
	}
	return g.ofGroupsBy(ctx, index.GroupByVendor, vendor.Name)
}

// ofLeaving looks at those who are in the groups of a vendor that goes.
func (g *gains) ofLeaving(ctx context.Context, vendor *accessv1.Vendor) error {
	groups, err := g.before.groupsBy(ctx, index.GroupByVendor, vendor.Name)
	if err != nil {
		return err
	}
	var members []string
	for i := range groups {
		leaving, err := g.leaving(ctx, &groups[i], nil)
		if err != nil {
			return err
		}
		members = append(members, leaving...)
	}
	return g.ofMembers(ctx, members, endsConflict)
}
