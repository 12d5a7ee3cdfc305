package invitation

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
)

func parse(t *testing.T, s string) address.Address {
	t.Helper()
	a, err := address.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ownedBy(apiVersion, kind string, uids ...string) []metav1.OwnerReference {
	var out []metav1.OwnerReference
	for _, uid := range uids {
		out = append(out, metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, UID: types.UID(uid)})
	}
	return out
}

func TestWhoseAnInvitationIs(t *testing.T) {
	t.Parallel()
	group := accessv1.SchemeGroupVersion.String()
	for sentence, c := range map[string]struct {
		owners []metav1.OwnerReference
		want   Claim
	}{
		"without an owner it is nobody's":                          {nil, Unclaimed},
		"owned by the user it is his":                              {ownedBy(group, "User", "ana"), Owned},
		"owned by an earlier user it is not his":                   {ownedBy(group, "User", "earlier"), Foreign},
		"owned by both it is his":                                  {ownedBy(group, "User", "earlier", "ana"), Owned},
		"owned by another kind of object it is nobody's":           {ownedBy("example.org/v1", "Pipeline", "p"), Unclaimed},
		"owned by a User of another API group it is nobody's":      {ownedBy("example.org/v1", "User", "ana"), Unclaimed},
		"owned by another kind and by the user it is the user's":   {append(ownedBy("example.org/v1", "Pipeline", "p"), ownedBy(group, "User", "ana")...), Owned},
		"the order of owners does not count where one is the user": {ownedBy(group, "User", "ana", "earlier"), Owned},
	} {
		i := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{OwnerReferences: c.owners}}
		if got := ClaimOf(i, "ana"); got != c.want {
			t.Errorf("%s: got %s, want %s", sentence, got, c.want)
		}
	}
}

func TestWhichAddressAnInvitationIsFor(t *testing.T) {
	t.Parallel()
	ana, silva := parse(t, "ana@acme.example"), parse(t, "silva@acme.example")
	made := func(at address.Address, status accessv1.InvitationStatus) *accessv1.Invitation {
		return &accessv1.Invitation{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{accessv1.LabelAddress: AddressHash("ana", at)}}, Status: status,
		}
	}
	written := func(status accessv1.InvitationStatus) *accessv1.Invitation {
		return &accessv1.Invitation{Status: status}
	}
	asked := func(email string) accessv1.InvitationStatus { return accessv1.InvitationStatus{Email: email} }
	cancelledUnsent := accessv1.InvitationStatus{State: accessv1.InvitationCancelled}
	for sentence, c := range map[string]struct {
		invitation *accessv1.Invitation
		at         address.Address
		want       bool
	}{
		"one that was made for the address is":                      {made(ana, unseen), ana, true},
		"one that was made for another is not":                      {made(ana, unseen), silva, false},
		"one that was made for it and withdrawn unsent still is":    {made(ana, cancelledUnsent), ana, true},
		"one that asked it is, in whatever spelling":                {written(asked("ANA@acme.example")), ana, true},
		"one that asked another is not":                             {written(asked("ana@acme.example")), silva, false},
		"what was asked counts, not what it was made for":           {made(silva, asked("ana@acme.example")), ana, true},
		"one that somebody wrote is for whatever address there is":  {written(pending), silva, true},
		"one that somebody wrote and withdrew unsent is for nobody": {written(cancelledUnsent), ana, false},
		"one that asked something is not for a user without any":    {written(asked("ana@acme.example")), address.Address{}, false},
		"one that asked no address is for nobody":                   {written(asked("nonsense")), ana, false},
		"one that somebody wrote is for a user without any, still":  {written(pending), address.Address{}, true},
	} {
		if got := Asks(Of(c.invitation), "ana", c.at); got != c.want {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	ana := parse(t, "ana@acme.example")
	hash := AddressHash("uid", ana)
	if hash != AddressHash("uid", parse(t, "ANA@ACME.example")) {
		t.Error("another spelling of the address has another hash")
	}
	others := map[string]bool{hash: true, AddressHash("other", ana): true, AddressHash("uid", parse(t, "anna@acme.example")): true}
	if len(others) != 3 {
		t.Error("another user or another address has the same hash")
	}
	if len(hash) != 52 || len(validation.IsValidLabelValue(hash)) > 0 {
		t.Errorf("%q is no label of 52 characters", hash)
	}
	for user, begins := range map[string]string{
		"ana":                             "ana-",
		strings.Repeat("a", 253):          strings.Repeat("a", 242) + "-",
		strings.Repeat("a", 241) + ".bcd": strings.Repeat("a", 241) + "-",
	} {
		name := FirstName(user, hash)
		if name != begins+hash[:10] || len(validation.IsDNS1123Subdomain(name)) > 0 {
			t.Errorf("FirstName(%q) = %q", user, name)
		}
	}
}

func TestWhatSupersedesWhat(t *testing.T) {
	t.Parallel()
	ana := parse(t, "ana@acme.example")
	invitation := func(name string, age time.Duration, change ...func(*accessv1.Invitation)) *accessv1.Invitation {
		i := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: *in(-age)}, Status: pending}
		for _, c := range change {
			c(i)
		}
		return i
	}
	state := func(s accessv1.InvitationState) func(*accessv1.Invitation) {
		return func(i *accessv1.Invitation) { i.Status.State = s }
	}
	byRoster := func(i *accessv1.Invitation) {
		i.Labels = map[string]string{accessv1.LabelAddress: AddressHash("ana", ana)}
	}
	elsewhere := func(i *accessv1.Invitation) { i.Status.Email = "silva@acme.example" }
	foreign := func(i *accessv1.Invitation) {
		i.OwnerReferences = ownedBy(accessv1.SchemeGroupVersion.String(), "User", "earlier")
	}
	older := invitation("b", time.Hour)
	for sentence, c := range map[string]struct {
		a, b *accessv1.Invitation
		want bool
	}{
		"a newer one does":                                 {invitation("a", 0), older, true},
		"an older one does not":                            {older, invitation("a", 0), false},
		"it does not itself":                               {older, older, false},
		"of one second, the later name does":               {invitation("c", time.Hour), older, true},
		"of one second, the earlier name does not":         {invitation("a", time.Hour), older, false},
		"of one second, one that was asked for does":       {invitation("a", time.Hour), invitation("b", time.Hour, byRoster), true},
		"of one second, Roster's own does not":             {invitation("c", time.Hour, byRoster), older, false},
		"one that is sent does":                            {invitation("a", 0, state(accessv1.InvitationSent)), older, true},
		"one that was accepted does":                       {invitation("a", 0, state(accessv1.InvitationAccepted), func(i *accessv1.Invitation) { i.Status.Email = "ana@acme.example" }), older, true},
		"one that has expired does not":                    {invitation("a", 0, state(accessv1.InvitationExpired)), older, false},
		"one that is withdrawn does not":                   {invitation("a", 0, func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) }), older, false},
		"one that is being deleted does not":               {invitation("a", 0, func(i *accessv1.Invitation) { i.DeletionTimestamp = in(0) }), older, false},
		"one that asks at another address does not":        {invitation("a", 0, elsewhere), older, false},
		"one of an earlier user of the same name does not": {invitation("a", 0, foreign), older, false},
	} {
		if got := Supersedes(Of(c.a), Of(c.b), "ana", ana); got != c.want {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}
