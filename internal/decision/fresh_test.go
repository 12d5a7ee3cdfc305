package decision

import (
	"context"
	"slices"
	"testing"
)

// A subject's id does not count in a search for subjects: what the search says of everybody has to be as new as was asked.
func TestASearchForSubjectsWaitsForEverybodyWhateverIDItHas(t *testing.T) {
	for name, id := range map[string]string{"without an id": "", "with one": `,"id":"ben"`, "with nobody's": `,"id":"nobody"`} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.read = func(string) (*State, error) {
				s := d.state(8)
				first := d.reads.Load() == 1
				s.Settled = func(_ context.Context, user string) (bool, error) { return user != "ana" || !first, nil }
				if !first {
					s.Users = s.Users[1:]
				}
				return s, nil
			}
			got := d.asks(platform, pathSearchSubject, `{"subject":{"type":"user"`+id+`},"action":{"name":"read"},
				"resource":{"type":"tax","id":"1","properties":{"tenant":"acme"}},"context":{"atLeast":"8"}}`)
			if got.Code != 200 || slices.Contains(got.ids(), "ana") {
				t.Errorf("%s after %d readings", got.Text, d.reads.Load())
			}
		})
	}
}
