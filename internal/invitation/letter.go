package invitation

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Letter is an Invitation or a PasswordReset as the outbox sees it: both ask one user by one mail, and go through the same
// states.
type Letter struct {
	metav1.Object
	// Noun is what it is called in sentences.
	Noun string
	// User is the name of whom it asks.
	User      string
	Cancelled bool
	// ValidSeconds is 0 where the kind's own validity counts.
	ValidSeconds int32
	RequestedBy  string
	// Status is the object's own, not a copy.
	Status *accessv1.InvitationStatus
}

// Of reads an Invitation.
func Of(i *accessv1.Invitation) Letter {
	return Letter{
		Object: i, Noun: "invitation", User: i.Spec.UserRef.Name, Cancelled: ptr.Deref(i.Spec.Cancel, false),
		ValidSeconds: i.Spec.ValidSeconds, RequestedBy: i.Spec.RequestedBy, Status: &i.Status,
	}
}

// LetterOf reads an object of either kind; false: it is of another.
func LetterOf(object runtime.Object) (Letter, bool) {
	switch o := object.(type) {
	case *accessv1.Invitation:
		return Of(o), true
	case *accessv1.PasswordReset:
		return Letter{
			Object: o, Noun: "password reset", User: o.Spec.UserRef.Name, Cancelled: ptr.Deref(o.Spec.Cancel, false),
			ValidSeconds: o.Spec.ValidSeconds, RequestedBy: o.Spec.RequestedBy, Status: &o.Status.InvitationStatus,
		}, true
	default:
		return Letter{}, false
	}
}
