package access

import (
	"encoding/binary"
	"slices"
)

// maxPoints is how many points Gained looks at for one grant. Where there are more it errs on the side of a gain: what
// no single entry of before covers is gained.
const maxPoints = 10_000

// Gained returns what after allows and before did not, in canonical form with the vias of after.
//
// It is exact over entities: an entity is inside a scope if and only if, for one choice of a value it bears in each of
// the scope's dimensions, the entity bearing just those values is. So a scope is the union of such points, and a point
// is gained unless an entry of before that lasts as long has it. Values that no entry of before tells apart are one
// point. Above 10,000 points for one grant the answer errs on the side of a gain.
func Gained(before, after []Grant) []Grant {
	f, entries := load(before, after)
	for i := range entries[1] {
		g := newGain(&entries[1][i], entries[0])
		if !g.countable() {
			for _, c := range uncovered(g.after, g.held) {
				f.add(f.layer(g.after.scope, g.after.until), c)
			}
			continue
		}
		for _, lost := range g.walk() {
			for _, scope := range g.scopes(lost.points) {
				f.add(f.layer(scope, g.after.until), lost.cell)
			}
		}
	}
	return f.grants()
}

// gain compares one entry of after with those of before that can cover some of it.
type gain struct {
	after *entry
	held  []entry
	axes  []axis // one for each dimension of after's scope
	base  bits   // all of held
}

// axis is a dimension of after's scope, its values grouped by what of held has them.
type axis []class

// class is the values and attributes of a dimension that the same entries of held have.
type class struct {
	values, attributes []string
	held               bits
}

// point is one class of each axis, by index; a box is a set of classes of each axis.
type (
	point []int
	box   []bits
)

// gained is a cell that before does not have in these points.
type gained struct {
	cell
	points []point
}

func newGain(after *entry, before []entry) *gain {
	g := &gain{after: after}
	for i := range before {
		if g.canCover(&before[i]) {
			g.held = append(g.held, before[i])
		}
	}
	g.base = allBits(len(g.held))
	for _, dim := range after.scope {
		g.axes = append(g.axes, g.newAxis(dim))
	}
	return g
}

// canCover says whether an entry lasts as long as after, has some of its actions, and is narrowed only in dimensions in
// which after is: an entity need not bear any other.
func (g *gain) canCover(e *entry) bool {
	if !laterOrEqual(e.until, g.after.until) ||
		!e.resources.overlaps(g.after.resources) || !e.actions.overlaps(g.after.actions) {
		return false
	}
	for _, dim := range e.scope {
		if _, ok := g.after.scope.find(dim.Name); !ok {
			return false
		}
	}
	return true
}

func (g *gain) newAxis(dim Dimension) axis {
	var a axis
	index := map[string]int{}
	classOf := func(held bits) *class {
		at, ok := index[held.key()]
		if !ok {
			at = len(a)
			index[held.key()] = at
			a = append(a, class{held: held})
		}
		return &a[at]
	}
	for _, value := range dim.Values {
		c := classOf(g.heldWhere(dim.Name, func(d Dimension) []string { return d.Values }, value))
		c.values = append(c.values, value)
	}
	for _, name := range dim.Attributes {
		c := classOf(g.heldWhere(dim.Name, func(d Dimension) []string { return d.Attributes }, name))
		c.attributes = append(c.attributes, name)
	}
	return a
}

// heldWhere returns the entries of held that the value is inside of: those that list it and those that the dimension
// does not narrow.
func (g *gain) heldWhere(dimension string, list func(Dimension) []string, value string) bits {
	held := newBits(len(g.held))
	for i := range g.held {
		scope := g.held[i].scope
		at, ok := scope.find(dimension)
		if !ok {
			held.add(i)
		} else if _, ok := slices.BinarySearch(list(scope[at]), value); ok {
			held.add(i)
		}
	}
	return held
}

func (g *gain) countable() bool {
	n := 1
	for _, a := range g.axes {
		if n *= len(a); n > maxPoints {
			return false
		}
	}
	return true
}

