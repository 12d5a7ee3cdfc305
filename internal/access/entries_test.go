package access_test

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/worlds"
)

// standing is what a user has on one resource inside one set of bounds until one time, and from where: what the model
// calls the grants of equal scope and time, united.
type standing struct {
	bounds  map[string][]string
	until   time.Time // zero: for ever
	actions []string
	vias    []access.Via
}

// standings lists what the user has on the resource. What other standings cover in every action is left out.
func (o oracle) standings(user worlds.User, resource string, now time.Time) []standing {
	r, exists := o.Resource(resource)
	if !exists {
		return nil
	}
	var all []standing
	for _, s := range o.Sources(user, now) {
		bounds, resolved := o.Bounds(s.Group, user, r)
		var given []string
		for _, action := range slices.Concat(worlds.FourActions, r.Actions) {
			if o.Gives(s.Rules, resource, action) {
				given = append(given, action)
			}
		}
		if !resolved || len(given) == 0 || nobodyFits(bounds) {
			continue
		}
		at := slices.IndexFunc(all, func(x standing) bool { return x.until.Equal(s.Until) && cmp.Equal(x.bounds, bounds) })
		if at < 0 {
			at = len(all)
			all = append(all, standing{bounds: bounds, until: s.Until})
		}
		all[at].actions = append(all[at].actions, given...)
		all[at].vias = append(all[at].vias, s.Via)
	}
	return slices.DeleteFunc(slices.Clone(all), func(s standing) bool { return covered(s, all) })
}

func nobodyFits(bounds map[string][]string) bool {
	for _, values := range bounds {
		if len(values) == 0 {
			return true
		}
	}
	return false
}

// covered answers whether others have every action of s, at least as widely and as long.
func covered(s standing, all []standing) bool {
	for _, action := range s.actions {
		if !slices.ContainsFunc(all, func(other standing) bool {
			return slices.Contains(other.actions, action) && !equalStanding(other, s) &&
				asLong(other.until, s.until) && asWide(other.bounds, s.bounds)
		}) {
			return false
		}
	}
	return true
}

func equalStanding(a, b standing) bool {
	return a.until.Equal(b.until) && cmp.Equal(a.bounds, b.bounds)
}

func asLong(a, b time.Time) bool {
	switch {
	case a.IsZero():
		return true
	case b.IsZero():
		return false
	default:
		return a.Compare(b) >= 0
	}
}

func asWide(a, b map[string][]string) bool {
	for dimension, values := range a {
		inner, narrowed := b[dimension]
		if !narrowed {
			return false
		}
		for _, value := range inner {
			if !slices.Contains(values, value) {
				return false
			}
		}
	}
	return true
}

func ends(until, now time.Time) bool {
	return !until.IsZero() && until.Compare(now) <= 0
}

// sameStandings answers whether the entries about the resource are exactly these standings.
func sameStandings(entries []access.Grant, resource string, all []standing) bool {
	matched := 0
	for i := range entries {
		g := &entries[i]
		if !slices.Contains(g.Resources, resource) {
			continue
		}
		if !slices.ContainsFunc(all, func(s standing) bool { return sameStanding(g, s) }) {
			return false
		}
		matched++
	}
	return matched == len(all)
}

func sameStanding(g *access.Grant, s standing) bool {
	bounds := map[string][]string{}
	for _, dimension := range g.Scope {
		bounds[dimension.Name] = dimension.Values
	}
	return g.Until.Equal(s.until) && cmp.Equal(bounds, s.bounds) &&
		slices.Equal(actionsOf(g), set(s.actions, strings.Compare)) &&
		slices.Equal(g.Via, set(s.vias, inOrder))
}

// actionsOf lists all that the entry holds, sorted.
func actionsOf(g *access.Grant) []string {
	actions := slices.Clone(g.Actions)
	switch g.Level {
	case access.Manage:
		actions = append(actions, worlds.FourActions...)
	case access.Read:
		actions = append(actions, "read")
	}
	slices.Sort(actions)
	return actions
}

// inOrder is the order of vias: the tenant, then by group and role.
func inOrder(a, b access.Via) int {
	return strings.Compare(a.Group+"\x00"+a.Role, b.Group+"\x00"+b.Role)
}

func set[T comparable](list []T, order func(a, b T) int) []T {
	list = slices.Clone(list)
	slices.SortFunc(list, order)
	return slices.Compact(list)
}
