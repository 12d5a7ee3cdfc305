// Package user keeps Users: it decides where each user stands, asks for his first invitation, and computes his effective
// access into the status, with one write when something changed.
package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/status"
)

// +kubebuilder:rbac:groups=access.roster.dev,resources=users,verbs=get;list;watch
// +kubebuilder:rbac:groups=access.roster.dev,resources=users/status,verbs=patch
// +kubebuilder:rbac:groups=access.roster.dev,resources=users/finalizers,verbs=update
// +kubebuilder:rbac:groups=access.roster.dev,resources=invitations,verbs=get;list;watch;create
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconciler reconciles Users. All exported fields are required.
type Reconciler struct {
	Client client.Client
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
	Events events.EventRecorder

	echoes status.Echoes
}

// Reconcile brings one user's status in line with everything it depends on.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	user := &accessv1.User{}
	if err := r.Client.Get(ctx, request.NamespacedName, user); err != nil {
		r.echoes.Take(request.NamespacedName)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	s, err := r.load(ctx, user)
	if err != nil {
		return ctrl.Result{}, err
	}
	s.takeAcceptance()
	s.status.State = s.state()
	// What keeps the invitation from being made does not keep access from being taken away.
	uninvited := r.invite(ctx, s)
	s.noteInvitation()
	tooLarge := s.resolve()
	if tooLarge != "" {
		s.withoutAccess()
	}
	s.conclude(tooLarge)
	if err := errors.Join(r.write(ctx, s), uninvited); err != nil {
		return ctrl.Result{}, err
	}
	return s.next(), nil
}

// invite makes the first invitation where one is wanted. That the API server refuses it is noted, and is no error.
func (r *Reconciler) invite(ctx context.Context, s *scope) error {
	if !s.wantsFirstInvitation() {
		return nil
	}
	err := r.recordInvitation(ctx, s)
	if children.Refused(err) {
		s.refused = err.Error()
		return nil
	}
	s.status.State = s.state()
	return err
}

// recordInvitation records the wish for an invitation. The name follows from what is known, so that doing it twice is doing
// it once.
func (r *Reconciler) recordInvitation(ctx context.Context, s *scope) error {
	hash := invitation.AddressHash(s.user.UID, s.address)
	first := &accessv1.Invitation{
		ObjectMeta: metav1.ObjectMeta{
			Name: s.firstName(), Namespace: s.user.Namespace,
			Labels: map[string]string{
				accessv1.LabelManagedBy: accessv1.ManagedByRoster,
				accessv1.LabelUser:      string(s.user.UID),
				accessv1.LabelAddress:   hash,
			},
		},
		Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: s.user.Name}},
	}
	if err := controllerutil.SetControllerReference(s.user, first, r.Client.Scheme()); err != nil {
		return err
	}
	err := r.Client.Create(ctx, first, client.FieldOwner(accessv1.FieldOwner))
	if apierrors.IsAlreadyExists(err) {
		// Made in a round that did not get to record it. If it is not this user's (a name can be guessed), he stays
		// Pending, and another Invitation can be created for him.
		return client.IgnoreNotFound(r.adopt(ctx, s, client.ObjectKeyFromObject(first)))
	}
	if err != nil {
		return fmt.Errorf("could not record the invitation of %s: %w", s.user.Name, err)
	}
	s.invitations = append(s.invitations, *first)
	return nil
}

func (r *Reconciler) adopt(ctx context.Context, s *scope, key client.ObjectKey) error {
	existing := &accessv1.Invitation{}
	if err := r.Client.Get(ctx, key, existing); err != nil {
		return err
	}
	if invitation.ClaimOf(existing, s.user.UID) == invitation.Owned {
		s.invitations = append(s.invitations, *existing)
		s.sortInvitations()
	}
	return nil
}

// write stores the status if it differs from the stored one. If the API server refuses it, the user is left without any
// access rather than with yesterday's.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	same, err := status.SameUser(s.user, &s.status)
	if err != nil || same {
		return err
	}
	err = r.store(ctx, s)
	if apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err) {
		s.withoutAccess()
		s.conclude("The API server refused the status: " + err.Error())
		err = r.store(ctx, s)
	}
	if err != nil {
		return err
	}
	r.announce(s)
	return nil
}

func (r *Reconciler) store(ctx context.Context, s *scope) error {
	after := *s.user
	after.Status = s.status
	r.echoes.Expect(&after)
	err := r.Status.Write(ctx, &after)
	if err != nil {
		r.echoes.Take(client.ObjectKeyFromObject(&after))
	}
	return err
}

// next wakes the user up when a membership ends, and to ask again for what was refused, without any other event.
func (s *scope) next() ctrl.Result {
	var pause time.Duration
	if s.refused != "" {
		pause = children.RefusedPause
	}
	if end := s.resolution.NextChange; !end.IsZero() && (pause == 0 || end.Sub(s.now) < pause) {
		pause = max(end.Sub(s.now), 1)
	}
	return ctrl.Result{RequeueAfter: pause}
}
