package invitation

import (
	"slices"

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
	generated := l.GetGenerateName() != "" || ours(l)
	return l.Status.State.Final() && generated && !noted(l, siblings, user) && newer(l, siblings, user.UID) >= kept
}

// ours: Roster made it, under a name of its own.
func ours(l Letter) bool { return l.GetLabels()[accessv1.LabelManagedBy] == accessv1.ManagedByRoster }

// noted: the user's own status speaks of the invitation, or the letter is all that knows of something: an invitation, of an
// acceptance; the last password reset of Roster's own, that the user has been asked already.
func noted(l Letter, siblings []Letter, user *accessv1.User) bool {
	if _, ok := l.Object.(*accessv1.Invitation); !ok {
		return ours(l) && !slices.ContainsFunc(siblings, func(other Letter) bool { return ours(other) && Compare(other, l) > 0 })
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
