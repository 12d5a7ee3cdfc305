package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/invitation"
)

// validSeconds is how long the link in a mail works that nobody asked for: a day, since nobody waits for it.
const validSeconds = 86400

// lastChoice is the UID of what the user accepted last at the address when he chose a password or kept one; empty: he never
// did.
func (r *Reconciler) lastChoice(ctx context.Context, user *accessv1.User, at address.Address) (types.UID, error) {
	invitations, err := r.Graph.InvitationsOf(ctx, user.Namespace, user.Name)
	if err != nil {
		return "", err
	}
	resets, err := r.resetsOf(ctx, user)
	if err != nil {
		return "", err
	}
	for i := range resets {
		invitations = append(invitations, accessv1.Invitation{ObjectMeta: resets[i].ObjectMeta, Status: resets[i].Status.InvitationStatus})
	}
	var last *accessv1.Invitation
	for i := range invitations {
		each := &invitations[i]
		chose := each.Status.State == accessv1.InvitationAccepted && each.Status.SignIn == accessv1.SignInPassword &&
			invitation.ClaimOf(each, user.UID) == invitation.Owned && at.Is(each.Status.Email)
		if chose && (last == nil || last.Status.AcceptedAt.Before(each.Status.AcceptedAt)) {
			last = each
		}
	}
	if last == nil {
		return "", nil
	}
	return last.UID, nil
}

func (r *Reconciler) resetsOf(ctx context.Context, user *accessv1.User) ([]accessv1.PasswordReset, error) {
	found := &accessv1.PasswordResetList{}
	err := r.Client.List(ctx, found, client.InNamespace(user.Namespace), client.MatchingFields{index.PasswordResetByUser: user.Name})
	if err != nil {
		return nil, fmt.Errorf("could not list the password resets of %s: %w", user.Name, err)
	}
	return found.Items, nil
}

// ask makes a password reset, once for each choice that was lost: its name is a function of user and choice. One that was
// made and came to nothing is not made again as long as the user stays in; asking again is for people to decide. One that
// ended because he left the address was no question to him who is back. One that the API server refuses is tried again each
// minute.
func (r *Reconciler) ask(ctx context.Context, user *accessv1.User, at address.Address, lost types.UID) (ctrl.Result, error) {
	resets, err := r.resetsOf(ctx, user)
	if err != nil {
		return ctrl.Result{}, err
	}
	name := nameFor(user, lost)
	left := func(p accessv1.PasswordReset) bool { return p.Name == name && isLeft(&p) }
	for i := slices.IndexFunc(resets, left); i >= 0; i = slices.IndexFunc(resets, left) {
		name = nameFor(user, resets[i].UID)
	}
	if slices.ContainsFunc(resets, func(p accessv1.PasswordReset) bool { return p.Name == name || !p.Status.State.Final() }) {
		return ctrl.Result{}, nil
	}
	// The cache may be behind a password that has just been set, and does not hold those that Roster did not make.
	if found, err := r.Store.Find(ctx, at); err != nil || found != nil {
		return ctrl.Result{}, err
	}
	err = r.record(ctx, user, name)
	if children.Refused(err) {
		r.Events.Eventf(user, nil, "Warning", "PasswordNotAsked", "Ask", "The user's password is gone, and the API server refused the mail that asks for a new one: %s", err)
		return ctrl.Result{RequeueAfter: children.RefusedPause}, nil
	}
	return ctrl.Result{}, err
}

// record makes a password reset of that name, which is the wish for a mail.
func (r *Reconciler) record(ctx context.Context, user *accessv1.User, name string) error {
	reset := &accessv1.PasswordReset{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: user.Namespace,
			Labels: map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster, accessv1.LabelUser: string(user.UID)},
		},
		Spec: accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: user.Name}, ValidSeconds: validSeconds},
	}
	if err := controllerutil.SetControllerReference(user, reset, r.Client.Scheme()); err != nil {
		return err
	}
	err := r.Client.Create(ctx, reset, client.FieldOwner(accessv1.FieldOwner))
	if apierrors.IsAlreadyExists(err) {
		return nil // made in an earlier round, or somebody guessed the name and loses by it
	}
	if err != nil {
		return fmt.Errorf("could not ask %s for a new password: %w", user.Name, err)
	}
	changes.WithLabelValues("asked").Inc()
	r.Events.Eventf(user, nil, "Normal", "PasswordAsked", "Ask", "The user's password is gone: a mail asks for a new one")
	return nil
}

func isLeft(reset *accessv1.PasswordReset) bool {
	letter, ok := invitation.LetterOf(reset)
	return ok && invitation.IsLeft(letter)
}

// nameFor is the name of the reset that asks a user for another password in place of one choice, or again after a reset that
// he left behind: always the same one.
func nameFor(user *accessv1.User, lost types.UID) string {
	sum := sha256.Sum256([]byte(string(user.UID) + "\n" + string(lost)))
	return invitation.FirstName(user.Name, strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])))
}

// withdraw deletes what Roster asked and nobody answered, of users of the address who may not come in any more: when they
// come back they are asked anew.
func (r *Reconciler) withdraw(ctx context.Context, at address.Address, holders []identity.Holder) error {
	users, err := r.Graph.UsersWithEmail(ctx, "", at.Key())
	if err != nil {
		return err
	}
	for i := range users {
		if slices.ContainsFunc(holders, func(h identity.Holder) bool { return h.User.UID == users[i].UID }) {
			continue
		}
		if err := r.withdrawFrom(ctx, &users[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) withdrawFrom(ctx context.Context, user *accessv1.User) error {
	resets, err := r.resetsOf(ctx, user)
	if err != nil {
		return err
	}
	for i := range resets {
		own := resets[i].Labels[accessv1.LabelManagedBy] == accessv1.ManagedByRoster && metav1.IsControlledBy(&resets[i], user)
		if !own || resets[i].Status.State == accessv1.InvitationAccepted || !resets[i].DeletionTimestamp.IsZero() {
			continue
		}
		err := r.Client.Delete(ctx, &resets[i], client.Preconditions{UID: ptr.To(resets[i].UID)})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("could not withdraw the password reset %s: %w", resets[i].Name, err)
		}
	}
	return nil
}
