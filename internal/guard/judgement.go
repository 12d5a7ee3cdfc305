package guard

import (
	"context"
	"fmt"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/invitation"
)

// judgement is everything that one write is judged by.
type judgement struct {
	// write is as if its object stayed, should that be going: what is being deleted gives nothing any more, and nobody has to
	// trust that it goes.
	write write
	// worlds are those as things are.
	worlds
	by *requester
	// clients are the tenants that the one that is written in looks after, by name.
	clients []string
	// may asks whether the requester has a verb on a role of the namespace, or without a name on any.
	may func(ctx context.Context, verb, role string) (bool, error)
	// settled makes those in which Roster has made all that it makes. It is asked once.
	settled func(context.Context) (worlds, error)
	// later are the settled ones, once they were asked for.
	later *worlds
}

// refuse says why the write is refused; empty: it is not. An error means that it could not be told.
func (j *judgement) refuse(ctx context.Context) (string, error) {
	if refusal := refuseOwn(j.write, j.before.tenancy); refusal != "" {
		return refusal, nil
	}
	if !j.write.means() {
		return "", nil
	}
	for _, rule := range []func(context.Context) (string, error){
		j.refuseUser,
		func(ctx context.Context) (string, error) { return j.inBoth(ctx, j.refuseProtected) },
		func(ctx context.Context) (string, error) { return j.inBoth(ctx, j.refuseAdministration) },
		j.refuseGain,
	} {
		if refusal, err := rule(ctx); err != nil || refusal != "" {
			return refusal, err
		}
	}
	return "", nil
}

func (j *judgement) refuseUser(ctx context.Context) (string, error) {
	was, is := sides[accessv1.User](j.write)
	if was == nil && is == nil {
		return "", nil
	}
	return refuseUser(ctx, j.after, was, is)
}

// refuseProtected: holding what a role gives is not enough to hand out one that the platform protects.
func (j *judgement) refuseProtected(ctx context.Context, w worlds) (string, error) {
	assigned, err := j.assigned(ctx, w)
	if err != nil {
		return "", err
	}
	for _, role := range assigned {
		if may, err := j.may(ctx, verbBind, role); err != nil || !may {
			return fmt.Sprintf("role %s is protected by the platform: who assigns it, or changes a group that has it, needs the verb bind on roles.%s named %s in namespace %s, which %s lacks",
				role, accessv1.SchemeGroupVersion.Group, role, j.before.namespace, j.by.name()), err
		}
	}
	return "", nil
}

// refuseAdministration keeps a tenant's administrators. Without a tenant in business there are none.
func (j *judgement) refuseAdministration(ctx context.Context, w worlds) (string, error) {
	if _, problem := w.before.tenancy.Problem(w.before.namespace); problem != "" {
		return "", nil
	}
	refusal, stays, err := j.refuseSelf(ctx, w)
	if err != nil || stays {
		return "", err // who stays one is not the last who goes
	}
	if refusal != "" {
		if may, err := j.may(ctx, verbEscalate, ""); err != nil || !may {
			return refusal, err
		}
	}
	return j.refuseLast(ctx, w)
}

// refuseGain is the guard's one rule: what anybody gains by the write, the requester holds.
func (j *judgement) refuseGain(ctx context.Context) (string, error) {
	refusal, err := j.escalation(ctx)
	if err != nil || refusal == "" {
		return "", err
	}
	if may, err := j.may(ctx, verbEscalate, ""); err != nil || may {
		return "", err
	}
	return fmt.Sprintf("%s; that takes the verb escalate on roles.%s in namespace %s",
		refusal, accessv1.SchemeGroupVersion.Group, j.before.namespace), nil
}

// escalation says what would be gained that the requester does not hold; empty: nothing.
func (j *judgement) escalation(ctx context.Context) (string, error) {
	if _, problem := j.before.tenancy.Problem(j.before.namespace); problem != "" {
		return problem + ", so nobody holds anything that could be compared", nil
	}
	if j.write.changesOwners() {
		return "metadata.ownerReferences decide when the cluster deletes the object, in nobody's name", nil
	}
	if refusal, decided := j.refuseLetter(); decided {
		return refusal, nil
	}
	if refusal, err := j.refuseCredential(ctx); err != nil || refusal != "" {
		return refusal, err
	}
	return j.inBoth(ctx, j.gain)
}

// gain says what somebody gains that the requester may not give; empty: nobody does.
func (j *judgement) gain(ctx context.Context, w worlds) (string, error) {
	g := gains{worlds: w, held: j.givable(), compared: map[[2]*due]bool{}}
	if err := g.of(ctx, j.write); err != nil || g.found == nil {
		return "", err
	}
	return j.sentence(g.found), nil
}

// inBoth asks a rule about things as they are and, where they are not settled, as they will be.
func (j *judgement) inBoth(ctx context.Context, rule func(context.Context, worlds) (string, error)) (string, error) {
	refusal, err := rule(ctx, j.worlds)
	if err != nil || refusal != "" || j.isSettled() {
		return refusal, err
	}
	if j.later == nil {
		later, err := j.settled(ctx)
		if err != nil {
			return "", err
		}
		j.later = &later
	}
	return rule(ctx, *j.later)
}

// isSettled tells whether things are as they will be. They are not while something is missing that Roster may make, nor
// while it needs a name that somebody else has; what is written may give one to it, or take one.
func (j *judgement) isSettled() bool {
	switch j.write.object().(type) {
	case *accessv1.Vendor:
		return false
	case *accessv1.UserGroup, *accessv1.Role, *accessv1.Restriction:
		if j.write.old == nil || j.write.new == nil {
			return false
		}
	}
	return !j.before.reader.missed && !j.after.reader.missed
}

func (j *judgement) sentence(g *gain) string {
	who := j.by.name()
	if j.by.user == nil {
		who += ", who is no active user of the tenant nor an administrator of its partner,"
	}
	gained, missing := phrase(g.grants), phrase(access.Gained(j.by.held, g.grants))
	switch missing {
	case "":
		return fmt.Sprintf("%s would gain %s, which %s holds but may not give: who administers Tenant %s administers %s, which it looks after",
			g.who, phrase(g.lacking), who, j.before.tenancy.Tenant.Name, names(j.clients))
	case gained:
		return fmt.Sprintf("%s would gain %s, which %s does not hold", g.who, gained, who)
	}
	return fmt.Sprintf("%s would gain %s, and %s does not hold %s", g.who, gained, who, missing)
}

// refuseLetter judges writes to invitations and password resets, which give nothing by themselves, and mail nobody but the
// user: one asks oneself, or administers.
func (j *judgement) refuseLetter() (refusal string, decided bool) {
	letter, ok := invitation.LetterOf(j.write.object())
	if !ok {
		return "", false
	}
	if j.by.administers || j.by.home && j.by.user.Name == letter.User {
		return "", true
	}
	return fmt.Sprintf("%ss of others, as of user %s, are for administrators: %s does not hold Manage on %s",
		letter.Noun, letter.User, j.by.name(), j.before.tenancy.Catalog.Spec.AdministrationResource), true
}
