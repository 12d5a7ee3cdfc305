package access

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Path is one way in which a user could have come to do something, and how it ended.
type Path struct {
	// Via is where the path comes from, as far as it got. Empty when nothing could give the user anything.
	Via Via
	// Until is when the membership ends; zero for never.
	Until time.Time
	// Scope is where the path gives the action, with the user's attributes filled in; empty for everywhere.
	Scope Scope
	// Granted says that this path alone allows what was asked.
	Granted bool
	// Broken says where and why the path ended, as a sentence fragment; empty when Granted.
	Broken string
	// Dimension is the one in which the entity is outside Scope, if that is how the path ended.
	Dimension string
	// Steps is the path in prose, from the user to where it ended.
	Steps []string
}

// String returns the path as one line of prose.
func (p Path) String() string {
	steps := strings.Join(p.Steps, " → ")
	if p.Granted {
		return steps + ": granted"
	}
	return steps + ": not granted, " + p.Broken
}

// Explain returns every path considered for a query, granted or not, sorted: the tenant's default access first, then by
// group and role, a group's own rules before its roles; after each source the rules of it that are void. Some path is
// granted if and only if Decide allows the query on what Resolve returns.
func Explain(t *CompiledTenant, u User, memberships []Membership, q Query, now time.Time) []Path {
	e := &explainer{tenant: t, user: u, query: q, now: now}
	if why := e.barred(); why != "" {
		return []Path{{Broken: why, Steps: []string{u.Name}}}
	}
	e.resource, _ = t.vocabulary.find(q.Resource)
	resolved := Resolve(t, u, memberships, now)
	e.vendors = resolved.VendorConflict
	e.explainDefaults()
	for _, m := range mergeMemberships(memberships) {
		e.explainMembership(m)
	}
	slices.SortStableFunc(e.paths, func(a, b Path) int { return compareVias(a.Via, b.Via) })
	return e.paths
}

// explainer collects the paths of one query.
type explainer struct {
	tenant   *CompiledTenant
	user     User
	query    Query
	now      time.Time
	resource int      // index of the query's resource
	vendors  []string // the vendors in conflict, if any
	paths    []Path
}

// barred says why nothing can allow the query, whatever the user's groups; empty when something could.
func (e *explainer) barred() string {
	t, v := e.tenant, e.tenant.Vocabulary()
	_, known := v.find(e.query.Resource)
	switch {
	case t == nil:
		return "tenant unknown"
	case !t.active:
		return "tenant " + t.name + " not active"
	case v == nil:
		return "catalog unknown"
	case !e.user.Active:
		return "user not active"
	case !known:
		return "unknown resource " + e.query.Resource
	case !v.HasAction(e.query.Resource, e.query.Action):
		return "resource " + e.query.Resource + " has no action " + e.query.Action
	default:
		return ""
	}
}

// broken returns the path extended by a step, or as it is for an empty step, and ended.
func (p Path) broken(step, why string) Path {
	p = p.step(step)
	p.Broken = why
	return p
}

func (p Path) step(step string) Path {
	p.Steps = slices.Clone(p.Steps)
	if step != "" {
		p.Steps = append(p.Steps, step)
	}
	return p
}

func (e *explainer) add(p Path) {
	e.paths = append(e.paths, p)
}

func (e *explainer) explainDefaults() {
	t := e.tenant
	if !t.hasDefault {
		return
	}
	p := Path{Via: Via{Tenant: t.name}, Steps: []string{e.user.Name, "default access of tenant " + t.name}}
	if e.given(t.defaults) {
		e.add(e.conclude(p))
	} else {
		e.add(p.broken("", e.notGiven()))
	}
	for _, problem := range t.RuleProblems {
		e.add(p.broken("", problem.String()))
	}
}

func (e *explainer) explainMembership(m Membership) {
	name := "group " + m.Name
	if !m.Until.IsZero() {
		name += " until " + m.Until.Format(time.RFC3339)
	}
	p := Path{Via: Via{Group: m.Name}, Until: m.Until, Steps: []string{e.user.Name, name}}
	if why := e.brokenMembership(m); why != "" {
		e.add(p.broken("", why))
		return
	}
	for i := range m.Group.sources {
		e.explainSource(p, m.Group, &m.Group.sources[i])
	}
	for _, role := range m.Group.MissingRoles {
		p.Via.Role = role
		e.add(p.broken("role "+role, "role missing"))
	}
	if len(m.Group.sources)+len(m.Group.MissingRoles) == 0 {
		e.add(p.broken("", "group has neither roles nor rules"))
	}
}

