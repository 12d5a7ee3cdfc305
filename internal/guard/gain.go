package guard

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// gain is what somebody comes to have by a write.
type gain struct {
	// who is a user or a group, in words.
	who    string
	grants []access.Grant
	// lacking is what of it the requester may not give.
	lacking []access.Grant
}

// gains compares the two worlds for everybody whom the write can touch, until somebody gains what the requester may not
// give: one is enough to refuse.
type gains struct {
	worlds
	// held is what the requester holds and may give.
	held []access.Grant
	// compared are what is due before and after that were compared already: thousands may share both.
	compared map[[2]*due]bool
	// found is the gain that decides; nil: none so far.
	found *gain
}

// of looks at everybody whom a write can touch.
func (g *gains) of(ctx context.Context, w write) error {
	switch object := w.object().(type) {
	case *accessv1.User:
		was, is := sides[accessv1.User](w)
		return g.ofUser(ctx, was, is)
	case *accessv1.UserGroup:
		was, is, err := inPlace[accessv1.UserGroup](ctx, g.worlds, object.Name)
		if err != nil {
			return err
		}
		return g.ofGroup(ctx, was, is)
	case *accessv1.Role:
		was, is, err := inPlace[accessv1.Role](ctx, g.worlds, object.Name)
		if err != nil {
			return err
		}
		return g.ofRole(ctx, was, is)
	case *accessv1.Restriction:
		return g.ofGroupsBy(ctx, index.GroupByRestriction, object.Name)
	case *accessv1.Vendor:
		return g.ofVendor(ctx, object, w.new != nil)
	case *accessv1.ApplicationCredential:
		was, is := sides[accessv1.ApplicationCredential](w)
		return g.ofCredential(ctx, was, is)
	default:
		return nil
	}
}

// inPlace is what has a name before the write and after it: Roster makes its own where somebody else's goes, and would have
// where somebody takes the name.
func inPlace[T any, P interface {
	*T
	client.Object
}](ctx context.Context, w worlds, name string) (was, is *T, err error) {
	if was, err = read[T, P](ctx, w.before, name); err != nil {
		return nil, nil, err
	}
	is, err = read[T, P](ctx, w.after, name)
	return was, is, err
}

func (g *gains) note(who string, grants []access.Grant) {
	if g.found != nil || len(grants) == 0 {
		return
	}
	if lacking := access.Gained(g.held, grants); len(lacking) > 0 {
		g.found = &gain{who, grants, lacking}
	}
}

// compare notes what a user has or comes to have after the write and not before: now, and when a conflict between vendors
// has ended by itself.
func (g *gains) compare(name string, before, after standing) {
	note := func(had, has []access.Grant) {
		if after.active && !before.active {
			had = nil
		}
		g.note("user "+name, access.Gained(had, has))
	}
	note(before.let, after.let)
	if !before.conflict && !after.conflict {
		return
	}
	for _, m := range slices.Concat(before.memberships, after.memberships) {
		if !m.Until.IsZero() {
			note(before.at(m.Until), after.at(m.Until))
		}
	}
}

// ofUser looks at the user, and at those who share his address: the younger ones of them gain when he goes.
func (g *gains) ofUser(ctx context.Context, was, is *accessv1.User) error {
	before, err := g.before.standing(ctx, samePerson(was, is))
	if err != nil {
		return err
	}
	after, err := g.after.standing(ctx, is)
	if err != nil {
		return err
	}
	if is != nil {
		g.compare(is.Name, before, after)
	}
	return g.ofSharing(ctx, was)
}

func (g *gains) ofSharing(ctx context.Context, user *accessv1.User) error {
	if user == nil || index.EmailKey(user.Spec.Email) == "" {
		return nil
	}
	sharing, err := g.before.graph.UsersWithEmail(ctx, user.Namespace, index.EmailKey(user.Spec.Email))
	if err != nil {
		return err
	}
	for i := range sharing {
		if sharing[i].Name == user.Name {
			continue
		}
		if err := g.ofYounger(ctx, &sharing[i]); err != nil {
			return err
		}
	}
	return nil
}

// ofYounger looks at somebody who shares a written user's address. While that is an older one's he can have nothing,
// whatever he accepts.
func (g *gains) ofYounger(ctx context.Context, user *accessv1.User) error {
	kept, err := g.before.isElders(ctx, user)
	if err != nil || !kept {
		return err
	}
	if kept, err = g.after.isElders(ctx, user); err != nil || kept {
		return err
	}
	after, err := g.after.standing(ctx, user)
	if err != nil {
		return err
	}
	g.compare(user.Name, nobody, after)
	return nil
}

// samePerson is the user before the write, nil when it is somebody else's after it: a person is an address, and who gets
// another's place gains all of it.
func samePerson(was, is *accessv1.User) *accessv1.User {
	if was == nil || is == nil || index.EmailKey(was.Spec.Email) != index.EmailKey(is.Spec.Email) {
		return nil
	}
	return was
}

// ofMember compares what is due to a user who is not written himself, and so is as active after the write as before.
func (g *gains) ofMember(ctx context.Context, user *accessv1.User) error {
	before, err := g.before.due(ctx, user)
	if err != nil {
		return err
	}
	after, err := g.after.due(ctx, user)
	if err != nil || g.compared[[2]*due{before, after}] {
		return err
	}
	g.compared[[2]*due{before, after}] = true
	g.compare(user.Name, standing{due: before}, standing{due: after})
	return nil
}
