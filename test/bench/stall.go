package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"

	"github.com/roster-dev/roster/test/bench/report"
)

// stalled measures how soon a user's group change is in his status: with no mail due, and while hundreds of mails wait for
// a server that stalls. In turn, so that what else runs on the machine weighs on both.
func (b *bench) stalled(ctx context.Context, m *mailing, o *mailOffice) error {
	o.delay = 0
	if err := m.found(ctx, "calm"); err != nil {
		return err
	}
	if err := m.calm(ctx); err != nil {
		return err
	}
	var free, stalled []time.Duration
	waiting := b.options.pick(1_000, 400)
	for range b.options.pick(4, 2) {
		if err := m.changes(ctx, trials/2, &free); err != nil {
			return err
		}
		if _, err := m.waiting(ctx, o, waiting/2); err != nil {
			return err
		}
		if err := m.changes(ctx, trials/2, &stalled); err != nil {
			return err
		}
		if err := o.deliver(ctx, waiting/2); err != nil {
			return err
		}
		if err := m.rest(ctx, 0); err != nil {
			return err
		}
	}
	ratio := quantile(stalled, 50).Seconds() / quantile(free, 50).Seconds()
	b.report.Limit(report.Row{
		Name: "stalled mail server", What: fmt.Sprintf("a user's change of group until his status says so, while %d mails wait for a server that stalls; %d trials each", waiting/2, len(free)),
		Reached: fmt.Sprintf("%.2f of what it takes without: median %d ms and %d ms, p99 %d ms and %d ms", ratio,
			quantile(stalled, 50).Milliseconds(), quantile(free, 50).Milliseconds(), quantile(stalled, 99).Milliseconds(), quantile(free, 99).Milliseconds()),
		Target: "1.2",
		Values: map[string]float64{
			"ratio": ratio, "stalledMedianSeconds": quantile(stalled, 50).Seconds(), "medianSeconds": quantile(free, 50).Seconds(),
			"stalledP99Seconds": quantile(stalled, 99).Seconds(), "p99Seconds": quantile(free, 99).Seconds(),
		},
	}, ratio <= 1.2)
	return nil
}

var calmUser = metav1.ObjectMeta{Namespace: "calm", Name: "ana"}

// calm makes a user who needs no invitation, and two groups.
func (m *mailing) calm(ctx context.Context) error {
	for _, object := range []client.Object{
		&accessv1.UserGroup{ObjectMeta: metav1.ObjectMeta{Namespace: "calm", Name: "group-0"}, Spec: accessv1.UserGroupSpec{DisplayName: "One"}},
		&accessv1.UserGroup{ObjectMeta: metav1.ObjectMeta{Namespace: "calm", Name: "group-1"}, Spec: accessv1.UserGroupSpec{DisplayName: "Another"}},
		&accessv1.User{ObjectMeta: calmUser, Spec: accessv1.UserSpec{Email: "ana@calm.example", Onboarding: accessv1.OnboardingNone}},
	} {
		if err := m.cluster.Client.Create(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// changes moves the user from one group to the other and back, and takes the time until his status says so.
func (m *mailing) changes(ctx context.Context, n int, took *[]time.Duration) error {
	user := &accessv1.User{ObjectMeta: calmUser}
	for i := range n {
		group := fmt.Sprintf("group-%d", i%2)
		begin := time.Now()
		patch := []byte(fmt.Sprintf(`{"spec":{"groups":[{"name":%q}]}}`, group))
		if err := m.cluster.Client.Patch(ctx, user, client.RawPatch("application/merge-patch+json", patch)); err != nil {
			return err
		}
		err := until(ctx, 2*time.Millisecond, func() (bool, error) {
			err := m.cluster.Client.Get(ctx, client.ObjectKeyFromObject(user), user)
			return len(user.Status.Groups) == 1 && user.Status.Groups[0].Name == group, err
		})
		if err != nil {
			return err
		}
		*took = append(*took, time.Since(begin))
	}
	return nil
}
