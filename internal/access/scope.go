package access

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// WiderOrEqual says whether every entity inside o is inside s, whatever its other properties: each dimension of s is
// in o, and the values of s there include those of o. Attributes are compared like values. A scope with a dimension
// that admits nothing is narrower than every other. Both scopes are canonical.
func (s Scope) WiderOrEqual(o Scope) bool {
	for _, dim := range s {
		at, ok := o.find(dim.Name)
		if ok && includesAll(dim.Values, o[at].Values) && includesAll(dim.Attributes, o[at].Attributes) {
			continue
		}
		return o.admitsNothing()
	}
	return true
}

// Contains says whether the entity is inside the scope: in every dimension it bears one of the scope's values. An
// entity without any value of a dimension is outside. identifiedBy is the dimension whose values are the ids of the
// entity's resource (see Resource.IdentifiedBy); empty for none.
func (s Scope) Contains(e Entity, identifiedBy string) bool {
	for i := range s {
		if !s[i].admits(e, identifiedBy) {
			return false
		}
	}
	return true
}

// String returns the scope in prose: "everywhere", or "site=DE,FR and vendor=abc". Attributes stand in angle brackets;
// a dimension that admits nothing is "no site".
func (s Scope) String() string {
	if len(s) == 0 {
		return "everywhere"
	}
	parts := make([]string, 0, len(s))
	for _, dim := range s {
		values := slices.Clone(dim.Values)
		for _, name := range dim.Attributes {
			values = append(values, "<"+name+">")
		}
		if dim.admitsNothing() {
			parts = append(parts, "no "+dim.Name)
			continue
		}
		parts = append(parts, dim.Name+"="+strings.Join(values, ","))
	}
	return strings.Join(parts, " and ")
}

func (s Scope) find(dimension string) (int, bool) {
	for i := range s {
		if s[i].Name == dimension {
			return i, true
		}
	}
	return 0, false
}

func (s Scope) admitsNothing() bool {
	return slices.ContainsFunc(s, Dimension.admitsNothing)
}

func (d Dimension) admitsNothing() bool {
	return len(d.Values)+len(d.Attributes) == 0
}

// isPersonal says whether the scope takes values from a member's attributes.
func (s Scope) isPersonal() bool {
	return slices.ContainsFunc(s, func(d Dimension) bool { return len(d.Attributes) > 0 })
}

// fill returns the scope with the attributes replaced by the user's values of them, and false when the result admits
// nothing: a user without the attribute is not a user with all values of it. A scope without attributes comes back as
// it is.
func (s Scope) fill(attributes map[string][]string) (Scope, bool) {
	if !s.isPersonal() {
		return s, !s.admitsNothing()
	}
	filled := make(Scope, 0, len(s))
	for _, dim := range s {
		values := dim.fill(attributes)
		if len(values) == 0 {
			return nil, false
		}
		filled = append(filled, Dimension{Name: dim.Name, Values: values})
	}
	return filled, true
}

// fill returns the values of the dimension for a user with these attributes, sorted.
func (d Dimension) fill(attributes map[string][]string) []string {
	values := slices.Clone(d.Values)
	for _, name := range d.Attributes {
		values = append(values, attributes[name]...)
	}
	return sortedValues(values)
}

// admits says whether the entity bears one of the dimension's values. Attributes that are not filled admit nothing.
func (d *Dimension) admits(e Entity, identifiedBy string) bool {
	for _, value := range e.Properties[d.Name] {
		if slices.Contains(d.Values, value) {
			return true
		}
	}
	return d.Name == identifiedBy && e.ID != "" && slices.Contains(d.Values, e.ID)
}

// canonical returns a copy of the scope in canonical order, for scopes that somebody else wrote.
func (s Scope) canonical() Scope {
	sorted := make(Scope, 0, len(s))
	for _, dim := range s {
		sorted = append(sorted, Dimension{
			Name: dim.Name, Values: sortedSet(dim.Values), Attributes: sortedSet(dim.Attributes),
		})
	}
	slices.SortFunc(sorted, compareDimensions)
	return sorted
}

func (s Scope) clone() Scope {
	if len(s) == 0 {
		return nil // everywhere has one form
	}
	copied := slices.Clone(s)
	for i, dim := range copied {
		copied[i].Values, copied[i].Attributes = slices.Clone(dim.Values), slices.Clone(dim.Attributes)
	}
	return copied
}

func (s Scope) equal(o Scope) bool {
	return slices.EqualFunc(s, o, func(a, b Dimension) bool {
		return a.Name == b.Name && slices.Equal(a.Values, b.Values) && slices.Equal(a.Attributes, b.Attributes)
	})
}

// compareScopes puts everywhere first, then orders by dimension and values.
func compareScopes(a, b Scope) int {
	return slices.CompareFunc(a, b, compareDimensions)
}

func compareDimensions(a, b Dimension) int {
	return cmp.Or(
		strings.Compare(a.Name, b.Name), slices.Compare(a.Values, b.Values), slices.Compare(a.Attributes, b.Attributes),
	)
}

// sortedValues is sortedSet without the empty string: a property that is not filled in is not a value, and must not
// match another one that is not filled in.
func sortedValues(values []string) []string {
	sorted := sortedSet(values)
	if len(sorted) > 0 && sorted[0] == "" {
		return sorted[1:]
	}
	return sorted
}

// includesAll says whether every value of some is in all; both are sorted.
func includesAll(all, some []string) bool {
	for _, value := range some {
		at, ok := slices.BinarySearch(all, value)
		if !ok {
			return false
		}
		all = all[at+1:]
	}
	return true
}

// The times of this package are ends: zero is for ever, and at the very instant of the end a thing has ended.

func ended(until, now time.Time) bool {
	return !until.IsZero() && !now.Before(until)
}

func laterOrEqual(a, b time.Time) bool {
	return a.IsZero() || !b.IsZero() && !a.Before(b)
}

// compareUntil puts for ever first, then orders by time.
func compareUntil(a, b time.Time) int {
	return a.Compare(b)
}
