package access

import (
	"slices"
)

// entry is one grant in numbers: a cell of a layer of its own.
type entry struct {
	layer
	cell
}

// load returns a form whose tables know every name of the lists of grants, and the grants in its numbers. The scopes are
// copied and put in order, so that lists somebody else wrote do as well.
func load(lists ...[]Grant) (form, [][]entry) {
	var resources, actions []string
	var vias []Via
	for _, list := range lists {
		for i := range list {
			resources = append(resources, list[i].Resources...)
			actions = append(actions, list[i].Actions...)
			vias = append(vias, list[i].Via...)
		}
	}
	slices.SortFunc(vias, compareVias)
	f := form{resources: sortedSet(resources), actions: newActionTable(actions), vias: slices.Compact(vias)}
	index := indexNames(f.resources)
	entries := make([][]entry, len(lists))
	for i, list := range lists {
		for j := range list {
			entries[i] = append(entries[i], f.entry(&list[j], index))
		}
	}
	return f, entries
}

func (f *form) entry(g *Grant, index map[string]int) entry {
	e := entry{layer: layer{scope: g.Scope.canonical(), until: g.Until.UTC()}}
	e.resources = newBits(len(f.resources))
	for _, name := range g.Resources {
		e.resources.add(index[name])
	}
	e.actions = f.actions.set(g.Actions...)
	e.actions.or(f.actions.ofLevel(g.Level))
	e.vias = newBits(len(f.vias))
	for _, via := range g.Via {
		at, _ := slices.BinarySearchFunc(f.vias, via, compareVias)
		e.vias.add(at)
	}
	return e
}

// Contains says whether the holder has all of the grants: each action on each resource is held by one entry whose scope
// is wider or equal and which lasts as long. Several entries that only together are as wide do not count, so that the
// answer errs on the side of no; Gained is exact.
func Contains(holder, grants []Grant) bool {
	_, entries := load(holder, grants)
	for i := range entries[1] {
		if len(uncovered(&entries[1][i], entries[0])) > 0 {
			return false
		}
	}
	return true
}

// uncovered returns what of the entry no single holder covers.
func uncovered(e *entry, holders []entry) []cell {
	if e.actions.empty() || e.resources.empty() {
		return nil
	}
	pieces := []cell{e.cell}
	for i := range holders {
		if holders[i].covers(&e.layer) {
			pieces = subtract(pieces, holders[i].cell)
		}
	}
	return pieces
}

// Canonical returns the grants in canonical form, a function of the set of what they say.
func Canonical(grants []Grant) []Grant {
	f, entries := load(grants)
	for i := range entries[0] {
		e := &entries[0][i]
		f.add(f.layer(e.scope, e.until), e.cell)
	}
	return f.grants()
}

// Cut returns what of the grants the rules name as well, in canonical form: the access of somebody who acts with less
// than he has. Void rules name nothing.
func Cut(v *Vocabulary, grants []Grant, rules []Rule) []Grant {
	var cut []Grant
	for _, allowed := range v.expand(rules) {
		level, rest := v.actions.split(allowed.actions)
		allows := Grant{Level: level, Actions: pick(v.actions.names, rest)}
		names := pick(v.names, allowed.resources)
		for _, g := range grants {
			if kept, ok := g.cut(names, &allows); ok {
				cut = append(cut, kept)
			}
		}
	}
	return Canonical(cut)
}

// cut returns what of the grant is about the named resources and actions that allows holds.
func (g *Grant) cut(resources []string, allows *Grant) (Grant, bool) {
	kept := Grant{Scope: g.Scope, Until: g.Until, Via: g.Via}
	for _, name := range g.Resources {
		if _, ok := slices.BinarySearch(resources, name); ok {
			kept.Resources = append(kept.Resources, name)
		}
	}
	actions := append([]string{ActionRead, ActionCreate, ActionUpdate, ActionDelete}, g.Actions...)
	for _, action := range actions {
		if g.Holds(action) && allows.Holds(action) {
			kept.Actions = append(kept.Actions, action)
		}
	}
	return kept, len(kept.Resources) > 0 && len(kept.Actions) > 0
}
