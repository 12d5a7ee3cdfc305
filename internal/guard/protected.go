package guard

import (
	"context"
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// assigned are the roles of protection Platform that a write assigns to somebody, changes, or changes the holders of; each
// needs the verb bind. Sorted.
func (j *judgement) assigned(ctx context.Context) ([]string, error) {
	var names []string
	var err error
	switch j.write.object().(type) {
	case *accessv1.User:
		names, err = j.rolesJoined(ctx)
	case *accessv1.UserGroup:
		names = j.rolesEdited()
	case *accessv1.Role:
		if j.write.old != nil {
			names = []string{j.write.old.GetName()}
		}
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []string
	for _, name := range slices.Compact(names) {
		protected, err := j.isProtected(ctx, name)
		if err != nil {
			return nil, err
		}
		if protected {
			out = append(out, name)
		}
	}
	return out, nil
}

// rolesEdited are the roles of an edited group. Deleting one assigns nothing.
func (j *judgement) rolesEdited() []string {
	was, is := sides[accessv1.UserGroup](j.write)
	if is == nil {
		return nil
	}
	names := roleNames(is)
	if was != nil {
		names = append(names, roleNames(was)...)
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

// rolesJoined are the roles of the groups that a user is in after the write and was not before, or for longer.
func (j *judgement) rolesJoined(ctx context.Context) ([]string, error) {
	was, is := sides[accessv1.User](j.write)
	before, err := j.before.standing(ctx, samePerson(was, is))
	if err != nil {
		return nil, err
	}
	after, err := j.after.standing(ctx, is)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range after.memberships {
		if slices.ContainsFunc(before.memberships, func(b access.Membership) bool { return b.Name == m.Name && lasts(b.Until, m.Until) }) {
			continue
		}
		group, err := read[accessv1.UserGroup](ctx, j.after, m.Name)
		if err != nil {
			return nil, err
		}
		if group != nil {
			names = append(names, roleNames(group)...)
		}
	}
	return names, nil
}

// isProtected goes by the role as it was before the write, and by the catalog where its copy is not made yet.
func (j *judgement) isProtected(ctx context.Context, name string) (bool, error) {
	role, err := read[accessv1.Role](ctx, j.before, name)
	if err != nil {
		return false, err
	}
	if role != nil && role.Spec.Protection == accessv1.ProtectionPlatform {
		return true, nil
	}
	of := predefined(j.before.tenancy, name)
	return of != nil && of.Protection == accessv1.ProtectionPlatform, nil
}
