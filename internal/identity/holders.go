package identity

import (
	"cmp"
	"context"
	"slices"
	"strings"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
)

// Holder is a user who may sign in with an address, or is about to be.
type Holder struct {
	User *accessv1.User
	// Accepted: he has accepted at the address. Otherwise he keeps a sign-in that is his, and is never given another's:
	// he is just accepting, or needs no acceptance.
	Accepted bool
}

// Holders are the users of all tenants who may sign in with an address, oldest first: active, in a tenant that is in
// business, at an address that is allowed and theirs.
func Holders(ctx context.Context, g *graph.Graph, at address.Address) ([]Holder, error) {
	users, err := g.UsersWithEmail(ctx, "", at.Key())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(users, func(a, b accessv1.User) int { return graph.Older(&a, &b) })
	var out []Holder
	for i := range users {
		holder, holds, err := judge(ctx, g, &users[i], at)
		if err != nil {
			return nil, err
		}
		if holds {
			out = append(out, holder)
		}
	}
	return out, nil
}

// HolderOf is the holder whom a sign-in names; nil: he may not sign in, or is gone.
func HolderOf(holders []Holder, p *Password) *Holder {
	i := slices.IndexFunc(holders, func(h Holder) bool { return p.Belongs(h.User.UID) })
	if i < 0 {
		return nil
	}
	return &holders[i]
}

func judge(ctx context.Context, g *graph.Graph, user *accessv1.User, at address.Address) (Holder, bool, error) {
	holder := Holder{User: user}
	tenancy, err := g.Tenancy(ctx, user.Namespace)
	if err != nil || !graph.InBusiness(tenancy.Tenant) {
		return holder, false, err
	}
	supposed := *user
	supposed.Status.AcceptedEmail = at.String()
	if active, err := g.Active(ctx, tenancy, &supposed); err != nil || !active {
		return holder, false, err
	}
	holder.Accepted = at.Is(user.Status.AcceptedEmail)
	if holder.Accepted || !graph.NeedsInvitation(tenancy.Tenant, user) {
		return holder, true, nil
	}
	asked, accepted, err := asked(ctx, g, user, at)
	holder.Accepted = accepted
	return holder, asked, err
}

// asked tells whether an invitation asks the user at the address now, or was accepted there a moment ago: his status
// follows.
func asked(ctx context.Context, g *graph.Graph, user *accessv1.User, at address.Address) (asked, accepted bool, err error) {
	invitations, err := g.InvitationsOf(ctx, user.Namespace, user.Name)
	if err != nil {
		return false, false, err
	}
	for i := range invitations {
		status := &invitations[i].Status
		if invitation.ClaimOf(&invitations[i], user.UID) != invitation.Owned || !at.Is(status.Email) {
			continue
		}
		asked = asked || !status.State.Final() || status.State == accessv1.InvitationAccepted
		accepted = accepted || status.State == accessv1.InvitationAccepted
	}
	return asked, accepted, nil
}

// NameOf is what applications call a user: his name, or else his address.
func NameOf(user *accessv1.User) string {
	return cmp.Or(strings.TrimSpace(user.Spec.FirstName+" "+user.Spec.LastName), user.Spec.Email)
}
