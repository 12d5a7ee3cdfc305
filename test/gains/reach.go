package gains

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Now is the moment of every write. Memberships have ended, end a day later, two days later, or never.
var Now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// eras has a moment between any two ends.
var eras = [...]time.Time{Now, Now.Add(24 * time.Hour), Now.Add(48 * time.Hour)}

// forever is the last of the eras.
const forever = len(eras) - 1

// reach is what somebody may do in each era.
type reach [len(eras)]points

func (r reach) without(o reach) reach {
	for i := range r {
		r[i] &^= o[i]
	}
	return r
}

func (r reach) empty() bool { return r == reach{} }

// problem tells whether nobody in the namespace has anything.
func (s *space) problem() bool {
	return s.catalog == nil || s.tenant.DeletionTimestamp != nil || s.tenant.Spec.State == accessv1.TenantSuspended
}

// groupsGive is what the user's groups give him in each era, whatever his state, if he is then in groups of several vendors
// or not as he is at one moment.
func (s *space) groupsGive(u *accessv1.User, at time.Time) reach {
	var out reach
	if s.problem() {
		return out
	}
	conflict, sites, byDefault := s.inConflict(u, at), sitesOf(u), s.rules(s.tenant.Spec.DefaultAccess)
	for i := range out {
		out[i] = byDefault
	}
	for _, g := range s.groups {
		last := lastEra(u, g)
		if last < 0 || conflict && g.Spec.VendorRef != nil {
			continue
		}
		gives := s.gives(g, u.Spec.Type, sites)
		for i := range out[:last+1] {
			out[i] |= gives
		}
	}
	return out
}

func (s *space) inConflict(u *accessv1.User, at time.Time) bool {
	vendor := ""
	for _, g := range s.groups {
		if g.Spec.VendorRef == nil || g.DeletionTimestamp != nil || !isMember(u, g, at) {
			continue
		}
		if vendor != "" && vendor != g.Spec.VendorRef.Name {
			return true
		}
		vendor = g.Spec.VendorRef.Name
	}
	return false
}

// lastEra is the last in which a user is in a group; -1: he is in it no more.
func lastEra(u *accessv1.User, g *accessv1.UserGroup) int {
	last := forever
	for last >= 0 && !isMember(u, g, eras[last]) {
		last--
	}
	return last
}

// isMember asks the lists on both sides; what has ended at that moment does not count.
func isMember(u *accessv1.User, g *accessv1.UserGroup, at time.Time) bool {
	for i := range u.Spec.Groups {
		if u.Spec.Groups[i].Name == g.Name && isLater(u.Spec.Groups[i].Until, at) {
			return true
		}
	}
	for i := range g.Spec.Members {
		if g.Spec.Members[i].Name == u.Name && isLater(g.Spec.Members[i].Until, at) {
			return true
		}
	}
	return false
}

func isLater(end *metav1.Time, at time.Time) bool { return end == nil || end.After(at) }

// sitesOf is not nil: it may be empty.
func sitesOf(u *accessv1.User) []string {
	for i := range u.Spec.Attributes {
		if u.Spec.Attributes[i].Name == "sites" {
			return u.Spec.Attributes[i].Values
		}
	}
	return nil
}

// anyMember stands for the sites of whoever may yet become a member.
var anyMember = []string{brought}

// gives is what a group gives to a member of a type who has these sites.
func (s *space) gives(g *accessv1.UserGroup, userType accessv1.UserType, sites []string) points {
	if g == nil || g.DeletionTimestamp != nil || s.catalog == nil {
		return 0
	}
	var options []string
	if g.Spec.VendorRef != nil {
		vendor := living(s.vendors, g.Spec.VendorRef.Name)
		if vendor == nil || !metav1.IsControlledBy(g, vendor) {
			return 0
		}
		options = vendor.Spec.Options
	}
	out := s.rules(g.Spec.Access)
	for i := range g.Spec.Roles {
		if role := living(s.roles, g.Spec.Roles[i].Name); role != nil {
			out |= s.roleGives(role, userType, options)
		}
	}
	return out & s.within(g, sites)
}

