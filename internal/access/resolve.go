package access

import (
	"slices"
	"strings"
	"time"
)

// Resolution is what a user has and why he does not have more. All lists are sorted and without duplicates. Grants of
// one scope share its slice; apart from that the lists are the caller's to keep.
type Resolution struct {
	// Grants is the user's access in canonical form.
	Grants []Grant
	// Memberships are those in force in groups that exist, one a group: the later end of both sides counts.
	Memberships []Membership
	// MissingGroups are the groups that the user is in but that do not exist.
	MissingGroups []string
	// VendorConflict lists the vendors when the user is in the groups of more than one: then he has nothing from any
	// vendor's group. Nil when there is no conflict.
	VendorConflict []string
	// NextChange is when the next membership ends and the user has to be resolved again; zero for never.
	NextChange time.Time
	// WithheldRoles are the roles of the user's groups that a user of his type may not hold.
	WithheldRoles []Via
}

// Resolve returns the access of a user who is in these groups. Memberships that have ended at now do not count. A tenant
// that is unknown (nil), not active, or of an unknown catalog gives nothing, nor does anything give a user who is not
// active; what can be said about memberships is reported all the same.
func Resolve(t *CompiledTenant, u User, memberships []Membership, now time.Time) Resolution {
	var r Resolution
	for _, m := range mergeMemberships(memberships) {
		r.enter(m, u.Type, now)
	}
	r.VendorConflict = vendorConflict(r.Memberships)
	if t.gives() && u.Active {
		r.Grants = grantsOf(t, u, r.Memberships, len(r.VendorConflict) > 0)
	}
	return r
}

// enter files one membership.
func (r *Resolution) enter(m Membership, userType string, now time.Time) {
	if ended(m.Until, now) {
		return
	}
	if !m.Until.IsZero() && (r.NextChange.IsZero() || m.Until.Before(r.NextChange)) {
		r.NextChange = m.Until
	}
	if m.Group == nil {
		r.MissingGroups = append(r.MissingGroups, m.Name)
		return
	}
	r.Memberships = append(r.Memberships, m)
	for i := range m.Group.sources {
		if s := &m.Group.sources[i]; !s.mayBeHeldBy(userType) {
			r.WithheldRoles = append(r.WithheldRoles, Via{Group: m.Name, Role: s.role})
		}
	}
}

// mergeMemberships returns one membership a group, sorted by name: it ends when the last of them ends, and is written
// down on all their sides.
func mergeMemberships(memberships []Membership) []Membership {
	sorted := slices.Clone(memberships)
	slices.SortStableFunc(sorted, func(a, b Membership) int { return strings.Compare(a.Name, b.Name) })
	merged := sorted[:0]
	for _, m := range sorted {
		m.Until = m.Until.UTC()
		if n := len(merged); n > 0 && merged[n-1].Name == m.Name {
			merged[n-1] = merge(merged[n-1], m)
		} else {
			merged = append(merged, m)
		}
	}
	return merged
}

func merge(a, b Membership) Membership {
	if !laterOrEqual(a.Until, b.Until) {
		a.Until = b.Until
	}
	if a.Group == nil {
		a.Group = b.Group
	}
	if a.From != b.From {
		a.From = FromBoth
	}
	return a
}

// vendorConflict returns the vendors of the groups when there is more than one.
func vendorConflict(memberships []Membership) []string {
	var vendors []string
	for _, m := range memberships {
		if m.Group.vendor != "" && !slices.Contains(vendors, m.Group.vendor) {
			vendors = append(vendors, m.Group.vendor)
		}
	}
	if len(vendors) < 2 {
		return nil
	}
	slices.Sort(vendors)
	return vendors
}

// grantsOf unites the tenant's default access with what each group gives the user.
func grantsOf(t *CompiledTenant, u User, memberships []Membership, withoutVendors bool) []Grant {
	f := form{resources: t.vocabulary.names, actions: t.vocabulary.actions}
	f.vias = viasOf(t, memberships)
	f.layers = make([]layer, 0, 1+len(memberships))
	via := 1
	if len(t.defaults) > 0 {
		f.addDefaults(t.defaults)
	}
	for _, m := range memberships {
		if m.Group.vocabulary == t.vocabulary && !(withoutVendors && m.Group.vendor != "") {
			f.addGroup(m, u, via)
		}
		via += len(m.Group.sources)
	}
	return f.grants()
}

// viasOf returns every via that the user's grants can have, sorted: the tenant, then the sources of his groups.
func viasOf(t *CompiledTenant, memberships []Membership) []Via {
	n := 1
	for _, m := range memberships {
		n += len(m.Group.sources)
	}
	vias := make([]Via, 0, n)
	vias = append(vias, Via{Tenant: t.name})
	for _, m := range memberships {
		for i := range m.Group.sources {
			vias = append(vias, Via{Group: m.Name, Role: m.Group.sources[i].role})
		}
	}
	return vias
}

func (f *form) addDefaults(defaults []cell) {
	everywhere := f.layer(nil, time.Time{})
	for _, c := range defaults {
		vias := newBits(len(f.vias))
		vias.add(0)
		f.add(everywhere, cell{c.resources, c.actions, vias})
	}
}

// addGroup adds what the group gives the user; its first source has the index via.
func (f *form) addGroup(m Membership, u User, via int) {
	g := m.Group
	layers := make([]int, len(g.scopes))
	for i, scope := range g.scopes {
		layers[i] = -1
		if filled, ok := scope.fill(u.Attributes); ok {
			layers[i] = f.layer(filled, m.Until)
		}
	}
	vias := newBits(len(f.vias))
	for _, b := range g.blocks {
		if layers[b.scope] < 0 || !g.sources[b.source].mayBeHeldBy(u.Type) {
			continue
		}
		clear(vias)
		vias.add(via + b.source)
		f.add(layers[b.scope], cell{b.resources, b.actions, vias})
	}
}
