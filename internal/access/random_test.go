package access_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/roster-dev/roster/test/worlds"
)

func TestRandomWorlds(t *testing.T) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for range 3 {
				rapid.Check(t, func(t *rapid.T) {
					if err := c.check(worlds.Random.Draw(t, "world")); err != nil {
						t.Fatal(err)
					}
				})
			}
		})
	}
}
