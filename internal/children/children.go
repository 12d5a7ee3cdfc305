// Package children keeps the objects that Roster makes for another one: a tenant's predefined roles and synced
// restrictions, a vendor's groups and restriction. Planning is pure; carrying a plan out is all that touches the
// cluster. An object that is not controlled by the owner is never adopted, changed or deleted.
package children

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Plan is what has to happen so that the owner's children are the wanted ones. All lists are sorted by name.
type Plan[T client.Object] struct {
	Create []T
	// Change pairs what is stored with what it has to become.
	Change []Change[T]
	Delete []T
	// Conflicts are the names of wanted children that somebody else's object has.
	Conflicts []string
}

// Change is one stored object and the form that it has to take.
type Change[T client.Object] struct{ From, To T }

// Make compares the wanted children with what is stored under their names or controlled by the owner. The function
// bring returns a stored object with everything that Roster owns in it as wanted, leaving the rest alone; same tells
// whether that changed anything.
func Make[T client.Object](owner metav1.Object, wanted, stored []T, bring func(stored, wanted T) T, same func(a, b T) bool) Plan[T] {
	byName := map[string]T{}
	for _, s := range stored {
		byName[s.GetName()] = s
	}
	var plan Plan[T]
	keep := map[string]bool{}
	for _, w := range sorted(wanted) {
		keep[w.GetName()] = true
		s, exists := byName[w.GetName()]
		switch {
		case !exists:
			plan.Create = append(plan.Create, w)
		case !metav1.IsControlledBy(s, owner):
			plan.Conflicts = append(plan.Conflicts, w.GetName())
		default:
			if to := bring(s, w); !same(s, to) {
				plan.Change = append(plan.Change, Change[T]{s, to})
			}
		}
	}
	for _, s := range sorted(stored) {
		if !keep[s.GetName()] && metav1.IsControlledBy(s, owner) && s.GetDeletionTimestamp().IsZero() {
			plan.Delete = append(plan.Delete, s)
		}
	}
	return plan
}

func sorted[T client.Object](objects []T) []T {
	return slices.SortedFunc(slices.Values(objects), func(a, b T) int { return strings.Compare(a.GetName(), b.GetName()) })
}

// Apply carries the plan out. What the API server refuses as invalid is named in the second result, with its reason, and
// does not keep the rest from happening.
func Apply[T client.Object](ctx context.Context, c client.Client, plan Plan[T]) (refused []string, err error) {
	steps := make([]func() error, 0, len(plan.Create)+len(plan.Change)+len(plan.Delete))
	for _, object := range plan.Create {
		steps = append(steps, func() error { return c.Create(ctx, object, client.FieldOwner(accessv1.FieldOwner)) })
	}
	for _, change := range plan.Change {
		steps = append(steps, func() error {
			patch := client.MergeFromWithOptions(change.From, client.MergeFromWithOptimisticLock{})
			return c.Patch(ctx, change.To, patch, client.FieldOwner(accessv1.FieldOwner))
		})
	}
	for _, object := range plan.Delete {
		uid := object.GetUID()
		steps = append(steps, func() error {
			return client.IgnoreNotFound(c.Delete(ctx, object, client.Preconditions{UID: &uid}))
		})
	}
	for _, step := range steps {
		err := step()
		if apierrors.IsInvalid(err) {
			refused = append(refused, err.Error())
			continue
		}
		if err != nil {
			return refused, fmt.Errorf("could not write a child: %w", err)
		}
	}
	return refused, nil
}

// Claim marks a new object as the owner's child: controlled by it, managed by Roster, with the labels given.
func Claim(owner, child client.Object, scheme *runtime.Scheme, labels map[string]string) error {
	all := map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster}
	maps.Copy(all, labels)
	child.SetLabels(all)
	return controllerutil.SetControllerReference(owner, child, scheme)
}

// BringLabels puts the wanted labels into a stored object's, leaving others alone.
func BringLabels(stored, wanted client.Object) {
	labels := maps.Clone(stored.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, wanted.GetLabels())
	stored.SetLabels(labels)
}
