// Package passwordreset says what is particular to PasswordResets; package outbox keeps them.
package passwordreset

import (
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/outbox"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=passwordresets,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=access.roster.dev,resources=passwordresets/status,verbs=patch

// defaultValidity counts when the reset does not say.
const defaultValidity = time.Hour

// NewReconciler returns the reconciler of PasswordResets. Without a password store, nobody is asked for a password.
func NewReconciler(box *outbox.Outbox, passwordStore bool) *outbox.Reconciler {
	return &outbox.Reconciler{Outbox: box, Kind: outbox.Kind{
		Name: "passwordreset", Object: &accessv1.PasswordReset{}, List: &accessv1.PasswordResetList{}, ByUser: index.PasswordResetByUser,
		Purpose: link.PasswordReset, Mail: mail.PasswordReset, Answered: "The person chose a new password",
		Validity: func(*accessv1.Tenant) time.Duration { return defaultValidity },
		Need:     func(user *accessv1.User) invitation.Need { return need(user, passwordStore) },
	}}
}

// need: whoever is in can choose a new password, where there is a place for it. Whoever is not in yet chooses his first
// one when he accepts his invitation.
func need(user *accessv1.User, passwordStore bool) invitation.Need {
	not := invitation.Need{Reason: accessv1.ReasonUserNotActive}
	switch state := user.Status.State; {
	case user.Spec.State == accessv1.AccountInactive:
		not.Message = "User " + user.Name + " is Inactive: only an Active user is asked for a new password"
	case user.Status.ObservedGeneration != user.Generation:
		not.Message, not.Passing = "User "+user.Name+" has not been looked at yet", true
	case state != accessv1.UserActive:
		not.Message = "User " + user.Name + " is " + string(state) + ": only an Active user is asked for a new password"
	case user.Spec.Type == accessv1.UserTypeRobot || user.Spec.Email == "":
		not.Message = "User " + user.Name + " is no person with an address, and has no password"
	case !passwordStore:
		return invitation.Need{
			Reason: accessv1.ReasonNoPasswordStore, Passing: true, Stalled: true,
			Message: "This Roster keeps no passwords: people sign in somewhere else, and change their passwords there",
		}
	default:
		return invitation.Need{Asked: true}
	}
	return not
}
