package worlds

import (
	"slices"
	"time"

	"github.com/roster-dev/roster/internal/access"
)

// Oracle is a second opinion: it answers a question straight from the objects, by the rules of the access model,
// and knows neither compiled groups nor scopes nor a canonical form. It is slow and plain on purpose, and it shares
// nothing with the engine but the types of the objects.
type Oracle struct{ World }

// Source is one place that gives rules to a user: the tenant's default access, a role in one of the user's groups, or
// the rules of the group itself.
type Source struct {
	Via   access.Via
	Rules []access.Rule
	Group *Group    // nil: the tenant's default access, which nothing narrows
	Until time.Time // zero: for ever
}

// Allowed answers whether the user may do the action on the entity of the resource: whether one of his sources at the
// time gives it and lets him at the entity.
func (o Oracle) Allowed(user User, sources []Source, resource, action string, entity access.Entity) bool {
	return slices.ContainsFunc(sources, func(s Source) bool {
		return o.Gives(s.Rules, resource, action) && o.inside(s.Group, user, resource, entity)
	})
}

// Sources lists what gives rules to the user at that time.
func (o Oracle) Sources(user User, now time.Time) []Source {
	if !o.Tenant.Active || !user.Active {
		return nil
	}
	sources := []Source{{Via: access.Via{Tenant: o.Tenant.Name}, Rules: o.Tenant.DefaultAccess}}
	for i := range o.Groups {
		group := &o.Groups[i]
		until, member := o.Membership(user, group, now)
		if !member || o.vendorSaysNo(user, group, now) {
			continue
		}
		sources = append(sources, Source{access.Via{Group: group.Name}, group.Rules, group, until})
		for _, name := range group.Roles {
			if role, exists := o.Role(name); exists && MayHold(user, role) {
				rules := slices.Concat(role.Rules, o.switchedOn(group, role))
				sources = append(sources, Source{access.Via{Group: group.Name, Role: role.Name}, rules, group, until})
			}
		}
	}
	return sources
}

// Membership answers whether the user is in the group at that time, on either side, and until when.
func (o Oracle) Membership(user User, group *Group, now time.Time) (until time.Time, member bool) {
	var untils []time.Time
	for _, m := range user.Groups {
		if m.Name == group.Name {
			untils = append(untils, m.Until)
		}
	}
	for _, m := range group.Members {
		if m.Name == user.Name {
			untils = append(untils, m.Until)
		}
	}
	if len(untils) == 0 {
		return time.Time{}, false
	}
	if slices.ContainsFunc(untils, time.Time.IsZero) {
		return time.Time{}, true
	}
	latest := slices.MaxFunc(untils, time.Time.Compare)
	return latest, latest.After(now)
}

// vendorSaysNo answers whether the group is a vendor's and gives the user nothing: because there is no such vendor, or
// because the user is in the groups of two vendors.
func (o Oracle) vendorSaysNo(user User, group *Group, now time.Time) bool {
	if group.VendorName == "" {
		return false
	}
	if _, exists := o.vendor(group.VendorName); !exists {
		return true
	}
	for i := range o.Groups {
		other := &o.Groups[i]
		if other.VendorName == "" || other.VendorName == group.VendorName {
			continue
		}
		if _, member := o.Membership(user, other, now); member {
			return true
		}
	}
	return false
}

// MayHold answers whether the role is for users of his type.
func MayHold(user User, role access.Role) bool {
	return len(role.UserTypes) == 0 || slices.Contains(role.UserTypes, user.Type)
}

// switchedOn lists the rules of the role's options that the vendor of the group switched on.
func (o Oracle) switchedOn(group *Group, role access.Role) []access.Rule {
	if group.VendorName == "" {
		return nil
	}
	vendor, _ := o.vendor(group.VendorName)
	var rules []access.Rule
	for _, option := range role.Options {
		if slices.Contains(vendor.Options, option.Name) {
			rules = append(rules, option.Rules...)
		}
	}
	return rules
}

// Gives answers whether one of the rules gives the action on the resource.
func (o Oracle) Gives(rules []access.Rule, resource, action string) bool {
	r, exists := o.Resource(resource)
	if !exists {
		return false
	}
	return slices.ContainsFunc(rules, func(rule access.Rule) bool {
		if o.void(rule) || !reaches(rule, r) {
			return false
		}
		switch {
		case rule.Level == access.Manage && slices.Contains(FourActions, action):
			return true
		case rule.Level == access.Read && action == "read":
			return true
		default:
			return slices.Contains(rule.Actions, action) && knows(r, action)
		}
	})
}

