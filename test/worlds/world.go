// Package worlds has random tenants, small enough that things collide, and an oracle that says what is right in them. The
// access engine is held against it, and so is whatever stands upon the engine.
package worlds

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/roster-dev/roster/internal/access"
)

// World is everything that decides access in one tenant, by name, as people write it down.
type World struct {
	Catalog      access.Catalog
	Tenant       access.Tenant
	Users        []User
	Groups       []Group
	Roles        []access.Role
	Restrictions []access.Restriction
	Vendors      []access.Vendor
	// Entities are what the questions are about.
	Entities []access.Entity
	// Lists are grants as somebody else could have written them: in no canonical form.
	Lists [][]access.Grant
	// Seed decides the order of a shuffled copy.
	Seed uint64
}

// User is a user with the memberships that he lists.
type User struct {
	access.User
	Groups []Member // names of groups
}

// Group is a group by the names of what it refers to.
type Group struct {
	Name         string
	Roles        []string
	Rules        []access.Rule
	Restrictions []string
	VendorName   string
	Members      []Member // names of users
}

// Member is one side of a membership.
type Member struct {
	Name  string
	Until time.Time // zero: for ever
}

// The times that matter: before, at and after the untils of the memberships.
var (
	DayZero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	DayOne  = DayZero.AddDate(0, 0, 1)
	DayTwo  = DayZero.AddDate(0, 0, 2)
	Days    = []time.Time{DayZero, DayOne.Add(-1), DayOne, DayTwo}
	// abroad makes the same instant look different.
	abroad = time.FixedZone("abroad", 2*60*60)
	untils = []time.Time{{}, DayOne, DayTwo, {}, DayOne.In(abroad), DayZero}
)

// The alphabets are small, so that things collide; the rare last letters are the names of nothing.
var (
	services     = []string{"sales", "base"}
	resources    = []string{"orders", "products", "tax"}
	dimensions   = []string{"site", "vendor"}
	extraActions = []string{"publish", "approve"}
	roleNames    = []string{"viewer", "editor"}
	GroupNames   = []string{"ash", "birch", "cedar"}
	userNames    = []string{"ana", "ben"}
	userTypes    = []string{"Employee", "Robot"}
	limits       = []string{"site.one", "site.two", "own", "other"}
	vendorNames  = []string{"abc", "xyz"}
	optionNames  = []string{"publishing", "pricing"}
	ValuesOf     = map[string][]string{"site": {"DE", "FR"}, "vendor": {"abc", "xyz"}, "nowhere": {"DE"}}
	attributes   = map[string][]string{"home": {"DE", "FR"}, "employer": {"abc", "xyz"}}
	attributeOf  = map[string]string{"site": "home", "vendor": "employer", "nowhere": "home"}
)

// Random draws worlds.
var Random = rapid.Custom(func(t *rapid.T) World {
	w := World{
		Catalog: access.Catalog{Name: "commerce"},
		Tenant: access.Tenant{
			Name:       "acme",
			Active:     !oneIn(t, 12),
			Dimensions: some(t, append([]string{"nowhere"}, dimensions...), 2),
		},
		Seed: rapid.Uint64().Draw(t, "seed"),
	}
	for _, name := range most(t, resources, 8) {
		w.Catalog.Resources = append(w.Catalog.Resources, drawResource(t, name))
	}
	if oneIn(t, 3) {
		w.Tenant.DefaultAccess = drawRules(t, 1, 2)
	}
	for _, name := range most(t, roleNames, 8) {
		w.Roles = append(w.Roles, drawRole(t, name))
	}
	for _, name := range most(t, limits, 24) {
		w.Restrictions = append(w.Restrictions, drawRestriction(t, name))
	}
	for _, name := range most(t, vendorNames, 8) {
		w.Vendors = append(w.Vendors, access.Vendor{Name: name, Options: some(t, optionNames, 2)})
	}
	for _, name := range most(t, GroupNames, 8) {
		w.Groups = append(w.Groups, drawGroup(t, name))
	}
	for _, name := range most(t, userNames, 8) {
		w.Users = append(w.Users, drawUser(t, name))
	}
	for range 3 {
		w.Lists = append(w.Lists, drawGrants(t, w.Catalog))
	}
	w.Entities = append(w.Entities, access.Entity{}, drawEntity(t), drawEntity(t), drawEntity(t))
	return w
})