// roleGives is what a role gives before any restriction. Only the tenant's copy of a role has its options.
func (s *space) roleGives(role *accessv1.Role, userType accessv1.UserType, options []string) points {
	if len(role.Spec.UserTypes) > 0 && !contains(role.Spec.UserTypes, userType) {
		return 0
	}
	out := s.rules(role.Spec.Rules)
	of := s.predefined(role.Name)
	if of == nil || !metav1.IsControlledBy(role, s.tenant) {
		return out
	}
	for i := range of.Options {
		if contains(options, of.Options[i].Name) {
			out |= s.rules(of.Options[i].Rules)
		}
	}
	return out
}

func (s *space) predefined(name string) *accessv1.CatalogRole {
	if s.catalog == nil {
		return nil
	}
	for i := range s.catalog.Spec.Roles {
		if s.catalog.Spec.Roles[i].Name == name {
			return &s.catalog.Spec.Roles[i]
		}
	}
	return nil
}

// within has the points at which a group's restrictions let a member in. Values of one dimension add up, dimensions have
// to hold all; a restriction that is not there, or of a dimension that nobody knows, closes everything that can be narrowed.
func (s *space) within(g *accessv1.UserGroup, sites []string) points {
	let := map[string]points{}
	for i := range g.Spec.Restrictions {
		r := living(s.restrictions, g.Spec.Restrictions[i].Name)
		if r == nil || g.Spec.VendorRef != nil && !sameOwner(g, r) || !s.knows(r.Spec.Dimension) {
			return universe.free[""]
		}
		values := sites
		if r.Spec.ValuesFrom == nil {
			values = *r.Spec.Values
		}
		let[r.Spec.Dimension] |= universe.free[r.Spec.Dimension]
		for _, value := range values {
			let[r.Spec.Dimension] |= universe.at[[2]string{r.Spec.Dimension, value}]
		}
	}
	out := ^points(0)
	for dimension, inside := range let {
		if dimension == "site" || dimension == "vendor" { // no resource is narrowed by any other
			out &= inside
		}
	}
	return out
}

// knows tells whether a dimension is the tenant's, or the catalog's.
func (s *space) knows(dimension string) bool {
	for i := range s.tenant.Spec.Dimensions {
		if s.tenant.Spec.Dimensions[i].Name == dimension {
			return true
		}
	}
	return dimension == "site" || dimension == "vendor"
}

func sameOwner(a, b metav1.Object) bool {
	of, other := metav1.GetControllerOf(a), metav1.GetControllerOf(b)
	return of != nil && other != nil && of.UID == other.UID
}

// rules is what rules give. One that names anything unknown is void.
func (s *space) rules(rules []accessv1.Rule) points {
	var out points
	for i := range rules {
		out |= s.rule(&rules[i])
	}
	return out
}

func (s *space) rule(rule *accessv1.Rule) points {
	reached := rule.Resources
	if contains(reached, "*") {
		reached = resources
	}
	var out points
	publishes, publishable := contains(rule.Actions, "publish"), false
	for _, resource := range reached {
		if resource == "tax" && !s.hasTax() {
			if contains(rule.Resources, "tax") {
				return 0
			}
			continue
		}
		if rule.Level != "" {
			out |= universe.by[[2]string{"read", resource}]
		}
		if rule.Level == accessv1.LevelManage {
			out |= universe.by[[2]string{"manage", resource}]
		}
		if publishes {
			out |= universe.by[[2]string{"publish", resource}]
			publishable = publishable || resource == "products"
		}
	}
	if publishes && !publishable {
		return 0
	}
	return out
}

// hasTax tells whether the catalog is the one that knows the resource tax.
func (s *space) hasTax() bool { return !strings.HasSuffix(s.catalog.Name, "untaxed") }
