package outbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/status"
)

// entry is an object of the outbox, and the letter that is read from it: changing the letter's status changes the object.
type entry struct {
	object client.Object
	letter invitation.Letter
}

func entryOf(object runtime.Object) (entry, error) {
	letter, ok := invitation.LetterOf(object)
	typed, also := object.(client.Object)
	if !ok || !also {
		return entry{}, fmt.Errorf("a %T is no entry of the outbox", object)
	}
	return entry{typed, letter}, nil
}

func (r *Reconciler) read(ctx context.Context, from client.Reader, key client.ObjectKey) (entry, error) {
	object, ok := r.Object.DeepCopyObject().(client.Object)
	if !ok {
		return entry{}, fmt.Errorf("a %T is no entry of the outbox", r.Object)
	}
	if err := from.Get(ctx, key, object); err != nil {
		return entry{}, err
	}
	return entryOf(object)
}

// copy is an entry of its own.
func (e entry) copy() entry {
	same, err := entryOf(e.object.DeepCopyObject())
	if err != nil {
		return e // a copy is of the same type
	}
	return same
}

// scope is what one reconcile looks at, read once, and the object that it arrives at.
type scope struct {
	kind Kind
	// stored is the object as the cache has it; never changed.
	stored entry
	// after starts as a copy of stored and ends as what is written.
	after entry
	// user is whom it asks; nil: there is none, he is being deleted, or the object belongs to an earlier one.
	user *accessv1.User
	// siblings are all of the kind that name the same user, this one among them.
	siblings []invitation.Letter
	tenancy  *graph.Tenancy
	// delivery is what became of an attempt made in this round; nil: none was made.
	delivery *delivery
	now      time.Time
}

func (r *Reconciler) load(ctx context.Context, stored entry) (*scope, error) {
	s := &scope{kind: r.Kind, stored: stored, after: stored.copy(), now: r.Clock.Now().Truncate(time.Second)}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, stored.object.GetNamespace()); err != nil {
		return nil, err
	}
	if err := r.loadUser(ctx, s); err != nil {
		return nil, err
	}
	s.siblings, err = r.siblingsOf(ctx, stored.letter)
	return s, err
}

// siblingsOf lists what names the same user, from the cache.
func (r *Reconciler) siblingsOf(ctx context.Context, letter invitation.Letter) ([]invitation.Letter, error) {
	list := r.newList()
	err := r.Client.List(ctx, list, client.InNamespace(letter.GetNamespace()),
		client.MatchingFields{r.ByUser: letter.User}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return nil, fmt.Errorf("could not list what asks user %s: %w", letter.User, err)
	}
	var out []invitation.Letter
	err = apimeta.EachListItem(list, func(item runtime.Object) error {
		e, err := entryOf(item)
		out = append(out, e.letter)
		return err
	})
	return out, err
}

// loadUser finds whom the letter asks. That a user is gone ends it for good, so a cache that may only be late in seeing
// him is not believed.
func (r *Reconciler) loadUser(ctx context.Context, s *scope) (err error) {
	letter := s.stored.letter
	s.user, err = r.Graph.User(ctx, letter.GetNamespace(), letter.User)
	claimed := invitation.ClaimOf(letter, "") != invitation.Unclaimed
	if err != nil || letter.Status.State.Final() || !claimed || s.claim() == invitation.Owned {
		return err
	}
	live := &accessv1.User{}
	err = r.Live.Get(ctx, client.ObjectKey{Namespace: letter.GetNamespace(), Name: letter.User}, live)
	s.user = nil
	if err == nil && live.DeletionTimestamp.IsZero() && invitation.ClaimOf(letter, live.UID) == invitation.Owned {
		s.user = live
	}
	return client.IgnoreNotFound(err)
}

// claim tells whose the letter is; nobody's user has no UID.
func (s *scope) claim() invitation.Claim {
	if s.user == nil {
		return invitation.ClaimOf(s.stored.letter, "")
	}
	return invitation.ClaimOf(s.stored.letter, s.user.UID)
}

func (s *scope) facts() invitation.Facts {
	f := invitation.Facts{Letter: s.stored.letter, UserFound: s.user != nil, Claimed: s.claim() != invitation.Unclaimed}
	reason, message := s.tenancy.Problem(s.stored.object.GetNamespace())
	f.TenantReason, f.TenantMessage = reason, status.Sentence(message)
	if s.user == nil {
		return f
	}
	f.SameAddress = invitation.Asks(s.stored.letter, s.user.UID, s.address())
	f.Superseded = s.superseded()
	f.Need = s.kind.Need(s.user)
	return f
}

// address is the user's; zero when he has none that can be asked.
func (s *scope) address() address.Address {
	parsed, err := address.Parse(s.user.Spec.Email)
	if err != nil {
		return address.Address{}
	}
	return parsed
}

// superseded: a newer letter of the same user is open, or was accepted.
func (s *scope) superseded() bool {
	return slices.ContainsFunc(s.siblings, func(other invitation.Letter) bool {
		return invitation.Supersedes(other, s.stored.letter, s.user.UID, s.address())
	})
}

func (s *scope) changed() bool {
	return !equality.Semantic.DeepEqual(s.stored.letter.Status, s.after.letter.Status)
}

// next wakes the entry up when its pause or its time ends, without any other event.
func (s *scope) next(action invitation.Action, now time.Time) ctrl.Result {
	at, status := action.At, s.after.letter.Status
	if s.delivery != nil && status.NextAttemptAt != nil {
		at = status.NextAttemptAt.Time
	}
	if status.State == accessv1.InvitationSent && status.ExpiresAt != nil {
		at = status.ExpiresAt.Time
	}
	if at.IsZero() {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(at.Sub(now), time.Millisecond)}
}
