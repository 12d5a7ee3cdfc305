package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// refuseLast says that a write leaves a tenant without any administrator; empty: it does not, or there was none before.
//
// Looking for administrators means looking through the tenant's groups, so it is done only where a write touches somebody
// or something that makes them. It is a help and no more: memberships end by themselves, and two writes may cross.
func (j *judgement) refuseLast(ctx context.Context, w worlds) (string, error) {
	takes, err := j.takesAdministration(ctx, w)
	if err != nil || !takes {
		return "", err
	}
	after, err := w.after.hasAdministrator(ctx)
	if err != nil || after {
		return "", err
	}
	before, err := w.before.hasAdministrator(ctx)
	if err != nil || !before {
		return "", err
	}
	return fmt.Sprintf("Tenant %s would have no active user any more who administers it: make another one an administrator first",
		w.after.tenancy.Tenant.Name), nil
}

// takesAdministration tells whether a write can take administration from anybody: from the written user, by what gives it,
// or by a vendor's group, which takes other vendors' groups from who comes to be in it.
func (j *judgement) takesAdministration(ctx context.Context, w worlds) (bool, error) {
	switch object := j.write.object().(type) {
	case *accessv1.User:
		return j.takesFromUser(ctx, w)
	case *accessv1.UserGroup:
		was, is, err := inPlace[accessv1.UserGroup](ctx, w, object.Name)
		if err != nil || isVendors(was) || isVendors(is) {
			return true, err
		}
		return w.before.givesAdministration(ctx, was)
	case *accessv1.Role:
		return w.before.makesAdministrators(ctx, index.GroupByRole, object.Name)
	case *accessv1.Restriction:
		return w.before.makesAdministrators(ctx, index.GroupByRestriction, object.Name)
	case *accessv1.Vendor:
		return true, nil
	default:
		return false, nil
	}
}

func isVendors(group *accessv1.UserGroup) bool { return group != nil && group.Spec.VendorRef != nil }

func (j *judgement) takesFromUser(ctx context.Context, w worlds) (bool, error) {
	was, is := sides[accessv1.User](j.write)
	before, err := w.before.standing(ctx, was)
	if err != nil || !before.administrates() {
		return false, err
	}
	after, err := w.after.standing(ctx, is)
	return !after.administrates(), err
}

// makesAdministrators tells whether what one of the indexes finds is part of a group that gives administration.
func (w *world) makesAdministrators(ctx context.Context, key, name string) (bool, error) {
	groups, err := w.groupsBy(ctx, key, name)
	for i := range groups {
		if gives, err := w.givesAdministration(ctx, &groups[i]); err != nil || gives {
			return gives, err
		}
	}
	return false, err
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
	if err := errors.Join(w.showMissing(ctx), w.reader.List(ctx, all, client.InNamespace(w.namespace))); err != nil {
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
