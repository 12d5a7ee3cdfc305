package user

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
)

// scope is everything that one reconcile of a user looks at, read once, and the status that it arrives at.
type scope struct {
	// user as stored; set by load, never nil, never changed.
	user *accessv1.User
	// status is what the user's status will be; it starts with what has to be carried over.
	status accessv1.UserStatus
	// tenancy is the namespace's; never nil, its parts may be.
	tenancy *graph.Tenancy
	// address is the user's, parsed; zero when he has none or addressError says why it is none.
	address      address.Address
	addressError error
	// elder is the name of the older user with the same address; empty: none.
	elder string
	// invitations are those of this very user (by UID, not by name), oldest first.
	invitations []accessv1.Invitation
	// memberships are all that are written down, on either side, in force or not.
	memberships []access.Membership
	// resolution is what the memberships give; it has no grants unless the user is active.
	resolution access.Resolution
	now        time.Time
}

func (r *Reconciler) load(ctx context.Context, user *accessv1.User) (*scope, error) {
	s := &scope{user: user, now: r.Clock.Now()}
	s.status = accessv1.UserStatus{
		Invitation: user.Status.Invitation, AcceptedAt: user.Status.AcceptedAt, AcceptedEmail: user.Status.AcceptedEmail,
	}
	if user.Spec.Email != "" {
		s.address, s.addressError = address.Parse(user.Spec.Email)
	}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, user.Namespace); err != nil {
		return nil, err
	}
	if err := r.loadElder(ctx, s); err != nil {
		return nil, err
	}
	if err := r.loadInvitations(ctx, s); err != nil {
		return nil, err
	}
	s.memberships, err = r.Graph.Memberships(ctx, s.tenancy, user)
	return s, err
}

func (r *Reconciler) loadElder(ctx context.Context, s *scope) error {
	if s.address.IsZero() {
		return nil
	}
	same, err := r.Graph.UsersWithEmail(ctx, s.user.Namespace, s.address.Key())
	if err != nil {
		return err
	}
	for i := range same {
		if same[i].UID != s.user.UID && same[i].DeletionTimestamp.IsZero() && graph.Older(&same[i], s.user) < 0 {
			s.elder = same[i].Name
		}
	}
	return nil
}

// loadInvitations keeps those of this user's UID: an invitation of a deleted user of the same name proves nothing.
func (r *Reconciler) loadInvitations(ctx context.Context, s *scope) error {
	found, err := r.Graph.InvitationsOf(ctx, s.user.Namespace, s.user.Name)
	if err != nil {
		return err
	}
	s.invitations = slices.DeleteFunc(found, func(i accessv1.Invitation) bool { return !ownedBy(&i, s.user) })
	slices.SortFunc(s.invitations, func(a, b accessv1.Invitation) int { return graph.Older(&a, &b) })
	return nil
}

func ownedBy(object client.Object, user *accessv1.User) bool {
	return slices.ContainsFunc(object.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.UID == user.UID })
}

// newest is the newest invitation to the user's present address that is there or just being recorded; nil when none is.
func (s *scope) newest() *accessv1.Invitation {
	for i := len(s.invitations) - 1; i >= 0; i-- {
		if s.isForAddress(&s.invitations[i]) {
			return &s.invitations[i]
		}
	}
	return nil
}

// isForAddress: an invitation gets its address with the first attempt; before that it is for whatever the user has.
func (s *scope) isForAddress(i *accessv1.Invitation) bool {
	if i.Status.Email == "" {
		return !i.Status.State.Final()
	}
	return sameAddress(i.Status.Email, s.address)
}

func sameAddress(stored string, present address.Address) bool {
	if stored == "" || present.IsZero() {
		return false
	}
	parsed, err := address.Parse(stored)
	return err == nil && parsed.Key() == present.Key()
}

// addressHash tells one user's one address from every other: 52 characters of lower case base32.
func (s *scope) addressHash() string {
	sum := sha256.Sum256([]byte(string(s.user.UID) + "\n" + s.address.Key()))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

// invitationName is the deterministic name of the first invitation to the present address.
func (s *scope) invitationName() string {
	const room, hashed = 253, 10
	name := s.user.Name
	if longest := room - hashed - 1; len(name) > longest {
		name = strings.TrimRight(name[:longest], "-.")
	}
	return name + "-" + s.addressHash()[:hashed]
}
