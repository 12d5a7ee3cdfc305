package user

import (
	corev1 "k8s.io/api/core/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// announce makes an event of a change of state, after the status has been written.
func (r *Reconciler) announce(s *scope) {
	if s.user.Status.State == s.status.State {
		return
	}
	switch s.status.State {
	case accessv1.UserInvited:
		r.Events.Eventf(s.user, nil, corev1.EventTypeNormal, "Invited", "Invite", "An invitation was recorded")
	case accessv1.UserActive:
		r.Events.Eventf(s.user, nil, corev1.EventTypeNormal, "Activated", "Activate", "The user became active")
	case accessv1.UserInactive:
		r.Events.Eventf(s.user, nil, corev1.EventTypeNormal, "Deactivated", "Deactivate", "The user lost all access")
	}
}
