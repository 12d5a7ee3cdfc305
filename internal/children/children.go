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

// plan is what has to happen so that the owner's children are the wanted ones. All lists are sorted by name.
type plan[T client.Object] struct {
	create []T
	// change pairs what is stored with what it has to become.
	change []change[T]
	remove []T
	// keep are the names of wanted children that are there as wanted.
	keep []string
	// conflicts are the names of wanted children that somebody else's object has.
	conflicts []string
}

// change is one stored object and the form that it has to take.
type change[T client.Object] struct{ from, to T }

// planFor compares the wanted children with what is stored. Labels of a wanted child are put into the stored one's, and
// bring puts in everything else that Roster owns; both leave the rest alone. Neither list is changed.
func planFor[T client.Object](owner metav1.Object, wanted, stored []T, bring func(to, wanted T)) plan[T] {
	byName := map[string]T{}
	for _, s := range stored {
		byName[s.GetName()] = s
	}
	var p plan[T]
	claimed := map[string]bool{}
	for _, w := range sorted(wanted) {
		claimed[w.GetName()] = true
		s, exists := byName[w.GetName()]
		switch {
		case !exists:
			p.create = append(p.create, w)
		case !metav1.IsControlledBy(s, owner):
			p.conflicts = append(p.conflicts, w.GetName())
		default:
			p.compare(s, w, bring)
		}
	}
	for _, s := range sorted(stored) {
		if !claimed[s.GetName()] && metav1.IsControlledBy(s, owner) && s.GetDeletionTimestamp().IsZero() {
			p.remove = append(p.remove, s)
		}
	}
	return p
}

func (p *plan[T]) compare(stored, wanted T, bring func(to, wanted T)) {
	to, ok := stored.DeepCopyObject().(T)
	if !ok {
		return // a deep copy is of the same type
	}
	bringLabels(to, wanted)
	bring(to, wanted)
	if equality.Semantic.DeepEqual(stored, to) {
		p.keep = append(p.keep, wanted.GetName())
		return
	}
	p.change = append(p.change, change[T]{stored, to})
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
