package outbox

import (
	"context"
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Pile is mails of one kind that wait for one reason, that of their condition Delivered.
type Pile struct {
	Kind, Reason string
}

// Pending counts the mails that have not gone out, from a cache: also those that nobody has looked at yet.
func Pending(ctx context.Context, cached client.Reader) (map[Pile]int, error) {
	piles := map[Pile]int{}
	for kind, list := range map[string]client.ObjectList{
		"Invitation": &accessv1.InvitationList{}, "PasswordReset": &accessv1.PasswordResetList{},
	} {
		if err := cached.List(ctx, list, client.DisableReadYourWritesConsistency); err != nil {
			return nil, fmt.Errorf("could not list what is to be mailed: %w", err)
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			e, err := entryOf(item)
			if err == nil && waits(e.letter.Status) {
				piles[Pile{kind, reasonOfWait(e.letter.Status)}]++
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return piles, nil
}

func waits(status *accessv1.InvitationStatus) bool {
	return !status.State.Final() && status.State != accessv1.InvitationSent
}

func reasonOfWait(status *accessv1.InvitationStatus) string {
	if delivered := apimeta.FindStatusCondition(status.Conditions, accessv1.ConditionDelivered); delivered != nil {
		return delivered.Reason
	}
	return accessv1.ReasonPending
}
