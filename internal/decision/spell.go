package decision

import (
	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// spell writes entries as a status does.
func spell(entries []*entry) []accessv1.AccessEntry {
	list := make([]access.Grant, len(entries))
	for i, e := range entries {
		list[i] = e.grant
	}
	return graph.Entries(list)
}
