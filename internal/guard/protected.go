package guard

import (
	"context"
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// assigned are the roles of protection Platform that a write assigns to somebody, changes, or changes the holders of; each
// needs the verb bind. Sorted.
func (j *judgement) assigned(ctx context.Context, w worlds) ([]string, error) {
	var names []string
	var err error
	switch object := j.write.object().(type) {
	case *accessv1.User:
		names, err = j.rolesJoined(ctx, w)
	case *accessv1.UserGroup:
		names, err = rolesEdited(ctx, w, object.Name)
	case *accessv1.Role:
		if j.write.old != nil {
			names = []string{object.Name}
		}
	case *accessv1.Vendor:
		if j.write.old == nil {
			names = w.after.rolesOf(object)
		}
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []string
	for _, name := range slices.Compact(names) {
		protected, err := w.before.protects(ctx, name)
		if err != nil {
			return nil, err
		}
		if protected {
			out = append(out, name)
		}
	}
	return out, nil
}

// rolesEdited are the roles of an edited group, or of one that comes in its place. Deleting one assigns nothing.
func rolesEdited(ctx context.Context, w worlds, name string) ([]string, error) {
	was, is, err := inPlace[accessv1.UserGroup](ctx, w, name)
	if err != nil || is == nil {
		return nil, err
	}
	names := roleNames(is)
	if was != nil {
		names = append(names, roleNames(was)...)
	}
	return names, nil
}

// rolesOf are the roles of a vendor's groups.
func (w *world) rolesOf(vendor *accessv1.Vendor) []string {
	var names []string
	for _, child := range w.childrenOf(vendor) {
		if group, ok := child.(*accessv1.UserGroup); ok {
			names = append(names, roleNames(group)...)
		}
	}
	return names
}

func roleNames(group *accessv1.UserGroup) []string {
	out := make([]string, len(group.Spec.Roles))
	for i := range group.Spec.Roles {
		out[i] = group.Spec.Roles[i].Name
	}
	return out
}

// rolesJoined are the roles of the groups that a user is in after the write and was not before, or for longer. Of another
// type, he is as if he came into all of them: a role may be for that type only.
func (j *judgement) rolesJoined(ctx context.Context, w worlds) ([]string, error) {
	was, is := sides[accessv1.User](j.write)
	if was != nil && is != nil && was.Spec.Type != is.Spec.Type {
		was = nil
	}
	before, err := w.before.standing(ctx, samePerson(was, is))
	if err != nil {
		return nil, err
	}
	after, err := w.after.standing(ctx, is)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range after.memberships {
		if slices.ContainsFunc(before.memberships, func(b access.Membership) bool { return b.Name == m.Name && lasts(b.Until, m.Until) }) {
			continue
		}
		group, err := read[accessv1.UserGroup](ctx, w.after, m.Name)
		if err != nil {
			return nil, err
		}
		if group != nil {
			names = append(names, roleNames(group)...)
		}
	}
	return names, nil
}

// protects goes by the role as it is, and by the catalog where its copy is not made yet.
func (w *world) protects(ctx context.Context, name string) (bool, error) {
	role, err := read[accessv1.Role](ctx, w, name)
	if err != nil {
		return false, err
	}
	if role != nil && role.Spec.Protection == accessv1.ProtectionPlatform {
		return true, nil
	}
	of := predefined(w.tenancy, name)
	return of != nil && of.Protection == accessv1.ProtectionPlatform, nil
}
