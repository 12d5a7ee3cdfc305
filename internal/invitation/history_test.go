package invitation

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func TestWhatHistoryIsKept(t *testing.T) {
	t.Parallel()
	group := accessv1.SchemeGroupVersion.String()
	ended := func(change ...func(*accessv1.Invitation)) Letter {
		i := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{
			Name: "old-x", GenerateName: "old-", CreationTimestamp: *in(-time.Hour), OwnerReferences: ownedBy(group, "User", "ana"),
		}}
		i.Status = accessv1.InvitationStatus{State: accessv1.InvitationSuperseded, Email: "ana@acme.example"}
		for _, c := range change {
			c(i)
		}
		return Of(i)
	}
	newer := func(count int, owner string) (out []Letter) {
		for n := range count {
			out = append(out, Of(&accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprint("new-", n), CreationTimestamp: *in(0), OwnerReferences: ownedBy(group, "User", owner),
			}}))
		}
		return out
	}
	state := func(s accessv1.InvitationState) func(*accessv1.Invitation) {
		return func(i *accessv1.Invitation) { i.Status.State = s }
	}
	named := func(i *accessv1.Invitation) { i.GenerateName = "" }
	byRoster := func(i *accessv1.Invitation) {
		i.GenerateName, i.Labels = "", map[string]string{accessv1.LabelAddress: "hash", accessv1.LabelManagedBy: accessv1.ManagedByRoster}
	}
	elsewhere := func(i *accessv1.Invitation) { i.Status.Email = "silva@acme.example" }
	reset, _ := LetterOf(&accessv1.PasswordReset{
		ObjectMeta: metav1.ObjectMeta{Name: "noted", GenerateName: "r-", CreationTimestamp: *in(-time.Hour)},
		Status:     accessv1.PasswordResetStatus{InvitationStatus: accessv1.InvitationStatus{State: accessv1.InvitationAccepted}},
	})
	asked := func(name string, age time.Duration) Letter {
		letter, _ := LetterOf(&accessv1.PasswordReset{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, CreationTimestamp: *in(-age), Labels: map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster},
			},
			Status: accessv1.PasswordResetStatus{InvitationStatus: accessv1.InvitationStatus{State: accessv1.InvitationExpired}},
		})
		return letter
	}
	for sentence, c := range map[string]struct {
		letter Letter
		newer  []Letter
		want   bool
	}{
		"the fifth newest stays":                                        {ended(), newer(4, "ana"), false},
		"the sixth newest goes":                                         {ended(), newer(5, "ana"), true},
		"those of an earlier user of the name do not count":             {ended(), newer(5, "earlier"), false},
		"an open one stays":                                             {ended(state(accessv1.InvitationSent)), newer(5, "ana"), false},
		"one that nobody has looked at stays":                           {ended(state("")), newer(5, "ana"), false},
		"one whose name somebody chose stays":                           {ended(named), newer(5, "ana"), false},
		"Roster's own goes":                                             {ended(byRoster), newer(5, "ana"), true},
		"the one that the user's status names stays":                    {ended(func(i *accessv1.Invitation) { i.Name = "noted" }), newer(5, "ana"), false},
		"one that was accepted at the user's address goes":              {ended(state(accessv1.InvitationAccepted)), newer(5, "ana"), true},
		"one that was accepted elsewhere stays, for he may go back":     {ended(state(accessv1.InvitationAccepted), elsewhere), newer(5, "ana"), false},
		"a password reset is noted nowhere, and goes":                   {reset, newer(5, "ana"), true},
		"a password reset that Roster made goes":                        {asked("ana-1", time.Hour), append(newer(5, "ana"), asked("ana-2", time.Minute)), true},
		"the last one that Roster made stays, or he is asked again":     {asked("ana-1", time.Hour), append(newer(5, "ana"), asked("ana-0", 2*time.Hour)), false},
		"older ones do not count, however many":                         {Of(&accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Name: "z", GenerateName: "z-", CreationTimestamp: *in(time.Hour)}, Status: accessv1.InvitationStatus{State: accessv1.InvitationExpired}}), newer(9, "ana"), false},
		"one that failed for good goes like every other that has ended": {ended(state(accessv1.InvitationFailed)), newer(5, "ana"), true},
	} {
		user := &accessv1.User{ObjectMeta: metav1.ObjectMeta{UID: "ana"}}
		user.Status.Invitation, user.Status.AcceptedEmail = &accessv1.UserInvitation{Name: "noted"}, "ANA@acme.example"
		if got := Surplus(c.letter, append(c.newer, c.letter), user); got != c.want {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}
