// Package children keeps the objects that Roster makes for another one: a tenant's predefined roles and synced
// restrictions, a vendor's groups and restriction. Planning is pure; carrying a plan out is all that touches the
// cluster. An object that is not controlled by the owner is never adopted, changed or deleted.
package children

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Plan is what has to happen so that the owner's children are the wanted ones. All lists are sorted by name.
type Plan[T client.Object] struct {
	Create []T
	// Change pairs what is stored with what it has to become.
	Change []Change[T]
	Delete []T
	// Keep are the names of wanted children that are there as wanted.
	Keep []string
	// Conflicts are the names of wanted children that somebody else's object has.
	Conflicts []string
}

// Change is one stored object and the form that it has to take.
type Change[T client.Object] struct{ From, To T }

// Make compares the wanted children with what is stored. Labels of a wanted child are put into the stored one's, and
// bring puts in everything else that Roster owns; both leave the rest alone. Neither list is changed.
func Make[T client.Object](owner metav1.Object, wanted, stored []T, bring func(to, wanted T)) Plan[T] {
	byName := map[string]T{}
	for _, s := range stored {
		byName[s.GetName()] = s
	}
	var plan Plan[T]
	claimed := map[string]bool{}
	for _, w := range sorted(wanted) {
		claimed[w.GetName()] = true
		s, exists := byName[w.GetName()]
		switch {
		case !exists:
			plan.Create = append(plan.Create, w)
		case !metav1.IsControlledBy(s, owner):
			plan.Conflicts = append(plan.Conflicts, w.GetName())
		default:
			plan.compare(s, w, bring)
		}
	}
	for _, s := range sorted(stored) {
		if !claimed[s.GetName()] && metav1.IsControlledBy(s, owner) && s.GetDeletionTimestamp().IsZero() {
			plan.Delete = append(plan.Delete, s)
		}
	}
	return plan
}

func (p *Plan[T]) compare(stored, wanted T, bring func(to, wanted T)) {
	to, ok := stored.DeepCopyObject().(T)
	if !ok {
		return // a deep copy is of the same type
	}
	bringLabels(to, wanted)
	bring(to, wanted)
	if equality.Semantic.DeepEqual(stored, to) {
		p.Keep = append(p.Keep, wanted.GetName())
		return
	}
	p.Change = append(p.Change, Change[T]{stored, to})
}

func bringLabels(to, wanted client.Object) {
	labels := maps.Clone(to.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, wanted.GetLabels())
	to.SetLabels(labels)
}

func sorted[T client.Object](objects []T) []T {
	return slices.SortedFunc(slices.Values(objects), func(a, b T) int { return strings.Compare(a.GetName(), b.GetName()) })
}
