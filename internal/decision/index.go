package decision

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/internal/index"
)

// place is where a user's record is found under the index's lock.
type place struct {
	record *record       // nil: nobody's
	member uint32        // where the space's members have this place
	next   [kinds]uint32 // number + 1 of the next user of the same name in any tenant
}

// space is one namespace.
type space struct {
	namespace string
	// owner is the tenant that keeps the namespace; nil: none does. It is read without the index's lock.
	owner atomic.Pointer[tenant]
	// hash is that of the owner's name, under which the users are filed; of the namespace's, if there is no owner.
	hash         uint64
	members      []uint32
	restrictions map[string]dimensionValues
	// applications are by the names of their credentials; nil until there is one.
	applications map[string]*application
}

type dimensionValues struct {
	dimension string
	values    []string
}

const pageSize = 1024

type page [pageSize]place

// Index holds what decisions are made from. It is safe for concurrent use.
type Index struct {
	// writing is for who changes something, and lock while it shows. What only they use needs the first alone: the catalogs
	// and the interner.
	writing sync.Mutex
	lock    sync.RWMutex
	seed    maphash.Seed
	pages   []*page
	free    []uint32
	used    uint32 // places that have been somebody's
	scoped  table  // by tenant and id: every user, under each of his names
	global  table  // by id alone: the first of all users of that name; the others follow it
	// applications are by client ID, and tokens by the hashes of theirs. They are replaced, never changed.
	applications map[string]*application
	tokens       map[credential.Hash]*application
	spaces       map[string]*space
	tenants      map[string]*tenant
	catalogs     map[string]*vocabulary
	intern       interner
	progress     progress
}

// NewIndex makes an empty index.
func NewIndex() *Index {
	i := &Index{
		seed: maphash.MakeSeed(), spaces: map[string]*space{}, tenants: map[string]*tenant{},
		catalogs: map[string]*vocabulary{}, intern: newInterner(), progress: newProgress(),
		applications: map[string]*application{}, tokens: map[credential.Hash]*application{},
	}
	i.scoped.init(func(n uint32) (*record, uint64) {
		r := i.record(n / stride)
		return r, scopedHash(r.space.hash, maphash.Bytes(i.seed, r.id(kind(n%stride))))
	})
	i.global.init(func(n uint32) (*record, uint64) {
		r := i.record(n / stride)
		return r, maphash.Bytes(i.seed, r.id(kind(n%stride)))
	})
	return i
}

// write lets somebody change what decisions are made from, until he is done.
func (i *Index) write() (done func()) {
	i.writing.Lock()
	i.lock.Lock()
	return func() {
		i.lock.Unlock()
		i.writing.Unlock()
	}
}

// A number in the tables is that of a place times the stride, plus the kind of name.
func numberOf(place uint32, k kind) uint32 { return place*stride + uint32(k) }

func (i *Index) place(n uint32) *place { return &i.pages[n/pageSize][n%pageSize] }

func (i *Index) record(n uint32) *record { return i.place(n).record }

func (i *Index) hash(name string) uint64 { return maphash.String(i.seed, name) }

// scopedHash is that of an id within a tenant. The two count differently: the tenant may be called what the user is.
func scopedHash(tenant, id uint64) uint64 { return tenant ^ bits.RotateLeft64(id, 1) }

// find is the user of that name in a namespace; of several with one address the one whose it is, else any.
func (i *Index) find(s *space, k kind, id string) (found uint32, ok bool) {
	i.each(s, k, id, func(n uint32) bool {
		found, ok = n, true
		return !i.record(n).isActive() || i.record(n).doubt(k) != ""
	})
	return found, ok
}

// each goes through the users of that name in a namespace, while it is told to.
func (i *Index) each(s *space, k kind, id string, more func(n uint32) bool) {
	hash, slots := scopedHash(s.hash, i.hash(id)), *i.scoped.of(k)
	for at := slots.first(hash); ; at = slots.next(at) {
		packed := slots[at].packed.Load()
		if packed == 0 {
			return
		}
		number := numberIn(packed)
		if !fits(packed, hash) {
			continue
		}
		if r := i.record(number / stride); r.space == s && string(r.id(k)) == id && !more(number/stride) {
			return
		}
	}
}

// head is the number of the first user of that name in any tenant.
func (i *Index) head(k kind, id string) (uint32, bool) {
	hash, slots := i.hash(id), *i.global.of(k)
	for at := slots.first(hash); ; at = slots.next(at) {
		packed := slots[at].packed.Load()
		if packed == 0 {
			return 0, false
		}
		number := numberIn(packed)
		if fits(packed, hash) && string(i.record(number/stride).id(k)) == id {
			return number / stride, true
		}
	}
}

// PutUser notes a user as he is now.
func (i *Index) PutUser(user *accessv1.User) {
	come := i.arriving(user)
	defer i.write()()
	i.putUser(&come)
	i.sweep()
}

