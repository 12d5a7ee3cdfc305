// Package invitation decides what happens to an invitation, or to a password reset, next: a pure function of what is
// recorded, of its user, and of the time. It never sends and never writes; the outbox does what it says, and asks again.
//
// The order of the outbox is record, send, record. An attempt is counted before the mail is handed over, so a crash in
// between repeats the same mail, with the same Message-ID, Date and link, and never forgets one.
package invitation

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Facts are what the decision rests on.
type Facts struct {
	Letter Letter
	// UserFound is false when there is no such user, or it is being deleted.
	UserFound bool
	// Claimed is true when the letter belongs to a user, who may be another than the one found under the name, and then
	// UserFound is false.
	Claimed bool
	// Need is the user's.
	Need Need
	// SameAddress is false when the letter is for an address that is no longer the user's.
	SameAddress bool
	// Superseded is true when the user has a newer letter of the kind that has not been withdrawn.
	Superseded bool
	// TenantReason and TenantMessage say why nobody in the namespace is asked anything now; empty: nothing is in the way.
	TenantReason, TenantMessage string
}

// Need says whether a user is to be asked, at his present address. The zero Need is nobody's.
type Need struct {
	Asked bool
	// Reason and Message say why he is not to be asked.
	Reason, Message string
	// Passing is true when that can change by itself or by a mended object: then the letter waits for it. Otherwise it ends.
	Passing bool
	// Stalled is true when it passes only if somebody acts.
	Stalled bool
}

// Step is what to do.
type Step string

const (
	// Nothing: the letter is in a final state.
	Nothing Step = "Nothing"
	// End: move to the final state in Action.State.
	End Step = "End"
	// Hold: something is missing; look again when it appears.
	Hold Step = "Hold"
	// Record: count an attempt, before making it.
	Record Step = "Record"
	// Send: make the recorded attempt.
	Send Step = "Send"
	// Wait: nothing to do until Action.At.
	Wait Step = "Wait"
)

// Action is the step with its particulars.
type Action struct {
	Step Step
	// State is the final state of End.
	State accessv1.InvitationState
	// Reason and Message say why, for End and Hold, and for a Wait that is not for an answer or another attempt.
	Reason  string
	Message string
	// Stalled is true when a Hold or a Wait ends only if somebody acts.
	Stalled bool
	// At is when Wait ends, or Hold at the latest; zero: only with an event.
	At time.Time
}

// Next decides. The first rule that fits wins:
//
//  1. final states stay
//  2. cancelled by its field
//  3. no user: cancelled when it had one, or was sent to one; held until he appears otherwise
//  4. it is for an address that is no longer the user's: cancelled
//  5. the user is not to be asked, for good: cancelled
//  6. a newer letter took its place: superseded
//  7. its time ran out: expired
//  8. sent: wait for the answer until it expires
//  9. the tenant, or the user, is not ready to be asked: held
//  10. an attempt is due: record it; recorded: send it; deferred: wait
func Next(f Facts, now time.Time) Action {
	status := f.Letter.Status
	if status.State.Final() {
		return Action{Step: Nothing}
	}
	if ending, ends := f.ending(now); ends {
		return ending
	}
	expiry := ptr.Deref(status.ExpiresAt, metav1.Time{}).Time
	switch {
	case !f.UserFound:
		return Action{Step: Hold, Reason: accessv1.ReasonUserNotFound, Message: "User " + f.Letter.User + " does not exist", At: expiry}
	case status.State == accessv1.InvitationSent:
		return Action{Step: Wait, At: expiry}
	case f.TenantReason != "":
		return Action{Step: Hold, Reason: f.TenantReason, Message: f.TenantMessage, At: expiry}
	case !f.Need.Asked:
		return Action{Step: Hold, Reason: f.Need.Reason, Message: f.Need.Message, Stalled: f.Need.Stalled, At: expiry}
	default:
		return attempt(status, now)
	}
}

func (f Facts) ending(now time.Time) (Action, bool) {
	status := f.Letter.Status
	cancelled := func(reason, message string) (Action, bool) {
		return Action{Step: End, State: accessv1.InvitationCancelled, Reason: reason, Message: message}, true
	}
	switch {
	case f.Letter.Cancelled:
		return cancelled(accessv1.ReasonCancelled, "Withdrawn: spec.cancel is set")
	case !f.UserFound && (f.Claimed || status.Email != ""):
		return cancelled(accessv1.ReasonUserNotFound, "The user is gone")
	case !f.UserFound:
		return Action{}, false
	case !f.SameAddress:
		return cancelled(accessv1.ReasonAddressChanged, "The user has another address now")
	case !f.Need.Asked && !f.Need.Passing:
		return cancelled(f.Need.Reason, f.Need.Message)
	case f.Superseded:
		return Action{Step: End, State: accessv1.InvitationSuperseded, Reason: accessv1.ReasonSuperseded, Message: "A newer " + f.Letter.Noun + " took its place"}, true
	case status.ExpiresAt != nil && !now.Before(status.ExpiresAt.Time):
		return Action{Step: End, State: accessv1.InvitationExpired, Reason: accessv1.ReasonExpired, Message: "Nobody answered in time"}, true
	default:
		return Action{}, false
	}
}

func attempt(status *accessv1.InvitationStatus, now time.Time) Action {
	switch {
	case status.State != accessv1.InvitationSending || !complete(status):
		return Action{Step: Record}
	case status.NextAttemptAt == nil:
		return Action{Step: Send}
	case now.Before(status.NextAttemptAt.Time):
		return Action{Step: Wait, At: earlier(status.NextAttemptAt.Time, status.ExpiresAt.Time)}
	default:
		return Action{Step: Record}
	}
}

// complete tells whether an attempt is recorded with all that a mail needs.
func complete(status *accessv1.InvitationStatus) bool {
	return status.Email != "" && status.MessageID != "" && status.FirstAttemptAt != nil && status.ExpiresAt != nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Backoff is the pause after a failed attempt: 5 s doubling up to the longest given, of which up to a fifth is taken
// away by the fraction (0 to 1), so that many mails do not come back at once.
func Backoff(attempt int32, longest time.Duration, fraction float64) time.Duration {
	const first = 5 * time.Second
	pause := longest
	if attempt < 20 {
		pause = min(first<<max(attempt-1, 0), longest)
	}
	return pause - time.Duration(float64(pause)*fraction/5)
}
