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
	Credentials  []*accessv1.ApplicationCredential
	// Settled tells of a user whether his status is what follows from this very state.
	Settled func(ctx context.Context, user string) (bool, error)
	// SettledFor tells the same of a credential.
	SettledFor func(ctx context.Context, credential string) (bool, error)

	view *Index
	// settled are those of whom it has been found out that they are.
	lock    sync.Mutex
	settled map[concern]bool
}

// flights lets requests that ask about one tenant at the same time share a reading of it. Whoever comes while one is
// under way waits for the next, which begins after he came: only that one is sure to have what he has seen.
type flights struct {
	// places are for the readings that may be under way at a time.
	places  chan struct{}
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

const (
	// readPatience bounds one reading, with the time until its turn.
	readPatience = 10 * time.Second
	// maxReadings is how many tenants are read at a time.
	maxReadings = 8
	// readingCost is what a reading counts for beside evaluations: as many objects are read as the tenant has.
	readingCost = 100
)

func (f *flights) fly(ctx context.Context, live Live, tenant string, before *flight) {
	if before != nil {
		<-before.done
	}
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	select {
	case f.places <- struct{}{}:
		defer func() { <-f.places }()
	case <-ctx.Done(): // the reading fails at once
	}
	f.lock.Lock()
	mine := f.waiting[tenant]
	delete(f.waiting, tenant)
	f.running[tenant] = mine
	f.lock.Unlock()

	if mine.err = ctx.Err(); mine.err == nil {
		mine.state, mine.err = live.Read(ctx, tenant)
	}
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
	s.view.ReplaceCredentials(s.Credentials)
	s.view.progress.revision.Store(s.Revision)
}

const (
	// settlePause is the time between two looks at a state that is not settled; it doubles with every look.
	settlePause    = 25 * time.Millisecond
	maxSettlePause = 400 * time.Millisecond
)

// refresh lets the look be at a state that has the version, and in which the statuses that count are those that follow
// from it.
func (c *call) refresh(ctx context.Context, l *look, a *asked, version uint64) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.MaxWait)
	defer cancel()
	home, one, err := c.home(ctx, l, a, version)
	if err != nil || !one {
		return err // without a home, the index says why, and has seen the version
	}
	if !c.has(home, version) {
		if err := c.limits.take(c.caller.name, readingCost); err != nil {
			return err
		}
	}
	for pause := settlePause; ; pause = min(2*pause, maxSettlePause) {
		state, err := c.reading(ctx, home, version)
		switch {
		case err == nil && state.Revision < version:
			return unavailable("There is no such version yet")
		case err == nil && state.follows(ctx, l, a):
			l.Index = state.view
			return nil
		}
		delete(c.states, home)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return unavailable("What follows from that version is not there yet")
		}
	}
}

// has tells whether the call has read the tenant at that version, for another evaluation of its batch.
func (c *call) has(tenant string, version uint64) bool {
	state := c.states[tenant]
	return state != nil && state.Revision >= version
}

// reading is the tenant as the call has read it, or reads it now.
func (c *call) reading(ctx context.Context, tenant string, version uint64) (*State, error) {
	if c.has(tenant, version) {
		return c.states[tenant], nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	state, err := c.flights.read(ctx, c.options.Live, tenant)
	if err != nil {
		return nil, err
	}
	if c.states == nil {
		c.states = map[string]*State{}
	}
	c.states[tenant] = state
	return state, nil
}

// home is the tenant to look into, and false when there is not one. Where the request names none, it is the only one in
// which the subject exists: to be sure of that, every change that could tell up to the version has to have been seen.
func (c *call) home(ctx context.Context, l *look, a *asked, version uint64) (string, bool, error) {
	s, known := l.who(a)
	if err := l.restrain(&s.Subject); err != nil || !known || s.Tenant != "" {
		return s.Tenant, known, err
	}
	telling := []source{users, tenants}
	if s.application {
		telling = append(telling, credentials)
	}
	for _, of := range telling {
		if err := c.index.progress.wait(ctx, of, version); err != nil {
			return "", false, err
		}
	}
	c.index.lock.RLock()
	defer c.index.lock.RUnlock()
	var t *tenant
	if a.Subject.ID == nil {
		t, _ = c.index.tenantOf("")
	} else {
		t = c.index.subject(s).tenant
	}
	if t == nil {
		return "", false, nil
	}
	return t.name, true, nil
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

// concern is a status that a question is about: a user's, or that of a credential.
type concern struct {
	name       string
	credential bool
}

// follows tells whether the statuses that the question is about follow from the state. Time that is up ends the search.
func (s *State) follows(ctx context.Context, l *look, a *asked) bool {
	for _, of := range s.concerned(l, a) {
		if ctx.Err() != nil || !s.isSettled(ctx, of) {
			return false
		}
	}
	return true
}

// isSettled asks of a status whether it is settled, once.
func (s *State) isSettled(ctx context.Context, of concern) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.settled[of] {
		return true
	}
	ask := s.Settled
	if of.credential {
		ask = s.SettledFor
	}
	if ok, err := ask(ctx, of.name); err != nil || !ok {
		return false
	}
	if s.settled == nil {
		s.settled = map[concern]bool{}
	}
	s.settled[of] = true
	return true
}

// concerned are the statuses that a question is about: the subject's, and of an application its user's too, or everybody's.
func (s *State) concerned(l *look, a *asked) []concern {
	if a.Subject.ID == nil {
		return s.everybody(*a.Subject.Type == typeApplication)
	}
	who, known := l.who(a)
	if !known || l.restrain(&who.Subject) != nil {
		return nil
	}
	var all []concern
	w := s.view.subject(who)
	if w.record != nil {
		all = append(all, concern{string(w.record.id(byName)), false})
	}
	if w.application != nil {
		all = append(all, concern{w.application.name, true})
	}
	return all
}

func (s *State) everybody(applications bool) []concern {
	var all []concern
	for _, user := range s.Users {
		all = append(all, concern{user.Name, false})
	}
	if applications {
		for _, c := range s.Credentials {
			all = append(all, concern{c.Name, true})
		}
	}
	return all
}
