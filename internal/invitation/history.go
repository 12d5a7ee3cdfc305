package invitation

import (
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
)

// kept is how many of a user's letters of one kind stay as history.
const kept = 5

// Surplus tells whether a letter of the user has to go: it has ended, and is none of his newest.
//
// One with a name that somebody chose stays. A pipeline that holds it would only make it again, and so ask again; what
// Roster made, and what was created under a generated name, no pipeline can hold.
func Surplus(l Letter, siblings []Letter, user *accessv1.User) bool {
	generated := l.GetGenerateName() != "" || l.GetLabels()[accessv1.LabelAddress] != ""
	return l.Status.State.Final() && generated && !noted(l, user) && newer(l, siblings, user.UID) >= kept
}

// noted: the user's own status speaks of the invitation, or the invitation is all that knows of an acceptance.
func noted(l Letter, user *accessv1.User) bool {
	if _, ok := l.Object.(*accessv1.Invitation); !ok {
		return false
	}
	recorded := user.Status.Invitation
	accepted := l.Status.State == accessv1.InvitationAccepted
	return recorded != nil && recorded.Name == l.GetName() || accepted && !address.Same(l.Status.Email, user.Status.AcceptedEmail)
}

func newer(l Letter, siblings []Letter, user types.UID) (count int) {
	for _, other := range siblings {
		if ClaimOf(other, user) != Foreign && Compare(other, l) > 0 {
			count++
		}
	}
	return count
}
