package outbox

import (
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/status"
)

// conclude sets every condition that this controller owns. It is the last step, whatever happened before.
func (s *scope) conclude(action invitation.Action) {
	if s.after.letter.Status.State == "" {
		s.after.letter.Status.State = accessv1.InvitationPending
	}
	conditions := status.NewConditions(s.stored.letter.Status.Conditions, s.stored.object.GetGeneration(), s.now)
	s.concludeDelivered(conditions, action)
	s.concludeReady(conditions, action)
	s.after.letter.Status.ObservedGeneration = s.stored.object.GetGeneration()
	s.after.letter.Status.Conditions = conditions.Result()
}

func (s *scope) concludeDelivered(conditions *status.Conditions, action invitation.Action) {
	earlier := apimeta.FindStatusCondition(s.stored.letter.Status.Conditions, accessv1.ConditionDelivered)
	switch {
	case s.delivery != nil:
		conditions.Is(accessv1.ConditionDelivered, s.delivery.class == "", reasonOf(s.delivery.class), s.delivery.message)
	case action.Reason == accessv1.ReasonRateLimited || action.Reason == accessv1.ReasonMisconfigured:
		conditions.Is(accessv1.ConditionDelivered, false, action.Reason, action.Message)
	case action.Step == invitation.Hold:
		conditions.Is(accessv1.ConditionDelivered, false, accessv1.ReasonPending, "The mail waits until nothing is in its way")
	case earlier != nil && s.stored.letter.Status.FirstAttemptAt != nil:
		conditions.Is(earlier.Type, earlier.Status == metav1.ConditionTrue, earlier.Reason, earlier.Message)
	default:
		conditions.Is(accessv1.ConditionDelivered, false, accessv1.ReasonPending, "The mail has not been handed over yet")
	}
}

func reasonOf(class mail.Class) string {
	switch class {
	case "":
		return accessv1.ReasonSent
	case mail.Rejected:
		return accessv1.ReasonRejected
	case mail.Misconfigured:
		return accessv1.ReasonMisconfigured
	default:
		return accessv1.ReasonDeferred
	}
}

func (s *scope) concludeReady(conditions *status.Conditions, action invitation.Action) {
	switch state := s.after.letter.Status.State; {
	case action.Stalled:
		conditions.Stalled(action.Reason, action.Message)
	case action.Step == invitation.Hold || action.Reason == accessv1.ReasonRateLimited:
		conditions.Waiting(action.Reason, action.Message)
	case state == accessv1.InvitationFailed:
		s.concludeFailed(conditions)
	case action.Step == invitation.End:
		conditions.Ready(action.Reason, action.Message)
	case state.Final():
		s.keepReady(conditions)
	case state == accessv1.InvitationSent:
		conditions.Ready(accessv1.ReasonSent, "The mail server took the mail; the person has not answered yet")
	case state == accessv1.InvitationSending:
		s.concludeSending(conditions)
	default:
		conditions.Waiting(accessv1.ReasonPending, "Nothing has been sent yet")
	}
}

func (s *scope) concludeFailed(conditions *status.Conditions) {
	if s.delivery == nil {
		s.keepReady(conditions)
		return
	}
	conditions.Stalled(accessv1.ReasonRejected, s.delivery.message)
}

func (s *scope) concludeSending(conditions *status.Conditions) {
	delivered := apimeta.FindStatusCondition(s.stored.letter.Status.Conditions, accessv1.ConditionDelivered)
	switch {
	case s.delivery != nil:
		conditions.Waiting(reasonOf(s.delivery.class), s.delivery.message)
	case delivered != nil && delivered.Reason != accessv1.ReasonPending:
		conditions.Waiting(delivered.Reason, delivered.Message)
	default:
		conditions.Waiting(accessv1.ReasonSending, "The mail is being handed over")
	}
}

// keepReady carries over what was said when the final state was reached; an acceptance is written by the page, which
// leaves the conditions to this controller.
func (s *scope) keepReady(conditions *status.Conditions) {
	stored := s.stored.letter.Status
	ready := apimeta.FindStatusCondition(stored.Conditions, accessv1.ConditionReady)
	stalled := apimeta.FindStatusCondition(stored.Conditions, accessv1.ConditionStalled)
	switch {
	case stored.State == accessv1.InvitationAccepted:
		conditions.Ready(accessv1.ReasonAccepted, s.kind.Answered)
	case stalled != nil:
		conditions.Stalled(stalled.Reason, stalled.Message)
	case ready != nil && ready.Status == metav1.ConditionTrue && ready.Reason != accessv1.ReasonSent:
		conditions.Ready(ready.Reason, ready.Message)
	case stored.State == accessv1.InvitationFailed:
		conditions.Stalled(accessv1.ReasonRejected, "The mail server refused the mail for good")
	default:
		conditions.Ready(reasonOfEnd[stored.State], fmt.Sprintf("The %s has ended: %s", s.stored.letter.Noun, stored.State))
	}
}

// reasonOfEnd is for a final state that somebody else wrote.
var reasonOfEnd = map[accessv1.InvitationState]string{
	accessv1.InvitationExpired:    accessv1.ReasonExpired,
	accessv1.InvitationSuperseded: accessv1.ReasonSuperseded,
	accessv1.InvitationCancelled:  accessv1.ReasonCancelled,
}
