package access_test

import (
	"strings"
	"time"

	"github.com/roster-dev/roster/internal/access"
)

// The words that the example-based tests of this package are written in.

func shop() access.Catalog {
	aware := []string{"vendor", "site"}
	return access.Catalog{Name: "commerce", Resources: []access.Resource{
		{Name: "tax", Service: "settings"},
		{Name: "products", Service: "products", RestrictedBy: aware, Actions: []string{"publish"}},
		{Name: "orders", Service: "orders", RestrictedBy: aware},
	}}
}

// withDimension makes one more dimension able to narrow orders.
func withDimension(c access.Catalog, dimension string) access.Catalog {
	c.Resources[2].RestrictedBy = append(c.Resources[2].RestrictedBy, dimension)
	return c
}

func rule(level access.Level, resources ...string) access.Rule {
	return access.Rule{Resources: resources, Level: level}
}

func actions(resource string, names ...string) access.Rule {
	return access.Rule{Resources: []string{resource}, Actions: names}
}

func role(name string, rules ...access.Rule) access.RoleRef {
	return access.RoleRef{Name: name, Role: &access.Role{Name: name, Rules: rules}}
}

func group(name string, roles ...access.RoleRef) access.Group {
	return access.Group{Name: name, Roles: roles}
}

func with(g access.Group, rules ...access.Rule) access.Group {
	g.Rules = append(g.Rules, rules...)
	return g
}

func within(g access.Group, restrictions ...access.RestrictionRef) access.Group {
	g.Restrictions = append(g.Restrictions, restrictions...)
	return g
}

func listed(name, dimension string, values ...string) access.RestrictionRef {
	return access.RestrictionRef{Name: name, Restriction: &access.Restriction{
		Name: name, Dimension: dimension, Values: values,
	}}
}

func attribute(name, dimension, attribute string) access.RestrictionRef {
	return access.RestrictionRef{Name: name, Restriction: &access.Restriction{
		Name: name, Dimension: dimension, UserAttribute: attribute,
	}}
}

func missingRestriction(name string) access.RestrictionRef {
	return access.RestrictionRef{Name: name}
}

func viewers() access.Group {
	return group("viewers", role("viewer", rule("Read", "*")))
}

func deOrders() access.Group {
	return within(group("de-ofm", role("ofm", rule("Manage", "orders"))), listed("site.de", "site", "DE"))
}

func ownReps() access.Group {
	return within(group("reps", role("ofm", rule("Manage", "orders"))), attribute("own-reps", "sales-rep", "sales-rep"))
}

func vendorGroup(name string, r access.Role) access.Group {
	r.Name = name
	g := access.Group{
		Name: "abc." + name, VendorName: "abc", Vendor: &access.Vendor{Name: "abc", Options: []string{"publishing"}},
		Roles: []access.RoleRef{{Name: name, Role: &r}},
	}
	return within(g, listed("abc.vendor", "vendor", "abc"))
}

func person(name string) access.User {
	return access.User{Name: name, Type: "Employee", Active: true}
}

func personWith(name, attribute string, values ...string) access.User {
	u := person(name)
	u.Attributes = map[string][]string{attribute: values}
	return u
}

// query reads "update orders site=DE,FR id=7 as=viewers".
func query(asks string) access.Query {
	words := strings.Fields(asks)
	q := access.Query{Action: words[0], Resource: words[1], Entity: access.Entity{Properties: map[string][]string{}}}
	for _, word := range words[2:] {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "id":
			q.Entity.ID = value
		case "as":
			q.Group = value
		default:
			q.Entity.Properties[name] = strings.Split(value, ",")
		}
	}
	return q
}

func answerTo(v *access.Vocabulary, grants []access.Grant, q access.Query) string {
	return spoken(access.Decide(access.Effective{Vocabulary: v, Grants: grants}, q, noon))
}

// spoken is a decision as the examples write it.
func spoken(d access.Decision) string {
	if d.Allowed {
		return "allowed"
	}
	return strings.TrimSpace(string(d.Reason) + " " + d.Dimension)
}

func describeAll(grants []access.Grant) []string {
	var lines []string
	for _, g := range grants {
		lines = append(lines, describe(g))
	}
	return lines
}

// describe writes a grant as "orders tax: Manage publish site=DE until 2026-01-01T00:00:00Z via group/role".
func describe(g access.Grant) string {
	words := []string{strings.Join(g.Resources, " ") + ":"}
	if g.Level != access.None {
		words = append(words, string(g.Level))
	}
	words = append(words, g.Actions...)
	words = append(words, g.Scope.String())
	if !g.Until.IsZero() {
		words = append(words, "until "+g.Until.Format(time.RFC3339))
	}
	if len(g.Via) > 0 {
		words = append(words, "via")
	}
	for _, via := range g.Via {
		words = append(words, strings.TrimSuffix(via.Tenant+via.Group+"/"+via.Role, "/"))
	}
	return strings.Join(words, " ")
}

// grant returns a grant for ever, from nowhere in particular.
func grant(level access.Level, resources string, dimensions ...access.Dimension) access.Grant {
	return access.Grant{Resources: strings.Fields(resources), Level: level, Scope: dimensions}
}

func dim(name string, values ...string) access.Dimension {
	return access.Dimension{Name: name, Values: values}
}
