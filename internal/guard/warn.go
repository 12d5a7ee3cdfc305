package guard

import (
	"context"
	"fmt"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// warnings tell of what a write names and does not exist, which is never refused, and of what the catalog advises to have
// as well. They are advice: what cannot be told is left out.
func (j *judgement) warnings(ctx context.Context) []string {
	switch object := j.write.new.(type) {
	case *accessv1.User:
		return j.warnUser(ctx, object)
	case *accessv1.UserGroup:
		return j.warnGroup(ctx, object)
	case *accessv1.ApplicationCredential:
		if user, err := j.after.user(ctx, object.Spec.UserRef.Name); err == nil && user == nil {
			return dangling("users", []string{object.Spec.UserRef.Name})
		}
		return nil
	default:
		return nil
	}
}

func (j *judgement) warnUser(ctx context.Context, user *accessv1.User) []string {
	var missing []string
	for _, m := range user.Spec.Groups {
		if group, err := read[accessv1.UserGroup](ctx, j.after, m.Name); err == nil && group == nil {
			missing = append(missing, m.Name)
		}
	}
	s, err := j.after.standing(ctx, user)
	if err != nil {
		return nil
	}
	return append(dangling("groups", missing), j.advice("the user", s.let)...)
}

func (j *judgement) warnGroup(ctx context.Context, group *accessv1.UserGroup) []string {
	compiled, err := j.after.group(ctx, group)
	if err != nil || compiled == nil {
		return nil
	}
	var missing []string
	for _, m := range group.Spec.Members {
		if user, err := read[accessv1.User](ctx, j.after, m.Name); err == nil && user == nil {
			missing = append(missing, m.Name)
		}
	}
	out := dangling("roles", compiled.MissingRoles)
	out = append(out, dangling("users", missing)...)
	if unresolved := compiled.UnresolvedRestrictions; len(unresolved) > 0 {
		out = append(out, fmt.Sprintf(
			"these restrictions do not exist, or their dimension is unknown, and close what they might narrow: %s", names(unresolved)))
	}
	return append(out, j.advice("members", compiled.Grants())...)
}

func dangling(kind string, missing []string) []string {
	if len(missing) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("these %s do not exist (yet) and count for nothing: %s", kind, names(missing))}
}

func (j *judgement) advice(who string, grants []access.Grant) []string {
	missing := access.Missing(j.after.tenancy.Vocabulary, grants)
	if len(missing) == 0 {
		return nil
	}
	texts := make([]string, len(missing))
	for i, m := range missing {
		texts[i] = m.String()
	}
	return []string{fmt.Sprintf("%s would also need: %s", who, names(texts))}
}
