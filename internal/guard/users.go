package guard

import (
	"context"
	"fmt"
	"strings"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

// refuseUser judges a write to a user by what holds whoever asks: his address, and whether he may go. Empty: no objection.
func refuseUser(ctx context.Context, after *world, was, is *accessv1.User) (string, error) {
	if is == nil {
		return refuseRemoval(after.tenancy, was), nil
	}
	if was != nil && index.EmailKey(was.Spec.Email) == index.EmailKey(is.Spec.Email) {
		return "", nil // an address that is there stays, whatever became of the rules
	}
	if is.Spec.Email == "" {
		return "", nil
	}
	parsed, err := address.Parse(is.Spec.Email)
	if err != nil {
		return err.Error(), nil //nolint:nilerr // what is no address is the answer
	}
	if tenant := after.tenancy.Tenant; tenant != nil && !address.Allowed(parsed, tenant.Spec.AllowedEmailDomains) {
		return fmt.Sprintf("the domain %s is none of the allowedEmailDomains of Tenant %s: %s",
			parsed.Domain(), tenant.Name, strings.Join(tenant.Spec.AllowedEmailDomains, ", ")), nil
	}
	return refuseDuplicate(ctx, after, is, parsed)
}

// refuseDuplicate goes by what is stored by now; should two slip through at the same instant, the older one keeps the
// address.
func refuseDuplicate(ctx context.Context, after *world, user *accessv1.User, parsed address.Address) (string, error) {
	same, err := after.graph.UsersWithEmail(ctx, user.Namespace, parsed.Key())
	if err != nil {
		return "", err
	}
	for i := range same {
		if same[i].Name != user.Name && same[i].DeletionTimestamp.IsZero() {
			return fmt.Sprintf("user %s has the address %s already", same[i].Name, parsed), nil
		}
	}
	return "", nil
}

func refuseRemoval(tenancy *graph.Tenancy, user *accessv1.User) string {
	if tenancy.Tenant == nil || tenancy.Tenant.Spec.UserRemoval != accessv1.RemovalRetain || user.Status.AcceptedEmail == "" {
		return ""
	}
	return fmt.Sprintf("Tenant %s retains users who have accepted: deactivate user %s (spec.state: Inactive) instead of deleting",
		tenancy.Tenant.Name, user.Name)
}

// refuseSelf says why a requester may not do this to himself; empty: it does not harm him. He stays who administers the
// tenant after the write.
func (j *judgement) refuseSelf(ctx context.Context, w worlds) (refusal string, stays bool, err error) {
	if !j.by.home {
		return "", false, nil
	}
	me := j.by.user
	if was, is := sides[accessv1.User](j.write); was != nil && was.Name == me.Name {
		switch {
		case is == nil:
			return "nobody deletes himself: ask another administrator", false, nil
		case is.Spec.State == accessv1.AccountInactive:
			return "nobody deactivates himself: ask another administrator", false, nil
		}
	}
	if stays, err = w.after.administeredBy(ctx, me.Name); err != nil || stays {
		return "", stays, err
	}
	if did, err := w.before.administeredBy(ctx, me.Name); err != nil || !did {
		return "", false, err
	}
	return fmt.Sprintf("%s would no longer administer Tenant %s: nobody takes that away from himself, ask another administrator",
		j.by.name(), w.after.tenancy.Tenant.Name), false, nil
}

func (w *world) administeredBy(ctx context.Context, name string) (bool, error) {
	user, err := w.user(ctx, name)
	if err != nil {
		return false, err
	}
	due, err := w.due(ctx, user)
	if err != nil || !due.administers() {
		return false, err
	}
	return w.graph.Active(ctx, w.tenancy, user)
}
