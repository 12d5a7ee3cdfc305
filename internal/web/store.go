package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
)

// maxWrites bounds how often one answer is decided again because somebody else wrote first. Each
// turn means that an attempt was recorded, a wrong address counted or the invitation ended, and
// none of these happens often to one invitation.
const maxWrites = 20

// Store answers links from the cluster. It is the Invitations of a running Roster.
type Store struct {
	cached client.Client
	live   client.Reader
}

// NewStore returns a Store that looks links up through cached, whose cache needs the indexes of
// internal/index, and decides answers by what live reads from the API server itself.
func NewStore(cached client.Client, live client.Reader) *Store {
	return &Store{cached: cached, live: live}
}

// Find returns what to show of the invitation with this UID. It reads the cache only: the worst
// that a stale copy can do is to show a form that Accept then refuses.
func (s *Store) Find(ctx context.Context, uid string, now time.Time) (Invite, error) {
	key, err := s.locate(ctx, uid)
	if err != nil || key == (client.ObjectKey{}) {
		return Invite{}, err
	}
	r, err := s.read(ctx, s.cached, key, types.UID(uid))
	if err != nil {
		return Invite{}, err
	}
	return s.show(ctx, r, r.standing(now))
}

// Accept answers the invitation with this UID with the address that was typed. That
// it was accepted is what the API server said afterwards; an error means that it may or may not have been, and that asking again is safe.
func (s *Store) Accept(ctx context.Context, uid, typed string, now time.Time) (Invite, error) {
	key, err := s.locate(ctx, uid)
	if err != nil || key == (client.ObjectKey{}) {
		return Invite{}, err
	}
	for range maxWrites {
		r, err := s.read(ctx, s.live, key, types.UID(uid))
		if err != nil {
			return Invite{}, err
		}
		standing, changed := r.answer(typed, now)
		if !changed {
			return s.show(ctx, r, standing)
		}
		switch err := s.write(ctx, r.invitation); {
		case err != nil && !apierrors.IsConflict(err):
			return Invite{}, fmt.Errorf("writing the status of invitation %s: %w", key, err)
		case err == nil && standing == Wrong:
			return s.show(ctx, r, standing)
		}
		// Somebody else wrote first, or this acceptance was written, unless the invitation went away
		// meanwhile, which is no error either. The API server knows, and is asked again.
	}
	return Invite{}, errors.New("the invitation kept changing while it was being answered")
}

// locate returns where the invitation with this UID is, or the zero key when there is none that
// could still be answered.
func (s *Store) locate(ctx context.Context, uid string) (client.ObjectKey, error) {
	var found accessv1.InvitationList
	if err := s.cached.List(ctx, &found, client.MatchingFields{index.InvitationByUID: uid}); err != nil {
		return client.ObjectKey{}, fmt.Errorf("looking an invitation up: %w", err)
	}
	for i := range found.Items {
		if invitation := &found.Items[i]; !over(invitation) {
			return client.ObjectKeyFromObject(invitation), nil
		}
	}
	return client.ObjectKey{}, nil
}

// read gathers what the standing of the link depends on. What does not exist stays nil.
func (s *Store) read(ctx context.Context, from client.Reader, key client.ObjectKey, uid types.UID) (record, error) {
	var r record
	invitation, err := get(ctx, from, key, &accessv1.Invitation{})
	if err != nil || invitation == nil || invitation.UID != uid {
		return r, err
	}
	r.invitation = invitation
	user := client.ObjectKey{Namespace: key.Namespace, Name: invitation.Spec.UserRef.Name}
	if r.user, err = get(ctx, from, user, &accessv1.User{}); err != nil {
		return r, err
	}
	r.tenant, err = s.tenantOf(ctx, from, key.Namespace)
	return r, err
}

// tenantOf returns the tenant that owns the namespace. Which one that is never changes while it
// exists, so the cache may say it; how it stands is read where the caller wants it from.
func (s *Store) tenantOf(ctx context.Context, from client.Reader, namespace string) (*accessv1.Tenant, error) {
	var candidates accessv1.TenantList
	if err := s.cached.List(ctx, &candidates, client.MatchingFields{index.TenantByNamespace: namespace}); err != nil {
		return nil, fmt.Errorf("looking up the tenant of namespace %s: %w", namespace, err)
	}
	owner := graph.Owner(candidates.Items)
	if owner == nil {
		return nil, nil
	}
	tenant, err := get(ctx, from, client.ObjectKeyFromObject(owner), &accessv1.Tenant{})
	if err != nil || tenant == nil || tenant.UID != owner.UID {
		return nil, err
	}
	return tenant, nil
}

// show adds the product's title, which decides nothing: the cache is good enough for it.
func (s *Store) show(ctx context.Context, r record, standing Standing) (Invite, error) {
	if standing == Dead {
		return Invite{}, nil
	}
	var err error
	r.catalog, err = get(ctx, s.cached, client.ObjectKey{Name: r.tenant.Spec.CatalogRef.Name}, &accessv1.ResourceCatalog{})
	return r.invite(standing), err
}

// write writes the invitation's status, provided that nobody has written since it was read.
func (s *Store) write(ctx context.Context, invitation *accessv1.Invitation) error {
	return status.Writer{Client: s.cached}.WriteLocked(ctx, invitation)
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
