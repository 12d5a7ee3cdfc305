package access

import (
	"slices"
	"strings"
	"time"
)

// CompiledTenant is a tenant with its default access expanded over its catalog. It is immutable and safe for concurrent
// use. A nil CompiledTenant stands for an unknown tenant: nobody has any access in it.
type CompiledTenant struct {
	name       string
	active     bool
	vocabulary *Vocabulary
	defaults   []cell
	hasDefault bool
	// RuleProblems are those of the default access. Read only.
	RuleProblems []RuleProblem
}

// CompileTenant expands the tenant's default access over the catalog. A nil Vocabulary is an unknown catalog: then
// nobody in the tenant has any access.
func CompileTenant(v *Vocabulary, t Tenant) *CompiledTenant {
	return &CompiledTenant{
		name:         t.Name,
		active:       t.Active,
		vocabulary:   v,
		defaults:     v.expand(t.DefaultAccess),
		hasDefault:   len(t.DefaultAccess) > 0,
		RuleProblems: v.Check(t.DefaultAccess),
	}
}

// Vocabulary returns the catalog of the tenant; nil when the catalog or the tenant is unknown.
func (t *CompiledTenant) Vocabulary() *Vocabulary {
	if t == nil {
		return nil
	}
	return t.vocabulary
}

// gives says whether anybody can have access in the tenant.
func (t *CompiledTenant) gives() bool {
	return t != nil && t.active && t.vocabulary != nil
}

// SourceProblem is a problem of a rule that a group has from one of its sources.
type SourceProblem struct {
	// Role is the role that the rule belongs to; empty for the group's own rules.
	Role string
	// Option is the role's option that the rule belongs to; empty for the rules of the role itself.
	Option string
	RuleProblem
}

// String returns the problem as a sentence fragment: "role clerk: rule 2 names unknown resource foo".
func (p SourceProblem) String() string {
	text := p.RuleProblem.String()
	if p.Option != "" {
		text = "option " + p.Option + ": " + text
	}
	if p.Role != "" {
		text = "role " + p.Role + ": " + text
	}
	return text
}

// CompiledGroup is everything about a group that does not depend on the member. It is immutable and safe for concurrent
// use; its exported lists are sorted, without duplicates, and read only. It counts only in tenants that are compiled
// with the same Vocabulary; in others it gives nothing, because its resources could be others of the same number.
type CompiledGroup struct {
	Name string
	// RuleProblems are those of the group's own rules, of its roles and of the options that its vendor switched on.
	RuleProblems []SourceProblem
	// MissingRoles are the names of roles that do not exist. They give nothing.
	MissingRoles []string
	// UnresolvedRestrictions are the names of restrictions that do not exist, or whose dimension nobody knows. While
	// there is one, the group gives nothing on any resource that can be narrowed.
	UnresolvedRestrictions []string
	// MissingVendor says that this is the group of a vendor that does not exist. It gives nothing.
	MissingVendor bool

	vendor     string
	vocabulary *Vocabulary
	sources    []source
	limits     []limit
	scopes     []Scope
	blocks     []block
	unresolved []string // why, for each of UnresolvedRestrictions
}

// source is where a group has rules from: itself (role is empty) or a role.
type source struct {
	role      string
	userTypes []string
	cells     []cell // what the rules give before the restrictions
}

// mayBeHeldBy says whether a user of that type may hold the role. A group's own rules are for all its members.
func (s *source) mayBeHeldBy(userType string) bool {
	return len(s.userTypes) == 0 || slices.Contains(s.userTypes, userType)
}

// limit is the union of a group's restrictions of one dimension.
type limit struct {
	Dimension
	restrictions []string
}

// block says that a source gives exactly these actions on these resources inside a scope.
type block struct {
	resources, actions bits
	scope              int // index into the group's scopes
	source             int // index into the group's sources
}

