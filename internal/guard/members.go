package guard

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

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
	names = slices.Compact(names)
	g.before.expect(names)
	g.after.expect(names)
	for _, name := range names {
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
		memberships, err := g.before.memberships(ctx, user)
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

// longer are the members that a group has after a write and not before, or for longer.
func longer(was, is *accessv1.UserGroup) []string {
	before := untils(was)
	var out []string
	for _, m := range is.Spec.Members {
		until, member := before[m.Name]
		if !member || !lasts(until, untilOf(m.Until)) {
			out = append(out, m.Name)
		}
	}
	return out
}

// leaving are those who are no longer in a vendor's group, or for a shorter time: that can end a conflict between vendors,
// and so give them more. A group that goes, or becomes no vendor's, is left by those as well who list it themselves.
func (g *gains) leaving(ctx context.Context, was, is *accessv1.UserGroup) ([]string, error) {
	if is != nil && is.Spec.VendorRef != nil {
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

func untils(group *accessv1.UserGroup) map[string]time.Time {
	out := make(map[string]time.Time, len(group.Spec.Members))
	for _, m := range group.Spec.Members {
		out[m.Name] = untilOf(m.Until)
	}
	return out
}

func untilOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// lasts tells whether something that ends at one time lasts until another; the zero time is for ever.
func lasts(end, until time.Time) bool {
	return end.IsZero() || !until.IsZero() && !end.Before(until)
}
