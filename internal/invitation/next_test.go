package invitation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// in is a time from now, as a status holds it.
func in(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(d)} }

// facts are those of an invitation that may be sent: the user waits, the tenant is in business.
func facts(status accessv1.InvitationStatus, change ...func(*Facts)) Facts {
	f := Facts{
		Letter:    Of(&accessv1.Invitation{Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: "ana"}}, Status: status}),
		UserFound: true, Claimed: true, Need: Need{Asked: true}, SameAddress: true,
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

// The states that an invitation can be in, each as it comes about.
var (
	unseen  = accessv1.InvitationStatus{}
	pending = accessv1.InvitationStatus{State: accessv1.InvitationPending}
	sending = accessv1.InvitationStatus{
		State: accessv1.InvitationSending, Email: "ana@acme.example", Attempt: 1, MessageID: "u@roster.example",
		FirstAttemptAt: in(0), ExpiresAt: in(time.Hour),
	}
	deferred = with(sending, func(s *accessv1.InvitationStatus) { s.NextAttemptAt = in(time.Minute) })
	due      = with(sending, func(s *accessv1.InvitationStatus) { s.NextAttemptAt = in(0) })
	sent     = with(sending, func(s *accessv1.InvitationStatus) { s.State, s.SentAt = accessv1.InvitationSent, in(0) })
)

func with(s accessv1.InvitationStatus, change func(*accessv1.InvitationStatus)) accessv1.InvitationStatus {
	change(&s)
	return s
}

func cancelled(f *Facts) { f.Letter.Cancelled = true }
func userGone(f *Facts)  { f.UserFound, f.Need, f.SameAddress = false, Need{}, false }
func unclaimed(f *Facts) { f.Claimed = false }
func moved(f *Facts)     { f.SameAddress = false }
func needsNone(f *Facts) {
	f.Need = Need{Reason: accessv1.ReasonUserNotWaiting, Message: "needs none"}
}
func notAllowed(f *Facts) {
	f.Need = Need{Reason: accessv1.ReasonUserNotWaiting, Message: "not allowed", Passing: true}
}
func noStore(f *Facts) {
	f.Need = Need{Reason: accessv1.ReasonNoPasswordStore, Message: "no store", Passing: true, Stalled: true}
}
func superseded(f *Facts) { f.Superseded = true }
func suspended(f *Facts)  { f.TenantReason, f.TenantMessage = "TenantSuspended", "Suspended" }

func ends(state accessv1.InvitationState, reason, message string) Action {
	return Action{Step: End, State: state, Reason: reason, Message: message}
}

var (
	endsCancelled  = ends(accessv1.InvitationCancelled, accessv1.ReasonCancelled, "Withdrawn: spec.cancel is set")
	endsUserGone   = ends(accessv1.InvitationCancelled, accessv1.ReasonUserNotFound, "The user is gone")
	endsMoved      = ends(accessv1.InvitationCancelled, accessv1.ReasonAddressChanged, "The user has another address now")
	endsNeedsNone  = ends(accessv1.InvitationCancelled, accessv1.ReasonUserNotWaiting, "needs none")
	endsSuperseded = ends(accessv1.InvitationSuperseded, accessv1.ReasonSuperseded, "A newer invitation took its place")
	endsExpired    = ends(accessv1.InvitationExpired, accessv1.ReasonExpired, "Nobody answered in time")
	holdsUser      = Action{Step: Hold, Reason: accessv1.ReasonUserNotFound, Message: "User ana does not exist"}
	holdsProblem   = Action{Step: Hold, Reason: accessv1.ReasonUserNotWaiting, Message: "not allowed"}
	holdsStore     = Action{Step: Hold, Reason: accessv1.ReasonNoPasswordStore, Message: "no store", Stalled: true}
	holdsTenant    = Action{Step: Hold, Reason: "TenantSuspended", Message: "Suspended"}
	waitsForAnswer = Action{Step: Wait, At: in(time.Hour).Time}
	waitsForRetry  = Action{Step: Wait, At: in(time.Minute).Time}
)

// untilExpiry: what was sent to somebody does not outlast its time by being held.
func untilExpiry(held Action) Action {
	held.At = in(time.Hour).Time
	return held
}

