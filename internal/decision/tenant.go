package decision

import (
	"slices"
	"strings"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
)

// tenant is one organisation.
type tenant struct {
	name, namespace, catalog string
	active                   bool
	values                   map[string][]string // by dimension
	space                    *space
	// vocabulary is the catalog's; nil: there is no such catalog.
	vocabulary *vocabulary
	// object has the age and the name, by which the owner of a namespace is found.
	object accessv1.Tenant
}

// catalog is the name of the one that the space's users are judged by; empty: none.
func (s *space) catalog() string {
	if s.owner == nil {
		return ""
	}
	return s.owner.catalog
}

func (i *Index) space(namespace string) *space {
	s, ok := i.spaces[namespace]
	if !ok {
		s = &space{number: uint32(len(i.spaces)), namespace: strings.Clone(namespace), restrictions: map[string]dimensionValues{}}
		i.spaces[s.namespace] = s
	}
	return s
}

// PutTenant notes a tenant as it is now.
func (i *Index) PutTenant(object *accessv1.Tenant) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.putTenant(object)
}

func (i *Index) putTenant(object *accessv1.Tenant) {
	t, known := i.tenants[object.Name]
	if !known {
		t = &tenant{name: object.Name}
		i.tenants[t.name] = t
	}
	before := t.space
	t.namespace, t.catalog = object.TargetNamespace(), object.Spec.CatalogRef.Name
	t.vocabulary = i.catalogs[t.catalog]
	t.active = object.Spec.State != accessv1.TenantSuspended && object.DeletionTimestamp.IsZero()
	t.object.Name, t.object.CreationTimestamp = object.Name, object.CreationTimestamp
	t.values = map[string][]string{}
	for _, d := range object.Spec.Dimensions {
		t.values[d.Name] = d.Values
	}
	t.space = i.space(t.namespace)
	i.settle(t.space)
	if before != nil && before != t.space {
		i.settle(before)
	}
}

// settle finds out who keeps a namespace, and brings its users under that tenant's catalog.
func (i *Index) settle(s *space) {
	s.owner = nil
	for _, t := range i.tenants {
		if t.space == s && (s.owner == nil || graph.Older(&t.object, &s.owner.object) < 0) {
			s.owner = t
		}
	}
	catalog := s.catalog()
	for _, n := range s.members {
		r := i.record(n)
		if r.entitlement != nil && r.entitlement.catalog != catalog {
			r.entitlement = i.intern.intern(r.entitlement.content(catalog), i.catalogs[catalog])
		}
	}
}

// DropTenant forgets a tenant.
func (i *Index) DropTenant(name string) {
	i.lock.Lock()
	defer i.lock.Unlock()
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
	i.lock.Lock()
	defer i.lock.Unlock()
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

// PutCatalog notes a catalog as it is now. One that is being deleted is unknown.
func (i *Index) PutCatalog(object *accessv1.ResourceCatalog) {
	i.lock.Lock()
	defer i.lock.Unlock()
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

func (i *Index) setCatalog(name string, v *vocabulary) {
	if v == nil {
		delete(i.catalogs, name)
	} else {
		i.catalogs[name] = v
	}
	for _, t := range i.tenants {
		if t.catalog == name {
			t.vocabulary = v
		}
	}
	i.intern.recompile(name, v)
}

// DropCatalog forgets a catalog.
func (i *Index) DropCatalog(name string) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.setCatalog(name, nil)
}

// ReplaceCatalogs makes these all the catalogs that there are.
func (i *Index) ReplaceCatalogs(objects []*accessv1.ResourceCatalog) {
	i.lock.Lock()
	defer i.lock.Unlock()
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
	i.lock.Lock()
	defer i.lock.Unlock()
	d := dimensionValues{dimension: object.Spec.Dimension}
	if object.Spec.Values != nil {
		d.values = *object.Spec.Values
	}
	i.space(object.Namespace).restrictions[object.Name] = d
}

// DropRestriction forgets a restriction.
func (i *Index) DropRestriction(namespace, name string) {
	i.lock.Lock()
	defer i.lock.Unlock()
	delete(i.space(namespace).restrictions, name)
}

// ReplaceRestrictions makes these all the restrictions that there are.
func (i *Index) ReplaceRestrictions(objects []*accessv1.Restriction) {
	i.lock.Lock()
	for _, s := range i.spaces {
		clear(s.restrictions)
	}
	i.lock.Unlock()
	for _, object := range objects {
		i.PutRestriction(object)
	}
}

// known are the values of a dimension that a space knows, sorted: its tenant's and those of its restrictions.
func (s *space) known(dimension string) []string {
	var out []string
	if s.owner != nil {
		out = slices.Clone(s.owner.values[dimension])
	}
	for _, r := range s.restrictions {
		if r.dimension == dimension {
			out = append(out, r.values...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
