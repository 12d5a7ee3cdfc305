package decision

import (
	"context"
	"sync"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=usergroups;roles;vendors;invitations,verbs=list

// Live reads the state of one tenant past every cache. Of a tenant that does not exist, there are no users to read.
type Live interface {
	Read(ctx context.Context, tenant string) (*State, error)
}

// State is a tenant as the API server has it, no older than when it was asked for.
type State struct {
	// Revision is a version up to which nothing is missing.
	Revision     uint64
	Catalogs     []*accessv1.ResourceCatalog
	Tenants      []*accessv1.Tenant
	Users        []*accessv1.User
	Restrictions []*accessv1.Restriction
	// Settled tells of a user whether his status is what follows from this very state.
	Settled func(ctx context.Context, user string) (bool, error)

	view *Index
}

// flights lets requests that ask about one tenant at the same time share a reading of it. Whoever comes while one is
// under way waits for the next, which begins after he came: only that one is sure to have what he has seen.
type flights struct {
	lock    sync.Mutex
	waiting map[string]*flight
	running map[string]*flight
}

type flight struct {
	done  chan struct{}
	state *State
	err   error
}

// read returns a state of the tenant that was read after the call.
func (f *flights) read(ctx context.Context, live Live, tenant string) (*State, error) {
	f.lock.Lock()
	if f.waiting == nil {
		f.waiting, f.running = map[string]*flight{}, map[string]*flight{}
	}
	mine, ok := f.waiting[tenant]
	if !ok {
		mine = &flight{done: make(chan struct{})}
		f.waiting[tenant] = mine
		go f.fly(context.WithoutCancel(ctx), live, tenant, f.running[tenant])
	}
	f.lock.Unlock()
	select {
	case <-mine.done:
		return mine.state, mine.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readPatience bounds one reading.
const readPatience = 10 * time.Second

func (f *flights) fly(ctx context.Context, live Live, tenant string, before *flight) {
	if before != nil {
		<-before.done
	}
	f.lock.Lock()
	mine := f.waiting[tenant]
	delete(f.waiting, tenant)
	f.running[tenant] = mine
	f.lock.Unlock()

	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	mine.state, mine.err = live.Read(ctx, tenant)
	if mine.err == nil {
		mine.state.index()
	}
	close(mine.done)

	f.lock.Lock()
	if f.running[tenant] == mine {
		delete(f.running, tenant)
	}
	f.lock.Unlock()
}

// index makes an index of the state, in which decisions are made as in any other.
func (s *State) index() {
	s.view = NewIndex()
	s.view.ReplaceCatalogs(s.Catalogs)
	s.view.ReplaceTenants(s.Tenants)
	s.view.ReplaceRestrictions(s.Restrictions)
	s.view.ReplaceUsers(s.Users)
	s.view.progress.revision.Store(s.Revision)
}

// settlePause is the time between two looks at a state that is not settled.
const settlePause = 25 * time.Millisecond

// refresh lets the look be at a state that has the version, and in which the statuses that count are those that follow
// from it.
func (c *call) refresh(ctx context.Context, l *look, a *asked, version uint64) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.MaxWait)
	defer cancel()
	tick := time.NewTicker(settlePause)
	defer tick.Stop()
	for {
		home, err := c.home(ctx, l, a, version)
		if err != nil {
			return err
		}
		state, err := c.flights.read(ctx, c.options.Live, home)
		if err == nil && state.Revision >= version && state.settled(ctx, l, a) {
			l.Index = state.view
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return unavailable("What follows from that version is not there yet")
		}
	}
}

// home is the tenant to look into. Where the request names none, it is the only one in which the subject exists: to be
// sure of that, every change of users and tenants up to the version has to have been seen.
func (c *call) home(ctx context.Context, l *look, a *asked, version uint64) (string, error) {
	s, _, known := l.who(a)
	if err := l.restrain(&s); err != nil || !known || s.Tenant != "" {
		return s.Tenant, err
	}
	for _, of := range []source{users, tenants} {
		if err := c.index.progress.wait(ctx, of, version); err != nil {
			return "", err
		}
	}
	c.index.lock.RLock()
	defer c.index.lock.RUnlock()
	var t *tenant
	if s.ID == "" {
		t, _ = c.index.tenantOf("")
	} else {
		_, t, _ = c.index.subject(s)
	}
	if t == nil {
		return "", nil
	}
	return t.name, nil
}

// wait returns once a watch has seen the version.
func (p *progress) wait(ctx context.Context, of source, version uint64) error {
	for {
		seen, changed := p.at(of)
		if seen >= version {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return unavailable("That version has not been seen yet: name the tenant, or come back")
		}
	}
}

// settled tells whether the statuses that the question is about follow from the state.
func (s *State) settled(ctx context.Context, l *look, a *asked) bool {
	for _, name := range s.concerned(l, a) {
		if ok, err := s.Settled(ctx, name); err != nil || !ok {
			return false
		}
	}
	return true
}

// concerned are the names of the users that a question is about: the subject, or everybody.
func (s *State) concerned(l *look, a *asked) []string {
	var names []string
	if a.Subject.ID == nil {
		for _, user := range s.Users {
			names = append(names, user.Name)
		}
		return names
	}
	who, _, known := l.who(a)
	if !known || l.restrain(&who) != nil {
		return nil
	}
	if r, _, _ := s.view.subject(who); r != nil {
		names = append(names, string(r.id(byName)))
	}
	return names
}