// TestEveryRuleInEveryState goes through the rules of Next. Each row is a situation; its columns are the open states.
func TestEveryRuleInEveryState(t *testing.T) {
	t.Parallel()
	states := map[string]accessv1.InvitationStatus{
		"unseen": unseen, "pending": pending, "recorded": sending, "deferred": deferred, "due": due, "sent": sent,
	}
	type row map[string]Action
	all := func(a Action) row {
		out := row{}
		for name := range states {
			out[name] = a
		}
		return out
	}
	for _, c := range []struct {
		situation string
		changes   []func(*Facts)
		want      row
	}{
		{"nothing is in the way", nil, row{
			"unseen": {Step: Record}, "pending": {Step: Record}, "recorded": {Step: Send},
			"deferred": waitsForRetry, "due": {Step: Record}, "sent": waitsForAnswer,
		}},
		{"it was withdrawn", []func(*Facts){cancelled}, all(endsCancelled)},
		{"it was withdrawn, and everything else is wrong too", []func(*Facts){cancelled, userGone, superseded, suspended}, all(endsCancelled)},
		{"its user is gone", []func(*Facts){userGone}, all(endsUserGone)},
		{"there never was a user", []func(*Facts){userGone, unclaimed}, row{
			"unseen": holdsUser, "pending": holdsUser, "recorded": endsUserGone,
			"deferred": endsUserGone, "due": endsUserGone, "sent": endsUserGone,
		}},
		{"the address is another one now", []func(*Facts){moved}, all(endsMoved)},
		{"the user needs none", []func(*Facts){needsNone}, all(endsNeedsNone)},
		{"the user needs none, and a newer one is there", []func(*Facts){needsNone, superseded}, all(endsNeedsNone)},
		{"a newer one is there", []func(*Facts){superseded}, all(endsSuperseded)},
		{"a newer one is there, and the tenant is suspended", []func(*Facts){superseded, suspended}, all(endsSuperseded)},
		{"the user may not be asked", []func(*Facts){notAllowed}, row{
			"unseen": holdsProblem, "pending": holdsProblem, "recorded": untilExpiry(holdsProblem),
			"deferred": untilExpiry(holdsProblem), "due": untilExpiry(holdsProblem), "sent": waitsForAnswer,
		}},
		{"somebody has to act first", []func(*Facts){noStore}, row{
			"unseen": holdsStore, "pending": holdsStore, "recorded": untilExpiry(holdsStore),
			"deferred": untilExpiry(holdsStore), "due": untilExpiry(holdsStore), "sent": waitsForAnswer,
		}},
		{"the tenant is suspended", []func(*Facts){suspended}, row{
			"unseen": holdsTenant, "pending": holdsTenant, "recorded": untilExpiry(holdsTenant),
			"deferred": untilExpiry(holdsTenant), "due": untilExpiry(holdsTenant), "sent": waitsForAnswer,
		}},
	} {
		for name, status := range states {
			if diff := cmp.Diff(c.want[name], Next(facts(status, c.changes...), now)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, c.situation, diff)
			}
		}
	}
}

func TestFinalStatesStay(t *testing.T) {
	t.Parallel()
	for _, state := range []accessv1.InvitationState{
		accessv1.InvitationAccepted, accessv1.InvitationExpired, accessv1.InvitationSuperseded,
		accessv1.InvitationCancelled, accessv1.InvitationFailed,
	} {
		final := with(sent, func(s *accessv1.InvitationStatus) { s.State = state })
		for _, change := range []func(*Facts){cancelled, userGone, moved, needsNone, superseded, suspended} {
			if diff := cmp.Diff(Action{Step: Nothing}, Next(facts(final, change), now.Add(24*time.Hour))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", state, diff)
			}
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		status accessv1.InvitationStatus
		at     time.Duration
		want   Action
	}{
		"a moment before its end, a sent one waits":       {sent, time.Hour - time.Second, waitsForAnswer},
		"at its end, a sent one has expired":              {sent, time.Hour, endsExpired},
		"at its end, a recorded one is not sent any more": {sending, time.Hour, endsExpired},
		"at its end, a deferred one is not tried again":   {deferred, time.Hour, endsExpired},
		"a moment before its pause ends, one waits":       {deferred, time.Minute - time.Second, waitsForRetry},
		"when the pause is over, one is tried again":      {deferred, time.Minute, Action{Step: Record}},
		"a pause beyond the end is cut to the end": {
			with(deferred, func(s *accessv1.InvitationStatus) { s.NextAttemptAt = in(2 * time.Hour) }), 0, waitsForAnswer,
		},
		"a sent one without an end waits for an event": {
			with(sent, func(s *accessv1.InvitationStatus) { s.ExpiresAt = nil }), time.Hour, Action{Step: Wait},
		},
	} {
		if diff := cmp.Diff(c.want, Next(facts(c.status), now.Add(c.at))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sentence, diff)
		}
	}
}

func TestNothingIsSentFromAnIncompleteRecord(t *testing.T) {
	t.Parallel()
	for missing, forget := range map[string]func(*accessv1.InvitationStatus){
		"email":          func(s *accessv1.InvitationStatus) { s.Email = "" },
		"messageID":      func(s *accessv1.InvitationStatus) { s.MessageID = "" },
		"firstAttemptAt": func(s *accessv1.InvitationStatus) { s.FirstAttemptAt = nil },
		"expiresAt":      func(s *accessv1.InvitationStatus) { s.ExpiresAt = nil },
	} {
		if diff := cmp.Diff(Action{Step: Record}, Next(facts(with(sending, forget)), now)); diff != "" {
			t.Errorf("without %s (-want +got):\n%s", missing, diff)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		attempt  int32
		longest  time.Duration
		fraction float64
		want     time.Duration
	}{
		{1, 30 * time.Minute, 0, 5 * time.Second},
		{2, 30 * time.Minute, 0, 10 * time.Second},
		{3, 30 * time.Minute, 0, 20 * time.Second},
		{9, 30 * time.Minute, 0, 1280 * time.Second},
		{10, 30 * time.Minute, 0, 30 * time.Minute},
		{1_000_000, 30 * time.Minute, 0, 30 * time.Minute},
		{5, time.Minute, 0, time.Minute},
		{1, 30 * time.Minute, 1, 4 * time.Second},
		{1, 30 * time.Minute, 0.5, 4500 * time.Millisecond},
		{10, 30 * time.Minute, 1, 24 * time.Minute},
		{0, 30 * time.Minute, 0, 5 * time.Second},
	} {
		if got := Backoff(c.attempt, c.longest, c.fraction); got != c.want {
			t.Errorf("Backoff(%d, %s, %v) = %s, want %s", c.attempt, c.longest, c.fraction, got, c.want)
		}
	}
}
