package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	utilcache "k8s.io/apimachinery/pkg/util/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/status"
)

// maxWrites bounds how often one answer is decided again because somebody else wrote first. Each
// turn means that an attempt was recorded, a wrong address counted or the invitation ended, and
// none of these happens often to one invitation.
const maxWrites = 20

// judgedAtOnce bounds how much of the machine those can take who have a link and choose weak passwords: nothing is counted
// against them.
const judgedAtOnce = 2

// Passwords keeps what people sign in with.
type Passwords interface {
	// Find returns nil for an address that has no sign-in.
	Find(ctx context.Context, at address.Address) (*identity.Password, error)
	// Set stores a choice in place of what was found, once it is confirmed. Errors: identity.ErrTaken,
	// identity.ErrUnderway, a conflict when somebody else was faster, that of Confirm.
	Set(ctx context.Context, found *identity.Password, choice identity.Choice) error
	// Repeats tells whether what was found is what this very choice has just set.
	Repeats(ctx context.Context, found *identity.Password, choice identity.Choice) (bool, error)
}

// Store answers links from the cluster. It is the Requests of a running Roster.
type Store struct {
	cached    client.Client
	live      client.Reader
	graph     *graph.Graph
	passwords Passwords
	// judging has a place for each password that is judged right now.
	judging *semaphore.Weighted
	// glances are the sign-ins of addresses whose forms were shown a moment ago, without their hashes: nobody makes the API
	// server work by opening his link again and again.
	glances *utilcache.LRUExpireCache
}

// How many glances are kept, and for how long.
const (
	maxGlances = 1000
	glanceTime = 2 * time.Second
)

// source is where a record is read from.
type source struct {
	client.Reader
	signIn func(context.Context, address.Address) (*identity.Password, error)
}

// NewStore returns a Store that looks links up through cached, whose cache needs the indexes of
// internal/index, and decides answers by what live reads from the API server itself. Passwords may be
// nil: then nobody is asked for one, and no password is ever reset.
func NewStore(cached client.Client, live client.Reader, passwords Passwords) *Store {
	return &Store{
		cached: cached, live: live, graph: graph.New(cached, live), passwords: passwords,
		judging: semaphore.NewWeighted(judgedAtOnce), glances: utilcache.NewLRUExpireCache(maxGlances),
	}
}

// Find returns what to show of the object with this UID. It reads that from the cache, and sign-ins as they were a
// moment ago: the worst that a stale copy can do is to show a form that Accept then refuses.
func (s *Store) Find(ctx context.Context, purpose link.Purpose, uid string, now time.Time) (Invite, error) {
	key, err := s.locate(ctx, purpose, uid)
	if err != nil || key == (client.ObjectKey{}) {
		return Invite{}, err
	}
	r, err := s.read(ctx, source{s.cached, s.glance}, target{purpose, key, types.UID(uid)}, now)
	if err != nil {
		return Invite{}, err
	}
	return s.show(ctx, r, r.invite(r.standing(now)))
}

// Accept answers the object with this UID with what was typed. That it was accepted is what the API
// server said afterwards; an error means that it may or may not have been, and that asking again is
// safe.
//
// A password is stored before the acceptance: who has accepted has one. Until the acceptance is
// written the password lets nobody in who was not in, and the form can be sent again.
func (s *Store) Accept(ctx context.Context, purpose link.Purpose, uid string, a Answer, now time.Time) (Invite, error) {
	key, err := s.locate(ctx, purpose, uid)
	if err != nil || key == (client.ObjectKey{}) {
		return Invite{}, err
	}
	t := turn{answer: a, now: now}
	for range maxWrites {
		r, err := s.read(ctx, source{s.live, s.signIn}, target{purpose, key, types.UID(uid)}, now)
		if err != nil {
			return Invite{}, err
		}
		invite, decided, err := s.take(ctx, r, &t)
		if err != nil {
			return Invite{}, err
		}
		if decided {
			return s.show(ctx, r, invite)
		}
		// Somebody else wrote first, or this acceptance was written, unless the invitation went away
		// meanwhile, which is no error either. The API server knows, and is asked again.
	}
	return Invite{}, errors.New("the invitation kept changing while it was being answered")
}

// turn is one answer, through all its tries.
type turn struct {
	answer Answer
	now    time.Time
	// set is true once the password of this answer has been stored, by it or by one that was the same.
	set bool
	// waited is true once another answer to the same link was found at work.
	waited bool
}

