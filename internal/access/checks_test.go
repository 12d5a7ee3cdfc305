package access_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/worlds"
)

// checks are the promises of the engine, each a function that finds a breach in a world.
var checks = []struct {
	name  string
	check func(w worlds.World) error
}{
	{"the engine and the oracle agree on every question", agrees},
	{"what is reported about memberships is so", reportsMemberships},
	{"the canonical form is what the oracle has", hasEntries},
	{"the canonical form is in order, and nothing in it can be dropped or joined", isCanonical},
	{"no order shows through", ignoresOrder},
	{"containing is covering entry by entry", contains},
	{"gaining is being allowed what was not", gains},
	{"cutting leaves what both the grants and the rules allow", cuts},
	{"a path is granted when and only when the decision allows", explains},
}

// engine is a world, compiled.
type engine struct {
	world      worlds.World
	vocabulary *access.Vocabulary
	tenant     *access.CompiledTenant
	groups     map[string]*access.CompiledGroup
}

// oracle is the worlds' own, with what only the checks here ask it.
type oracle struct{ worlds.Oracle }

func ask(w worlds.World) oracle { return oracle{worlds.Oracle{World: w}} }

// compile is the bridge from a world to what the engine takes.
func compile(w worlds.World) engine {
	e := engine{world: w, vocabulary: access.NewVocabulary(w.Catalog), groups: map[string]*access.CompiledGroup{}}
	e.tenant = access.CompileTenant(e.vocabulary, w.Tenant)
	for _, g := range w.Groups {
		group := access.Group{Name: g.Name, Rules: g.Rules, VendorName: g.VendorName}
		group.Vendor = pointer(w.Vendors, func(v access.Vendor) bool { return v.Name == g.VendorName })
		for _, name := range g.Roles {
			role := pointer(w.Roles, func(r access.Role) bool { return r.Name == name })
			group.Roles = append(group.Roles, access.RoleRef{Name: name, Role: role})
		}
		for _, name := range g.Restrictions {
			restriction := pointer(w.Restrictions, func(r access.Restriction) bool { return r.Name == name })
			group.Restrictions = append(group.Restrictions, access.RestrictionRef{Name: name, Restriction: restriction})
		}
		e.groups[g.Name] = access.Compile(e.vocabulary, w.Tenant.Dimensions, group)
	}
	return e
}

func pointer[T any](list []T, wanted func(T) bool) *T {
	if i := slices.IndexFunc(list, wanted); i >= 0 {
		return &list[i]
	}
	return nil
}

func (e engine) memberships(user worlds.User) []access.Membership {
	var list []access.Membership
	for _, m := range user.Groups {
		list = append(list, access.Membership{
			Name: m.Name, Group: e.groups[m.Name], Until: m.Until, From: access.FromUser,
		})
	}
	for _, g := range e.world.Groups {
		for _, m := range g.Members {
			if m.Name == user.Name {
				list = append(list, access.Membership{
					Name: g.Name, Group: e.groups[g.Name], Until: m.Until, From: access.FromGroup,
				})
			}
		}
	}
	return list
}

func (e engine) resolve(user worlds.User, now time.Time) access.Resolution {
	return access.Resolve(e.tenant, user.User, e.memberships(user), now)
}

func (e engine) decide(grants []access.Grant, q access.Query, now time.Time) access.Decision {
	return access.Decide(access.Effective{Vocabulary: e.vocabulary, Grants: grants}, q, now)
}

// agrees holds the engine against the oracle, also for answers that were resolved earlier: until the resolution says
// that it has to be made again, and longer where no conflict of vendors can end.
func agrees(w worlds.World) error {
	e, o := compile(w), ask(w)
	for _, user := range w.Users {
		for i, resolved := range worlds.Days {
			r := e.resolve(user, resolved)
			for _, now := range worlds.Days[i:] {
				if len(r.VendorConflict) > 0 && !r.NextChange.IsZero() && !now.Before(r.NextChange) {
					continue
				}
				if err := e.agreesAt(o, user, r.Grants, now); err != nil {
					return fmt.Errorf("resolved %v: %w", resolved, err)
				}
			}
		}
	}
	return nil
}

func (e engine) agreesAt(o oracle, user worlds.User, grants []access.Grant, now time.Time) error {
	sources := o.Sources(user, now)
	for q := range worlds.Queries(o.Entities, "") {
		d, want := e.decide(grants, q, now), o.Allowed(user, sources, q.Resource, q.Action, q.Entity)
		if d.Allowed != want || d.Allowed != (d.Reason == "") {
			return fmt.Errorf("%s, %+v at %v: the engine says %+v, the oracle %v", user.Name, q, now, d, want)
		}
		if !want {
			continue
		}
		for _, denied := range []access.Reason{access.UnknownUser, access.NotActive, access.TenantSuspended} {
			effective := access.Effective{Vocabulary: e.vocabulary, Denied: denied, Grants: grants}
			if d := access.Decide(effective, q, now); d.Allowed || d.Reason != denied {
				return fmt.Errorf("%s: %+v in spite of %s", user.Name, d, denied)
			}
		}
	}
	return nil
}

