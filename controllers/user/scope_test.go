package user

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
)

// TestWhoIsInvitedByItself tells, for a user who waits, whether what is recorded keeps the first invitation from being
// made.
func TestWhoIsInvitedByItself(t *testing.T) {
	t.Parallel()
	noted := func(name, email string) *accessv1.UserInvitation {
		return &accessv1.UserInvitation{Name: name, Email: email, State: accessv1.InvitationSent}
	}
	written := func(name, asked string, state accessv1.InvitationState) accessv1.Invitation {
		return accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: accessv1.InvitationStatus{Email: asked, State: state}}
	}
	left := func(name, asked string) accessv1.Invitation {
		i := written(name, asked, accessv1.InvitationCancelled)
		i.Status.Conditions = []metav1.Condition{{Type: accessv1.ConditionReady, Status: metav1.ConditionTrue, Reason: accessv1.ReasonAddressChanged}}
		return i
	}
	for _, c := range []struct {
		sentence string
		there    []accessv1.Invitation
		noted    *accessv1.UserInvitation
		want     bool
	}{
		{"nothing was ever recorded", nil, nil, true},
		{"the one that was recorded is gone", nil, noted("a", "ana@acme.example"), false},
		{"the one that was recorded is gone, in another spelling", nil, noted("a", "ANA@acme.example"), false},
		{"the one that was recorded was for another address", nil, noted("a", "silva@acme.example"), true},
		{"one is on its way", []accessv1.Invitation{written("a", "", accessv1.InvitationPending)}, nil, false},
		{"one has come to nothing", []accessv1.Invitation{written("a", "ana@acme.example", accessv1.InvitationExpired)}, noted("a", "ana@acme.example"), false},
		{
			"the one for this address ended because he had another one in between",
			[]accessv1.Invitation{left("a", "ana@acme.example")}, noted("a", "ana@acme.example"), true,
		},
		{
			"the one for this address ended that way before its mail went out",
			[]accessv1.Invitation{left("a", "")}, noted("a", "ana@acme.example"), true,
		},
		{
			"somebody withdrew the one that came after",
			[]accessv1.Invitation{left("a", "ana@acme.example"), written("b", "ana@acme.example", accessv1.InvitationCancelled)}, noted("b", "ana@acme.example"), false,
		},
		{
			"the one that was noted for this address went to an earlier one after all",
			[]accessv1.Invitation{written("a", "silva@acme.example", accessv1.InvitationCancelled)}, noted("a", "ana@acme.example"), true,
		},
	} {
		at, err := address.Parse("ana@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
		s := &scope{
			user: &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: "ana", UID: "uid"}}, address: at, invitations: c.there,
			status:  accessv1.UserStatus{State: accessv1.UserPending, Invitation: c.noted},
			tenancy: &graph.Tenancy{Tenant: tenant, Catalog: &accessv1.ResourceCatalog{}},
		}
		if got := s.wantsFirstInvitation(); got != c.want {
			t.Errorf("%s: %v", c.sentence, got)
		}
	}
}
