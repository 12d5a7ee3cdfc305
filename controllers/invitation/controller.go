// Package invitation says what is particular to Invitations; package outbox keeps them.
package invitation

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/outbox"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=invitations,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=access.roster.dev,resources=invitations/status,verbs=patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=users/finalizers,verbs=update

// defaultValidity counts when neither the invitation nor the tenant says.
const defaultValidity = 7 * 24 * time.Hour

// NewReconciler returns the reconciler of Invitations.
func NewReconciler(box *outbox.Outbox) *outbox.Reconciler {
	return &outbox.Reconciler{Outbox: box, Kind: outbox.Kind{
		Name: "invitation", Object: &accessv1.Invitation{}, List: &accessv1.InvitationList{}, ByUser: index.InvitationByUser,
		Purpose: link.Invitation, Mail: mail.Invitation, Validity: validity, Need: need, Answered: "The person accepted",
	}}
}

func validity(tenant *accessv1.Tenant) time.Duration {
	if seconds := tenant.Spec.Onboarding.ValidSeconds; seconds != 0 {
		return time.Duration(seconds) * time.Second
	}
	return defaultValidity
}

// need: whoever is not in yet, and has an address that may be asked.
func need(user *accessv1.User) invitation.Need {
	not := invitation.Need{Reason: accessv1.ReasonUserNotWaiting}
	switch state := user.Status.State; {
	case user.Spec.State == accessv1.AccountInactive || state == accessv1.UserInactive && seen(user):
		not.Message = "User " + user.Name + " is Inactive, and is not invited"
	case !seen(user):
		not.Message, not.Passing = "User "+user.Name+" has not been looked at yet", true
	case state == accessv1.UserActive:
		not.Message = "User " + user.Name + " is Active, and needs no invitation"
	default:
		return addressed(user)
	}
	return not
}

func seen(user *accessv1.User) bool { return user.Status.ObservedGeneration == user.Generation }

// addressed: the address is allowed, and his alone.
func addressed(user *accessv1.User) invitation.Need {
	for _, kind := range []string{accessv1.ConditionEmailAllowed, accessv1.ConditionEmailUnique} {
		c := apimeta.FindStatusCondition(user.Status.Conditions, kind)
		if c != nil && c.Status == metav1.ConditionTrue {
			continue
		}
		message := "his address has not been judged"
		if c != nil {
			message = c.Message
		}
		return invitation.Need{
			Reason: accessv1.ReasonUserNotWaiting, Message: "User " + user.Name + " cannot be invited: " + message, Passing: true,
		}
	}
	return invitation.Need{Asked: true}
}
