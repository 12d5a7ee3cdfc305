package fault_test

import (
	"context"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/manager"
)

var _ = Describe("Two managers", func() {
	It("send one mail an attempt when the leader falls asleep and wakes up as none", func(ctx context.Context) {
		first := live(electing())
		before := leader(ctx, "")
		s := newStage(first)
		s.found(ctx)
		second := live(electing())

		By("stopping the leader when it has recorded an attempt")
		strike := first.wire.count(s.name, crash{held, moment{"PATCH invitations/status", 1}})
		s.invite(ctx, "ana")
		Eventually(strike, patience).WithContext(ctx).Should(BeClosed(), first.tail)
		first.signal(syscall.SIGSTOP)
		s.invite(ctx, "ben")

		By("letting the other take over")
		after := leader(ctx, *before.Spec.HolderIdentity)
		s.life = second
		s.invitation(ctx, "ana", accessv1.InvitationSent)
		s.invitation(ctx, "ben", accessv1.InvitationSent)

		By("waking the first up")
		first.signal(syscall.SIGCONT)
		Expect(first.ended(ctx)).To(Equal(1), first.tail)
		s.invite(ctx, "cleo")
		s.invitation(ctx, "cleo", accessv1.InvitationSent)
		s.settled(ctx)
		s.expectMails([]string{"ana", "ben", "cleo"}, 0)
		now := leader(ctx, "")
		Expect(now.Spec.HolderIdentity).To(Equal(after.Spec.HolderIdentity))
		Expect(now.Spec.LeaseTransitions).To(Equal(ptr.To(*before.Spec.LeaseTransitions + 1)))
	})
})

// electing are options with the default's patience with mail servers: nothing here depends on a mail that is given up.
func electing() manager.Options {
	o := managerOptions()
	o.LeaderElect, o.LeaseDuration, o.SMTP.Timeout = true, 6*time.Second, manager.Defaults().SMTP.Timeout
	return o
}

// leader is the lease once somebody holds it who is not that one.
func leader(ctx context.Context, other string) *coordinationv1.Lease {
	lease := &coordinationv1.Lease{}
	EventuallyWithOffset(1, func() string {
		if cluster.Client.Get(ctx, client.ObjectKey{Namespace: "roster-system", Name: "roster-manager"}, lease) != nil {
			return other
		}
		return ptr.Deref(lease.Spec.HolderIdentity, other)
	}, patience, 5*interval).WithContext(ctx).ShouldNot(Or(Equal(other), BeEmpty()))
	return lease
}
