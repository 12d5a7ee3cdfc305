// Package credential plans what becomes of an application credential's tokens, and makes them. It cannot reach the cluster.
//
// A token is in force because its hash stands in the status, for no other reason. Whatever is in the Secret counts for
// nothing: it may have been edited or copied there. A new token is recorded as pending before it is written to the Secret,
// and put in force after: a crash in between leaves either a pending hash whose token nobody has, and another is made, or a
// Secret that holds just what is pending, and it is put in force. Until then the token before stays in force. A Secret that
// cannot be written gets the same token at the next try, if there was no crash: its hash is recorded already.
package credential

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/invitation"
)

// Secret is what was found under the name of a credential's Secret.
type Secret struct {
	// Found says that there is one, and Own that Roster made it for this very credential.
	Found, Own bool
	// Leaving says that Roster made it for an earlier credential of this name: the cluster deletes it after that one.
	Leaving bool
	// Holds is the hash of the token in it; the zero Hash when it does not hold what Roster writes.
	Holds Hash
}

// Step is what to do next about the tokens.
type Step string

const (
	// Keep: the token in force is the wanted one.
	Keep Step = "Keep"
	// Make: make a token, record it as pending, write it to the Secret, put it in force.
	Make Step = "Make"
	// Promote: the pending token is in the Secret; put it in force.
	Promote Step = "Promote"
	// Refuse: a token is wanted, and somebody else's Secret has the name.
	Refuse Step = "Refuse"
)

// Next tells what to do about the tokens of a credential whose user is there.
func Next(c *accessv1.ApplicationCredential, s Secret) Step {
	switch {
	case InForce(c):
		return Keep
	case s.Found && !s.Own:
		return Refuse
	case s.Found && Recorded(c, s.Holds):
		return Promote
	default:
		return Make
	}
}

// wanted is the rotation that the spec asks for.
func wanted(c *accessv1.ApplicationCredential) int32 { return ptr.Deref(c.Spec.Rotation, 0) }

// InForce tells whether the token in force is the one that the spec asks for.
func InForce(c *accessv1.ApplicationCredential) bool {
	return c.Status.TokenHash != "" && ptr.Deref(c.Status.Rotation, 0) == wanted(c)
}

// Overlap is for how long a token lives on that is replaced; zero: not at all.
func Overlap(c *accessv1.ApplicationCredential) time.Duration {
	return time.Duration(ptr.Deref(c.Spec.OverlapSeconds, 0)) * time.Second
}

// spells tells whether a status's text is of that hash. No text is of the zero hash, which stands for none.
func spells(text string, h Hash) bool { return h != Hash{} && text == h.String() }

// Holding tells whether the Secret holds the token in force.
func (s Secret) Holding(c *accessv1.ApplicationCredential) bool {
	return spells(c.Status.TokenHash, s.Holds)
}

// Record notes a token that is about to be written to the Secret, for this user.
func Record(c *accessv1.ApplicationCredential, token Hash, user *accessv1.User) {
	c.Status.UserUID, c.Status.UserAddressHash = string(user.UID), addressHash(user)
	c.Status.Pending = &accessv1.PendingToken{TokenHash: token.String(), Rotation: ptr.To(wanted(c))}
}

// Recorded tells whether the token is pending for the rotation that the spec asks for.
func Recorded(c *accessv1.ApplicationCredential, token Hash) bool {
	pending := c.Status.Pending
	return pending != nil && spells(pending.TokenHash, token) && ptr.Deref(pending.Rotation, 0) == wanted(c)
}

// ActsFor tells whether the user is the person for whom the first token was recorded. A person is an address: a User that is
// given another one is somebody else's from then on, and so is a Robot that becomes a person.
func ActsFor(c *accessv1.ApplicationCredential, user *accessv1.User) bool {
	return c.Status.UserUID == string(user.UID) && c.Status.UserAddressHash == addressHash(user)
}

// addressHash is of no address where the user is nobody: a Robot, or one whose address is none.
func addressHash(user *accessv1.User) string {
	var at address.Address
	if parsed, err := address.Parse(user.Spec.Email); err == nil && user.Spec.Type != accessv1.UserTypeRobot {
		at = parsed
	}
	return invitation.AddressHash(user.UID, at)
}

// PutInForce puts the pending token in force. The one before lives on for the overlap, if there is any.
func PutInForce(c *accessv1.ApplicationCredential, now time.Time) {
	before := c.Status.TokenHash
	c.Status.Previous = nil
	if overlap := Overlap(c); before != "" && overlap > 0 {
		c.Status.Previous = &accessv1.PreviousToken{TokenHash: before, Until: metav1.NewTime(now.Add(overlap).Truncate(time.Second))}
	}
	c.Status.TokenHash, c.Status.Rotation = c.Status.Pending.TokenHash, c.Status.Pending.Rotation
	c.Status.Pending = nil
}

// EndPrevious lets go of a token before whose time is up, or that is no longer wanted.
func EndPrevious(c *accessv1.ApplicationCredential, now time.Time) {
	if p := c.Status.Previous; p != nil && (Overlap(c) == 0 || !now.Before(p.Until.Time)) {
		c.Status.Previous = nil
	}
}

// Expired tells whether the credential's own time is up.
func Expired(c *accessv1.ApplicationCredential, now time.Time) bool {
	return c.Spec.ExpiresAt != nil && !now.Before(c.Spec.ExpiresAt.Time)
}

// NextEnd is when the credential or its token before ends next; zero: neither will.
func NextEnd(c *accessv1.ApplicationCredential, now time.Time) time.Time {
	var next time.Time
	note := func(t *metav1.Time) {
		if t != nil && now.Before(t.Time) && (next.IsZero() || t.Time.Before(next)) {
			next = t.Time
		}
	}
	note(c.Spec.ExpiresAt)
	if c.Status.Previous != nil {
		note(&c.Status.Previous.Until)
	}
	return next
}

// SecretName is the name of the credential's Secret.
func SecretName(c *accessv1.ApplicationCredential) string {
	if c.Spec.SecretName != "" {
		return c.Spec.SecretName
	}
	return c.Name
}

// ClientID is what applications call the credential. It is no one else's, now or later.
func ClientID(c *accessv1.ApplicationCredential) string { return string(c.UID) }