func drawResource(t *rapid.T, name string) access.Resource {
	r := access.Resource{
		Name:         name,
		Service:      pick(t, services),
		Actions:      append(some(t, extraActions, 1), most(t, extraActions, 3)...),
		IdentifiedBy: pick(t, []string{"", "", "site", "vendor"}),
	}
	if !oneIn(t, 4) {
		r.RestrictedBy = append(some(t, dimensions, 1), most(t, dimensions, 3)...)
	}
	return r
}

func drawRules(t *rapid.T, least, most int) []access.Rule {
	rules := make([]access.Rule, rapid.IntRange(least, most).Draw(t, "rules"))
	for i := range rules {
		rules[i] = access.Rule{
			Resources: append(some(t, resources, 1), pick(t, []string{"*", "orders", "products"})),
			Level:     pick(t, []access.Level{access.Read, access.Manage, access.None}),
		}
		if oneIn(t, 3) {
			rules[i].Services, rules[i].Resources = few(t, services), some(t, rules[i].Resources, 1)
		}
		if rules[i].Level == access.None || oneIn(t, 2) {
			rules[i].Actions = some(t, []string{"publish", "approve", "read", "update", "create", "delete"}, 3)
		}
		switch {
		case oneIn(t, 24):
			rules[i].Services = append(rules[i].Services, "nowhere")
		case oneIn(t, 24):
			rules[i].Resources = append(rules[i].Resources, "nothing")
		case oneIn(t, 24):
			rules[i].Actions = append(rules[i].Actions, "fly")
		}
	}
	return rules
}

func drawRole(t *rapid.T, name string) access.Role {
	role := access.Role{Name: name, Rules: drawRules(t, 1, 2)}
	if oneIn(t, 3) {
		role.UserTypes = some(t, userTypes, 2)
	}
	for _, option := range most(t, optionNames, 3) {
		role.Options = append(role.Options, access.Option{Name: option, Rules: drawRules(t, 1, 1)})
	}
	return role
}

func drawRestriction(t *rapid.T, name string) access.Restriction {
	dimension := pick(t, dimensions)
	if oneIn(t, 10) {
		dimension = "nowhere"
	}
	restriction := access.Restriction{Name: name, Dimension: dimension, Values: few(t, ValuesOf[dimension])}
	if name == "own" || oneIn(t, 6) {
		restriction.UserAttribute = attributeOf[dimension]
	}
	return restriction
}

func drawGroup(t *rapid.T, name string) Group {
	group := Group{
		Name:    name,
		Roles:   some(t, []string{"viewer", "editor", "viewer", "editor", "ghost"}, 3),
		Rules:   drawRules(t, 0, 2),
		Members: drawMembers(t, userNames, 0, 2),
	}
	if !oneIn(t, 3) {
		group.Restrictions = append(some(t, limits, 1), few(t, limits)...)
	}
	if oneIn(t, 2) {
		group.VendorName = pick(t, vendorNames)
	}
	return group
}

func drawUser(t *rapid.T, name string) User {
	user := User{
		User: access.User{
			Name:       name,
			Type:       pick(t, userTypes),
			Active:     !oneIn(t, 12),
			Attributes: map[string][]string{},
		},
		Groups: drawMembers(t, append([]string{"ghost"}, GroupNames...), 1, 4),
	}
	for _, attribute := range most(t, slices.Sorted(maps.Keys(attributes)), 4) {
		user.Attributes[attribute] = few(t, attributes[attribute])
	}
	return user
}

func drawMembers(t *rapid.T, names []string, least, most int) []Member {
	members := make([]Member, rapid.IntRange(least, most).Draw(t, "members"))
	for i := range members {
		members[i] = Member{Name: pick(t, names), Until: pick(t, untils)}
	}
	return members
}

