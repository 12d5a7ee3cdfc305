package decision

import (
	"hash/maphash"
	"strings"
	"sync"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
)

// kind says which of a user's names is meant.
type kind uint32

const (
	byName    kind = iota // the User's name
	byAddress             // the comparable form of its address
	byUID                 // its UID, which a sign-in's sub carries
	kinds
	// stride is the distance between the numbers of two records.
	stride = 4
)

// record is one user. Its three names stand one after the other in one string.
type record struct {
	text        string
	nameEnd     uint16
	addressEnd  uint16
	member      uint32 // place in the space's members
	flags       flags
	next        [kinds]uint32 // number + 1 of the next user of the same name in any tenant
	space       *space
	entitlement *entitlement
}

type flags uint8

const (
	statusActive flags = 1 << iota // the status says Active
	blocked                        // the spec says Inactive, or the object is being deleted
)

func (r *record) id(k kind) string {
	switch k {
	case byName:
		return r.text[:r.nameEnd]
	case byAddress:
		return r.text[r.nameEnd:r.addressEnd]
	default:
		return r.text[r.addressEnd:]
	}
}

// space is one namespace.
type space struct {
	number    uint32
	namespace string
	// owner is the tenant that keeps the namespace; nil: none does.
	owner        *tenant
	members      []uint32
	restrictions map[string]dimensionValues
}

type dimensionValues struct {
	dimension string
	values    []string
}

const pageSize = 1024

// Index holds what decisions are made from. It is safe for concurrent use.
type Index struct {
	lock     sync.RWMutex
	seed     maphash.Seed
	pages    [][]record
	free     []uint32
	count    uint32
	scoped   table // by namespace and id: every user, under each of his names
	global   table // by id alone: the first of all users of that name; the others follow it
	spaces   map[string]*space
	tenants  map[string]*tenant
	catalogs map[string]*vocabulary
	intern   interner
	progress progress
}

// NewIndex makes an empty index.
func NewIndex() *Index {
	i := &Index{
		seed: maphash.MakeSeed(), spaces: map[string]*space{}, tenants: map[string]*tenant{},
		catalogs: map[string]*vocabulary{}, intern: newInterner(), progress: newProgress(),
	}
	i.scoped = newTable(func(n uint32) uint64 { r, k := i.at(n); return i.scopedHash(r.space.number, r.id(k)) })
	i.global = newTable(func(n uint32) uint64 { r, k := i.at(n); return i.hash(r.id(k)) })
	return i
}

// A number in the tables is that of a record times the stride, plus the kind of name.
func numberOf(record uint32, k kind) uint32 { return record*stride + uint32(k) }

func (i *Index) at(number uint32) (*record, kind) {
	return i.record(number / stride), kind(number % stride)
}

func (i *Index) record(n uint32) *record { return &i.pages[n/pageSize][n%pageSize] }

func (i *Index) hash(id string) uint64 { return mix(maphash.String(i.seed, id)) }

func (i *Index) scopedHash(space uint32, id string) uint64 {
	return mix(maphash.String(i.seed, id) + uint64(space))
}

// mix spreads a small difference over all bits.
func mix(h uint64) uint64 {
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// find is the user of that name in a namespace; of several with one address the one with access, else any.
func (i *Index) find(s *space, k kind, id string) (uint32, bool) {
	found, ok := uint32(0), false
	hash := i.scopedHash(s.number, id)
	for slot := i.scoped.first(hash); ; slot = i.scoped.next(slot) {
		packed := i.scoped.slots[slot]
		if packed == 0 {
			return found, ok
		}
		number := numberIn(packed)
		if !fits(packed, hash) || number%stride != uint32(k) {
			continue
		}
		if r := i.record(number / stride); r.space == s && r.id(k) == id {
			if r.flags == statusActive {
				return number / stride, true
			}
			found, ok = number/stride, true
		}
	}
}

// known is the user with access whose name or address is just this; nil: look closer. Nobody's name has an @, and no
// address is without, so it does not matter which of the two it is.
func (i *Index) known(s *space, id string) *record {
	hash := i.scopedHash(s.number, id)
	for slot := i.scoped.first(hash); ; slot = i.scoped.next(slot) {
		packed := i.scoped.slots[slot]
		if packed == 0 {
			return nil
		}
		if !fits(packed, hash) {
			continue
		}
		r, k := i.at(numberIn(packed))
		if k != byUID && r.space == s && r.flags == statusActive && r.id(k) == id {
			return r
		}
	}
}

// head is the slot of the first user of that name in any tenant; -1 for none.
func (i *Index) head(k kind, id string) int {
	hash := i.hash(id)
	for slot := i.global.first(hash); ; slot = i.global.next(slot) {
		packed := i.global.slots[slot]
		if packed == 0 {
			return -1
		}
		if !fits(packed, hash) {
			continue
		}
		if r, other := i.at(numberIn(packed)); other == k && r.id(k) == id {
			return slot
		}
	}
}

// PutUser notes a user as he is now.
func (i *Index) PutUser(user *accessv1.User) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.putUser(user)
	i.sweep()
}

