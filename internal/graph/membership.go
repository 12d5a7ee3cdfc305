package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// Memberships collects a user's memberships from both sides, in the user's own list and in the groups' lists.
func (g *Graph) Memberships(ctx context.Context, tenancy *Tenancy, user *accessv1.User) ([]access.Membership, error) {
	named, err := g.naming(ctx, user)
	if err != nil {
		return nil, err
	}
	out := make([]access.Membership, 0, len(user.Spec.Groups)+len(named))
	for i := range user.Spec.Groups {
		m, err := g.listed(ctx, tenancy, user.Namespace, &user.Spec.Groups[i])
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	for _, by := range named {
		m := access.Membership{Name: by.group.Name, From: access.FromGroup, Until: by.until}
		if by.group.DeletionTimestamp.IsZero() {
			if m.Group, err = g.Group(ctx, tenancy, by.group); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// listed is the membership in a group that the user's own list names.
func (g *Graph) listed(ctx context.Context, tenancy *Tenancy, namespace string, in *accessv1.GroupMembership) (access.Membership, error) {
	m := access.Membership{Name: in.Name, Until: timeOf(in.Until), From: access.FromUser}
	if known, ok := g.settled[client.ObjectKey{Namespace: namespace, Name: in.Name}]; ok {
		m.Group = known
		return m, nil
	}
	group := &accessv1.UserGroup{}
	found, err := g.find(ctx, namespace, in.Name, group)
	if err != nil || !found {
		return m, err
	}
	m.Group, err = g.Group(ctx, tenancy, group)
	return m, err
}

// naming is a group whose own list names a user, and when that ends; zero: never.
type naming struct {
	group *accessv1.UserGroup
	until time.Time
}

func (g *Graph) naming(ctx context.Context, user *accessv1.User) ([]naming, error) {
	if known, ok := g.gathered[client.ObjectKeyFromObject(user)]; ok {
		return known, nil
	}
	groups, err := g.GroupsBy(ctx, user.Namespace, index.GroupByMember, user.Name)
	out := make([]naming, len(groups))
	for i := range groups {
		out[i] = naming{&groups[i], g.memberUntil(&groups[i], user.Name)}
	}
	return out, err
}

// Gather finds the groups that name any of these users by going through all groups of the namespace once, which is quicker
// than to look for each where they are many. It is for a graph of one moment.
func (g *Graph) Gather(ctx context.Context, namespace string, users []string) error {
	groups := &accessv1.UserGroupList{}
	if err := g.reader.List(ctx, groups, client.InNamespace(namespace), client.DisableReadYourWritesConsistency); err != nil {
		return fmt.Errorf("could not list the groups of %s: %w", namespace, err)
	}
	at, found := make(map[string]int, len(users)), make([][]naming, len(users))
	for i, user := range users {
		at[user] = i
	}
	for i := range groups.Items {
		for _, member := range groups.Items[i].Spec.Members {
			if k, ok := at[member.Name]; ok {
				found[k] = append(found[k], naming{&groups.Items[i], timeOf(member.Until)})
			}
		}
	}
	g.gathered = make(map[client.ObjectKey][]naming, len(users))
	for user, i := range at {
		g.gathered[client.ObjectKey{Namespace: namespace, Name: user}] = found[i]
	}
	return nil
}

// memberUntil is when the group's own list ends a user's membership; zero: never.
func (g *Graph) memberUntil(group *accessv1.UserGroup, user string) time.Time {
	members := group.Spec.Members
	// A list is sorted by hand, and may have thousands of names, each of which is looked up when the group changes.
	byName := g.members.get(group.Namespace+"/"+group.Name, versionOf(group), func() []int32 {
		order := make([]int32, len(members))
		for i := range order {
			order[i] = int32(i) //nolint:gosec // the schema bounds the list
		}
		slices.SortFunc(order, func(a, b int32) int { return strings.Compare(members[a].Name, members[b].Name) })
		return order
	})
	at, found := slices.BinarySearchFunc(byName, user, func(i int32, name string) int { return strings.Compare(members[i].Name, name) })
	if !found {
		return time.Time{}
	}
	return timeOf(members[byName[at]].Until)
}
