package access

import (
	"fmt"
	"slices"
	"strings"
)

// actionTable numbers the action names of a vocabulary in sorted order. The four actions are always among them.
type actionTable struct {
	names []string
	index map[string]int
	read  bits // {read}
	four  bits // {read, create, update, delete}
}

func newActionTable(declared []string) *actionTable {
	names := sortedSet(append([]string{ActionRead, ActionCreate, ActionUpdate, ActionDelete}, declared...))
	t := &actionTable{names: names, index: indexNames(names)}
	t.read = t.set(ActionRead)
	t.four = t.set(ActionRead, ActionCreate, ActionUpdate, ActionDelete)
	return t
}

// set returns the set of the given actions; names that the table does not have are left out.
func (t *actionTable) set(names ...string) bits {
	b := newBits(len(t.names))
	for _, name := range names {
		if i, ok := t.index[name]; ok {
			b.add(i)
		}
	}
	return b
}

// ofLevel returns the actions that a level stands for. The result is the table's own: not to be changed.
func (t *actionTable) ofLevel(level Level) bits {
	switch level {
	case Manage:
		return t.four
	case Read:
		return t.read
	default:
		return newBits(len(t.names))
	}
}

// split returns the best level that the actions amount to, and what they hold beyond it.
func (t *actionTable) split(actions bits) (Level, bits) {
	rest := actions.clone()
	switch {
	case actions.includes(t.four):
		rest.andNot(t.four)
		return Manage, rest
	case actions.includes(t.read):
		rest.andNot(t.read)
		return Read, rest
	default:
		return None, rest
	}
}

// Vocabulary is a compiled catalog: what resources there are, what can be done to them, and what can narrow them. It
// is immutable and safe for concurrent use. A nil Vocabulary stands for an unknown catalog: it has no resources.
type Vocabulary struct {
	resources []Resource // sorted by name
	names     []string   // of resources
	index     map[string]int
	actions   *actionTable
	bearers   []bits          // by action: the resources that have it
	services  map[string]bits // by service: its resources
	all       bits            // every resource
	aware     bits            // the resources that something can narrow
	kinds     []kind
	dims      map[string]bool // every dimension that can narrow a resource
}

// kind is the set of resources that the same dimensions can narrow.
type kind struct {
	dimensions []string // sorted
	resources  bits
}

// NewVocabulary compiles a catalog. Of two resources with one name the first counts. The catalog is copied.
func NewVocabulary(c Catalog) *Vocabulary {
	v := &Vocabulary{
		resources: sortedResources(c.Resources),
		services:  map[string]bits{},
		dims:      map[string]bool{},
	}
	var declared []string
	for _, r := range v.resources {
		v.names = append(v.names, r.Name)
		declared = append(declared, r.Actions...)
	}
	v.index = indexNames(v.names)
	v.actions = newActionTable(declared)
	v.all = allBits(len(v.names))
	v.aware = newBits(len(v.names))
	for range v.actions.names {
		v.bearers = append(v.bearers, newBits(len(v.names)))
	}
	for a := range v.actions.four.each {
		v.bearers[a] = v.all
	}
	for i := range v.resources {
		v.enter(i)
	}
	return v
}

// enter adds resource i to the indexes.
func (v *Vocabulary) enter(i int) {
	r := &v.resources[i]
	for _, action := range r.Actions {
		v.bearers[v.actions.index[action]].add(i)
	}
	if v.services[r.Service] == nil {
		v.services[r.Service] = newBits(len(v.names))
	}
	v.services[r.Service].add(i)
	if len(r.RestrictedBy) > 0 {
		v.aware.add(i)
	}
	for _, dim := range r.RestrictedBy {
		v.dims[dim] = true
	}
	at := slices.IndexFunc(v.kinds, func(k kind) bool { return slices.Equal(k.dimensions, r.RestrictedBy) })
	if at < 0 {
		at = len(v.kinds)
		v.kinds = append(v.kinds, kind{dimensions: r.RestrictedBy, resources: newBits(len(v.names))})
	}
	v.kinds[at].resources.add(i)
}

// Resource returns the resource of that name. The result is the caller's to keep.
func (v *Vocabulary) Resource(name string) (Resource, bool) {
	i, ok := v.find(name)
	if !ok {
		return Resource{}, false
	}
	return cloneResource(v.resources[i]), true
}

// Resources returns the names of all resources, sorted.
func (v *Vocabulary) Resources() []string {
	if v == nil {
		return nil
	}
	return slices.Clone(v.names)
}

// HasAction says whether the action can be done to the resource: one of the four, or one that the resource declares.
func (v *Vocabulary) HasAction(resource, action string) bool {
	r, ok := v.find(resource)
	if !ok {
		return false
	}
	a, ok := v.actions.index[action]
	return ok && v.bearers[a].has(r)
}