func (i *Index) putUser(user *accessv1.User) uint32 {
	s := i.space(user.Namespace)
	text, nameEnd, addressEnd := namesOf(user)
	n, known := i.find(s, byName, user.Name)
	if known && i.record(n).text != text {
		i.unlink(n)
		i.link(n, s, text, nameEnd, addressEnd)
	}
	if !known {
		n = i.allocate()
		r := i.record(n)
		r.space, r.member = s, uint32(len(s.members))
		s.members = append(s.members, n)
		i.link(n, s, text, nameEnd, addressEnd)
	}
	r := i.record(n)
	r.flags = flagsOf(user)
	r.entitlement = i.intern.intern(contentOf(s.catalog(), &user.Status), i.catalogs[s.catalog()])
	return n
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

// namesOf are a user's three names. An address that has just been changed finds nobody while the status still speaks of
// another that was accepted: whoever has the new one has accepted nothing.
func namesOf(user *accessv1.User) (text string, nameEnd, addressEnd uint16) {
	address := index.EmailKey(user.Spec.Email)
	if accepted := user.Status.AcceptedEmail; accepted != "" && user.Status.ObservedGeneration != user.Generation &&
		index.EmailKey(accepted) != address {
		address = ""
	}
	text = user.Name + address + string(user.UID)
	return text, uint16(len(user.Name)), uint16(len(user.Name) + len(address))
}

func contentOf(catalog string, status *accessv1.UserStatus) content {
	c := content{Catalog: catalog, Entries: status.EffectiveAccess}
	for i := range status.Groups {
		if g := &status.Groups[i]; len(g.Access) > 0 {
			c.Alone = append(c.Alone, aloneContent{g.Name, g.Access})
		}
	}
	return c
}

// DropUser forgets a user.
func (i *Index) DropUser(namespace, name string) {
	i.lock.Lock()
	defer i.lock.Unlock()
	if s, ok := i.spaces[namespace]; ok {
		if n, ok := i.find(s, byName, name); ok {
			i.dropUser(n)
		}
	}
}

func (i *Index) dropUser(n uint32) {
	i.unlink(n)
	r := i.record(n)
	s := r.space
	last := s.members[len(s.members)-1]
	s.members[r.member] = last
	i.record(last).member = r.member
	s.members = s.members[:len(s.members)-1]
	*r = record{}
	i.free = append(i.free, n)
	i.count--
}

// ReplaceUsers makes these all the users that there are.
func (i *Index) ReplaceUsers(users []*accessv1.User) {
	i.lock.Lock()
	defer i.lock.Unlock()
	here := make(map[uint32]bool, len(users))
	for _, user := range users {
		here[i.putUser(user)] = true
	}
	for _, s := range i.spaces {
		for at := len(s.members) - 1; at >= 0; at-- {
			if n := s.members[at]; !here[n] {
				i.dropUser(n)
			}
		}
	}
	i.sweep()
}

func (i *Index) allocate() uint32 {
	i.count++
	if n := len(i.free); n > 0 {
		last := i.free[n-1]
		i.free = i.free[:n-1]
		return last
	}
	if n := len(i.pages); n == 0 || len(i.pages[n-1]) == pageSize {
		i.pages = append(i.pages, make([]record, 0, pageSize))
	}
	page := &i.pages[len(i.pages)-1]
	*page = append(*page, record{})
	return uint32((len(i.pages)-1)*pageSize + len(*page) - 1)
}

// link enters a record under its names. A user without an address, or without a UID, is not found by it.
func (i *Index) link(n uint32, s *space, text string, nameEnd, addressEnd uint16) {
	r := i.record(n)
	r.space, r.text, r.nameEnd, r.addressEnd = s, strings.Clone(text), nameEnd, addressEnd
	for k := range kinds {
		id := r.id(k)
		if id == "" {
			continue
		}
		i.scoped.add(numberOf(n, k))
		if slot := i.head(k, id); slot >= 0 {
			first, _ := i.at(numberIn(i.global.slots[slot]))
			r.next[k], first.next[k] = first.next[k], n+1
		} else {
			i.global.add(numberOf(n, k))
		}
	}
}

func (i *Index) unlink(n uint32) {
	r := i.record(n)
	for k := range kinds {
		id := r.id(k)
		if id == "" {
			continue
		}
		i.scoped.remove(numberOf(n, k))
		first := numberIn(i.global.slots[i.head(k, id)]) / stride
		switch {
		case first != n:
			before := i.record(first)
			for before.next[k] != n+1 {
				before = i.record(before.next[k] - 1)
			}
			before.next[k] = r.next[k]
		case r.next[k] != 0:
			i.global.replace(numberOf(n, k), numberOf(r.next[k]-1, k))
		default:
			i.global.remove(numberOf(n, k))
		}
		r.next[k] = 0
	}
}

// sweep forgets compiled access that nobody has any more, once there is enough of it.
func (i *Index) sweep() {
	if len(i.intern.entitlements) < i.intern.sweepAt {
		return
	}
	inUse := map[*entitlement]bool{}
	for _, s := range i.spaces {
		for _, n := range s.members {
			inUse[i.record(n).entitlement] = true
		}
	}
	i.intern.sweep(inUse)
}
