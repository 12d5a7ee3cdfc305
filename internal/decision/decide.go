package decision

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// ambiguousTenant surfaces when no tenant is named and the subject exists in several.
const ambiguousTenant access.Reason = "AmbiguousTenant"

// Subject is who is asked about.
type Subject struct {
	// Tenant is the name of his tenant; empty: the single one in which he exists.
	Tenant string
	// ID is his address, the name of his User, or the sub that a sign-in gives him.
	ID string
}

// party is a subject with his type: a user, or an application by its client ID.
type party struct {
	Subject
	application bool
}

// standing is a subject that was found, or why he has nothing.
type standing struct {
	record *record
	tenant *tenant
	// application acts for the user of the record; nil: he acts himself.
	application *application
	denied      access.Reason
}

// answer decides for one who is not denied everything. An application may do what it may itself and its user may as well: of
// the two, what is known of one of them may be newer. In what group the user acts is his own matter.
func (w *standing) answer(query *access.Query, now time.Time) access.Decision {
	d := w.record.answer(query, now)
	if !d.Allowed || w.application == nil {
		return d
	}
	own := *query
	own.Group = ""
	e := w.application.entitlement
	return e.answer(e, &own, now)
}

// Decide answers one question. It does not allocate when the subject is named by an address in its comparable form or by
// his User's name.
func (i *Index) Decide(s Subject, query *access.Query, now time.Time) access.Decision {
	if r := i.known(s); r != nil {
		return r.answer(query, now)
	}
	d, _ := i.decide(party{Subject: s}, query, now)
	return d
}

// decide returns what the decision was made from beside it, the user's; nil when the subject is denied everything.
func (i *Index) decide(s party, query *access.Query, now time.Time) (access.Decision, *entitlement) {
	if !s.application {
		if r := i.known(s.Subject); r != nil {
			return r.answer(query, now), r.entitlement
		}
	}
	i.lock.RLock()
	defer i.lock.RUnlock()
	who := i.stand(s, now)
	if who.denied != "" {
		return access.Decision{Reason: who.denied}, nil
	}
	return who.answer(query, now), who.record.entitlement
}

// known is the record of a subject of whom all is plain: a name or address that is just this, in the tenant that is named,
// which is active as he is. Nil: look closer. It takes no lock, so somebody may write meanwhile. What it returns was true
// at one moment all the same: the tenant kept his namespace when his record was seen a second time, unchanged.
func (i *Index) known(s Subject) *record {
	k := nameOrAddress(s.ID)
	hash, slots := scopedHash(i.hash(s.Tenant), i.hash(s.ID)), i.scoped.of(k)
	for at := slots.first(hash); ; at = slots.next(at) {
		slot := &(*slots)[at]
		packed := slot.packed.Load()
		if packed == 0 {
			return nil
		}
		if !fits(packed, hash) {
			continue
		}
		r := slot.record.Load()
		if r == nil || !r.active(k, s.ID) {
			continue
		}
		t := r.space.owner.Load()
		if t == nil || t.name != s.Tenant {
			continue
		}
		if !t.active || r.vocabulary != t.vocabulary || slot.record.Load() != r || i.scoped.of(k) != slots {
			return nil
		}
		return r
	}
}

// nameOrAddress tells which of the two an id is: nobody's name has an @, and no address is without.
func nameOrAddress(id string) kind {
	if strings.IndexByte(id, '@') >= 0 {
		return byAddress
	}
	return byName
}

// stand finds the subject and says what denies him everything, by what the specs say now.
func (i *Index) stand(s party, now time.Time) standing {
	w := i.subject(s)
	switch {
	case w.denied != "":
	case !w.tenant.active:
		w.denied = access.TenantSuspended
	case !w.record.isActive():
		w.denied = access.NotActive
	case w.application != nil:
		w.denied = w.application.denied(now)
	}
	return w
}

// subject finds the subject, and says what denies that he is one.
func (i *Index) subject(s party) standing {
	if s.application {
		return i.actor(s.Subject)
	}
	r, t, reason := i.user(s.Subject)
	return standing{record: r, tenant: t, denied: reason}
}

func (i *Index) user(s Subject) (*record, *tenant, access.Reason) {
	k, id := identify(s.ID)
	if id == "" {
		return nil, nil, access.UnknownUser
	}
	if s.Tenant == "" {
		return i.anywhere(k, id)
	}
	t := i.tenants[s.Tenant]
	if t == nil || t.space.owner.Load() != t {
		return nil, nil, access.UnknownUser
	}
	n, ok := i.find(t.space, k, id)
	if !ok {
		return nil, t, access.UnknownUser
	}
	r := i.record(n)
	return r, t, r.doubt(k)
}

// anywhere finds the single tenant in which the subject exists.
func (i *Index) anywhere(k kind, id string) (*record, *tenant, access.Reason) {
	head, ok := i.head(k, id)
	if !ok {
		return nil, nil, access.UnknownUser
	}
	var home *space
	for n := head + 1; n != 0; n = i.place(n - 1).next[k] {
		switch s := i.record(n - 1).space; {
		case s.owner.Load() == nil || s == home:
		case home != nil:
			return nil, nil, ambiguousTenant
		default:
			home = s
		}
	}
	if home == nil {
		return nil, nil, access.UnknownUser
	}
	n, _ := i.find(home, k, id)
	r := i.record(n)
	return r, home.owner.Load(), r.doubt(k)
}

// identify tells what sort of name an id is: only an address has an @, and a User's name has no upper case letter, of
// which the beginning of a sub is one. The name is empty when it cannot be anybody's.
func identify(id string) (kind, string) {
	if strings.IndexByte(id, '@') >= 0 {
		if canonical(id) {
			return byAddress, id
		}
		return byAddress, index.EmailKey(id)
	}
	if id != "" && id[0] >= 'A' && id[0] <= 'Z' {
		return byUID, userOf(id)
	}
	return byName, id
}

// canonical tells quickly, of most addresses, that they are in their comparable form. What it says of something that is
// no address does not matter: nobody is called that.
func canonical(id string) bool {
	for i := range len(id) {
		c := id[i]
		if c >= 0x80 || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

// userOf reads the sub that Dex makes for a user of its own password store: base64url of a protocol buffer with the
// user's id as field 1, which Roster sets to the User's UID, and the connector's as field 2, which is "local".
func userOf(sub string) string {
	const userField, connectorField, local = 0x0a, 0x12, "local"
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(sub)
	if err != nil || strings.ContainsAny(sub, "\r\n") || len(decoded) < 2 || decoded[0] != userField {
		return ""
	}
	length := int(decoded[1])
	rest := decoded[2:]
	if length >= 0x80 || len(rest) < length {
		return ""
	}
	user, rest := string(rest[:length]), rest[length:]
	if len(rest) != 2+len(local) || rest[0] != connectorField || int(rest[1]) != len(local) || string(rest[2:]) != local {
		return ""
	}
	return user
}