func (v *Vocabulary) find(resource string) (int, bool) {
	if v == nil {
		return 0, false
	}
	i, ok := v.index[resource]
	return i, ok
}

// ProblemKind says what a rule names that the catalog does not have.
type ProblemKind string

const (
	// KindUnknownService is a service that no resource of the catalog belongs to.
	KindUnknownService ProblemKind = "UnknownService"
	// KindUnknownResource is a resource that the catalog does not list.
	KindUnknownResource ProblemKind = "UnknownResource"
	// KindUnknownAction is an action that none of the resources that the rule reaches declares.
	KindUnknownAction ProblemKind = "UnknownAction"
)

// RuleProblem names one thing that makes a rule void: the rule grants nothing, the rules beside it stay in force.
type RuleProblem struct {
	// Rule is the index of the rule in its list, from 0.
	Rule int
	Kind ProblemKind
	// Name is the name that the catalog does not have.
	Name string
}

// String returns the problem as a sentence fragment that counts rules from 1: "rule 2 names unknown resource foo".
func (p RuleProblem) String() string {
	what := map[ProblemKind]string{
		KindUnknownService: "service", KindUnknownResource: "resource", KindUnknownAction: "action",
	}[p.Kind]
	return fmt.Sprintf("rule %d names unknown %s %s", p.Rule+1, what, p.Name)
}

// Check returns what the rules name and the catalog does not have, sorted by rule, kind (service, resource, action) and
// name. A rule's actions are judged only when all its services and resources are known and it reaches a resource at all.
func (v *Vocabulary) Check(rules []Rule) []RuleProblem {
	if v == nil {
		return nil
	}
	var problems []RuleProblem
	for i, rule := range rules {
		_, found := v.reach(rule)
		for _, p := range found {
			p.Rule = i
			problems = append(problems, p)
		}
	}
	return problems
}

// reach returns the resources that a rule is about and what makes it void.
func (v *Vocabulary) reach(rule Rule) (bits, []RuleProblem) {
	reached := newBits(len(v.names))
	var problems []RuleProblem
	for _, name := range sortedSet(rule.Services) {
		if members, ok := v.services[name]; ok {
			reached.or(members)
			continue
		}
		problems = append(problems, RuleProblem{Kind: KindUnknownService, Name: name})
	}
	for _, name := range sortedSet(rule.Resources) {
		if name == wildcard {
			reached.or(v.all)
		} else if i, ok := v.index[name]; ok {
			reached.add(i)
		} else {
			problems = append(problems, RuleProblem{Kind: KindUnknownResource, Name: name})
		}
	}
	if len(problems) > 0 || reached.empty() {
		return reached, problems
	}
	return reached, v.unknownActions(rule, reached)
}

func (v *Vocabulary) unknownActions(rule Rule, reached bits) []RuleProblem {
	var problems []RuleProblem
	for _, name := range sortedSet(rule.Actions) {
		if a, ok := v.actions.index[name]; !ok || !v.bearers[a].overlaps(reached) {
			problems = append(problems, RuleProblem{Kind: KindUnknownAction, Name: name})
		}
	}
	return problems
}

// expand returns what the rules give: cells without vias whose resources do not overlap. Void rules give nothing, and a
// named action is given on those resources of the rule that declare it.
func (v *Vocabulary) expand(rules []Rule) []cell {
	if v == nil {
		return nil
	}
	var cells []cell
	for _, rule := range rules {
		reached, problems := v.reach(rule)
		if len(problems) > 0 {
			continue
		}
		cells = unite(cells, cell{resources: reached, actions: v.actions.ofLevel(rule.Level)})
		for _, name := range rule.Actions {
			if a, ok := v.actions.index[name]; ok {
				cells = unite(cells, cell{resources: reached.and(v.bearers[a]), actions: v.actions.set(name)})
			}
		}
	}
	return fuse(cells)
}

// sortedResources returns copies of the resources, sorted by name, the first of each name.
func sortedResources(resources []Resource) []Resource {
	sorted := make([]Resource, 0, len(resources))
	seen := map[string]bool{}
	for _, r := range resources {
		if !seen[r.Name] {
			seen[r.Name] = true
			sorted = append(sorted, cloneResource(r))
		}
	}
	slices.SortFunc(sorted, func(a, b Resource) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

func cloneResource(r Resource) Resource {
	r.RestrictedBy = sortedSet(r.RestrictedBy)
	r.Actions = sortedSet(r.Actions)
	r.Requires = slices.Clone(r.Requires)
	for i, need := range r.Requires {
		r.Requires[i].Read, r.Requires[i].Manage = sortedSet(need.Read), sortedSet(need.Manage)
	}
	return r
}

// sortedSet returns the names sorted and once each, in a slice of its own; nil for none.
func sortedSet(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func indexNames(names []string) map[string]int {
	index := make(map[string]int, len(names))
	for i, name := range names {
		index[name] = i
	}
	return index
}
