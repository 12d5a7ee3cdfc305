package outbox

import (
	corev1 "k8s.io/api/core/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// announce makes an event of a change of state, after the status has been written.
func (r *Reconciler) announce(s *scope) {
	if s.stored.letter.Status.State == s.after.letter.Status.State {
		return
	}
	switch s.after.letter.Status.State {
	case accessv1.InvitationSent:
		r.Events.Eventf(s.after.object, nil, corev1.EventTypeNormal, "Sent", "Send", "The mail server took the mail")
	case accessv1.InvitationFailed:
		r.Events.Eventf(s.after.object, nil, corev1.EventTypeWarning, "Failed", "Send", "The mail server refused the mail for good")
	case accessv1.InvitationExpired:
		r.Events.Eventf(s.after.object, nil, corev1.EventTypeNormal, "Expired", "Expire", "Nobody answered in time")
	case accessv1.InvitationCancelled, accessv1.InvitationSuperseded:
		r.Events.Eventf(s.after.object, nil, corev1.EventTypeNormal, string(s.after.letter.Status.State), "Withdraw", "The link stopped working")
	}
}
