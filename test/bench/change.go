package main

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// toggleSome changes what the k affected users hold, and toggleBase what everybody holds.
func (w *world) toggleSome(ctx context.Context) error {
	w.someManage = !w.someManage
	return w.setRules(ctx, someRole, rules("coupons", someResource, w.someManage))
}

func (w *world) toggleBase(ctx context.Context) error {
	w.baseManage = !w.baseManage
	return w.setRules(ctx, baseRole, rules("tax", baseResource, w.baseManage))
}

func (w *world) setRules(ctx context.Context, role string, rules []accessv1.Rule) error {
	return change(ctx, w, &accessv1.Role{ObjectMeta: w.named(role)}, func(r *accessv1.Role) { r.Spec.Rules = rules })
}

// describeSome, reorderSome, changeNobody and touchSome change something, and nobody's access.
func (w *world) describeSome(ctx context.Context) error {
	return change(ctx, w, &accessv1.Role{ObjectMeta: w.named(someRole)}, func(r *accessv1.Role) {
		r.Spec.DisplayName, r.Spec.Description = "Some", "What some users have"
	})
}

func (w *world) reorderSome(ctx context.Context) error {
	return change(ctx, w, &accessv1.Role{ObjectMeta: w.named(someRole)}, func(r *accessv1.Role) { slices.Reverse(r.Spec.Rules) })
}

func (w *world) changeNobody(ctx context.Context) error {
	return change(ctx, w, &accessv1.UserGroup{ObjectMeta: w.named(emptyGroup)}, func(g *accessv1.UserGroup) {
		g.Spec.Access = []accessv1.Rule{{Resources: []string{"units"}, Level: accessv1.LevelManage}}
	})
}

func (w *world) touchSome(ctx context.Context) error {
	return each(ctx, w.affected, func(ctx context.Context, i int) error {
		return change(ctx, w, &accessv1.User{ObjectMeta: w.named(userName(i))}, func(u *accessv1.User) {
			u.Annotations = map[string]string{"bench.example/touched": "yes"}
		})
	})
}

// change reads an object, changes it, and stores it.
func change[T client.Object](ctx context.Context, w *world, object T, edit func(T)) error {
	if err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
		return err
	}
	edit(object)
	return w.client.Update(ctx, object)
}

// list reads all users past every cache.
func (w *world) list(ctx context.Context) ([]accessv1.User, error) {
	users := &accessv1.UserList{}
	err := w.client.List(ctx, users, client.InNamespace(tenantName))
	return users.Items, err
}

// check returns an error unless there are n users and every one has the status that the world asks for.
func (w *world) check(ctx context.Context, n int) error {
	users, err := w.list(ctx)
	if err != nil {
		return err
	}
	if len(users) != n {
		return fmt.Errorf("there are %d users, not %d", len(users), n)
	}
	for i := range users {
		if problem := w.problem(&users[i]); problem != "" {
			return fmt.Errorf("the status of %s is not right: %s", users[i].Name, problem)
		}
	}
	return nil
}

func (w *world) problem(user *accessv1.User) string {
	affected := user.Name < userName(w.affected)
	groups := map[bool]int{true: 4, false: 3}[affected]
	switch {
	case user.Status.ObservedGeneration != user.Generation:
		return "it is of an earlier generation"
	case user.Status.State != accessv1.UserActive:
		return "the state is " + string(user.Status.State)
	case len(user.Status.Groups) != groups:
		return fmt.Sprintf("%d groups", len(user.Status.Groups))
	case manages(user, someResource) != (affected && w.someManage):
		return "the role " + someRole + " is not as it is now"
	case manages(user, baseResource) != w.baseManage:
		return "the role " + baseRole + " is not as it is now"
	default:
		return ""
	}
}

// manages tells whether the user may manage the resource somewhere.
func manages(user *accessv1.User, resource string) bool {
	return slices.ContainsFunc(user.Status.EffectiveAccess, func(e accessv1.AccessEntry) bool {
		return e.Level == accessv1.LevelManage && slices.Contains(e.Resources, resource)
	})
}
