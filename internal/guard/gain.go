package guard

import (
	"context"
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// gain is what somebody comes to have by a write.
type gain struct {
	// who is a user or a group, in words.
	who    string
	grants []access.Grant
	// lacking is what of it the requester does not hold.
	lacking []access.Grant
}

// gains compares the two worlds for everybody whom the write can touch, until somebody gains what the requester does not
// hold: one is enough to refuse.
type gains struct {
	before, after *world
	held          []access.Grant
	// compared are what is due before and after that were compared already: thousands may share both.
	compared map[[2]*due]bool
	// found is the gain that decides; nil: none so far.
	found *gain
}

// of looks at everybody whom a write can touch.
func (g *gains) of(ctx context.Context, w write) error {
	w, err := g.answered(ctx, w)
	if err != nil {
		return err
	}
	switch object := w.object().(type) {
	case *accessv1.User:
		was, is := sides[accessv1.User](w)
		return g.ofUser(ctx, was, is)
	case *accessv1.UserGroup:
		was, is := sides[accessv1.UserGroup](w)
		return g.ofGroup(ctx, was, is)
	case *accessv1.Role:
		was, is := sides[accessv1.Role](w)
		return g.ofRole(ctx, was, is)
	case *accessv1.Restriction:
		return g.ofGroupsBy(ctx, index.GroupByRestriction, object.Name)
	case *accessv1.Vendor:
		if w.new == nil {
			return g.ofLeaving(ctx, object)
		}
		return g.ofGroupsBy(ctx, index.GroupByVendor, object.Name)
	case *accessv1.ApplicationCredential:
		was, is := sides[accessv1.ApplicationCredential](w)
		return g.ofCredential(ctx, was, is)
	default:
		return nil
	}
}

// answered is a deletion with what comes in the place of what is deleted: Roster makes its own where somebody else's had
// the name.
func (g *gains) answered(ctx context.Context, w write) (write, error) {
	if w.new != nil {
		return w, nil
	}
	switch old := w.old.(type) {
	case *accessv1.UserGroup:
		if made, err := read[accessv1.UserGroup](ctx, g.after, old.Name); err != nil || made != nil {
			return write{w.old, made}, err
		}
	case *accessv1.Role:
		if made, err := read[accessv1.Role](ctx, g.after, old.Name); err != nil || made != nil {
			return write{w.old, made}, err
		}
	}
	return w, nil
}

func (g *gains) note(who string, grants []access.Grant) {
	if g.found != nil || len(grants) == 0 {
		return
	}
	if lacking := access.Gained(g.held, grants); len(lacking) > 0 {
		g.found = &gain{who, grants, lacking}
	}
}

// compare notes what a user has or comes to have after the write and not before: now, and when a conflict between vendors
// has ended by itself.
func (g *gains) compare(name string, before, after standing) {
	note := func(had, has []access.Grant) {
		if after.active && !before.active {
			had = nil
		}
		g.note("user "+name, access.Gained(had, has))
	}
	note(before.let, after.let)
	if !before.conflict && !after.conflict {
		return
	}
	for _, m := range slices.Concat(before.memberships, after.memberships) {
		if !m.Until.IsZero() {
			note(before.at(m.Until), after.at(m.Until))
		}
	}
}

// ofUser looks at the user, and at those who share his address: the younger ones of them gain when he goes.
func (g *gains) ofUser(ctx context.Context, was, is *accessv1.User) error {
	before, err := g.before.standing(ctx, samePerson(was, is))
	if err != nil {
		return err
	}
	after, err := g.after.standing(ctx, is)
	if err != nil {
		return err
	}
	if is != nil {
		g.compare(is.Name, before, after)
	}
	return g.ofSharing(ctx, was)
}

func (g *gains) ofSharing(ctx context.Context, user *accessv1.User) error {
	if user == nil || index.EmailKey(user.Spec.Email) == "" {
		return nil
	}
	sharing, err := g.before.graph.UsersWithEmail(ctx, user.Namespace, index.EmailKey(user.Spec.Email))
	if err != nil {
		return err
	}
	for i := range sharing {
		if sharing[i].Name == user.Name {
			continue
		}
		if err := g.ofYounger(ctx, &sharing[i]); err != nil {
			return err
		}
	}
	return nil
}

// ofYounger looks at somebody who shares a written user's address. While that is an older one's he can have nothing,
// whatever he accepts.
func (g *gains) ofYounger(ctx context.Context, user *accessv1.User) error {
	kept, err := g.before.isElders(ctx, user)
	if err != nil || !kept {
		return err
	}
	if kept, err = g.after.isElders(ctx, user); err != nil || kept {
		return err
	}
	after, err := g.after.standing(ctx, user)
	if err != nil {
		return err
	}
	g.compare(user.Name, nobody, after)
	return nil
}

// samePerson is the user before the write, nil when it is somebody else's after it: a person is an address, and who gets
// another's place gains all of it.
func samePerson(was, is *accessv1.User) *accessv1.User {
	if was == nil || is == nil || index.EmailKey(was.Spec.Email) != index.EmailKey(is.Spec.Email) {
		return nil
	}
	return was
}

// ofMember compares what is due to a user who is not written himself, and so is as active after the write as before.
func (g *gains) ofMember(ctx context.Context, user *accessv1.User) error {
	before, err := g.before.due(ctx, user)
	if err != nil {
		return err
	}
	after, err := g.after.due(ctx, user)
	if err != nil || g.compared[[2]*due{before, after}] {
		return err
	}
	g.compared[[2]*due{before, after}] = true
	g.compare(user.Name, standing{due: before}, standing{due: after})
	return nil
}

// ofGroup looks at the group as a unit, and at those whose membership changes. A member who stays needs no look: his other
// groups give the same before and after, so what he gains is among what the group gains. The same holds for the members
// of a new group, which gives nothing before.
func (g *gains) ofGroup(ctx context.Context, was, is *accessv1.UserGroup) error {
	if err := g.ofUnit(ctx, was, is); err != nil || was == nil {
		return err
	}
	if is != nil {
		if err := g.ofJoining(ctx, was, is); err != nil {
			return err
		}
	}
	if was.Spec.VendorRef == nil {
		return nil
	}
	leaving, err := g.leaving(ctx, was, is)
	if err != nil {
		return err
	}
	return g.ofMembers(ctx, leaving, endsConflict)
}

// ofMembers looks at those of the named for whom it can matter, by the groups that they are in before the write.
func (g *gains) ofMembers(ctx context.Context, names []string, matters func(*accessv1.User, []access.Membership) bool) error {
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := ctx.Err(); err != nil || g.found != nil {
			return err
		}
		user, err := g.before.user(ctx, name)
		if err != nil {
			return err
		}
		if user == nil {
			continue // who does not exist yet is judged when he is created
		}
		memberships, err := g.before.graph.Memberships(ctx, g.before.tenancy, user)
		if err != nil {
			return err
		}
		if matters(user, memberships) {
			if err := g.ofMember(ctx, user); err != nil {
				return err
			}
		}
	}
	return nil
}

