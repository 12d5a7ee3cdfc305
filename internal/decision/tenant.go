package decision

import (
	"slices"
	"strings"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
)

// tenant is one organisation as it is. It is never changed, only replaced.
type tenant struct {
	name, catalog string
	active        bool
	values        map[string][]string // by dimension
	space         *space
	// vocabulary is the catalog's; nil: there is no such catalog.
	vocabulary *vocabulary
	// object has the age and the name, by which the owner of a namespace is found.
	object accessv1.Tenant
}

// catalog is the name of the one that the space's users are judged by; empty: none.
func (s *space) catalog() string {
	if owner := s.owner.Load(); owner != nil {
		return owner.catalog
	}
	return ""
}

func (i *Index) space(namespace string) *space {
	s, ok := i.spaces[namespace]
	if !ok {
		s = &space{namespace: strings.Clone(namespace), hash: i.hash(namespace), restrictions: map[string]dimensionValues{}}
		i.spaces[s.namespace] = s
	}
	return s
}

// PutTenant notes a tenant as it is now.
func (i *Index) PutTenant(object *accessv1.Tenant) {
	defer i.write()()
	i.putTenant(object)
}

func (i *Index) putTenant(object *accessv1.Tenant) {
	t := &tenant{
		name: object.Name, catalog: object.Spec.CatalogRef.Name, space: i.space(object.TargetNamespace()),
		active: object.Spec.State != accessv1.TenantSuspended && object.DeletionTimestamp.IsZero(),
		values: map[string][]string{}, vocabulary: i.catalogs[object.Spec.CatalogRef.Name],
	}
	t.object.Name, t.object.CreationTimestamp = object.Name, object.CreationTimestamp
	for _, d := range object.Spec.Dimensions {
		t.values[d.Name] = d.Values
	}
	before := i.tenants[t.name]
	i.tenants[t.name] = t
	i.settle(t.space)
	if before != nil && before.space != t.space {
		i.settle(before.space)
	}
}

// settle finds out who keeps a namespace, and brings its users under that tenant's name and catalog.
func (i *Index) settle(s *space) {
	var owner *tenant
	for _, t := range i.tenants {
		if t.space == s && (owner == nil || graph.Older(&t.object, &owner.object) < 0) {
			owner = t
		}
	}
	s.owner.Store(owner)
	if owner == nil {
		i.file(s, s.namespace)
	} else {
		i.file(s, owner.name)
	}
	catalog := s.catalog()
	for _, n := range s.members {
		if e := i.record(n).entitlement; e.catalog != catalog {
			i.entitle(n, i.intern.intern(e.content(catalog), i.catalogs[catalog]))
		}
	}
	for _, a := range s.applications {
		if e := a.entitlement; e.catalog != catalog {
			i.replaceApplication(a.with(i.intern.intern(e.content(catalog), i.catalogs[catalog])))
		}
	}
}

// DropTenant forgets a tenant.
func (i *Index) DropTenant(name string) {
	defer i.write()()
	i.dropTenant(name)
}

func (i *Index) dropTenant(name string) {
	if t, ok := i.tenants[name]; ok {
		delete(i.tenants, name)
		i.settle(t.space)
	}
}

// ReplaceTenants makes these all the tenants that there are.
func (i *Index) ReplaceTenants(objects []*accessv1.Tenant) {
	defer i.write()()
	here := map[string]bool{}
	for _, object := range objects {
		here[object.Name] = true
		i.putTenant(object)
	}
	for name := range i.tenants {
		if !here[name] {
			i.dropTenant(name)
		}
	}
}

// PutCatalog notes a catalog as it is now. One that is being deleted is unknown. Until it returns, some tenants' users may
// be judged by what it was before.
func (i *Index) PutCatalog(object *accessv1.ResourceCatalog) {
	i.writing.Lock()
	defer i.writing.Unlock()
	i.putCatalog(object)
}

func (i *Index) putCatalog(object *accessv1.ResourceCatalog) {
	if !object.DeletionTimestamp.IsZero() {
		i.setCatalog(object.Name, nil)
		return
	}
	if v := i.catalogs[object.Name]; v == nil || v.uid != string(object.UID) || v.generation != object.Generation {
		i.setCatalog(object.Name, newVocabulary(object))
	}
}

// setCatalog compiles everybody's access beside what is decided from, and then gives it to one space after the other, so
// that no decision waits for more than one of them.
func (i *Index) setCatalog(name string, v *vocabulary) {
	if v == nil {
		delete(i.catalogs, name)
	} else {
		i.catalogs[name] = v
	}
	fresh := i.intern.recompile(name, v)
	claimed := map[*space][]*tenant{}
	for _, t := range i.tenants {
		if t.catalog == name {
			claimed[t.space] = append(claimed[t.space], t)
		}
	}
	for s, claimants := range claimed {
		i.translate(s, claimants, v, fresh)
	}
}

// translate gives a space the catalog that its tenants have now: at once, because who looks closer reads the users' access
// in their tenant's vocabulary.
func (i *Index) translate(s *space, claimants []*tenant, v *vocabulary, fresh map[*entitlement]*entitlement) {
	i.lock.Lock()
	defer i.lock.Unlock()
	for _, t := range claimants {
		moved := *t
		moved.vocabulary = v
		i.tenants[t.name] = &moved
		s.owner.CompareAndSwap(t, &moved)
	}
	for _, n := range s.members {
		if e := fresh[i.record(n).entitlement]; e != nil {
			i.entitle(n, e)
		}
	}
	for _, a := range s.applications {
		if e := fresh[a.entitlement]; e != nil {
			i.replaceApplication(a.with(e))
		}
	}
}

// DropCatalog forgets a catalog.
func (i *Index) DropCatalog(name string) {
	i.writing.Lock()
	defer i.writing.Unlock()
	i.setCatalog(name, nil)
}

// ReplaceCatalogs makes these all the catalogs that there are.
func (i *Index) ReplaceCatalogs(objects []*accessv1.ResourceCatalog) {
	i.writing.Lock()
	defer i.writing.Unlock()
	here := map[string]bool{}
	for _, object := range objects {
		here[object.Name] = true
		i.putCatalog(object)
	}
	for name := range i.catalogs {
		if !here[name] {
			i.setCatalog(name, nil)
		}
	}
}

// PutRestriction notes a restriction's values: they are among those that the tenant knows.
func (i *Index) PutRestriction(object *accessv1.Restriction) {
	defer i.write()()
	i.putRestriction(object)
}

func (i *Index) putRestriction(object *accessv1.Restriction) {
	d := dimensionValues{dimension: object.Spec.Dimension}
	if object.Spec.Values != nil {
		d.values = *object.Spec.Values
	}
	i.space(object.Namespace).restrictions[object.Name] = d
}

// DropRestriction forgets a restriction.
func (i *Index) DropRestriction(namespace, name string) {
	defer i.write()()
	if s, ok := i.spaces[namespace]; ok {
		delete(s.restrictions, name)
	}
}

// ReplaceRestrictions makes these all the restrictions that there are.
func (i *Index) ReplaceRestrictions(objects []*accessv1.Restriction) {
	defer i.write()()
	for _, s := range i.spaces {
		clear(s.restrictions)
	}
	for _, object := range objects {
		i.putRestriction(object)
	}
}

// known are the values of a dimension that a space knows, sorted: its tenant's and those of its restrictions.
func (s *space) known(dimension string) []string {
	var out []string
	if owner := s.owner.Load(); owner != nil {
		out = slices.Clone(owner.values[dimension])
	}
	for _, r := range s.restrictions {
		if r.dimension == dimension {
			out = append(out, r.values...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