// take tries once. It is not decided when the record has to be read again.
func (s *Store) take(ctx context.Context, r record, t *turn) (invite Invite, decided bool, err error) {
	if repeated, err := s.repeats(ctx, r, t); repeated || err != nil {
		return r.invite(Joined), repeated, err
	}
	invite, changed, err := s.judge(ctx, r, t)
	if err != nil || !changed {
		return invite, err == nil, err
	}
	if invite.Standing == Joined {
		if again, err := s.choose(ctx, r, t); again || err != nil {
			return Invite{}, false, err
		}
	}
	switch err := s.write(ctx, r); {
	case err != nil && !apierrors.IsConflict(err):
		return Invite{}, false, fmt.Errorf("writing the status of %s %s: %w", r.purpose, client.ObjectKeyFromObject(r.invitation), err)
	case err == nil && invite.Standing == Wrong:
		return invite, true, nil
	}
	return Invite{}, false, nil
}

// judge judges an answer, in its turn where that includes a password.
func (s *Store) judge(ctx context.Context, r record, t *turn) (invite Invite, changed bool, err error) {
	if r.chooses() {
		if err := s.judging.Acquire(ctx, 1); err != nil {
			return Invite{}, false, fmt.Errorf("too many passwords are being judged at once: %w", err)
		}
		defer s.judging.Release(1)
	}
	invite, changed = r.answer(t.answer, t.now)
	return invite, changed, nil
}

// repeats tells whether a reset was answered by this very answer, or a moment ago by the same one: whoever presses the
// button twice is told that it worked. To everybody else the link is dead.
func (s *Store) repeats(ctx context.Context, r record, t *turn) (bool, error) {
	if !r.store || !r.answeredBy(t.answer) {
		return false, nil
	}
	if t.set {
		return true, nil
	}
	choice, err := r.choice(t.answer.Password, t.now)
	if err != nil {
		return false, err
	}
	found, err := s.passwords.Find(ctx, choice.Address)
	if err != nil || found == nil {
		return false, err
	}
	return s.passwords.Repeats(ctx, found, choice)
}

// errChanged says that a link is not as it was read.
var errChanged = errors.New("the link has changed meanwhile")

// choose stores the password of an answer, if it has one. Again is true when the record has to be read again first.
func (s *Store) choose(ctx context.Context, r record, t *turn) (again bool, err error) {
	if !r.chooses() {
		return false, nil
	}
	switch err := s.unchanged(ctx, r); { // nothing is hashed in vain
	case errors.Is(err, errChanged):
		return true, nil
	case err != nil:
		return false, err
	}
	choice, err := r.choice(t.answer.Password, t.now)
	if err != nil {
		return false, err
	}
	// The password was found after the invitation was read. If that is still as it was when the new one has been hashed,
	// which may take a while, that is set in place of what was there while the link was open.
	choice.Confirm = func(ctx context.Context) error { return s.unchanged(ctx, r) }
	switch err := s.passwords.Set(ctx, r.stored, choice); {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), errors.Is(err, identity.ErrTaken), errors.Is(err, errChanged):
		return true, nil
	case errors.Is(err, identity.ErrUnderway) && !t.waited:
		t.waited = true
		return true, nil
	case err != nil:
		return false, fmt.Errorf("setting the password for %s %s: %w", r.purpose, client.ObjectKeyFromObject(r.invitation), err)
	}
	t.set = true
	return false, nil
}

// unchanged is errChanged unless the link is as it was read.
func (s *Store) unchanged(ctx context.Context, r record) error {
	now, err := readRequest(ctx, s.live, r.purpose, client.ObjectKeyFromObject(r.invitation))
	if err != nil {
		return err
	}
	if now == nil || now.UID != r.invitation.UID || now.ResourceVersion != r.invitation.ResourceVersion {
		return errChanged
	}
	return nil
}

// locate returns where the object with this UID is, or the zero key when there is none that could
// still be answered.
func (s *Store) locate(ctx context.Context, purpose link.Purpose, uid string) (client.ObjectKey, error) {
	found, err := requestsByUID(ctx, s.cached, purpose, uid)
	if err != nil {
		return client.ObjectKey{}, err
	}
	for i := range found {
		if !over(&found[i]) {
			return client.ObjectKeyFromObject(&found[i]), nil
		}
	}
	return client.ObjectKey{}, nil
}

