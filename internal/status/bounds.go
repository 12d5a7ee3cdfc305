package status

import (
	"encoding/json"
	"fmt"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// maxAccessBytes keeps a status well within what etcd takes.
const maxAccessBytes = 256 << 10

// What the schema of the kinds lets access hold.
const (
	maxEntries        = 4096
	maxResources      = 4096
	maxActions        = 256
	maxDimensions     = 16
	maxValues         = 4096
	maxUserAttributes = 64
	maxVia            = 4096
)

// TooLarge says which bound of a status the access breaks; empty: it fits. What a status cannot hold is not granted:
// a part of it would be another access than the one that was asked for.
func TooLarge(entries []accessv1.AccessEntry) string {
	if len(entries) > maxEntries {
		return fmt.Sprintf("The access has more than %d entries; use fewer restrictions", maxEntries)
	}
	for i := range entries {
		if message := entryTooLarge(&entries[i]); message != "" {
			return message
		}
	}
	if encoded, err := json.Marshal(entries); err != nil || len(encoded) > maxAccessBytes {
		return fmt.Sprintf("The access takes more than %d KiB; use fewer groups, or restrictions with fewer values", maxAccessBytes>>10)
	}
	return ""
}

func entryTooLarge(e *accessv1.AccessEntry) string {
	switch {
	case len(e.Resources) > maxResources:
		return fmt.Sprintf("An entry of the access is about more than %d resources", maxResources)
	case len(e.Actions) > maxActions:
		return fmt.Sprintf("An entry of the access holds more than %d actions", maxActions)
	case len(e.Via) > maxVia:
		return fmt.Sprintf("An entry of the access has more than %d origins; use fewer groups or roles", maxVia)
	case len(e.RestrictedTo) > maxDimensions:
		return fmt.Sprintf("An entry of the access is restricted in more than %d dimensions", maxDimensions)
	}
	for _, d := range e.RestrictedTo {
		if len(d.Values) > maxValues {
			return fmt.Sprintf("An entry of the access has more than %d values of %s; use restrictions with fewer values", maxValues, d.Dimension)
		}
		if len(d.UserAttributes) > maxUserAttributes {
			return fmt.Sprintf("An entry of the access has %s from more than %d user attributes; use fewer restrictions", d.Dimension, maxUserAttributes)
		}
	}
	return ""
}
