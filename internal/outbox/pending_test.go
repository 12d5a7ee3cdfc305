package outbox

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func TestWhatWaitsIsCountedByKindAndReason(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	status := func(state accessv1.InvitationState, reason string) accessv1.InvitationStatus {
		s := accessv1.InvitationStatus{State: state}
		if reason != "" {
			s.Conditions = []metav1.Condition{{Type: accessv1.ConditionDelivered, Reason: reason}}
		}
		return s
	}
	invitation := func(name string, s accessv1.InvitationStatus) *accessv1.Invitation {
		return &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name}, Status: s}
	}
	reset := func(name string, s accessv1.InvitationStatus) *accessv1.PasswordReset {
		return &accessv1.PasswordReset{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name}, Status: accessv1.PasswordResetStatus{InvitationStatus: s},
		}
	}
	cached := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		invitation("unseen", status("", "")),
		invitation("waits", status(accessv1.InvitationPending, accessv1.ReasonRateLimited)),
		invitation("waits-too", status(accessv1.InvitationPending, accessv1.ReasonRateLimited)),
		invitation("deferred", status(accessv1.InvitationSending, accessv1.ReasonDeferred)),
		invitation("sent", status(accessv1.InvitationSent, accessv1.ReasonSent)),
		invitation("ended", status(accessv1.InvitationExpired, accessv1.ReasonMisconfigured)),
		reset("wrong", status(accessv1.InvitationSending, accessv1.ReasonMisconfigured)),
		reset("accepted", status(accessv1.InvitationAccepted, accessv1.ReasonSent)),
	).Build()
	got, err := Pending(t.Context(), cached)
	if err != nil {
		t.Fatal(err)
	}
	want := map[Pile]int{
		{"Invitation", accessv1.ReasonPending}: 1, {"Invitation", accessv1.ReasonRateLimited}: 2,
		{"Invitation", accessv1.ReasonDeferred}: 1, {"PasswordReset", accessv1.ReasonMisconfigured}: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
