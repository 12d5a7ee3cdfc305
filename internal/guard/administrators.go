package guard

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// refuseLast says that a write leaves a tenant without any administrator; empty: it does not, or there was none before.
//
// Looking for administrators means looking through the tenant's groups, so it is done only where a write touches somebody
// or something that makes them. It is a help and no more: memberships end by themselves, and two writes may cross.
func refuseLast(ctx context.Context, j *judgement) (string, error) {
	takes, err := j.takesAdministration(ctx)
	if err != nil || !takes {
		return "", err
	}
	before, err := j.before.hasAdministrator(ctx)
	if err != nil || !before {
		return "", err
	}
	after, err := j.after.hasAdministrator(ctx)
	if err != nil || after {
		return "", err
	}
	return fmt.Sprintf("Tenant %s would have no active user any more who administers it: make another one an administrator first",
		j.after.tenancy.Tenant.Name), nil
}

// takesAdministration tells whether a write can have taken administration from anybody.
func (j *judgement) takesAdministration(ctx context.Context) (bool, error) {
	if j.write.old == nil {
		return false, nil
	}
	was, is := sides[accessv1.User](j.write)
	if was == nil {
		return j.touchesAdministration(ctx)
	}
	before, err := j.before.standing(ctx, was)
	if err != nil || !before.administrates() {
		return false, err
	}
	after, err := j.after.standing(ctx, is)
	return !after.administrates(), err
}

// touchesAdministration tells whether the written object is, or is part of, a group that gives administration.
func (j *judgement) touchesAdministration(ctx context.Context) (bool, error) {
	name := j.write.old.GetName()
	named := func(r accessv1.Reference) bool { return r.Name == name }
	var isPart func(*accessv1.UserGroup) bool
	switch old := j.write.old.(type) {
	case *accessv1.UserGroup:
		return j.before.givesAdministration(ctx, old)
	case *accessv1.Role:
		isPart = func(g *accessv1.UserGroup) bool { return slices.ContainsFunc(g.Spec.Roles, named) }
	case *accessv1.Restriction:
		isPart = func(g *accessv1.UserGroup) bool { return slices.ContainsFunc(g.Spec.Restrictions, named) }
	case *accessv1.Vendor:
		isPart = func(g *accessv1.UserGroup) bool { return g.Spec.VendorRef != nil && named(*g.Spec.VendorRef) }
	default:
		return false, nil
	}
	groups, err := j.before.administratorGroups(ctx)
	return slices.ContainsFunc(groups, func(g accessv1.UserGroup) bool { return isPart(&g) }), err
}

// givesAdministration tells whether a group gives some of what makes an administrator, beyond reading, which everybody may.
func (w *world) givesAdministration(ctx context.Context, group *accessv1.UserGroup) (bool, error) {
	compiled, err := w.group(ctx, group)
	resource := w.tenancy.Catalog.Spec.AdministrationResource
	return slices.ContainsFunc(compiled.Grants(), func(g access.Grant) bool {
		return slices.Contains(g.Resources, resource) && slices.ContainsFunc(changing, g.Holds)
	}), err
}

// changing are the actions of Manage beyond Read.
var changing = []string{access.ActionCreate, access.ActionUpdate, access.ActionDelete}

func (w *world) administratorGroups(ctx context.Context) ([]accessv1.UserGroup, error) {
	all := &accessv1.UserGroupList{}
	if err := w.reader.List(ctx, all, client.InNamespace(w.namespace)); err != nil {
		return nil, err
	}
	var out []accessv1.UserGroup
	for i := range all.Items {
		gives, err := w.givesAdministration(ctx, &all.Items[i])
		if err != nil {
			return nil, err
		}
		if gives {
			out = append(out, all.Items[i])
		}
	}
	return out, nil
}

// hasAdministrator looks for an active user who administers the tenant.
func (w *world) hasAdministrator(ctx context.Context) (bool, error) {
	groups, err := w.administratorGroups(ctx)
	if err != nil {
		return false, err
	}
	for i := range groups {
		listing, err := w.graph.UsersListing(ctx, w.namespace, groups[i].Name)
		if err != nil {
			return false, err
		}
		names := make([]string, 0, len(listing)+len(groups[i].Spec.Members))
		for k := range listing {
			names = append(names, listing[k].Name)
		}
		for _, m := range groups[i].Spec.Members {
			names = append(names, m.Name)
		}
		if found, err := w.anyAdministers(ctx, names); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

func (w *world) anyAdministers(ctx context.Context, names []string) (bool, error) {
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if found, err := w.administeredBy(ctx, name); err != nil || found {
			return found, err
		}
	}
	return false, nil
}