// endsConflict: leaving a group gives more only to who is in the groups of several vendors.
func endsConflict(_ *accessv1.User, memberships []access.Membership) bool {
	vendor := ""
	for i := range memberships {
		of := memberships[i].Group.Vendor()
		if of != "" && vendor != "" && of != vendor {
			return true
		}
		if of != "" {
			vendor = of
		}
	}
	return false
}

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

// ofJoining looks at those who join a group, or stay longer. It gives them no more than the group gives, so none needs a
// look when the requester holds all of that; nor does who has what the requester lacks of it by another group, for as long:
// there may be thousands.
func (g *gains) ofJoining(ctx context.Context, was, is *accessv1.UserGroup) error {
	compiled, err := g.after.group(ctx, is)
	if err != nil {
		return err
	}
	lacking := access.Gained(g.held, compiled.Grants())
	if len(lacking) == 0 {
		return nil
	}
	ends, cover := untils(is), covers{lacking, map[cover]bool{}}
	return g.ofMembers(ctx, longer(was, is), func(user *accessv1.User, memberships []access.Membership) bool {
		return !slices.ContainsFunc(memberships, func(m access.Membership) bool {
			return lasts(m.Until, ends[user.Name]) && cover.by(m.Group, string(user.Spec.Type))
		})
	})
}

// covers tells which groups give all of some grants, by themselves and without fail; it remembers the answers.
type covers struct {
	grants []access.Grant
	known  map[cover]bool
}

type cover struct {
	group    *access.CompiledGroup
	userType string
}

func (c covers) by(group *access.CompiledGroup, userType string) bool {
	if group == nil || group.Vendor() != "" { // which gives nothing beside another vendor's
		return false
	}
	key := cover{group, userType}
	known, ok := c.known[key]
	if !ok {
		known = len(access.Gained(group.GrantsTo(userType), c.grants)) == 0
		c.known[key] = known
	}
	return known
}

// leaving are those who are no longer in a vendor's group, or for a shorter time: that can end a conflict between vendors,
// and so give them more. A group that goes is left by those as well who list it themselves.
func (g *gains) leaving(ctx context.Context, was, is *accessv1.UserGroup) ([]string, error) {
	if is != nil {
		return longer(is, was), nil
	}
	listing, err := g.before.graph.UsersListing(ctx, was.Namespace, was.Name)
	out := make([]string, 0, len(listing)+len(was.Spec.Members))
	for i := range listing {
		out = append(out, listing[i].Name)
	}
	for _, m := range was.Spec.Members {
		out = append(out, m.Name)
	}
	return out, err
}

// ofLeaving looks at those who are in the groups of a vendor that goes.
func (g *gains) ofLeaving(ctx context.Context, vendor *accessv1.Vendor) error {
	groups, err := g.before.graph.GroupsBy(ctx, vendor.Namespace, index.GroupByVendor, vendor.Name)
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
	groups, err := g.after.graph.GroupsBy(ctx, g.after.namespace, key, name)
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