// brokenMembership says why the group as a whole gives nothing; empty when it can give something.
func (e *explainer) brokenMembership(m Membership) string {
	switch g := m.Group; {
	case ended(m.Until, e.now):
		return "membership expired"
	case g == nil:
		return "group missing"
	case g.vocabulary != e.tenant.vocabulary:
		return "group compiled for another catalog"
	case g.MissingVendor:
		return "vendor " + g.vendor + " missing"
	case g.vendor != "" && len(e.vendors) > 0:
		last := len(e.vendors) - 1
		return "vendors " + strings.Join(e.vendors[:last], ", ") + " and " + e.vendors[last] + " conflict"
	default:
		return ""
	}
}

// explainSource follows the path on through a role or the group's own rules, and through each void rule of it.
func (e *explainer) explainSource(p Path, g *CompiledGroup, s *source) {
	p.Via.Role = s.role
	if s.role == "" {
		p = p.step("own rules")
	} else {
		p = p.step("role " + s.role)
	}
	switch {
	case !s.mayBeHeldBy(e.user.Type):
		e.add(p.broken("", "role may not be held by type "+e.user.Type))
		return
	case !e.given(s.cells):
		e.add(p.broken("", e.notGiven()))
	default:
		e.add(e.explainScope(p, g))
	}
	for _, problem := range g.RuleProblems {
		if problem.Role == s.role {
			problem.Role = ""
			e.add(p.broken("", problem.String()))
		}
	}
}

// explainScope ends a path whose rules give the action with what the group's restrictions make of it.
func (e *explainer) explainScope(p Path, g *CompiledGroup) Path {
	dimensions := e.tenant.vocabulary.resources[e.resource].RestrictedBy
	if len(dimensions) > 0 && len(g.unresolved) > 0 {
		return p.broken("", strings.Join(g.unresolved, "; "))
	}
	scope := g.scopeOf(dimensions)
	if filled, ok := scope.fill(e.user.Attributes); ok {
		scope = filled
	}
	p.Scope = scope.clone()
	for i := range g.limits {
		if l := &g.limits[i]; slices.Contains(dimensions, l.Name) {
			if why := e.outside(l); why != "" {
				p.Dimension = l.Name
				return p.broken(e.where(p.Scope), why)
			}
		}
	}
	return e.conclude(p)
}

// outside says why the entity is outside a limit; empty when it is inside.
func (e *explainer) outside(l *limit) string {
	resource := &e.tenant.vocabulary.resources[e.resource]
	filled := Dimension{Name: l.Name, Values: l.fill(e.user.Attributes)}
	if filled.admits(e.query.Entity, resource.IdentifiedBy) {
		return ""
	}
	label := "restriction " + l.restrictions[0]
	if len(l.restrictions) > 1 {
		label = "restrictions " + strings.Join(l.restrictions, ", ")
	}
	values := slices.Clone(e.query.Entity.Properties[l.Name])
	if resource.IdentifiedBy == l.Name {
		values = append(values, e.query.Entity.ID)
	}
	values = sortedValues(values)
	switch {
	case len(filled.Values) == 0 && len(l.Attributes) > 0:
		return label + ": " + e.user.Name + " has no " + strings.Join(l.Attributes, ", ")
	case len(filled.Values) == 0:
		return label + ": no values"
	case len(values) == 0:
		return label + ": entity has no " + l.Name
	default:
		return label + ": entity has " + strings.Join(values, ", ")
	}
}

// conclude ends a path that gives what was asked. With an acting group it counts only when it leads through that group.
func (e *explainer) conclude(p Path) Path {
	p = p.step(e.where(p.Scope))
	if e.query.Group == "" || p.Via.Group == e.query.Group {
		p.Granted = true
		return p
	}
	return p.broken("", "not via acting group "+e.query.Group)
}

// given says whether the cells give the query's action on its resource.
func (e *explainer) given(cells []cell) bool {
	action := e.tenant.vocabulary.actions.index[e.query.Action]
	return slices.ContainsFunc(cells, func(c cell) bool { return c.resources.has(e.resource) && c.actions.has(action) })
}

func (e *explainer) notGiven() string {
	return fmt.Sprintf("no rule for %s %s", e.query.Action, e.query.Resource)
}

func (e *explainer) where(s Scope) string {
	place := s.String()
	if len(s) > 0 {
		place = "at " + place
	}
	return fmt.Sprintf("%s %s %s", e.query.Action, e.query.Resource, place)
}
