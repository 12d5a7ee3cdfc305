package user_test

import (
	"context"
	"errors"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// slow keeps the manager from writing the invitations of some namespaces, and their statuses, and counts how often it wanted
// to: users are looked at before their invitations are.
type slow struct {
	lock  sync.Mutex
	tries map[string]int
}

var errSlow = errors.New("not yet")

func (s *slow) hold(namespace string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.tries == nil {
		s.tries = map[string]int{}
	}
	s.tries[namespace] = 0
}

func (s *slow) release(namespace string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.tries, namespace)
}

func (s *slow) tried(namespace string) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.tries[namespace]
}

func (s *slow) holds(namespace string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if _, held := s.tries[namespace]; !held {
		return false
	}
	s.tries[namespace]++
	return true
}

// slowly lets what the manager writes of invitations go through here.
func (s *slow) slowly(options *ctrl.Options) {
	options.NewClient = func(config *rest.Config, options client.Options) (client.Client, error) {
		inner, err := client.New(config, options)
		return &slowClient{inner, s}, err
	}
}

type slowClient struct {
	client.Client
	*slow
}

func (c *slowClient) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	if _, ok := object.(*accessv1.Invitation); ok && c.holds(object.GetNamespace()) {
		return errSlow
	}
	return c.Client.Patch(ctx, object, patch, options...)
}

func (c *slowClient) Status() client.SubResourceWriter { return &slowStatus{c.Client.Status(), c.slow} }

type slowStatus struct {
	client.SubResourceWriter
	*slow
}

func (s *slowStatus) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	if _, ok := object.(*accessv1.Invitation); ok && s.holds(object.GetNamespace()) {
		return errSlow
	}
	return s.SubResourceWriter.Patch(ctx, object, patch, options...)
}

var _ = Describe("an invitation that somebody wrote and that nobody has sent yet", func() {
	var w world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx, inviting)
		invitations.hold(w.name)
		DeferCleanup(invitations.release, w.name)
	})
	// seen waits until the manager knows the invitation, and then until it has looked at the user.
	seen := func(ctx context.Context) {
		GinkgoHelper()
		Eventually(func() int { return invitations.tried(w.name) }).Should(BeNumerically(">", 0))
		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		generation := w.expectUser(ctx, "ana").Generation
		w.expectUser(ctx, "ana", HaveField("Status.ObservedGeneration", BeNumerically(">=", generation)))
	}
	ended := func(ctx context.Context) {
		GinkgoHelper()
		invitations.release(w.name)
		env.ExpectEventually(ctx, cluster, w.invitation("by-hand", "ana"), env.HaveState(accessv1.InvitationCancelled))
	}

	DescribeTable("does not count for a user who needs none, and he is asked when he does",
		func(ctx context.Context, before, after func(*accessv1.User)) {
			cluster.ExpectApplied(ctx, w.user("ana", before))
			w.expectUser(ctx, "ana", env.BeReady())
			cluster.ExpectApplied(ctx, w.invitation("by-hand", "ana"))
			seen(ctx)
			ended(ctx)
			w.change(ctx, "ana", after)
			ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationSent))
			Expect(ana.Status.Invitation.Name).NotTo(Equal("by-hand"))
			Expect(w.invitations(ctx, "ana")).To(HaveLen(2))
		},
		Entry("Inactive", inactive, active),
		Entry("Active because nobody asks him", onboarding(accessv1.OnboardingNone), onboarding(accessv1.OnboardingInvitation)),
	)

	DescribeTable("counts for a user who waits, and stays withdrawn when it was",
		func(ctx context.Context, withdraw func(context.Context)) {
			cluster.ExpectApplied(ctx, w.invitation("by-hand", "ana"), w.user("ana"))
			w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInvited), haveInvitation(accessv1.InvitationPending))
			seen(ctx)
			withdraw(ctx)
			w.change(ctx, "ana", active)
			ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserPending), haveInvitation(accessv1.InvitationCancelled),
				haveCondition(accessv1.ConditionInvitationAccepted, no, accessv1.ReasonInvitationCancelled))
			Expect(ana.Status.Invitation.Name).To(Equal("by-hand"))
			Expect(w.invitations(ctx, "ana")).NotTo(ContainElement(HaveField("Name", Not(Equal("by-hand")))), "none is made again")
		},
		Entry("by its deletion", func(ctx context.Context) {
			cluster.ExpectDeleted(ctx, w.invitation("by-hand", "ana"))
		}),
		Entry("by its field", func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, w.invitation("by-hand", "ana"), func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
			ended(ctx)
		}),
		Entry("by his deactivation", func(ctx context.Context) {
			w.change(ctx, "ana", inactive)
			w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInactive))
			ended(ctx)
		}),
	)
})

func onboarding(mode accessv1.OnboardingMode) func(*accessv1.User) {
	return func(u *accessv1.User) { u.Spec.Onboarding = mode }
}
