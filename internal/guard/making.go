package guard

import (
	"context"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/vendor"
)

// settle lets a world be as it will be: whatever Roster makes of a free name is there, and so is what it makes of a written
// vendor. One that stays takes the names that somebody else's objects have for now; one that goes only those that are free.
func (w *world) settle(ctx context.Context, stored *graph.Graph, written client.Object, stays bool) error {
	w.graph = stored.Supposing(w.reader)
	w.reader.make = w.make
	switch object := written.(type) {
	case *accessv1.Vendor:
		return w.showChildren(ctx, object, stays)
	case *accessv1.UserGroup:
		is, err := read[accessv1.UserGroup](ctx, w, object.Name)
		if is != nil {
			w.reader.show(is) // which may be on its way out
		}
		return err
	default:
		return nil
	}
}

// showChildren shows a vendor's children: all of them, or those whose names nobody has. Who is in a group that has the name
// stays there.
func (w *world) showChildren(ctx context.Context, of *accessv1.Vendor, all bool) error {
	for _, child := range w.childrenOf(of) {
		there, _ := child.DeepCopyObject().(client.Object) // a deep copy is of the same type
		taken, err := w.reader.getStaying(ctx, client.ObjectKeyFromObject(child), there, nil)
		if client.IgnoreNotFound(err) != nil {
			return err
		}
		if taken && !all {
			continue
		}
		if group, ok := child.(*accessv1.UserGroup); ok && taken {
			group.Spec.Members = there.(*accessv1.UserGroup).Spec.Members //nolint:forcetypeassert // a deep copy is of the same type
		}
		w.reader.show(child)
	}
	return nil
}

// showMissing shows the children that vendors are yet to have, so that they are listed. A name that is asked for is made
// without: there may be many vendors.
func (w *world) showMissing(ctx context.Context) error {
	if w.reader.make == nil || w.complete {
		return nil
	}
	w.complete = true
	vendors := &accessv1.VendorList{}
	if err := w.reader.List(ctx, vendors, client.InNamespace(w.namespace)); err != nil {
		return err
	}
	for i := range vendors.Items {
		if err := w.showChildren(ctx, &vendors.Items[i], false); err != nil {
			return err
		}
	}
	return nil
}

// groupsBy lists the groups of the namespace by one of the indexes, those among them that are yet to be made.
func (w *world) groupsBy(ctx context.Context, key, name string) ([]accessv1.UserGroup, error) {
	if err := w.showMissing(ctx); err != nil {
		return nil, err
	}
	return w.graph.GroupsBy(ctx, w.namespace, key, name)
}

// make is what Roster makes of a name as soon as it is free; nil: nothing. Every role of the catalog counts, whether the
// tenant has it or not: the platform may give it one any day.
func (w *world) make(ctx context.Context, like client.Object, name string) (client.Object, error) {
	switch like.(type) {
	case *accessv1.Role:
		return w.makeRole(name), nil
	case *accessv1.UserGroup:
		return w.makeChild(ctx, like, name)
	case *accessv1.Restriction:
		if child, err := w.makeChild(ctx, like, name); child != nil || err != nil {
			return child, err
		}
		return w.makeSynced(ctx, name)
	default:
		return nil, nil
	}
}

func (w *world) makeRole(name string) client.Object {
	of := predefined(w.tenancy, name)
	if of == nil {
		return nil
	}
	return made(w.tenancy.Tenant, "Tenant", graph.PredefinedRole(w.namespace, of))
}

// makeChild looks for a vendor whose child would have the name: each part of it that ends before a dot may be one.
func (w *world) makeChild(ctx context.Context, like client.Object, name string) (client.Object, error) {
	for i, c := range name {
		if c != '.' {
			continue
		}
		of, err := read[accessv1.Vendor](ctx, w, name[:i])
		if err != nil {
			return nil, err
		}
		for _, child := range w.childrenOf(of) {
			if child.GetName() == name && reflect.TypeOf(child) == reflect.TypeOf(like) {
				return child, nil
			}
		}
	}
	return nil, nil
}

func (w *world) makeSynced(ctx context.Context, name string) (client.Object, error) {
	of, _, _ := strings.Cut(name, ".")
	dimension := w.tenancy.Dimension(of)
	if dimension == nil || dimension.Restrictions != accessv1.RestrictionsSynced {
		return nil, nil
	}
	values, _, err := w.graph.Values(ctx, w.namespace, dimension)
	for _, value := range values {
		if restriction := graph.SyncedRestriction(w.namespace, of, value); restriction.Name == name {
			return made(w.tenancy.Tenant, "Tenant", restriction), nil
		}
	}
	return nil, err
}

// childrenOf are a vendor's restriction and groups as Roster makes them; none of a vendor that is not there, or not any more.
func (w *world) childrenOf(of *accessv1.Vendor) []client.Object {
	if of == nil || !of.DeletionTimestamp.IsZero() || w.tenancy.Catalog == nil {
		return nil
	}
	children := vendor.ChildrenOf(of, w.tenancy.Tenant, w.tenancy.Catalog)
	out := []client.Object{made(of, "Vendor", children.Restriction)}
	for _, group := range children.Groups {
		out = append(out, made(of, "Vendor", group))
	}
	return out
}

// made is a child as Roster will have made it.
func made[T client.Object](of client.Object, kind string, child T) T {
	child.SetGeneration(supposed)
	child.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(of, accessv1.SchemeGroupVersion.WithKind(kind))})
	return child
}
