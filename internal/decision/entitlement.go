package decision

import (
	"time"

	"github.com/roster-dev/roster/internal/access"
)

// entry is one entry of effective access with what it holds in a vocabulary. It is never changed. Equal entries are one.
type entry struct {
	grant access.Grant
	mask  mask
	// length is how long the entry is when it is spelled out.
	length int
}

func (e *entry) cameVia(group string) bool {
	for i := range e.grant.Via {
		if e.grant.Via[i].Group == group {
			return true
		}
	}
	return false
}

// entitlement is everything that a user may do, under one catalog and in its vocabulary. It is never changed. Users with
// equal access have one between them.
type entitlement struct {
	gist
	// held has a part for each 64 bits of the vocabulary.
	held    []held
	entries []*entry
	// alone is what single groups give, for those of which the entries' via does not tell.
	alone   []groupEntries
	catalog string
}

// gist is how an entitlement begins, and the whole of what it holds in a vocabulary as small as most are. There is a copy
// in every record, so that a decision seldom waits for memory a second time.
type gist struct {
	vocabulary *vocabulary
	parts      [2]held
}

// held is a part of two masks: of what is held without a scope and without an end, and of what is held at all.
type held struct{ everywhere, anywhere uint64 }

type groupEntries struct {
	group   string
	entries []*entry
}

// compile finds out what is held in the vocabulary.
func (e *entitlement) compile(v *vocabulary) *entitlement {
	e.vocabulary = v
	if v == nil {
		return e
	}
	e.held = make([]held, len(v.valid))
	for _, entry := range e.entries {
		plain := len(entry.grant.Scope) == 0 && entry.grant.Until.IsZero()
		for at, bits := range entry.mask {
			e.held[at].anywhere |= bits
			if plain {
				e.held[at].everywhere |= bits
			}
		}
	}
	copy(e.parts[:], e.held)
	return e
}

// question is a query whose resource and action have been found in the vocabulary.
type question struct {
	*access.Query
	bit          int
	identifiedBy string
	now          time.Time
}

// plainly is the reason that follows from whether an action is valid, and whether it is held.
var plainly = [2][2]access.Reason{{access.UnknownAction, access.UnknownAction}, {access.NoGrant, ""}}

// answer is access.Decide, of the entitlement that has this gist. It does not allocate. Nobody can guess whether something
// is allowed, the processor neither: what does not depend on the entity is answered without a branch.
func (g *gist) answer(e *entitlement, query *access.Query, now time.Time) access.Decision {
	at, bit, reason := g.vocabulary.look(query.Resource, query.Action)
	if reason != "" {
		return access.Decision{Reason: reason}
	}
	word, shift := bit>>6, bit&63
	part, valid := g.part(e, word), g.vocabulary.valid[word]>>shift&1
	everywhere, anywhere := part.everywhere>>shift&1, part.anywhere>>shift&1
	if valid == 1 && (query.Group != "" || everywhere != anywhere) {
		return e.decide(&question{query, bit, g.vocabulary.details[at].IdentifiedBy, now})
	}
	return access.Decision{Allowed: everywhere == 1, Reason: plainly[valid][everywhere]}
}

func (g *gist) part(e *entitlement, word int) *held {
	if word < len(g.parts) {
		return &g.parts[word]
	}
	return &e.held[word]
}

// decide looks at every entry that the question is about.
func (e *entitlement) decide(q *question) access.Decision {
	denied := access.Decision{Reason: access.NoGrant}
	for _, entry := range e.inGroup(q.Group) {
		if !entry.mask.has(q.bit) || q.Group != "" && !entry.cameVia(q.Group) {
			continue
		}
		d := entry.grant.Judge(q.Entity, q.identifiedBy, q.now)
		if d.Allowed {
			return d
		}
		denied = access.Nearer(denied, d)
	}
	return denied
}

// inGroup are the entries to look at for a user who acts in a group.
func (e *entitlement) inGroup(group string) []*entry {
	if group != "" {
		for i := range e.alone {
			if e.alone[i].group == group {
				return e.alone[i].entries
			}
		}
	}
	return e.entries
}

// reaching are the entries that hold what is asked somewhere and have not ended.
func (e *entitlement) reaching(q *question) []*entry {
	var out []*entry
	for _, entry := range e.inGroup(q.Group) {
		ended := !entry.grant.Until.IsZero() && !q.now.Before(entry.grant.Until)
		if entry.mask.has(q.bit) && !ended && (q.Group == "" || entry.cameVia(q.Group)) {
			out = append(out, entry)
		}
	}
	return out
}

// by is the first entry that allows what was asked; nil when none does.
func (e *entitlement) by(q *question) *entry {
	for _, entry := range e.reaching(q) {
		if entry.grant.Judge(q.Entity, q.identifiedBy, q.now).Allowed {
			return entry
		}
	}
	return nil
}