// walk visits every point and returns what is gained where. The resources of after that the same entries of held have
// are judged together.
func (g *gain) walk() []gained {
	var found []gained
	for _, resources := range g.resourceClasses() {
		index := map[string]int{}
		for p := range g.points {
			missing := g.missing(p, resources)
			if missing.empty() {
				continue
			}
			at, ok := index[missing.key()]
			if !ok {
				at = len(found)
				index[missing.key()] = at
				found = append(found, gained{cell: cell{resources, missing, g.after.vias}})
			}
			found[at].points = append(found[at].points, slices.Clone(p))
		}
	}
	return found
}

// resourceClasses splits the resources of after into those that the same entries of held have.
func (g *gain) resourceClasses() []bits {
	classes := []bits{g.after.resources}
	for i := range g.held {
		for k := range classes[:len(classes):len(classes)] {
			inside := classes[k].and(g.held[i].resources)
			if inside.empty() || inside.equal(classes[k]) {
				continue
			}
			outside := classes[k].clone()
			outside.andNot(inside)
			classes[k] = inside
			classes = append(classes, outside)
		}
	}
	return slices.DeleteFunc(classes, bits.empty)
}

// points yields every combination of one class of each axis; the slice is reused. With no axis there is one point,
// everywhere; with an axis of no class there is none.
func (g *gain) points(yield func(point) bool) {
	if slices.ContainsFunc(g.axes, func(a axis) bool { return len(a) == 0 }) {
		return
	}
	p := make(point, len(g.axes))
	for {
		if !yield(p) {
			return
		}
		at := len(p) - 1
		for ; at >= 0 && p[at] == len(g.axes[at])-1; at-- {
			p[at] = 0
		}
		if at < 0 {
			return
		}
		p[at]++
	}
}

// missing returns the actions of after that nothing in held gives on a class of resources in a point.
func (g *gain) missing(p point, resources bits) bits {
	held := g.base.clone()
	for i, at := range p {
		held = held.and(g.axes[i][at].held)
	}
	missing := g.after.actions.clone()
	for i := range held.each {
		if g.held[i].resources.includes(resources) {
			missing.andNot(g.held[i].actions)
		}
	}
	return missing
}

// scopes returns scopes that together are exactly the points: the points are joined along one axis after the other, so
// that all points of a scope give that scope again.
func (g *gain) scopes(points []point) []Scope {
	boxes := make([]box, 0, len(points))
	for _, p := range points {
		b := make(box, len(p))
		for i, at := range p {
			b[i] = newBits(len(g.axes[i]))
			b[i].add(at)
		}
		boxes = append(boxes, b)
	}
	for i := range g.axes {
		boxes = joinBoxes(boxes, i)
	}
	scopes := make([]Scope, 0, len(boxes))
	for _, b := range boxes {
		scopes = append(scopes, g.scope(b))
	}
	return scopes
}

// joinBoxes joins the boxes that differ in one axis only.
func joinBoxes(boxes []box, along int) []box {
	var joined []box
	index := map[string]int{}
	for _, b := range boxes {
		key := b.keyWithout(along)
		if at, ok := index[key]; ok {
			joined[at][along].or(b[along])
			continue
		}
		index[key] = len(joined)
		joined = append(joined, b)
	}
	return joined
}

// keyWithout returns a string that is equal for boxes that are equal in all axes but one.
func (b box) keyWithout(axis int) string {
	var key []byte
	for i, classes := range b {
		if i == axis {
			continue
		}
		for _, w := range classes {
			key = binary.BigEndian.AppendUint64(key, w)
		}
	}
	return string(key)
}

func (g *gain) scope(b box) Scope {
	scope := make(Scope, 0, len(b))
	for i, classes := range b {
		dim := Dimension{Name: g.after.scope[i].Name}
		for at := range classes.each {
			dim.Values = append(dim.Values, g.axes[i][at].values...)
			dim.Attributes = append(dim.Attributes, g.axes[i][at].attributes...)
		}
		slices.Sort(dim.Values)
		slices.Sort(dim.Attributes)
		scope = append(scope, dim)
	}
	return scope
}
