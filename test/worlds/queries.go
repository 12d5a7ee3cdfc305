package worlds

import (
	"slices"

	"github.com/roster-dev/roster/internal/access"
)

// EveryAction and EveryResource are what the questions ask about; the last of each is the name of nothing.
var (
	EveryAction   = slices.Concat(FourActions, extraActions, []string{"fly"})
	EveryResource = slices.Concat(resources, []string{"nothing"})
)

// Queries yields every question about one of the entities.
func Queries(entities []access.Entity, group string) func(yield func(access.Query) bool) {
	return func(yield func(access.Query) bool) {
		for _, resource := range EveryResource {
			for _, action := range EveryAction {
				for _, entity := range entities {
					if !yield(access.Query{Action: action, Resource: resource, Entity: entity, Group: group}) {
						return
					}
				}
			}
		}
	}
}
