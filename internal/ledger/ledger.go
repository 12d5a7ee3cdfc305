package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/roster-dev/roster/internal/address"
)

// Ledger is what one tenant's limits count: the mails that went out in the time that matters. It does not depend on the
// letters, which can be deleted, nor on the users, who can be made anew.
//
// It is a text of lines: when, to whom, for which letter. "To whom" is a hash, and the letter the beginning of a UID, which
// lets a letter be booked twice and count once.
type Ledger struct {
	mails []booking
	// promised are those who wait, by the stretch of the tenant's limit in which their turn comes. A promise keeps
	// thousands from asking all at once and is not stored: when it is forgotten, a letter that comes in vain is given another.
	promised map[int64]map[string]bool
}

// Mail is what a letter asks the ledger for.
type Mail struct {
	Letter types.UID
	To     address.Address
	// Waiting is the letter's name among those who wait, by which its turn can be taken back when it is gone.
	Waiting string
	// Planned is the turn that the letter was given before; zero: none.
	Planned time.Time
}

type booking struct {
	at         time.Time
	to, letter string
}

const (
	hashBytes   = 8
	letterChars = 13
)

func (m Mail) booking(at time.Time) booking {
	sum := sha256.Sum256([]byte(m.To.Key()))
	letter := string(m.Letter)
	return booking{at.Truncate(time.Second), hex.EncodeToString(sum[:hashBytes]), letter[:min(len(letter), letterChars)]}
}

// Parse reads the text of a ledger. The error names the line: what cannot be read is not nothing.
func Parse(text string) (*Ledger, error) {
	l := &Ledger{promised: map[int64]map[string]bool{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d is no mail: it has %d words, not a time, an address and a letter", number, len(fields))
		}
		seconds, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d begins with no time", number)
		}
		l.mails = append(l.mails, booking{time.Unix(seconds, 0), fields[1], fields[2]})
	}
	l.sort()
	return l, nil
}

func (l *Ledger) sort() {
	slices.SortStableFunc(l.mails, func(a, b booking) int { return a.at.Compare(b.at) })
}

// String is the text of the ledger.
func (l *Ledger) String() string {
	var text strings.Builder
	for _, m := range l.mails {
		fmt.Fprintf(&text, "%d %s %s\n", m.at.Unix(), m.to, m.letter)
	}
	return text.String()
}

// With is the ledger with one mail more, which goes out now, and without those that count no longer. The ledger itself
// stays as it is.
func (l *Ledger) With(m Mail, limits Limits, now time.Time) *Ledger {
	since := now.Add(-limits.memory())
	next := &Ledger{promised: l.promised}
	for _, old := range l.mails {
		if old.at.After(since) {
			next.mails = append(next.mails, old)
		}
	}
	next.mails = append(next.mails, m.booking(now))
	next.sort()
	return next
}

// Booked tells whether the letter's mail counts already: it was booked in a round that did not get to record it.
func (l *Ledger) Booked(m Mail) bool {
	wanted := m.booking(time.Time{})
	return slices.ContainsFunc(l.mails, func(b booking) bool { return b.to == wanted.to && b.letter == wanted.letter })
}

// Turn says when a mail may go out, and promises it that time if it is later than now.
func (l *Ledger) Turn(limits Limits, m Mail, now time.Time) Turn {
	if l.Booked(m) {
		return Turn{At: now}
	}
	turn := l.userTurn(limits.User, m, now)
	if limits.Tenant.Mails == 0 {
		return turn
	}
	l.Release(m.Waiting)
	l.forget(limits.Tenant, now)
	if at := l.tenantTurn(limits.Tenant, m, turn.At); at.After(turn.At) {
		turn = Turn{At: at, Limited: limitedTenant}
	}
	if turn.Limited != "" {
		l.promise(m, limits.Tenant.stretch(turn.At))
	}
	return turn
}

// userTurn is the first time at which no limit of the address is in the way.
func (l *Ledger) userTurn(limits []Limit, m Mail, now time.Time) Turn {
	var times []time.Time
	to := m.booking(now).to
	for i := range l.mails {
		if l.mails[i].to == to {
			times = append(times, l.mails[i].at)
		}
	}
	turn := Turn{At: now}
	for _, limit := range limits {
		if first := len(times) - limit.Mails; limit.Mails > 0 && first >= 0 {
			if at := times[first].Add(limit.In); at.After(turn.At) {
				turn = Turn{At: at, Limited: limitedUser}
			}
		}
	}
	return turn
}

// tenantTurn is the first time from the given one on that is in a stretch with room. In a later stretch, those who wait
// come one after the other; who had a turn there keeps it.
func (l *Ledger) tenantTurn(limit Limit, m Mail, from time.Time) time.Time {
	for s := limit.stretch(from); ; s++ {
		taken := len(l.promised[s]) + l.sentIn(limit, s)
		switch {
		case taken >= limit.Mails:
		case s == limit.stretch(from):
			return from
		case limit.stretch(m.Planned) == s:
			return m.Planned
		default:
			begin := time.Unix(s*int64(limit.In/time.Second), 0)
			return begin.Add(limit.In * time.Duration(taken) / time.Duration(limit.Mails)).Truncate(time.Second)
		}
	}
}

func (l *Ledger) sentIn(limit Limit, stretch int64) (count int) {
	for _, m := range slices.Backward(l.mails) {
		switch s := limit.stretch(m.at); {
		case s == stretch:
			count++
		case s < stretch:
			return count
		}
	}
	return count
}

// stretch numbers the stretches of a limit's time.
func (l Limit) stretch(at time.Time) int64 { return at.Unix() / int64(l.In/time.Second) }

func (l *Ledger) promise(m Mail, stretch int64) {
	if l.promised[stretch] == nil {
		l.promised[stretch] = map[string]bool{}
	}
	l.promised[stretch][m.Waiting] = true
}

// Release takes back what somebody was promised who waits no longer: others may have that turn.
func (l *Ledger) Release(waiting string) {
	for s, promised := range l.promised {
		if delete(promised, waiting); len(promised) == 0 {
			delete(l.promised, s)
		}
	}
}

// forget takes back what has passed.
func (l *Ledger) forget(limit Limit, now time.Time) {
	for s := range l.promised {
		if s < limit.stretch(now) {
			delete(l.promised, s)
		}
	}
}
