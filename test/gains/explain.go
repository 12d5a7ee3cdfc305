package gains

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// explain says what is wrong with a world in the smallest world in which it still is.
func (j *judge) explain(w *world, wrong string) string {
	kind, _, _ := strings.Cut(wrong, ":")
	small := *w
	for smaller := true; smaller; {
		smaller = j.shrink(&small, kind)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s\nby %s, with the verbs %q\nwas %s\nis  %s\nstored:\n",
		j.try(&small).wrong, small.write.by, small.write.verbs, encoded(small.write.was).Raw, encoded(small.write.is).Raw)
	for _, object := range small.objects() {
		fmt.Fprintf(&out, "%s %s/%s %s\n", strings.TrimPrefix(fmt.Sprintf("%T", object), "*v1alpha1."),
			object.GetNamespace(), object.GetName(), specText(object))
	}
	return out.String()
}

func specText(object client.Object) string {
	raw, err := json.Marshal(spec(object))
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// shrink leaves out the first thing without which the world is as wrong, and tells whether there was one.
func (j *judge) shrink(w *world, kind string) bool {
	for _, s := range []**space{&w.acme, &w.agency} {
		for smaller := range smallerSpaces(*s, w.write.was) {
			kept := *s
			*s = smaller
			if strings.HasPrefix(j.try(w).wrong, kind) {
				return true
			}
			*s = kept
		}
	}
	return false
}

// smallerSpaces yields the namespace without one object, or without one entry of a list of one of them.
func smallerSpaces(s *space, written client.Object) func(func(*space) bool) {
	return func(yield func(*space) bool) {
		_ = eachWithout(s.users, written, func(l []*accessv1.User) bool { c := *s; c.users = l; return yield(&c) }) &&
			eachWithout(s.groups, written, func(l []*accessv1.UserGroup) bool { c := *s; c.groups = l; return yield(&c) }) &&
			eachWithout(s.roles, written, func(l []*accessv1.Role) bool { c := *s; c.roles = l; return yield(&c) }) &&
			eachWithout(s.restrictions, written, func(l []*accessv1.Restriction) bool { c := *s; c.restrictions = l; return yield(&c) }) &&
			eachWithout(s.vendors, written, func(l []*accessv1.Vendor) bool { c := *s; c.vendors = l; return yield(&c) }) &&
			eachSimpler(s.users, written, simplerUsers, func(l []*accessv1.User) bool { c := *s; c.users = l; return yield(&c) }) &&
			eachSimpler(s.groups, written, simplerGroups, func(l []*accessv1.UserGroup) bool { c := *s; c.groups = l; return yield(&c) })
	}
}

func eachWithout[T client.Object](list []T, written client.Object, yield func([]T) bool) bool {
	for i, object := range list {
		if client.Object(object) != written && !yield(without(list, i)) {
			return false
		}
	}
	return true
}

func eachSimpler[T client.Object](list []T, written client.Object, simpler func(T) []T, yield func([]T) bool) bool {
	for i, object := range list {
		if client.Object(object) == written {
			continue
		}
		for _, simple := range simpler(object) {
			changed := slices.Clone(list)
			changed[i] = simple
			if !yield(changed) {
				return false
			}
		}
	}
	return true
}

func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }

func simplerUsers(u *accessv1.User) []*accessv1.User {
	var out []*accessv1.User
	for i := range u.Spec.Groups {
		simple := *u
		simple.Spec.Groups = without(u.Spec.Groups, i)
		out = append(out, &simple)
	}
	return out
}

func simplerGroups(g *accessv1.UserGroup) []*accessv1.UserGroup {
	var out []*accessv1.UserGroup
	add := func(change func(*accessv1.UserGroup)) {
		simple := *g
		simple.Generation *= 1000 // another version, which nobody has compiled
		change(&simple)
		out = append(out, &simple)
	}
	for i := range g.Spec.Members {
		add(func(s *accessv1.UserGroup) { s.Spec.Members = without(g.Spec.Members, i) })
	}
	for i := range g.Spec.Roles {
		add(func(s *accessv1.UserGroup) { s.Spec.Roles = without(g.Spec.Roles, i) })
	}
	for i := range g.Spec.Restrictions {
		add(func(s *accessv1.UserGroup) { s.Spec.Restrictions = without(g.Spec.Restrictions, i) })
	}
	for i := range g.Spec.Access {
		add(func(s *accessv1.UserGroup) { s.Spec.Access = without(g.Spec.Access, i) })
	}
	return out
}
