package access

import "slices"

// GroupGrants is what one group gives a user, by itself and in canonical form.
type GroupGrants struct {
	Group  string
	Grants []Grant
}

// Alone returns what single groups give the user, for those groups of the resolution of which its grants do not tell it:
// an entry unites what several groups give at one scope until one time, and what others cover has dropped out. For every
// other group, it is the entries that came via it. The result is sorted by group.
func Alone(t *CompiledTenant, u User, r Resolution) []GroupGrants {
	if !t.gives() || !u.Active {
		return nil
	}
	var alone []GroupGrants
	for i := range r.Memberships {
		m := r.Memberships[i : i+1]
		own := groupGrants(t, u, m, len(r.VendorConflict) > 0)
		if !sameAllowances(own, r.Grants, m[0].Name) {
			alone = append(alone, GroupGrants{m[0].Name, own})
		}
	}
	return alone
}

// groupGrants is what one membership gives, without the tenant's default access.
func groupGrants(t *CompiledTenant, u User, membership []Membership, withoutVendors bool) []Grant {
	bare := *t
	bare.defaults = nil
	return grantsOf(&bare, u, membership, withoutVendors)
}

// sameAllowances says whether the grants that came via the group allow just what the group's own do.
func sameAllowances(own, all []Grant, group string) bool {
	var via []Grant
	for i := range all {
		if all[i].cameVia(group) {
			via = append(via, anonymous(all[i]))
		}
	}
	own = slices.Clone(own)
	for i := range own {
		own[i] = anonymous(own[i])
	}
	return slices.EqualFunc(Canonical(own), Canonical(via), func(a, b Grant) bool { return compareGrants(a, b) == 0 })
}

func anonymous(g Grant) Grant {
	g.Via = nil
	return g
}

// actingIn returns the grants to look at for a user who acts in the group.
func (e *Effective) actingIn(group string) []Grant {
	for i := range e.Alone {
		if group != "" && e.Alone[i].Group == group {
			return e.Alone[i].Grants
		}
	}
	return e.Grants
}
