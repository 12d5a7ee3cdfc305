package gains_test

import (
	"math/rand/v2"
	"runtime/debug"
	"testing"

	"github.com/roster-dev/roster/test/gains"
)

// TestRandomWorlds asks the guard about random writes to random tenants, other ones each time. `make prove` does the same
// for a hundred times as long; `go run ./test/prove -seed … -first … -worlds 1` looks at one world again.
func TestRandomWorlds(t *testing.T) {
	t.Parallel()
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // worlds are small and many
	run := gains.Run{Seed: rand.Uint64(), Worlds: 100_000}
	if testing.Short() {
		run.Worlds = 5_000
	}
	result := gains.Prove(t.Context(), run)
	for _, rare := range gains.Rare {
		result.Wrong = append(result.Wrong, gains.Prove(t.Context(), rare).Wrong...)
	}
	for _, wrong := range result.Wrong {
		t.Error(wrong)
	}
	if result.LetThrough < result.Worlds/4 || result.Refused < result.Worlds/4 {
		t.Errorf("%d of %d writes were let through: too few of one sort to prove anything", result.LetThrough, result.Worlds)
	}
	t.Logf("seed %d: %d worlds, %d writes let through, %d refused", run.Seed, result.Worlds, result.LetThrough, result.Refused)
}
