// Package ledger counts mails against limits: a pure function of what went out, and of the time. It neither sends nor
// stores; the outbox keeps a ledger for each tenant, as a text.
package ledger

import "time"

// Limit is how many mails may go out in a time. Without Mails there is no limit.
type Limit struct {
	Mails int
	In    time.Duration
}

// Limits bound the mails of one tenant.
type Limits struct {
	// User are the limits of what goes to one address; each counts in any stretch of its time.
	User []Limit
	// Tenant counts from one full stretch of its time to the next, by the clock.
	Tenant Limit
}

// memory is how long a mail counts for any of the limits.
func (l Limits) memory() time.Duration {
	longest := l.Tenant.In
	for _, limit := range l.User {
		longest = max(longest, limit.In)
	}
	return longest
}

// Turn is when a mail may go out. The zero Turn is never.
type Turn struct {
	// At is not after now when it may go out at once.
	At time.Time
	// Limited says whose limit is in the way; empty: nobody's.
	Limited Limited
}

// Limited is who has got, or sent, as many mails as may go out in a while.
type Limited string

const (
	// LimitedUser is whoever has the address.
	LimitedUser Limited = "user"
	// LimitedTenant is everybody in the tenant.
	LimitedTenant Limited = "tenant"
)
