package decision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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

// late is a question that wants an answer no older than version 8.
func late(tenant, user string) string {
	return evaluationOf(tenant, user, `,"context":{"atLeast":"8"}`)
}

// The address has just been changed: it is nobody's yet, and whoever has seen the change is told so only once it is settled.
func TestANewAddressIsWaitedFor(t *testing.T) {
	d := newDesk(t)
	d.read = func(string) (*State, error) {
		s := d.state(8)
		ana, looked := s.Users[0], d.reads.Load() > 1
		if ana.Spec.Email, ana.Generation = "new@acme.example", 2; looked {
			ana.Status.ObservedGeneration = 2
		}
		s.Settled = func(context.Context, string) (bool, error) { return looked, nil }
		return s, nil
	}
	if got := d.asks(platform, PathEvaluation, late("acme", "new@acme.example")).says(); got != "allow" || d.reads.Load() != 2 {
		t.Errorf("%s after %d readings", got, d.reads.Load())
	}
}

func batchOf(n int, item string) string {
	return `{"evaluations":[` + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + `]}`
}

func TestABatchReadsATenantOnce(t *testing.T) {
	d := newDesk(t)
	var asked atomic.Int32
	d.read = func(string) (*State, error) {
		s := d.state(8)
		s.Settled = func(context.Context, string) (bool, error) { asked.Add(1); return true, nil }
		return s, nil
	}
	for _, got := range d.asks(platform, pathEvaluations, batchOf(50, late("acme", "ana"))).items() {
		if got != "allow" {
			t.Error(got)
		}
	}
	if d.reads.Load() != 1 || asked.Load() != 1 {
		t.Errorf("%d readings, and %d looks at one user", d.reads.Load(), asked.Load())
	}
	d.asks(platform, pathEvaluations, `{"evaluations":[`+late("acme", "ana")+`,`+late("globex", "ana")+`,`+late("acme", "ben")+`]}`)
	if d.reads.Load() != 3 {
		t.Errorf("%d readings of two tenants more", d.reads.Load())
	}
}

func TestABatchWaitsOnceForAllItsEvaluations(t *testing.T) {
	d := newDesk(t, func(d *desk) { d.options.MaxWait = 40 * time.Millisecond })
	d.read = func(string) (*State, error) {
		s := d.state(8)
		s.Settled = func(context.Context, string) (bool, error) { return false, nil }
		return s, nil
	}
	for _, got := range d.asks(platform, pathEvaluations, batchOf(50, late("acme", "ana"))).items() {
		if got != "deny: What follows from that version is not there yet" {
			t.Error(got)
		}
	}
	if n := d.reads.Load(); n > 5 {
		t.Errorf("%d readings in the time that one evaluation may wait", n)
	}
}

func TestASearchEndsWhenItsTimeIsUp(t *testing.T) {
	d := newDesk(t, func(d *desk) { d.options.MaxWait = 10 * time.Millisecond })
	var asked atomic.Int32
	d.read = func(string) (*State, error) {
		s := d.state(8)
		s.Settled = func(ctx context.Context, _ string) (bool, error) { asked.Add(1); <-ctx.Done(); return true, nil }
		return s, nil
	}
	got := d.asks(platform, pathSearchSubject, evaluationOf("acme", "", `,"context":{"atLeast":"8"}`))
	if got.Code != 503 || asked.Load() != 1 {
		t.Errorf("%s after looking at %d users", got.Text, asked.Load())
	}
}

// A reading is as new as the request, so that a version which it does not have has never been given to anybody.
func TestAVersionThatThereIsNotIsNotWaitedFor(t *testing.T) {
	d := newDesk(t, func(d *desk) { d.options.MaxWait = time.Hour })
	got := d.asks(platform, PathEvaluation, evaluationOf("acme", "ana", `,"context":{"atLeast":"9"}`))
	if got.says() != "Service Unavailable: There is no such version yet" || d.reads.Load() != 1 {
		t.Errorf("%s after %d readings", got.Text, d.reads.Load())
	}
}

func TestOnlySoManyTenantsAreReadAtATime(t *testing.T) {
	d := newDesk(t)
	var now atomic.Int32
	var once sync.Once
	full := make(chan struct{}) // until every place is taken, none is left
	d.read = func(string) (*State, error) {
		defer now.Add(-1)
		if n := now.Add(1); n > maxReadings {
			t.Errorf("%d at a time", n)
		} else if n == maxReadings {
			once.Do(func() { close(full) })
		}
		<-full
		return d.state(8), nil
	}
	var all sync.WaitGroup
	for n := range maxReadings + 4 {
		all.Go(func() {
			if _, err := d.flights.read(t.Context(), d, fmt.Sprint(n)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestWhatCostsMoreCountsForMore(t *testing.T) {
	for what, c := range map[string]struct {
		path, body string
		cost       int
	}{
		"an evaluation":                    {PathEvaluation, evaluationOf("acme", "ana", ""), 1},
		"a batch":                          {pathEvaluations, batchOf(10, evaluationOf("acme", "ana", "")), 10},
		"a search":                         {pathSearchSubject, evaluationOf("acme", "ana", ""), searchCost},
		"an evaluation at a version":       {PathEvaluation, late("acme", "ana"), 1 + readingCost},
		"a batch that reads a tenant once": {pathEvaluations, batchOf(10, late("acme", "ana")), 10 + readingCost},
	} {
		d := newDesk(t, func(d *desk) { d.options.Rate = 1 })
		if got := d.asks(platform, c.path, c.body); got.Code != 200 {
			t.Errorf("%s: %s", what, got.Text)
		}
		if d.limits.take(platform, maxBatch-c.cost) != nil || d.limits.take(platform, 1) == nil {
			t.Errorf("%s does not count for %d", what, c.cost)
		}
	}
}

// Without a tenant, the watches have to have come to the version; then the index says what the subject's tenant is, or why
// there is none.
func TestAVersionWithoutATenant(t *testing.T) {
	for user, want := range map[string]string{"ana": "deny AmbiguousTenant", "ben": "deny NoGrant", "nobody": "deny UnknownUser"} {
		d := newDesk(t)
		d.index.progress.advance(users, "8")
		d.index.progress.advance(tenants, "8")
		if got := d.asks(platform, PathEvaluation, late("", user)).says(); got != want {
			t.Errorf("%s: %s", user, got)
		}
	}
}