// Compile follows a group's rules, roles, options and restrictions once for all members. The dimensions are those that
// the group's tenant declares: together with those of the catalog they are the ones that a restriction may be about.
// With a nil Vocabulary the group gives nothing, and only what is missing is reported. The group is not retained.
func Compile(v *Vocabulary, tenantDimensions []string, g Group) *CompiledGroup {
	c := &CompiledGroup{Name: g.Name, vocabulary: v, vendor: g.VendorName}
	c.MissingVendor = g.VendorName != "" && g.Vendor == nil
	if len(g.Rules) > 0 {
		c.addSource(source{}, g.Rules)
	}
	for _, ref := range sortedRoles(g.Roles) {
		c.addRole(ref, g.Vendor)
	}
	for _, ref := range sortedRestrictions(g.Restrictions) {
		c.addRestriction(ref, tenantDimensions)
	}
	if v != nil && !c.MissingVendor {
		c.addBlocks()
	}
	return c
}

// Grants returns what the group gives to a member who may hold all its roles, for ever and in canonical form. Where a
// member's own attributes count, the scope names them (Dimension.Attributes). Grants of one scope share its slice.
func (g *CompiledGroup) Grants() []Grant {
	return g.grantsOf(func(*source) bool { return true })
}

// Vendor names the vendor whose group it is; empty: nobody's.
func (g *CompiledGroup) Vendor() string {
	if g == nil {
		return ""
	}
	return g.vendor
}

// IsPersonal says whether what the group gives depends on a member's attributes.
func (g *CompiledGroup) IsPersonal() bool {
	return g != nil && slices.ContainsFunc(g.scopes, Scope.isPersonal)
}

// GrantsTo is Grants for a member of a type, without the roles that such a user may not hold.
func (g *CompiledGroup) GrantsTo(userType string) []Grant {
	return g.grantsOf(func(s *source) bool { return s.mayBeHeldBy(userType) })
}

func (g *CompiledGroup) grantsOf(counts func(*source) bool) []Grant {
	if g == nil || len(g.blocks) == 0 {
		return nil
	}
	f := form{resources: g.vocabulary.names, actions: g.vocabulary.actions}
	for i := range g.sources {
		f.vias = append(f.vias, Via{Group: g.Name, Role: g.sources[i].role})
	}
	for _, b := range g.blocks {
		if !counts(&g.sources[b.source]) {
			continue
		}
		vias := newBits(len(f.vias))
		vias.add(b.source)
		f.add(f.layer(g.scopes[b.scope], time.Time{}), cell{b.resources, b.actions, vias})
	}
	return f.grants()
}

// addSource adds a source with the given rules and reports what is wrong with them.
func (g *CompiledGroup) addSource(s source, rules []Rule, options ...Option) {
	g.report(s.role, "", rules)
	all := slices.Clone(rules)
	for _, option := range options {
		g.report(s.role, option.Name, option.Rules)
		all = append(all, option.Rules...)
	}
	s.cells = g.vocabulary.expand(all)
	g.sources = append(g.sources, s)
}

// addRole adds the rules of a role and of those of its options that the group's vendor switched on.
func (g *CompiledGroup) addRole(ref RoleRef, vendor *Vendor) {
	if ref.Role == nil {
		g.MissingRoles = append(g.MissingRoles, ref.Name)
		return
	}
	var switchedOn []Option
	for _, option := range ref.Role.Options {
		if g.vendor != "" && vendor != nil && slices.Contains(vendor.Options, option.Name) {
			switchedOn = append(switchedOn, option)
		}
	}
	slices.SortStableFunc(switchedOn, func(a, b Option) int { return strings.Compare(a.Name, b.Name) })
	g.addSource(source{role: ref.Name, userTypes: slices.Clone(ref.Role.UserTypes)}, ref.Role.Rules, switchedOn...)
}

func (g *CompiledGroup) report(role, option string, rules []Rule) {
	for _, p := range g.vocabulary.Check(rules) {
		g.RuleProblems = append(g.RuleProblems, SourceProblem{Role: role, Option: option, RuleProblem: p})
	}
}