// target is the object that a link is for.
type target struct {
	purpose link.Purpose
	key     client.ObjectKey
	uid     types.UID
}

// read gathers what the standing of the link depends on. What does not exist stays nil.
func (s *Store) read(ctx context.Context, from source, t target, now time.Time) (record, error) {
	r := record{purpose: t.purpose, store: s.passwords != nil}
	invitation, err := readRequest(ctx, from, t.purpose, t.key)
	if err != nil || invitation == nil || invitation.UID != t.uid {
		return r, err
	}
	r.invitation = invitation
	user := client.ObjectKey{Namespace: t.key.Namespace, Name: invitation.Spec.UserRef.Name}
	if r.user, err = get(ctx, from, user, &accessv1.User{}); err != nil {
		return r, err
	}
	if r.tenant, err = s.tenantOf(ctx, from, t.key.Namespace); err != nil {
		return r, err
	}
	if r.store && r.standing(now) == Open {
		err = s.readSignIn(ctx, from, &r)
	}
	return r, err
}

func (s *Store) signIn(ctx context.Context, at address.Address) (*identity.Password, error) {
	return s.passwords.Find(ctx, at)
}

// glance is signIn as it was a moment ago, without the hash.
func (s *Store) glance(ctx context.Context, at address.Address) (*identity.Password, error) {
	if seen, ok := s.glances.Get(at.Key()); ok {
		found, _ := seen.(*identity.Password)
		return found, nil
	}
	found, err := s.signIn(ctx, at)
	if err != nil {
		return nil, err
	}
	if found != nil {
		shown := *found
		shown.Hash = nil
		found = &shown
	}
	s.glances.Add(at.Key(), found, glanceTime)
	return found, nil
}

// readSignIn finds out what the answer does about a password. The first user of an address to choose one
// keeps it, as long as he may sign in; an invitation leaves it as well to others who have accepted, and who will get it.
func (s *Store) readSignIn(ctx context.Context, from source, r *record) error {
	at, err := address.Parse(r.invitation.Status.Email)
	if err != nil {
		return err
	}
	if r.stored, err = from.signIn(ctx, at); err != nil {
		return err
	}
	switch {
	case r.stored == nil || r.stored.Ours() && r.stored.Belongs(r.user.UID):
		r.signIn = chosen
		return nil
	case !r.stored.Ours():
		r.signIn = taken
		return nil
	}
	holders, err := identity.Holders(ctx, s.graph, at)
	others := slices.ContainsFunc(holders, func(h identity.Holder) bool { return h.Accepted && h.User.UID != r.user.UID })
	r.signIn = chosen
	if identity.HolderOf(holders, r.stored) != nil || others && r.purpose == link.Invitation {
		r.signIn = kept
	}
	return err
}

// tenantOf returns the tenant that owns the namespace. Which one that is never changes while it
// exists, so the cache may say it; how it stands is read where the caller wants it from.
func (s *Store) tenantOf(ctx context.Context, from client.Reader, namespace string) (*accessv1.Tenant, error) {
	var candidates accessv1.TenantList
	if err := s.cached.List(ctx, &candidates, client.MatchingFields{index.TenantByNamespace: namespace}); err != nil {
		return nil, fmt.Errorf("looking up the tenant of namespace %s: %w", namespace, err)
	}
	owner := graph.Owner(candidates.Items)
	if owner == nil {
		return nil, nil
	}
	tenant, err := get(ctx, from, client.ObjectKeyFromObject(owner), &accessv1.Tenant{})
	if err != nil || tenant == nil || tenant.UID != owner.UID {
		return nil, err
	}
	return tenant, nil
}

// show adds the product's title, which decides nothing: the cache is good enough for it.
func (s *Store) show(ctx context.Context, r record, invite Invite) (Invite, error) {
	if invite.Standing == Dead || invite.Product != "" {
		return invite, nil
	}
	var err error
	r.catalog, err = get(ctx, s.cached, client.ObjectKey{Name: r.tenant.Spec.CatalogRef.Name}, &accessv1.ResourceCatalog{})
	invite.Product = r.catalogTitle()
	return invite, err
}

// write writes the status of what the link leads to, provided that nobody has written since it was read.
func (s *Store) write(ctx context.Context, r record) error {
	return status.Writer{Client: s.cached}.WriteLocked(ctx, asStored(r))
}
