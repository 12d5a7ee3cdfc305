package decision

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func crowd(n int) []*accessv1.User {
	out := make([]*accessv1.User, n)
	for at := range out {
		out[at] = someone(fmt.Sprint("user-", at), accessv1.AccountActive)
	}
	return out
}

func (i *Index) population() int {
	i.lock.RLock()
	defer i.lock.RUnlock()
	return len(i.spaces["acme"].members)
}

// Decisions come in between while all users are read anew, both when they come and when they go.
func TestALongListLetsDecisionsThrough(t *testing.T) {
	i, list := knowing(someone("ana", accessv1.AccountActive)), append(crowd(1000), someone("ana", accessv1.AccountActive))
	var between atomic.Int32
	var done atomic.Bool
	read := make(chan struct{})
	go func() {
		defer close(read)
		for !done.Load() {
			if n := i.population(); n > 1 && n < len(list) {
				between.Add(1)
			}
			if !allows(i, "ana") {
				t.Error("Ana is in every list, and was denied")
				return
			}
		}
	}()
	for range 1000 {
		i.ReplaceUsers(list)
		i.ReplaceUsers(list[1000:])
		if between.Load() > 10 {
			break
		}
	}
	done.Store(true)
	<-read
	if between.Load() == 0 {
		t.Error("nobody came in between")
	}
	if i.population() != 1 {
		t.Error("users stay that are in no list")
	}
}

// BenchmarkRelist tells the longest that a decision under the lock had to wait while 100,000 users were read anew.
func BenchmarkRelist(b *testing.B) {
	i, list := knowing(), crowd(100_000)
	i.ReplaceUsers(list)
	var longest time.Duration
	var done atomic.Bool
	read := make(chan struct{})
	go func() {
		defer close(read)
		for !done.Load() {
			began := time.Now()
			i.lock.RLock()
			longest = max(longest, time.Since(began))
			i.lock.RUnlock()
		}
	}()
	for b.Loop() {
		i.ReplaceUsers(list)
	}
	done.Store(true)
	<-read
	b.ReportMetric(float64(longest.Microseconds()), "µs-longest-wait")
}