func drawGrants(t *rapid.T, c access.Catalog) []access.Grant {
	var grants []access.Grant
	for range rapid.IntRange(0, 4).Draw(t, "grants") {
		if len(c.Resources) == 0 {
			break
		}
		g := access.Grant{
			Level:   pick(t, []access.Level{access.Read, access.Manage, access.None}),
			Actions: some(t, []string{"read", "create", "update", "delete"}, 2),
			Until:   pick(t, untils),
			Via:     []access.Via{{Group: pick(t, GroupNames), Role: pick(t, roleNames)}},
		}
		for range rapid.IntRange(1, 2).Draw(t, "resources") {
			g.Resources = append(g.Resources, pick(t, c.Resources).Name)
		}
		for _, dimension := range []string{"vendor", "site"} {
			if !oneIn(t, 3) {
				values := append(some(t, ValuesOf[dimension], 1), pick(t, ValuesOf[dimension]))
				g.Scope = append(g.Scope, access.Dimension{Name: dimension, Values: values})
			}
		}
		grants = append(grants, g)
	}
	return grants
}

func drawEntity(t *rapid.T) access.Entity {
	return access.Entity{
		ID: pick(t, []string{"7", "DE", "abc"}),
		Properties: map[string][]string{
			"site":   some(t, ValuesOf["site"], 2),
			"vendor": some(t, ValuesOf["vendor"], 2),
		},
	}
}

func pick[T any](t *rapid.T, from []T) T {
	return rapid.SampledFrom(from).Draw(t, "pick")
}

// some is a list with repetitions; it may be empty.
func some(t *rapid.T, from []string, most int) []string {
	list := make([]string, rapid.IntRange(0, most).Draw(t, "length"))
	for i := range list {
		list[i] = pick(t, from)
	}
	return list
}

// few is a list that is seldom empty.
func few(t *rapid.T, from []string) []string {
	if oneIn(t, 8) {
		return nil
	}
	return append(some(t, from, 1), pick(t, from))
}

// most is the list in which each name is missing in one of n worlds.
func most(t *rapid.T, names []string, n int) []string {
	return slices.DeleteFunc(slices.Clone(names), func(string) bool { return oneIn(t, n) })
}

func oneIn(t *rapid.T, n int) bool {
	return rapid.IntRange(1, n).Draw(t, "one in") == n
}

// Shuffled is the same world in another order, in every list and on every level.
func (w World) Shuffled() World {
	random := rand.New(rand.NewPCG(w.Seed, w.Seed))
	w.Catalog.Resources = reordered(random, w.Catalog.Resources, func(r access.Resource) access.Resource {
		r.RestrictedBy, r.Actions = reordered(random, r.RestrictedBy, same), reordered(random, r.Actions, same)
		return r
	})
	rules := func(list []access.Rule) []access.Rule {
		return reordered(random, list, func(r access.Rule) access.Rule {
			r.Services, r.Resources = reordered(random, r.Services, same), reordered(random, r.Resources, same)
			r.Actions = reordered(random, r.Actions, same)
			return r
		})
	}
	w.Tenant.Dimensions = reordered(random, w.Tenant.Dimensions, same)
	w.Tenant.DefaultAccess = rules(w.Tenant.DefaultAccess)
	w.Users = reordered(random, w.Users, func(u User) User {
		u.Groups = reordered(random, u.Groups, same)
		u.Attributes = maps.Clone(u.Attributes)
		for name, list := range u.Attributes {
			u.Attributes[name] = reversed(list)
		}
		return u
	})
	w.Groups = reordered(random, w.Groups, func(g Group) Group {
		g.Roles, g.Restrictions = reordered(random, g.Roles, same), reordered(random, g.Restrictions, same)
		g.Rules, g.Members = rules(g.Rules), reordered(random, g.Members, same)
		return g
	})
	w.Roles = reordered(random, w.Roles, func(r access.Role) access.Role {
		r.Rules, r.UserTypes = rules(r.Rules), reordered(random, r.UserTypes, same)
		r.Options = reordered(random, r.Options, func(o access.Option) access.Option {
			o.Rules = rules(o.Rules)
			return o
		})
		return r
	})
	w.Restrictions = reordered(random, w.Restrictions, func(r access.Restriction) access.Restriction {
		r.Values = reordered(random, r.Values, same)
		return r
	})
	w.Vendors = reordered(random, w.Vendors, func(v access.Vendor) access.Vendor {
		v.Options = reordered(random, v.Options, same)
		return v
	})
	return w
}

func reordered[T any](random *rand.Rand, list []T, inside func(T) T) []T {
	list = slices.Clone(list)
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i := range list {
		list[i] = inside(list[i])
	}
	return list
}

func same[T any](item T) T { return item }

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
