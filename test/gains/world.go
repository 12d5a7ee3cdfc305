package gains

import (
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// world is what is stored: a tenant, its partner, and who asks for what.
type world struct {
	acme, agency *space
	// client is a tenant that acme looks after; nil: it looks after none.
	client *accessv1.Tenant
	write  write
}

// space is a tenant with all that is in its namespace.
type space struct {
	tenant *accessv1.Tenant
	// catalog is the tenant's; nil: there is none of that name.
	catalog      *accessv1.ResourceCatalog
	users        []*accessv1.User
	groups       []*accessv1.UserGroup
	roles        []*accessv1.Role
	restrictions []*accessv1.Restriction
	vendors      []*accessv1.Vendor
}

// write is one write to one object in the namespace of acme.
type write struct {
	by string
	// verbs are those that the requester has on roles of the namespace: "escalate", "bind", or "bind <name>".
	verbs []string
	// was is the object as stored, nil for one that is created; is as it will be, nil for one that is deleted.
	was, is client.Object
	// forged says that the write claims what only Roster writes.
	forged bool
}

func (w write) object() client.Object {
	if w.is != nil {
		return w.is
	}
	return w.was
}

// objects are all that is stored.
func (w *world) objects() []client.Object {
	out := append(make([]client.Object, 0, 40), w.acme.tenant, w.agency.tenant)
	for _, catalog := range []*accessv1.ResourceCatalog{w.acme.catalog, w.agency.catalog} {
		if catalog != nil && (len(out) < 3 || out[2] != client.Object(catalog)) {
			out = append(out, catalog)
		}
	}
	if w.client != nil {
		out = append(out, w.client)
	}
	out = w.acme.append(out)
	return w.agency.append(out)
}

func (s *space) append(out []client.Object) []client.Object {
	out = appendAll(out, s.users)
	out = appendAll(out, s.groups)
	out = appendAll(out, s.roles)
	out = appendAll(out, s.restrictions)
	return appendAll(out, s.vendors)
}

func appendAll[T client.Object](out []client.Object, objects []T) []client.Object {
	for _, object := range objects {
		out = append(out, object)
	}
	return out
}

// after is the namespace with a write done. The groups of a deleted vendor go with it.
func (s *space) after(w write) *space {
	out := s.with(w.object(), w.is != nil)
	if gone, ok := w.was.(*accessv1.Vendor); ok && w.is == nil {
		out.groups = slices.DeleteFunc(slices.Clone(s.groups), func(g *accessv1.UserGroup) bool {
			return g.Spec.VendorRef != nil && g.Spec.VendorRef.Name == gone.Name
		})
	}
	return out
}

// with is the namespace with an object in the place of the one of its name, or without either.
func (s *space) with(object client.Object, stays bool) *space {
	out := *s
	switch object := object.(type) {
	case *accessv1.User:
		out.users = replaced(s.users, object, stays)
	case *accessv1.UserGroup:
		out.groups = replaced(s.groups, object, stays)
	case *accessv1.Role:
		out.roles = replaced(s.roles, object, stays)
	case *accessv1.Restriction:
		out.restrictions = replaced(s.restrictions, object, stays)
	case *accessv1.Vendor:
		out.vendors = replaced(s.vendors, object, stays)
	}
	return &out
}

func replaced[T client.Object](objects []T, object T, stays bool) []T {
	out := make([]T, 0, len(objects)+1)
	for _, each := range objects {
		if each.GetName() != object.GetName() {
			out = append(out, each)
		}
	}
	if stays {
		out = append(out, object)
	}
	return out
}

// named finds an object by its name; nil: there is none.
func named[T any, P interface {
	*T
	client.Object
}](objects []P, name string) P {
	for _, object := range objects {
		if object.GetName() == name {
			return object
		}
	}
	return nil
}

// living is named, without what is being deleted.
func living[T any, P interface {
	*T
	client.Object
}](objects []P, name string) P {
	object := named(objects, name)
	if object == nil || object.GetDeletionTimestamp() != nil {
		return nil
	}
	return object
}
