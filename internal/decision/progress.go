package decision

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// source is one of the watches that feed an index.
type source int

const (
	users source = iota
	tenants
	catalogs
	restrictions
	credentials
	sources
)

// progress is how far the watches have come.
type progress struct {
	lock    sync.Mutex
	seen    [sources]uint64
	changed chan struct{}
	// revision is what all of them have seen.
	revision *atomic.Uint64
}

func newProgress() progress {
	return progress{changed: make(chan struct{}), revision: &atomic.Uint64{}}
}

// advance notes that a watch has delivered everything up to a version.
func (p *progress) advance(s source, resourceVersion string) {
	version, err := strconv.ParseUint(resourceVersion, 10, 64)
	if err != nil {
		return // no API server gives such a version; not having seen it is the safe side
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.seen[s] = max(p.seen[s], version)
	p.revision.Store(slices.Min(p.seen[:]))
	close(p.changed)
	p.changed = make(chan struct{})
}

// at returns the version that a watch has seen, and a channel that closes when any has seen more.
func (p *progress) at(s source) (uint64, <-chan struct{}) {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.seen[s], p.changed
}

// synced tells whether every watch has delivered its first list.
func (p *progress) synced() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, version := range p.seen {
		if version == 0 {
			return false
		}
	}
	return true
}