func (g *CompiledGroup) addRestriction(ref RestrictionRef, tenantDimensions []string) {
	r := ref.Restriction
	if r == nil {
		g.unresolve(ref.Name, "restriction "+ref.Name+" missing")
		return
	}
	if v := g.vocabulary; v != nil && !v.dims[r.Dimension] && !slices.Contains(tenantDimensions, r.Dimension) {
		g.unresolve(ref.Name, "restriction "+ref.Name+": unknown dimension "+r.Dimension)
		return
	}
	l := g.limit(r.Dimension)
	l.restrictions = append(l.restrictions, ref.Name)
	if r.UserAttribute != "" {
		l.Attributes = sortedSet(append(l.Attributes, r.UserAttribute))
		return
	}
	l.Values = sortedValues(append(l.Values, r.Values...))
}

func (g *CompiledGroup) unresolve(name, why string) {
	g.UnresolvedRestrictions = append(g.UnresolvedRestrictions, name)
	g.unresolved = append(g.unresolved, why)
}

// limit returns the limit of the dimension, a new one if there is none yet.
func (g *CompiledGroup) limit(dimension string) *limit {
	at, ok := slices.BinarySearchFunc(g.limits, dimension, func(l limit, name string) int {
		return strings.Compare(l.Name, name)
	})
	if !ok {
		g.limits = slices.Insert(g.limits, at, limit{Dimension: Dimension{Name: dimension}})
	}
	return &g.limits[at]
}

// addBlocks cuts what the sources give by what the restrictions make of each kind of resource.
func (g *CompiledGroup) addBlocks() {
	var within []bits // by scope: its resources
	for _, k := range g.vocabulary.kinds {
		if len(k.dimensions) > 0 && len(g.UnresolvedRestrictions) > 0 {
			continue
		}
		scope := g.scopeOf(k.dimensions)
		if scope.admitsNothing() {
			continue
		}
		at := slices.IndexFunc(g.scopes, scope.equal)
		if at < 0 {
			at = len(g.scopes)
			g.scopes = append(g.scopes, scope)
			within = append(within, newBits(len(g.vocabulary.names)))
		}
		within[at].or(k.resources)
	}
	for i, s := range g.sources {
		for _, c := range s.cells {
			for at, resources := range within {
				if c.resources.overlaps(resources) {
					g.blocks = append(g.blocks, block{c.resources.and(resources), c.actions, at, i})
				}
			}
		}
	}
}

// scopeOf returns what the restrictions leave of a resource that these dimensions can narrow. Restrictions of other
// dimensions do not count for it.
func (g *CompiledGroup) scopeOf(dimensions []string) Scope {
	var scope Scope
	for _, l := range g.limits {
		if slices.Contains(dimensions, l.Name) {
			scope = append(scope, l.Dimension)
		}
	}
	return scope
}

// sortedRoles returns the references once each, sorted; of two with one name the first that leads somewhere counts.
func sortedRoles(refs []RoleRef) []RoleRef {
	return sortedRefs(refs, func(r RoleRef) string { return r.Name }, func(r RoleRef) bool { return r.Role != nil })
}

// sortedRestrictions returns the references once each, sorted; of two with one name one that leads nowhere counts.
func sortedRestrictions(refs []RestrictionRef) []RestrictionRef {
	return sortedRefs(refs, func(r RestrictionRef) string { return r.Name },
		func(r RestrictionRef) bool { return r.Restriction == nil })
}

func sortedRefs[T any](refs []T, name func(T) string, first func(T) bool) []T {
	sorted := slices.Clone(refs)
	slices.SortStableFunc(sorted, func(a, b T) int {
		if c := strings.Compare(name(a), name(b)); c != 0 || first(a) == first(b) {
			return c
		}
		if first(a) {
			return -1
		}
		return 1
	})
	return slices.CompactFunc(sorted, func(a, b T) bool { return name(a) == name(b) })
}
