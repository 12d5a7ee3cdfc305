package decision

import (
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// vocabulary is a catalog with its resources and actions numbered. A nil vocabulary stands for an unknown catalog.
type vocabulary struct {
	uid        string
	generation int64
	resources  words
	actions    words
	// names are the actions by number.
	names []string
	// details are the resources by number.
	details []access.Resource
	// valid has the pairs that exist: not every resource declares every action.
	valid mask
}

var fourActions = []string{access.ActionCreate, access.ActionDelete, access.ActionRead, access.ActionUpdate}

func newVocabulary(catalog *accessv1.ResourceCatalog) *vocabulary {
	v := &vocabulary{uid: string(catalog.UID), generation: catalog.Generation, details: graph.Catalog(catalog).Resources}
	v.names = slices.Clone(fourActions)
	resources := make([]string, len(v.details))
	for i, r := range v.details {
		resources[i] = r.Name
		v.names = append(v.names, r.Actions...)
	}
	slices.Sort(v.names)
	v.names = slices.Compact(v.names)
	v.resources, v.actions = newWords(resources), newWords(v.names)
	v.valid = newMask(len(v.details) * len(v.names))
	for i, r := range v.details {
		for _, action := range slices.Concat(fourActions, r.Actions) {
			number, _ := v.actions.find(action)
			v.valid.add(v.bit(i, number))
		}
	}
	return v
}

func (v *vocabulary) bit(resource, action int) int { return resource*len(v.names) + action }

// find numbers a question: the resource, and the bit of the pair. The reason is empty when both exist.
func (v *vocabulary) find(resource, action string) (at, bit int, reason access.Reason) {
	at, bit, reason = v.look(resource, action)
	if reason == "" && !v.valid.has(bit) {
		reason = access.UnknownAction
	}
	return at, bit, reason
}

// look is find for those who know that nobody holds what is not valid: it does not tell whether the resource has the action.
func (v *vocabulary) look(resource, action string) (at, bit int, reason access.Reason) {
	if v == nil {
		return 0, 0, access.UnknownResource
	}
	at, ok := v.resources.find(resource)
	if !ok {
		return 0, 0, access.UnknownResource
	}
	number, ok := v.actions.find(action)
	if !ok {
		return 0, 0, access.UnknownAction
	}
	return at, v.bit(at, number), ""
}

// actionsOf are the actions of a resource, sorted; nil when there is no such resource.
func (v *vocabulary) actionsOf(resource string) []string {
	if v == nil {
		return nil
	}
	at, ok := v.resources.find(resource)
	if !ok {
		return nil
	}
	out := slices.Concat(fourActions, v.details[at].Actions)
	slices.Sort(out)
	return slices.Compact(out)
}

// mask is what a grant holds, in this vocabulary. What the vocabulary does not know is left out.
func (v *vocabulary) mask(g *access.Grant) mask {
	if v == nil {
		return nil
	}
	m := newMask(len(v.details) * len(v.names))
	for _, name := range g.Resources {
		at, ok := v.resources.find(name)
		if !ok {
			continue
		}
		for number, action := range v.names {
			if bit := v.bit(at, number); v.valid.has(bit) && g.Holds(action) {
				m.add(bit)
			}
		}
	}
	return m
}
