package decision

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/watch"
)

// What an answer says that it has seen is what every watch has: any of them may bear on it.
func TestARevisionIsWhatAllWatchesHaveSeen(t *testing.T) {
	i := NewIndex()
	for _, step := range []struct {
		of      source
		version string
		want    string
	}{
		{credentials, "40", "0"}, {users, "9", "0"}, {tenants, "12", "0"}, {catalogs, "5", "0"}, {restrictions, "7", "5"}, {catalogs, "30", "7"}, {restrictions, "31", "9"},
	} {
		i.progress.advance(step.of, step.version)
		if got := i.revision(); got != step.want {
			t.Errorf("after %s of %d: %s, not %s", step.version, step.of, got, step.want)
		}
	}
}

// linked is a link with all watches open, that has come to version 1.
func linked(t *testing.T) (*desk, [sources]func()) {
	d := newDesk(t)
	var lost [sources]func()
	for s := range sources {
		lost[s] = d.link.opened(s)
	}
	d.link.latest.Store(7)
	d.link.note(&d.index.progress)
	return d, lost
}

func TestAWatchThatEndedDoesNotSpeakForTheOneAfterIt(t *testing.T) {
	d, lost := linked(t)
	renewed := d.link.opened(users)
	lost[users]()
	if !d.link.allOpen() {
		t.Error("the watch before ended, and the one that stands counts as lost")
	}
	renewed()
	if d.link.allOpen() {
		t.Error("a lost watch counts as open")
	}
	w := watch.NewFake()
	guarded := guard(w, d.link.opened(users))
	w.Stop()
	for range guarded.ResultChan() {
		t.Error("there was nothing to deliver")
	}
	if d.link.allOpen() {
		t.Error("a watch that ended counts as open")
	}
}

func TestAWatchThatDeliversNothingIsNoticed(t *testing.T) {
	d, _ := linked(t)
	passes := func(latest uint64, seen string) time.Duration {
		d.pass(silence)
		d.link.latest.Store(latest)
		for s := range sources {
			if s != restrictions {
				d.index.progress.advance(s, seen)
			}
		}
		d.link.note(&d.index.progress)
		return d.link.stale()
	}
	if stale := passes(100, "100"); stale != 0 {
		t.Errorf("stale for %v while a watch may be quiet", stale)
	}
	if stale := passes(200, "200"); stale == 0 {
		t.Error("a watch that has been silent for so long counts")
	}
	d.index.progress.advance(restrictions, "150")
	d.link.note(&d.index.progress)
	if stale := d.link.stale(); stale != 0 {
		t.Errorf("stale for %v although the watch has come to what is due", stale)
	}
}
