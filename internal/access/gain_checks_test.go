package access_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/worlds"
)

// lists are the grants that are worth comparing: those of the users of a world with all and without one of their
// groups, at its beginning and later, and those that somebody else wrote.
func (e engine) lists() [][]access.Grant {
	lists := slices.Clone(e.world.Lists)
	for _, user := range e.world.Users {
		lists = append(lists, e.resolve(user, worlds.DayZero).Grants)
		if len(user.Groups) > 0 {
			user.Groups = user.Groups[1:]
			lists = append(lists, e.resolve(user, worlds.DayOne).Grants)
		}
	}
	return lists
}

// pairs yields every two lists.
func pairs[T any](lists []T) func(yield func(a, b T) bool) {
	return func(yield func(a, b T) bool) {
		for i := range lists {
			for j := range lists {
				if !yield(lists[i], lists[j]) {
					return
				}
			}
		}
	}
}

// eras has one time between any two ends of grants.
var eras = []time.Time{worlds.DayZero.AddDate(0, 0, -1), worlds.DayZero, worlds.DayOne, worlds.DayTwo}

// contains holds Contains against its definition.
func contains(w worlds.World) error {
	for holder, grants := range pairs(compile(w).lists()) {
		want := true
		for i := range grants {
			for _, resource := range grants[i].Resources {
				for _, action := range actionsOf(&grants[i]) {
					want = want && slices.ContainsFunc(holder, func(h access.Grant) bool {
						return has(&h, &grants[i], resource, action)
					})
				}
			}
		}
		if got := access.Contains(holder, grants); got != want {
			return fmt.Errorf("%+v contains %+v: %v", holder, grants, got)
		}
	}
	return nil
}

// gains holds Gained against its definition: over every entity of a small universe, and in every point of what it
// reports.
func gains(w worlds.World) error {
	e := compile(w)
	var lists []answered
	for _, grants := range e.lists() {
		lists = append(lists, answered{grants, e.answers(grants)})
	}
	for a, b := range pairs(lists) {
		before, after := a.grants, b.grants
		gained := access.Gained(before, after)
		if err := gainsAll(a.answers, b.answers, e.answers(gained)); err != nil {
			return fmt.Errorf("%w:\nbefore %+v\nafter %+v\ngained %+v", err, before, after, gained)
		}
		for i := range gained {
			if err := wellFormed(&gained[i]); err != nil {
				return fmt.Errorf("%w: %+v", err, gained[i])
			}
			for _, entity := range points(gained[i].Scope) {
				if err := e.gainsReally(before, after, &gained[i], entity); err != nil {
					return fmt.Errorf("%w:\nbefore %+v\nafter %+v\ngained %+v", err, before, after, gained)
				}
			}
		}
	}
	return nil
}

// cuts holds Cut against its definition, with the rules of each role.
func cuts(w worlds.World) error {
	e, o := compile(w), ask(w)
	for _, user := range w.Users {
		grants := e.resolve(user, worlds.DayZero).Grants
		for _, role := range w.Roles {
			cut := access.Cut(e.vocabulary, grants, role.Rules)
			if err := canonical(cut); err != nil {
				return fmt.Errorf("%+v cut to %+v: %w", grants, role.Rules, err)
			}
			for q := range worlds.Queries(w.Entities, "") {
				for _, now := range worlds.Days {
					want := e.decide(grants, q, now).Allowed && o.Gives(role.Rules, q.Resource, q.Action)
					if got := e.decide(cut, q, now); got.Allowed != want {
						return fmt.Errorf("%+v cut to %+v is %+v: %+v at %v is %+v", grants, role.Rules, cut, q, now, got)
					}
				}
			}
		}
	}
	return nil
}

// answered is a list of grants with what it allows, over the universe and all eras; nil for nothing at all.
type answered struct {
	grants  []access.Grant
	answers []bool
}

func (e engine) answers(grants []access.Grant) []bool {
	if len(grants) == 0 {
		return nil
	}
	answers := make([]bool, 0, len(worlds.EveryResource)*len(worlds.EveryAction)*len(universe)*len(eras))
	for q := range worlds.Queries(universe, "") {
		for _, now := range eras {
			answers = append(answers, e.decide(grants, q, now).Allowed)
		}
	}
	return answers
}

// gainsAll answers whether what is reported has everything that is allowed after and was not before, nothing that is
// not allowed after, and nothing at all when nothing is gained.
func gainsAll(before, after, reported []bool) error {
	anything := false
	for i, is := range after {
		was, told := before != nil && before[i], reported != nil && reported[i]
		anything = anything || is && !was
		if is && !was && !told {
			return errors.New("something is gained but not reported")
		}
		if told && !is {
			return errors.New("something is reported but not allowed")
		}
	}
	if anything != (reported != nil) {
		return fmt.Errorf("something is gained: %v", anything)
	}
	return nil
}

// gainsReally answers whether the entity, which bears nothing beyond the scope of the reported entry, is gained.
func (e engine) gainsReally(before, after []access.Grant, gained *access.Grant, entity access.Entity) error {
	for _, resource := range gained.Resources {
		for _, action := range actionsOf(gained) {
			q := access.Query{Action: action, Resource: resource, Entity: entity}
			really := false
			for _, now := range eras {
				really = really || e.decide(after, q, now).Allowed && !e.decide(before, q, now).Allowed
			}
			if !really {
				return fmt.Errorf("%+v is reported but not gained", q)
			}
		}
	}
	return nil
}

// points lists the entities that bear exactly one of the scope's values in each of its dimensions.
func points(scope access.Scope) []access.Entity {
	entities := []access.Entity{{Properties: map[string][]string{}}}
	for _, d := range scope {
		var longer []access.Entity
		for _, entity := range entities {
			for _, value := range d.Values {
				properties := map[string][]string{d.Name: {value}}
				for name, borne := range entity.Properties {
					properties[name] = borne
				}
				longer = append(longer, access.Entity{Properties: properties})
			}
		}
		entities = longer
	}
	return entities
}

// universe has every entity whose properties the values of the worlds can tell apart.
var universe = func() []access.Entity {
	subsets := func(a, b string) [][]string { return [][]string{nil, {a}, {b}, {a, b}} }
	entities := []access.Entity{{ID: "DE"}, {ID: "abc"}}
	for _, sites := range subsets("DE", "FR") {
		for _, vendors := range subsets("abc", "xyz") {
			entities = append(entities, access.Entity{
				Properties: map[string][]string{"site": sites, "vendor": vendors},
			})
		}
	}
	return entities
}()
