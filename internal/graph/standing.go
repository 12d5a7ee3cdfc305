package graph

import (
	"context"
	"slices"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/address"
)

// Administration is what somebody who has the grants may do now, everywhere, with the administration resource of the
// tenant's catalog. With Manage he administers the tenant, with Read he looks on; empty is neither.
func (t *Tenancy) Administration(grants []access.Grant, now time.Time) accessv1.Level {
	if t.Catalog == nil {
		return ""
	}
	resource := t.Catalog.Spec.AdministrationResource
	var held []access.Grant // the others cannot matter, and comparing takes time
	for i := range grants {
		if slices.Contains(grants[i].Resources, resource) {
			held = append(held, grants[i])
		}
	}
	for _, level := range []access.Level{access.Manage, access.Read} {
		wanted := []access.Grant{{Resources: []string{resource}, Level: level, Until: now}}
		if len(access.Gained(held, wanted)) == 0 {
			return accessv1.Level(level)
		}
	}
	return ""
}

// UserWithEmail is the oldest user of a namespace with an address, by its comparable form: the address is his. Nil: there
// is none.
func (g *Graph) UserWithEmail(ctx context.Context, namespace, key string) (*accessv1.User, error) {
	users, err := g.UsersWithEmail(ctx, namespace, key)
	if err != nil {
		return nil, err
	}
	var oldest *accessv1.User
	for i := range users {
		if users[i].DeletionTimestamp.IsZero() && (oldest == nil || Older(&users[i], oldest) < 0) {
			oldest = &users[i]
		}
	}
	return oldest, nil
}

// Elder names the oldest other user with the same address, if he is older than the user: the address is his. Empty: there
// is none.
func (g *Graph) Elder(ctx context.Context, user *accessv1.User, key address.Address) (string, error) {
	same, err := g.UsersWithEmail(ctx, user.Namespace, key.Key())
	if err != nil {
		return "", err
	}
	oldest := user
	for i := range same {
		if same[i].DeletionTimestamp.IsZero() && Older(&same[i], oldest) < 0 {
			oldest = &same[i]
		}
	}
	if oldest.UID == user.UID {
		return "", nil
	}
	return oldest.Name, nil
}

// NeedsInvitation tells whether a user has to accept one: a robot never does, and the user's own mode counts before the tenant's.
func NeedsInvitation(tenant *accessv1.Tenant, user *accessv1.User) bool {
	if user.Spec.Type == accessv1.UserTypeRobot {
		return false
	}
	mode := user.Spec.Onboarding
	if mode == "" && tenant != nil {
		mode = tenant.Spec.Onboarding.Mode
	}
	return mode != accessv1.OnboardingNone
}

// Active tells whether a user is in state Active, from what is written in his spec and what he has accepted so far; the
// state in his status says the same a moment later.
func (g *Graph) Active(ctx context.Context, tenancy *Tenancy, user *accessv1.User) (bool, error) {
	if user.Spec.State == accessv1.AccountInactive || !user.DeletionTimestamp.IsZero() || tenancy.Tenant == nil {
		return false, nil
	}
	invited := NeedsInvitation(tenancy.Tenant, user)
	if user.Spec.Email == "" {
		return !invited, nil
	}
	parsed, err := address.Parse(user.Spec.Email)
	if err != nil || !address.Allowed(parsed, tenancy.Tenant.Spec.AllowedEmailDomains) {
		return false, nil //nolint:nilerr // what is no address lets nobody in
	}
	if invited && !parsed.Is(user.Status.AcceptedEmail) {
		return false, nil
	}
	elder, err := g.Elder(ctx, user, parsed)
	return elder == "" && err == nil, err
}
