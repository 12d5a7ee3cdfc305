package applicationcredential

import (
	corev1 "k8s.io/api/core/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
)

// announce makes an event of a token that was put in force, after the status has been written.
func (r *Reconciler) announce(s *scope) {
	before, after := &s.stored.Status, &s.after.Status
	switch before.TokenHash {
	case after.TokenHash:
	case "":
		r.Events.Eventf(s.after, nil, corev1.EventTypeNormal, "TokenWritten", "Write", "The first token was written to Secret %s", credential.SecretName(s.after))
	default:
		r.Events.Eventf(s.after, nil, corev1.EventTypeNormal, "TokenRotated", "Rotate", "A new token was written to Secret %s%s", credential.SecretName(s.after), fate(after))
	}
}

func fate(after *accessv1.ApplicationCredentialStatus) string {
	if after.Previous != nil {
		return "; the one before lives on for the overlap"
	}
	return "; the one before stopped working"
}
