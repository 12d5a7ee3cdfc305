package web

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/link"
)

// readRequest returns what a link of the purpose leads to, or nil when there is none.
func readRequest(ctx context.Context, from client.Reader, purpose link.Purpose, key client.ObjectKey) (*accessv1.Invitation, error) {
	if purpose == link.Invitation {
		return get(ctx, from, key, &accessv1.Invitation{})
	}
	reset, err := get(ctx, from, key, &accessv1.PasswordReset{})
	if err != nil || reset == nil {
		return nil, err
	}
	return asInvitation(reset), nil
}

// requestsByUID are the objects of a purpose that have a UID: one or none.
func requestsByUID(ctx context.Context, from client.Reader, purpose link.Purpose, uid string) ([]accessv1.Invitation, error) {
	if purpose == link.Invitation {
		var found accessv1.InvitationList
		if err := from.List(ctx, &found, client.MatchingFields{index.InvitationByUID: uid}); err != nil {
			return nil, fmt.Errorf("looking an invitation up: %w", err)
		}
		return found.Items, nil
	}
	var found accessv1.PasswordResetList
	if err := from.List(ctx, &found, client.MatchingFields{index.PasswordResetByUID: uid}); err != nil {
		return nil, fmt.Errorf("looking a password reset up: %w", err)
	}
	out := make([]accessv1.Invitation, len(found.Items))
	for i := range found.Items {
		out[i] = *asInvitation(&found.Items[i])
	}
	return out, nil
}

// asInvitation is a password reset as an invitation: what decides about a link they have in common.
func asInvitation(reset *accessv1.PasswordReset) *accessv1.Invitation {
	return &accessv1.Invitation{
		ObjectMeta: reset.ObjectMeta,
		Spec:       accessv1.InvitationSpec{UserRef: reset.Spec.UserRef, Cancel: reset.Spec.Cancel},
		Status:     reset.Status.InvitationStatus,
	}
}

// asStored is the object whose status a record holds, for writing it.
func asStored(r record) client.Object {
	if r.purpose == link.Invitation {
		return r.invitation
	}
	return &accessv1.PasswordReset{
		ObjectMeta: r.invitation.ObjectMeta,
		Status:     accessv1.PasswordResetStatus{InvitationStatus: r.invitation.Status},
	}
}

// get returns nil for what does not exist.
func get[T client.Object](ctx context.Context, from client.Reader, key client.ObjectKey, into T) (T, error) {
	err := from.Get(ctx, key, into)
	if err == nil {
		return into, nil
	}
	var none T
	if apierrors.IsNotFound(err) {
		return none, nil
	}
	return none, fmt.Errorf("reading %T %s: %w", into, key, err)
}
