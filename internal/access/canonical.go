package access

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// cell says that each of its resources bears exactly these actions, and where they come from. Its sets are its own.
type cell struct {
	resources, actions, vias bits
}

// newCell returns a cell with copies of the sets.
func newCell(resources, actions, vias bits) cell {
	sets := slices.Concat(resources, actions, vias)
	n, m := len(resources), len(resources)+len(actions)
	return cell{sets[:n:n], sets[n:m:m], sets[m:]}
}

// layer is everything that is granted inside one scope until one time. The resources of its cells do not overlap, so
// that each resource has one set of actions and one set of vias.
type layer struct {
	scope Scope
	until time.Time
	cells []cell
}

// covers says whether l is as wide and lasts as long as o.
func (l *layer) covers(o *layer) bool {
	return laterOrEqual(l.until, o.until) && l.scope.WiderOrEqual(o.scope)
}

// form collects grants, one layer for each distinct scope and time, and returns them in canonical form. The tables say
// what the numbers in the cells mean. The work grows with the number of distinct cells, not with that of resources.
type form struct {
	resources []string
	actions   *actionTable
	vias      []Via
	layers    []layer
	upper     []cell // used by drop alone
}

// layer returns the index of the layer of the scope and time. The scope is copied.
func (f *form) layer(scope Scope, until time.Time) int {
	for i := range f.layers {
		if f.layers[i].until.Equal(until) && f.layers[i].scope.equal(scope) {
			return i
		}
	}
	f.layers = append(f.layers, layer{scope: scope.clone(), until: until.UTC(), cells: make([]cell, 0, 4)})
	return len(f.layers) - 1
}

// add unites a cell with what the layer holds.
func (f *form) add(layer int, c cell) {
	f.layers[layer].cells = unite(f.layers[layer].cells, c)
}

// grants returns the canonical form of what was added. The form is used up.
func (f *form) grants() []Grant {
	f.drop()
	n := 0
	for i := range f.layers {
		f.layers[i].cells = fuse(f.layers[i].cells)
		n += len(f.layers[i].cells)
	}
	if n == 0 {
		return nil
	}
	grants := make([]Grant, 0, n)
	for i := range f.layers {
		for _, c := range f.layers[i].cells {
			grants = append(grants, f.grant(&f.layers[i], c))
		}
	}
	slices.SortFunc(grants, compareGrants)
	return grants
}

// drop takes out of each cell the resources whose every action is held by layers that are wider or equal and last as
// long. Two layers never drop each other, because no two are equal; and what drops a dropped cell drops for it too, so
// the order does not matter.
func (f *form) drop() {
	for i := range f.layers {
		for j := range f.layers {
			if i != j && f.layers[j].covers(&f.layers[i]) {
				f.upper = append(f.upper, f.layers[j].cells...)
			}
		}
		for k := range f.layers[i].cells {
			f.layers[i].cells[k].shrink(f.upper)
		}
		f.upper = f.upper[:0]
	}
}

// shrink removes the resources whose every action is held by the others.
func (c *cell) shrink(others []cell) {
	if len(others) == 0 {
		return
	}
	pieces := []cell{*c}
	for _, holder := range others {
		pieces = subtract(pieces, holder)
	}
	if len(pieces) == 1 && pieces[0].resources.equal(c.resources) {
		return
	}
	left := make(bits, len(c.resources))
	for _, p := range pieces {
		left.or(p.resources)
	}
	copy(c.resources, left)
}

// grant renders one cell.
func (f *form) grant(l *layer, c cell) Grant {
	level, rest := f.actions.split(c.actions)
	return Grant{
		Resources: pick(f.resources, c.resources),
		Level:     level,
		Actions:   pick(f.actions.names, rest),
		Scope:     l.scope,
		Until:     l.until,
		Via:       pick(f.vias, c.vias),
	}
}

// unite adds to cells, whose resources do not overlap, one more that may overlap them: where it does, actions and vias
// add up. The added cell is copied.
func unite(cells []cell, add cell) []cell {
	if add.actions.empty() {
		return cells
	}
	rest := add.resources.clone()
	for i := range cells[:len(cells):len(cells)] {
		old := &cells[i]
		if !old.resources.overlaps(rest) {
			continue
		}
		overlap := old.resources.and(rest)
		rest.andNot(overlap)
		if !add.resources.includes(old.resources) {
			old.resources.andNot(overlap)
			cells = append(cells, newCell(overlap, old.actions, old.vias))
			old = &cells[len(cells)-1]
		}
		old.actions.or(add.actions)
		old.vias.or(add.vias)
	}
	if rest.empty() {
		return cells
	}
	return append(cells, newCell(rest, add.actions, add.vias))
}

// fuse joins, in place, the cells that are equal in all but their resources, and leaves out those without resources.
func fuse(cells []cell) []cell {
	fused := cells[:0]
	for _, c := range cells {
		if c.resources.empty() {
			continue
		}
		at := slices.IndexFunc(fused, func(o cell) bool { return o.actions.equal(c.actions) && o.vias.equal(c.vias) })
		if at < 0 {
			fused = append(fused, c)
		} else {
			fused[at].resources.or(c.resources)
		}
	}
	return fused
}

// subtract returns what is left of the pieces where the holder does not have it: the same resources with the actions
// that are still missing. The pieces are not changed.
func subtract(pieces []cell, holder cell) []cell {
	untouched := func(p cell) bool {
		return !p.resources.overlaps(holder.resources) || !p.actions.overlaps(holder.actions)
	}
	if !slices.ContainsFunc(pieces, func(p cell) bool { return !untouched(p) }) {
		return pieces
	}
	var left []cell
	for _, p := range pieces {
		if untouched(p) {
			left = append(left, p)
			continue
		}
		missing := p.actions.clone()
		missing.andNot(holder.actions)
		if !missing.empty() {
			left = append(left, cell{p.resources.and(holder.resources), missing, p.vias})
		}
		beside := p.resources.clone()
		beside.andNot(holder.resources)
		if !beside.empty() {
			left = append(left, cell{beside, p.actions, p.vias})
		}
	}
	return left
}

// pick returns the entries of a table that the set names, in the table's order; nil for none.
func pick[T any](table []T, chosen bits) []T {
	n := chosen.count()
	if n == 0 {
		return nil
	}
	picked := make([]T, 0, n)
	for i := range chosen.each {
		picked = append(picked, table[i])
	}
	return picked
}

// compareGrants is the order of the canonical form: scope (everywhere first), level (Manage, Read, none), actions,
// until (for ever first), via, resources.
func compareGrants(a, b Grant) int {
	if c := compareScopes(a.Scope, b.Scope); c != 0 {
		return c
	}
	if c := cmp.Compare(rank(a.Level), rank(b.Level)); c != 0 {
		return c
	}
	if c := slices.Compare(a.Actions, b.Actions); c != 0 {
		return c
	}
	if c := compareUntil(a.Until, b.Until); c != 0 {
		return c
	}
	if c := slices.CompareFunc(a.Via, b.Via, compareVias); c != 0 {
		return c
	}
	return slices.Compare(a.Resources, b.Resources)
}

func rank(l Level) int {
	switch l {
	case Manage:
		return 0
	case Read:
		return 1
	default:
		return 2
	}
}

// compareVias puts the tenant first, then orders by group and role; a group's own rules come before its roles.
func compareVias(a, b Via) int {
	if (a.Tenant == "") != (b.Tenant == "") {
		return strings.Compare(b.Tenant, a.Tenant)
	}
	return cmp.Or(
		strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Group, b.Group), strings.Compare(a.Role, b.Role),
	)
}