// reportsMemberships holds what a resolution says beside the grants against the oracle.
func reportsMemberships(w worlds.World) error {
	e, o := compile(w), ask(w)
	for _, user := range w.Users {
		for _, now := range worlds.Days {
			got, want := e.resolve(user, now), o.resolution(user, now)
			for i := range got.Memberships {
				got.Memberships[i].Group = nil
			}
			got.Grants = nil
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("%s at %v:\n%s", user.Name, now, diff)
			}
		}
	}
	return nil
}

// resolution is everything about the user's memberships that a resolution reports, without the grants.
func (o oracle) resolution(user worlds.User, now time.Time) access.Resolution {
	var r access.Resolution
	var vendors []string
	in := func(until time.Time) {
		if !until.IsZero() && (r.NextChange.IsZero() || until.Before(r.NextChange)) {
			r.NextChange = until
		}
	}
	for _, group := range o.groupsByName() {
		until, member := o.Membership(user, &group, now)
		if !member {
			continue
		}
		in(until)
		r.Memberships = append(r.Memberships, access.Membership{
			Name: group.Name, Until: until, From: side(user, group),
		})
		if group.VendorName != "" {
			vendors = append(vendors, group.VendorName)
		}
		for _, name := range set(group.Roles, strings.Compare) {
			if role, exists := o.Role(name); exists && !worlds.MayHold(user, role) {
				r.WithheldRoles = append(r.WithheldRoles, access.Via{Group: group.Name, Role: name})
			}
		}
	}
	if until, member := o.Membership(user, &worlds.Group{Name: "ghost"}, now); member {
		in(until)
		r.MissingGroups = []string{"ghost"}
	}
	for _, name := range worlds.GroupNames {
		_, exists := worlds.Named(o.Groups, name, func(g worlds.Group) string { return g.Name })
		if until, member := o.Membership(user, &worlds.Group{Name: name}, now); member && !exists {
			in(until)
			r.MissingGroups = set(append(r.MissingGroups, name), strings.Compare)
		}
	}
	if vendors = set(vendors, strings.Compare); len(vendors) > 1 {
		r.VendorConflict = vendors
	}
	return r
}

func (o oracle) groupsByName() []worlds.Group {
	groups := slices.Clone(o.Groups)
	slices.SortFunc(groups, func(a, b worlds.Group) int { return strings.Compare(a.Name, b.Name) })
	return groups
}

func side(user worlds.User, group worlds.Group) access.From {
	ofUser := slices.ContainsFunc(user.Groups, func(m worlds.Member) bool { return m.Name == group.Name })
	ofGroup := slices.ContainsFunc(group.Members, func(m worlds.Member) bool { return m.Name == user.Name })
	switch {
	case ofUser && ofGroup:
		return access.FromBoth
	case ofUser:
		return access.FromUser
	default:
		return access.FromGroup
	}
}

// explains holds the paths against the decision.
func explains(w worlds.World) error {
	e := compile(w)
	for _, user := range w.Users {
		memberships := e.memberships(user)
		for _, now := range []time.Time{worlds.DayZero, worlds.DayOne} {
			r := e.resolve(user, now)
			has := access.Effective{Vocabulary: e.vocabulary, Grants: r.Grants, Alone: access.Alone(e.tenant, user.User, r)}
			for _, group := range []string{"", "ash"} {
				for q := range worlds.Queries(w.Entities, group) {
					paths := access.Explain(e.tenant, user.User, memberships, q, now)
					granted := slices.ContainsFunc(paths, func(p access.Path) bool { return p.Granted })
					if allowed := access.Decide(has, q, now).Allowed; granted != allowed {
						return fmt.Errorf("%s, %+v at %v: allowed %v, but %+v", user.Name, q, now, allowed, paths)
					}
				}
			}
		}
	}
	return nil
}

// ignoresOrder holds the answers in a world against those in a shuffled one.
func ignoresOrder(w worlds.World) error {
	e, shuffled := compile(w), compile(w.Shuffled())
	for _, user := range w.Users {
		other, _ := worlds.Named(shuffled.world.Users, user.Name, func(u worlds.User) string { return u.Name })
		a, b := e.resolve(user, worlds.DayZero), shuffled.resolve(other, worlds.DayZero)
		if diff := cmp.Diff(a.Grants, b.Grants); diff != "" {
			return fmt.Errorf("%s: the form depends on the order:\n%s", user.Name, diff)
		}
		backwards := slices.Clone(a.Grants)
		slices.Reverse(backwards)
		if diff := cmp.Diff(a.Grants, access.Canonical(backwards)); diff != "" {
			return fmt.Errorf("%s: the form is not its own form:\n%s", user.Name, diff)
		}
		for _, entity := range w.Entities {
			q := access.Query{Action: "read", Resource: "orders", Entity: entity}
			if diff := cmp.Diff(e.paths(user, q), shuffled.paths(other, q)); diff != "" {
				return fmt.Errorf("%s, %+v: the paths depend on the order:\n%s", user.Name, q, diff)
			}
		}
	}
	return nil
}

// paths lists the paths of the user, without those of void rules: these are named by their place in a list.
func (e engine) paths(user worlds.User, q access.Query) []access.Path {
	paths := access.Explain(e.tenant, user.User, e.memberships(user), q, worlds.DayOne)
	return slices.DeleteFunc(paths, func(p access.Path) bool { return strings.HasPrefix(p.Broken, "rule ") })
}
