package access_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/worlds"
)

// hasEntries holds the canonical form, and what may be done in an acting group, against the oracle.
func hasEntries(w worlds.World) error {
	e, o := compile(w), ask(w)
	for _, user := range w.Users {
		for i, resolved := range worlds.Days {
			r := e.resolve(user, resolved)
			grants := r.Grants
			for _, resource := range worlds.EveryResource {
				all := o.standings(user, resource, resolved)
				if !sameStandings(grants, resource, all) {
					return fmt.Errorf("%s, %s at %v:\nentries %+v\noracle %+v", user.Name, resource, resolved, grants, all)
				}
			}
			acting := access.Effective{Vocabulary: e.vocabulary, Grants: grants, Alone: access.Alone(e.tenant, user.User, r)}
			for _, now := range worlds.Days[i:] {
				if err := acts(o, user, acting, resolved, now); err != nil {
					return fmt.Errorf("%s: %w", user.Name, err)
				}
			}
		}
	}
	return nil
}

// acts holds what may be done in each group against what that group alone gives, by the oracle.
func acts(o oracle, user worlds.User, effective access.Effective, resolved, now time.Time) error {
	for _, group := range worlds.GroupNames {
		sources := slices.DeleteFunc(o.Sources(user, resolved), func(s worlds.Source) bool {
			return s.Via.Group != group || ends(s.Until, now)
		})
		for q := range worlds.Queries(o.Entities, group) {
			got, want := access.Decide(effective, q, now), o.Allowed(user, sources, q.Resource, q.Action, q.Entity)
			if got.Allowed != want {
				return fmt.Errorf("%+v at %v: the engine says %+v, the oracle %v", q, now, got, want)
			}
		}
	}
	return nil
}

// isCanonical holds the form against its own definition, entry by entry.
func isCanonical(w worlds.World) error {
	e := compile(w)
	for _, user := range w.Users {
		for _, now := range worlds.Days {
			if err := canonical(e.resolve(user, now).Grants); err != nil {
				return fmt.Errorf("%s: %w", user.Name, err)
			}
		}
	}
	for _, list := range w.Lists {
		form := access.Canonical(list)
		if err := canonical(form); err != nil {
			return fmt.Errorf("of %+v: %w", list, err)
		}
		for q := range worlds.Queries(universe, "") {
			for _, now := range worlds.Days {
				if e.decide(list, q, now).Allowed != e.decide(form, q, now).Allowed {
					return fmt.Errorf("%+v became %+v, but %+v is not the same at %v", list, form, q, now)
				}
			}
		}
	}
	return nil
}

// canonical says what keeps the entries from being canonical.
func canonical(grants []access.Grant) error {
	for i := range grants {
		if err := wellFormed(&grants[i]); err != nil {
			return fmt.Errorf("%w: %+v", err, grants[i])
		}
		if i > 0 && !before(&grants[i-1], &grants[i]) {
			return fmt.Errorf("out of order: %+v, %+v", grants[i-1], grants[i])
		}
		for j := range grants {
			if i != j && joinable(&grants[i], &grants[j]) {
				return fmt.Errorf("not joined: %+v, %+v", grants[i], grants[j])
			}
		}
		for _, resource := range grants[i].Resources {
			if dropable(grants, i, resource) {
				return fmt.Errorf("others have all of %+v on %s", grants[i], resource)
			}
		}
	}
	return nil
}

// wellFormed says what is wrong with the entry by itself.
func wellFormed(g *access.Grant) error {
	four := func(action string) bool { return slices.Contains(worlds.FourActions, action) }
	repeats := len(set(g.Via, inOrder)) < len(g.Via)
	switch {
	case len(g.Resources) == 0 || !ascending(g.Resources):
		return errors.New("resources not sorted")
	case !ascending(g.Actions):
		return errors.New("actions not sorted")
	case len(actionsOf(g)) == 0:
		return errors.New("nothing held")
	case g.Level == access.Manage && slices.ContainsFunc(g.Actions, four):
		return errors.New("an action within the level")
	case g.Level == access.Read && slices.Contains(g.Actions, "read"):
		return errors.New("an action within the level")
	case g.Level == access.Read && len(chosen(g.Actions, four)) == 3:
		return errors.New("reads and holds the rest, which is Manage")
	case g.Level == access.None && slices.Contains(g.Actions, "read"):
		return errors.New("holds read, which is a level")
	case len(g.Via) == 0 || !slices.IsSortedFunc(g.Via, inOrder) || repeats:
		return errors.New("vias not sorted")
	}
	for i, d := range g.Scope {
		if len(d.Values) == 0 || !ascending(d.Values) || len(d.Attributes) > 0 || i > 0 && g.Scope[i-1].Name >= d.Name {
			return errors.New("scope not canonical")
		}
	}
	return nil
}

func chosen(list []string, wanted func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), func(item string) bool { return !wanted(item) })
}

// ascending answers whether the list is sorted and without repetitions.
func ascending(list []string) bool {
	return slices.IsSorted(list) && len(slices.Compact(slices.Clone(list))) == len(list)
}

// before answers whether a comes before b in the form.
func before(a, b *access.Grant) bool {
	levels := []access.Level{access.Manage, access.Read, access.None}
	return cmp.Or(
		slices.CompareFunc(a.Scope, b.Scope, func(x, y access.Dimension) int {
			return cmp.Or(strings.Compare(x.Name, y.Name), slices.Compare(x.Values, y.Values))
		}),
		cmp.Compare(slices.Index(levels, a.Level), slices.Index(levels, b.Level)),
		slices.Compare(a.Actions, b.Actions),
		a.Until.Compare(b.Until),
		slices.CompareFunc(a.Via, b.Via, inOrder),
		slices.Compare(a.Resources, b.Resources),
	) < 0
}

// joinable answers whether two entries should have been one: they are equal in all but the resources, or say about one
// resource what should have been united.
func joinable(a, b *access.Grant) bool {
	if !a.Until.Equal(b.Until) || !covers(a.Scope, b.Scope) || !covers(b.Scope, a.Scope) {
		return false
	}
	shared := slices.ContainsFunc(a.Resources, func(r string) bool { return slices.Contains(b.Resources, r) })
	return shared || slices.Equal(actionsOf(a), actionsOf(b)) && slices.Equal(a.Via, b.Via)
}

// dropable answers whether the other entries hold every action of entry i on the resource, as widely and as long.
func dropable(grants []access.Grant, i int, resource string) bool {
	for _, action := range actionsOf(&grants[i]) {
		held := false
		for j := range grants {
			held = held || i != j && has(&grants[j], &grants[i], resource, action)
		}
		if !held {
			return false
		}
	}
	return true
}

// has answers whether the holder has the action on the resource as widely and as long as the entry says.
func has(holder, entry *access.Grant, resource, action string) bool {
	return slices.Contains(holder.Resources, resource) && slices.Contains(actionsOf(holder), action) &&
		asLong(holder.Until, entry.Until) && covers(holder.Scope, entry.Scope)
}

// covers answers whether the scope a is as wide as b.
func covers(a, b access.Scope) bool {
	return asWide(boundsOf(a), boundsOf(b))
}

func boundsOf(scope access.Scope) map[string][]string {
	bounds := map[string][]string{}
	for _, d := range scope {
		bounds[d.Name] = d.Values
	}
	return bounds
}
