package guard

import (
	"context"
	"fmt"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// refuseCredential judges a write to a credential by whose it is: one writes one's own, or administers. What it would give
// cannot be told while its user is not there, and whoever comes to have the name may be anybody.
func (j *judgement) refuseCredential(ctx context.Context) (string, error) {
	credential, ok := j.write.object().(*accessv1.ApplicationCredential)
	if !ok {
		return "", nil
	}
	name := credential.Spec.UserRef.Name
	if !j.by.administers && !(j.by.home && j.by.user.Name == name) {
		return fmt.Sprintf("credentials of others, as of user %s, are for administrators: %s does not hold Manage on %s",
			name, j.by.name(), j.before.tenancy.Catalog.Spec.AdministrationResource), nil
	}
	if j.write.new == nil {
		return "", nil
	}
	if user, err := j.after.user(ctx, name); err != nil || user != nil {
		return "", err
	}
	return fmt.Sprintf("user %s does not exist, so nobody can tell what a credential in that name would give: create the user first", name), nil
}

// ofCredential looks at what somebody comes to have who has the credential's token: what its user may do, or will be let do
// once he is active, cut to the credential's own rules and time.
func (g *gains) ofCredential(ctx context.Context, was, is *accessv1.ApplicationCredential) error {
	if is == nil {
		return nil // a credential that is gone gives nothing to anybody
	}
	user, err := g.after.user(ctx, is.Spec.UserRef.Name)
	if err != nil || user == nil {
		return err
	}
	active := *user
	active.Spec.State = accessv1.AccountActive
	s, err := g.after.standing(ctx, &active)
	if err != nil {
		return err
	}
	who := fmt.Sprintf("whoever has the token of credential %s, which acts for user %s,", is.Name, user.Name)
	note := func(all []access.Grant) {
		g.note(who, access.Gained(g.before.through(was, all), g.after.through(is, all)))
	}
	note(s.let)
	if !s.conflict {
		return nil
	}
	for _, m := range s.memberships {
		if !m.Until.IsZero() {
			note(s.at(m.Until))
		}
	}
	return nil
}

// through is what of a user's grants goes through a credential; nil for one that is not there.
func (w *world) through(c *accessv1.ApplicationCredential, all []access.Grant) []access.Grant {
	if c == nil || !c.DeletionTimestamp.IsZero() {
		return nil
	}
	end := untilOf(c.Spec.ExpiresAt)
	if !end.IsZero() && !w.now.Before(end) {
		return nil
	}
	return shortened(graph.Cut(w.tenancy.Vocabulary, all, c.Spec.Access), end)
}

// shortened are grants that end at a time at the latest; the zero time is for ever.
func shortened(grants []access.Grant, end time.Time) []access.Grant {
	out := make([]access.Grant, len(grants))
	for i, g := range grants {
		if !lasts(end, g.Until) {
			g.Until = end
		}
		out[i] = g
	}
	return out
}
