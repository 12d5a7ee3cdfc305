package invitation

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
)

// Claim says to whom a letter belongs. One that a person wrote belongs to nobody until the first attempt.
type Claim string

const (
	// Unclaimed: no user owns it yet; whoever has the name will.
	Unclaimed Claim = "Unclaimed"
	// Owned: it is this user's.
	Owned Claim = "Owned"
	// Foreign: it is an earlier user's, who had the same name, and none of this one's.
	Foreign Claim = "Foreign"
)

// ClaimOf tells whether a letter belongs to the user of that UID. Owners of other kinds do not count.
func ClaimOf(letter metav1.Object, user types.UID) Claim {
	claim := Unclaimed
	for _, owner := range letter.GetOwnerReferences() {
		switch {
		case owner.Kind != "User" || owner.APIVersion != accessv1.SchemeGroupVersion.String():
		case owner.UID == user:
			return Owned
		default:
			claim = Foreign
		}
	}
	return claim
}

// Asks tells whether a letter asks the user at the address, or will. It is bound to an address by the first attempt, and
// from the start where Roster made it for one. Before that it is for whatever address the user has. One that ended because
// he left its address does not ask him when he comes back.
func Asks(l Letter, user types.UID, at address.Address) bool {
	label := l.GetLabels()[accessv1.LabelAddress]
	switch {
	case IsLeft(l):
		return false
	case l.Status.Email != "":
		return at.Is(l.Status.Email)
	case label != "":
		return label == AddressHash(user, at)
	default:
		return !l.Status.State.Final()
	}
}

// IsLeft tells whether a letter ended because its user got another address.
func IsLeft(l Letter) bool {
	ready := apimeta.FindStatusCondition(l.Status.Conditions, accessv1.ConditionReady)
	return l.Status.State == accessv1.InvitationCancelled && ready != nil && ready.Reason == accessv1.ReasonAddressChanged
}

// AddressHash tells one user's one address from every other: 52 characters of lower case base32.
func AddressHash(user types.UID, at address.Address) string {
	sum := sha256.Sum256([]byte(string(user) + "\n" + at.Key()))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

// FirstName is the name of the invitation that Roster makes for a user and an address: always the same one.
func FirstName(user, addressHash string) string {
	const room, hashed = 253, 10
	if longest := room - hashed - 1; len(user) > longest {
		user = strings.TrimRight(user[:longest], "-.")
	}
	return user + "-" + addressHash[:hashed]
}

// Compare orders letters of one kind by age: negative when a came first. Creation times have whole seconds; within one,
// Roster's own came before those that somebody wrote to ask again.
func Compare(a, b metav1.Object) int {
	return cmp.Or(
		a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time),
		cmp.Compare(written(a), written(b)),
		strings.Compare(a.GetName(), b.GetName()),
	)
}

func written(letter metav1.Object) int {
	if letter.GetLabels()[accessv1.LabelAddress] != "" {
		return 0
	}
	return 1
}

// Supersedes tells whether a takes the place of b, of the same user who has this UID and this address now: a is newer,
// asks him there, and is open or was accepted.
func Supersedes(a, b Letter, user types.UID, at address.Address) bool {
	withdrawn := a.Cancelled || !a.GetDeletionTimestamp().IsZero()
	counts := !a.Status.State.Final() || a.Status.State == accessv1.InvitationAccepted
	return Compare(a, b) > 0 && counts && !withdrawn && ClaimOf(a, user) != Foreign && Asks(a, user, at)
}
