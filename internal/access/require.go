package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MissingRead is something that the catalog advises to have as well and that grants do not hold.
type MissingRead struct {
	// Resource is held at Level, Read or Manage.
	Resource string
	Level    Level
	// Needs is the resource that one also needs, at NeedsLevel.
	Needs      string
	NeedsLevel Level
}

// String returns the advice in prose: "Manage on orders needs Read on customers".
func (m MissingRead) String() string {
	return fmt.Sprintf("%s on %s needs %s on %s", m.Level, m.Resource, m.NeedsLevel, m.Needs)
}

// Missing returns what the catalog requires beside the grants and they lack, sorted by resource and need, the higher
// level where two are lacking. Scopes and times are ignored: a need that is held somewhere is held. Needs that the
// catalog itself does not list are left out. It is advice; nothing depends on it.
func Missing(v *Vocabulary, grants []Grant) []MissingRead {
	if v == nil {
		return nil
	}
	levels := v.levels(grants)
	var missing []MissingRead
	for i, r := range v.resources {
		for _, need := range r.Requires {
			if reaches(levels[i], need.Level) {
				missing = append(missing, v.lacking(i, levels, need)...)
			}
		}
	}
	slices.SortFunc(missing, compareMissing)
	return slices.CompactFunc(missing, func(a, b MissingRead) bool {
		return a.Resource == b.Resource && a.Needs == b.Needs
	})
}

// lacking returns what of one requirement of the resource with index held the levels do not reach.
func (v *Vocabulary) lacking(held int, levels []Level, need Requirement) []MissingRead {
	var lacking []MissingRead
	look := func(names []string, level Level) {
		for _, name := range names {
			if at, ok := v.index[name]; ok && !reaches(levels[at], level) {
				lacking = append(lacking, MissingRead{
					Resource: v.names[held], Level: levels[held], Needs: name, NeedsLevel: level,
				})
			}
		}
	}
	look(need.Read, Read)
	look(need.Manage, Manage)
	return lacking
}

// Summary returns the number of resources by the best level that one entry holds on them: "manage 8, read 23", with
// ", other 2" for resources of which only single actions are held; "none" for no access at all. Resources that the
// catalog does not list do not count.
func Summary(v *Vocabulary, grants []Grant) string {
	if v == nil {
		return "none"
	}
	levels := v.levels(grants)
	manage, read, held := 0, 0, v.held(grants).count()
	for _, level := range levels {
		switch level {
		case Manage:
			manage++
		case Read:
			read++
		}
	}
	if held == 0 {
		return "none"
	}
	summary := fmt.Sprintf("manage %d, read %d", manage, read)
	if other := held - manage - read; other > 0 {
		summary += fmt.Sprintf(", other %d", other)
	}
	return summary
}

// levels returns by resource the best level that one of the grants holds on it.
func (v *Vocabulary) levels(grants []Grant) []Level {
	levels := make([]Level, len(v.names))
	for _, g := range grants {
		for _, name := range g.Resources {
			if at, ok := v.index[name]; ok && rank(g.Level) < rank(levels[at]) {
				levels[at] = g.Level
			}
		}
	}
	return levels
}

// held returns the resources of which the grants hold anything.
func (v *Vocabulary) held(grants []Grant) bits {
	held := newBits(len(v.names))
	for _, g := range grants {
		for _, name := range g.Resources {
			if at, ok := v.index[name]; ok && (g.Level != None || len(g.Actions) > 0) {
				held.add(at)
			}
		}
	}
	return held
}

// reaches says whether a level that is held is one, and is the wanted one or covers it.
func reaches(held, wanted Level) bool {
	return held != None && rank(held) <= rank(wanted)
}

func compareMissing(a, b MissingRead) int {
	return cmp.Or(
		strings.Compare(a.Resource, b.Resource), strings.Compare(a.Needs, b.Needs),
		cmp.Compare(rank(a.NeedsLevel), rank(b.NeedsLevel)),
	)
}