func (i *Index) putUser(user *arrival) {
	s := i.space(user.Namespace)
	if catalog := s.catalog(); catalog != user.content.Catalog { // it has changed meanwhile
		user.content.Catalog = catalog
		user.digest, _ = digestOf(user.content)
	}
	fresh := &record{space: s, flags: flagsOf(user.User)}
	fresh.entitle(i.intern.internAs(user.digest, user.content, i.catalogs[user.content.Catalog]))
	fresh.names(user.names)
	n, known := i.find(s, byName, user.Name)
	var before *record
	if known {
		before = i.record(n)
	}
	fresh.flags |= vetting(user.User, fresh, before) | i.contention(fresh, before)
	switch {
	case known && before.sameNames(fresh):
		i.replace(n, fresh)
	case known:
		i.unlink(n)
		i.enter(n, fresh)
	default:
		n = i.allocate()
		i.place(n).member = uint32(len(s.members))
		s.members = append(s.members, n)
		i.enter(n, fresh)
	}
	if known {
		i.contest(before)
	}
	i.contest(fresh)
}

func (i *Index) enter(n uint32, r *record) {
	i.place(n).record = r
	i.link(n)
}

// entitle gives a user another access.
func (i *Index) entitle(n uint32, e *entitlement) {
	fresh := *i.record(n)
	fresh.entitle(e)
	i.replace(n, &fresh)
}

// replace puts another record of the same names in one's place.
func (i *Index) replace(n uint32, r *record) {
	i.place(n).record = r
	for k := range kinds {
		if len(r.id(k)) == 0 {
			continue
		}
		i.scoped.replace(numberOf(n, k), numberOf(n, k))
		if first, _ := i.head(k, string(r.id(k))); first == n {
			i.global.replace(numberOf(n, k), numberOf(n, k))
		}
	}
}

func flagsOf(user *accessv1.User) flags {
	var f flags
	if user.Status.State == accessv1.UserActive {
		f |= statusActive
	}
	if user.Spec.State == accessv1.AccountInactive || !user.DeletionTimestamp.IsZero() {
		f |= blocked
	}
	return f
}

func namesOf(user *accessv1.User) [kinds]string {
	return [kinds]string{byName: user.Name, byAddress: index.EmailKey(user.Spec.Email), byUID: string(user.UID)}
}

func contentOf(catalog string, status *accessv1.UserStatus) content {
	c := content{Catalog: catalog, Entries: status.EffectiveAccess}
	if len(c.Entries) == 0 {
		return c // then no single group gives anything
	}
	for i := range status.Groups {
		if g := &status.Groups[i]; len(g.Access) > 0 {
			c.Alone = append(c.Alone, aloneContent{g.Name, g.Access})
		}
	}
	return c
}

// DropUser forgets a user.
func (i *Index) DropUser(namespace, name string) {
	i.drop([]types.NamespacedName{{Namespace: namespace, Name: name}})
}

func (i *Index) dropUser(n uint32) {
	i.unlink(n)
	p := i.place(n)
	gone := p.record
	s := gone.space
	last := s.members[len(s.members)-1]
	s.members[p.member] = last
	i.place(last).member = p.member
	s.members = s.members[:len(s.members)-1]
	p.record = nil
	i.free = append(i.free, n)
	i.contest(gone)
}

func (i *Index) allocate() uint32 {
	if n := len(i.free); n > 0 {
		last := i.free[n-1]
		i.free = i.free[:n-1]
		return last
	}
	if int(i.used) == len(i.pages)*pageSize {
		i.pages = append(i.pages, &page{})
	}
	i.used++
	return i.used - 1
}

// link enters a record under its names. A user without an address, or without a UID, is not found by it.
func (i *Index) link(n uint32) {
	p := i.place(n)
	for k := range kinds {
		id := string(p.record.id(k))
		if id == "" {
			continue
		}
		i.scoped.add(numberOf(n, k))
		if head, ok := i.head(k, id); ok {
			first := i.place(head)
			p.next[k], first.next[k] = first.next[k], n+1
		} else {
			i.global.add(numberOf(n, k))
		}
	}
}

func (i *Index) unlink(n uint32) {
	p := i.place(n)
	for k := range kinds {
		id := string(p.record.id(k))
		if id == "" {
			continue
		}
		i.scoped.remove(numberOf(n, k))
		first, _ := i.head(k, id)
		switch {
		case first != n:
			before := i.place(first)
			for before.next[k] != n+1 {
				before = i.place(before.next[k] - 1)
			}
			before.next[k] = p.next[k]
		case p.next[k] != 0:
			i.global.replace(numberOf(n, k), numberOf(p.next[k]-1, k))
		default:
			i.global.remove(numberOf(n, k))
		}
		p.next[k] = 0
	}
}

// file enters a space's users under another tenant's name, or the namespace's.
func (i *Index) file(s *space, under string) {
	hash := i.hash(under)
	if hash == s.hash {
		return
	}
	i.eachName(s, i.scoped.remove)
	s.hash = hash
	i.eachName(s, i.scoped.add)
}

func (i *Index) eachName(s *space, do func(number uint32)) {
	for _, n := range s.members {
		for k, r := kind(0), i.record(n); k < kinds; k++ {
			if len(r.id(k)) > 0 {
				do(numberOf(n, k))
			}
		}
	}
}

// sweep forgets compiled access that nobody has any more, once there is enough of it.
func (i *Index) sweep() {
	if i.intern.bytes < i.intern.sweepAt {
		return
	}
	inUse := map[*entitlement]bool{}
	for _, s := range i.spaces {
		for _, n := range s.members {
			inUse[i.record(n).entitlement] = true
		}
		for _, a := range s.applications {
			inUse[a.entitlement] = true
		}
	}
	i.intern.sweep(inUse)
}