// FourActions are those that every resource has.
var FourActions = []string{"read", "create", "update", "delete"}

func knows(r access.Resource, action string) bool {
	return slices.Contains(FourActions, action) || slices.Contains(r.Actions, action)
}

func reaches(rule access.Rule, r access.Resource) bool {
	return slices.Contains(rule.Services, r.Service) ||
		slices.Contains(rule.Resources, r.Name) || slices.Contains(rule.Resources, "*")
}

// void answers whether the rule names a service or a resource that the catalog does not have, or an action that no
// resource of the rule has.
func (o Oracle) void(rule access.Rule) bool {
	for _, service := range rule.Services {
		if !slices.ContainsFunc(o.Catalog.Resources, func(r access.Resource) bool { return r.Service == service }) {
			return true
		}
	}
	for _, resource := range rule.Resources {
		if _, exists := o.Resource(resource); !exists && resource != "*" {
			return true
		}
	}
	for _, action := range rule.Actions {
		if !slices.ContainsFunc(o.Catalog.Resources, func(r access.Resource) bool {
			return reaches(rule, r) && knows(r, action)
		}) {
			return true
		}
	}
	return false
}

// inside answers whether the restrictions of the group let the user at the entity.
func (o Oracle) inside(group *Group, user User, resource string, entity access.Entity) bool {
	r, exists := o.Resource(resource)
	if !exists {
		return false
	}
	bounds, resolved := o.Bounds(group, user, r)
	if !resolved {
		return false
	}
	for dimension, values := range bounds {
		borne := slices.Clone(entity.Properties[dimension])
		if r.IdentifiedBy == dimension {
			borne = append(borne, entity.ID)
		}
		if !slices.ContainsFunc(borne, func(value string) bool { return slices.Contains(values, value) }) {
			return false
		}
	}
	return true
}

// Bounds lists, for each dimension in which the group narrows the user on the resource, the values that remain, sorted.
// Not resolved means that the group gives nothing on the resource.
func (o Oracle) Bounds(group *Group, user User, r access.Resource) (map[string][]string, bool) {
	bounds := map[string][]string{}
	if group == nil || len(r.RestrictedBy) == 0 {
		return bounds, true
	}
	for _, name := range group.Restrictions {
		restriction, exists := o.restriction(name)
		if !exists || !o.declared(restriction.Dimension) {
			return nil, false
		}
		if !slices.Contains(r.RestrictedBy, restriction.Dimension) {
			continue
		}
		values := restriction.Values
		if restriction.UserAttribute != "" {
			values = user.Attributes[restriction.UserAttribute]
		}
		united := slices.Concat(bounds[restriction.Dimension], values)
		slices.Sort(united)
		bounds[restriction.Dimension] = slices.Compact(united)
	}
	return bounds, true
}

// declared answers whether anybody knows the dimension: the tenant, or a resource that is restricted by it.
func (o Oracle) declared(dimension string) bool {
	return slices.Contains(o.Tenant.Dimensions, dimension) ||
		slices.ContainsFunc(o.Catalog.Resources, func(r access.Resource) bool {
			return slices.Contains(r.RestrictedBy, dimension)
		})
}

// Resource finds a resource of the catalog.
func (o Oracle) Resource(name string) (access.Resource, bool) {
	return Named(o.Catalog.Resources, name, func(r access.Resource) string { return r.Name })
}

// Role finds a role.
func (o Oracle) Role(name string) (access.Role, bool) {
	return Named(o.Roles, name, func(r access.Role) string { return r.Name })
}

func (o Oracle) restriction(name string) (access.Restriction, bool) {
	return Named(o.Restrictions, name, func(r access.Restriction) string { return r.Name })
}

func (o Oracle) vendor(name string) (access.Vendor, bool) {
	return Named(o.Vendors, name, func(v access.Vendor) string { return v.Name })
}

// Named finds the item of a list that is called so.
func Named[T any](list []T, name string, nameOf func(T) string) (found T, exists bool) {
	i := slices.IndexFunc(list, func(item T) bool { return nameOf(item) == name })
	if i < 0 {
		return found, false
	}
	return list[i], true
}
