package decision

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// digest tells one content from every other.
type digest [sha256.Size]byte

// interner keeps one value for equal contents. What nobody uses any more goes when all of it has grown to twice of what was
// in use at the last sweep.
type interner struct {
	entitlements map[digest]*entitlement
	entries      map[digest]*entry
	lists        map[string][]string
	names        map[string]string
	// bytes is about how much memory there is for all contents, and sweepAt how much calls for a sweep.
	bytes, sweepAt int
}

const (
	leastSweep = 4 << 20
	// overhead is about what one content takes beside what is in it.
	overhead = 256
)

func newInterner() interner {
	return interner{
		entitlements: map[digest]*entitlement{}, entries: map[digest]*entry{},
		lists: map[string][]string{}, names: map[string]string{}, sweepAt: leastSweep,
	}
}

// content is what makes an entitlement, as the status spells it.
type content struct {
	Catalog string
	Entries []accessv1.AccessEntry
	Alone   []aloneContent
}

type aloneContent struct {
	Group   string
	Entries []accessv1.AccessEntry
}

// intern returns the entitlement of the content, compiled.
func (n *interner) intern(c content, v *vocabulary) *entitlement {
	key, _ := digestOf(c)
	return n.internAs(key, c, v)
}

// internAs is intern of a content whose digest is known.
func (n *interner) internAs(key digest, c content, v *vocabulary) *entitlement {
	if found, ok := n.entitlements[key]; ok {
		return found
	}
	e := &entitlement{catalog: n.name(c.Catalog), entries: n.entriesOf(c.Catalog, c.Entries, v)}
	for _, a := range c.Alone {
		e.alone = append(e.alone, groupEntries{n.name(a.Group), n.entriesOf(c.Catalog, a.Entries, v)})
	}
	n.entitlements[key] = e.compile(v)
	n.bytes += e.bytes()
	return e
}

func (n *interner) entriesOf(catalog string, list []accessv1.AccessEntry, v *vocabulary) []*entry {
	out := make([]*entry, len(list))
	for i := range list {
		key, length := digestOf(struct {
			Catalog string
			Entry   *accessv1.AccessEntry
		}{catalog, &list[i]})
		found, ok := n.entries[key]
		if !ok {
			found = &entry{grant: n.grant(&list[i]), length: length}
			found.mask = v.mask(&found.grant)
			n.entries[key] = found
			n.bytes += found.bytes()
		}
		out[i] = found
	}
	return out
}

// grant is an entry of a status in the model's terms, made of shared parts.
func (n *interner) grant(e *accessv1.AccessEntry) access.Grant {
	g := access.Grant{Resources: n.list(e.Resources), Level: access.Level(n.name(string(e.Level))), Actions: n.list(e.Actions)}
	for _, d := range e.RestrictedTo {
		g.Scope = append(g.Scope, access.Dimension{Name: n.name(d.Dimension), Values: n.list(d.Values)})
	}
	if e.Until != nil {
		g.Until = e.Until.Time
	}
	for _, v := range e.Via {
		g.Via = append(g.Via, access.Via{Tenant: n.name(v.Tenant), Group: n.name(v.Group), Role: n.name(v.Role)})
	}
	return g
}

func (n *interner) name(name string) string {
	if found, ok := n.names[name]; ok {
		return found
	}
	own := strings.Clone(name)
	n.names[own] = own
	return own
}

func (n *interner) list(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	key := strings.Join(list, "\x00")
	if found, ok := n.lists[key]; ok {
		return found
	}
	own := make([]string, len(list))
	for i := range list {
		own[i] = n.name(list[i])
	}
	n.lists[key] = own
	return own
}

// recompile makes everything under a catalog anew, in a vocabulary, and returns what stands for what.
func (n *interner) recompile(catalog string, v *vocabulary) map[*entitlement]*entitlement {
	entries, out := map[*entry]*entry{}, map[*entitlement]*entitlement{}
	again := func(list []*entry) []*entry {
		list = slices.Clone(list)
		for at, old := range list {
			if entries[old] == nil {
				entries[old] = &entry{old.grant, v.mask(&old.grant), old.length}
			}
			list[at] = entries[old]
		}
		return list
	}
	for key, old := range n.entitlements {
		if old.catalog != catalog {
			continue
		}
		fresh := &entitlement{catalog: old.catalog, entries: again(old.entries)}
		for _, a := range old.alone {
			fresh.alone = append(fresh.alone, groupEntries{a.group, again(a.entries)})
		}
		out[old], n.entitlements[key] = fresh, fresh.compile(v)
	}
	for key, old := range n.entries {
		if fresh := entries[old]; fresh != nil {
			n.entries[key] = fresh
		}
	}
	n.count()
	return out
}

func (e *entitlement) everyEntry() []*entry {
	out := e.entries
	for _, a := range e.alone {
		out = append(out[:len(out):len(out)], a.entries...)
	}
	return out
}

// sweep forgets what none of the entitlements in use has.
func (n *interner) sweep(inUse map[*entitlement]bool) {
	entries := map[*entry]bool{}
	for key, e := range n.entitlements {
		if !inUse[e] {
			delete(n.entitlements, key)
			continue
		}
		for _, entry := range e.everyEntry() {
			entries[entry] = true
		}
	}
	for key, e := range n.entries {
		if !entries[e] {
			delete(n.entries, key)
		}
	}
	// Names and lists that are still in use stay alive through the entries; they are only not shared with later ones.
	n.lists, n.names = map[string][]string{}, map[string]string{}
	n.count()
	n.sweepAt = max(leastSweep, 2*n.bytes)
}

// count finds out how much memory there is for all contents.
func (n *interner) count() {
	n.bytes = 0
	for _, e := range n.entitlements {
		n.bytes += e.bytes()
	}
	for _, e := range n.entries {
		n.bytes += e.bytes()
	}
}

func (e *entry) bytes() int { return overhead + e.length + 8*len(e.mask) }

func (e *entitlement) bytes() int {
	return overhead + 16*len(e.held) + 8*len(e.everyEntry())
}

// content is the entitlement as a status would spell it, for interning it under another catalog.
func (e *entitlement) content(catalog string) content {
	c := content{Catalog: catalog, Entries: spell(e.entries)}
	for _, a := range e.alone {
		c.Alone = append(c.Alone, aloneContent{a.group, spell(a.entries)})
	}
	return c
}

// digestOf is a value's digest, and how long it is when it is spelled out.
func digestOf(value any) (digest, int) {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // these types have nothing that cannot be encoded
	}
	return sha256.Sum256(encoded), len(encoded)
}
