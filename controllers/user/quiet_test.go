package user_test

import (
	"context"
	"maps"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var _ = Describe("a change that alters nobody", Serial, func() {
	var w world
	var before map[string]string
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx, inviting)
		later := time.Now().Add(time.Hour).Truncate(time.Second)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.group("team", roles("order-manager", "nowhere"), restrictions("site.de"), members("ana")),
			w.user("ana", in("viewers"), inUntil("team", later)), w.user("ben", in("missing")), w.user("kim", inactive))
		cluster.Accept(ctx, w.user("ana"))
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), haveInvitation(accessv1.InvitationAccepted))
		w.expectUser(ctx, "ben", haveInvitation(accessv1.InvitationSent))
		w.expectUser(ctx, "kim", env.HaveState(accessv1.UserInactive))
		before = w.settled(ctx)
	})

	// expectNoWrite looks for longer than events take to arrive and counts to gather.
	expectNoWrite := func(ctx context.Context, but ...string) {
		GinkgoHelper()
		now := func() map[string]string {
			versions := cluster.Versions(ctx, w.name)
			for _, name := range but {
				delete(versions, name)
			}
			return versions
		}
		for _, name := range but {
			delete(before, name)
		}
		Consistently(now, "500ms", "50ms").Should(Equal(before))
	}

	It("writes nothing when a label changes, or when what changed gives the same", func(ctx context.Context) {
		env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Labels = map[string]string{"colour": "red"} })
		env.ExpectChanged(ctx, cluster, w.group("viewers"), func(g *accessv1.UserGroup) { g.Annotations = map[string]string{"colour": "red"} })
		env.ExpectChanged(ctx, cluster, w.role("viewer"), func(r *accessv1.Role) { r.Labels["colour"] = "red" })
		cluster.ExpectApplied(ctx, w.group("unrelated", roles("viewer")))
		env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.Onboarding.ProductName = "Another" })
		env.ExpectChanged(ctx, cluster, w.catalog(), func(c *accessv1.ResourceCatalog) { c.Spec.Services[0].DisplayName = "Another" })
		// The role counts its groups, and that is all.
		expectNoWrite(ctx, "*v1alpha1.User ana", "*v1alpha1.UserGroup viewers", "*v1alpha1.UserGroup unrelated", "*v1alpha1.Role viewer")
	})

	It("writes nothing when the manager starts again", func(ctx context.Context) {
		suite.Restart(cluster, manager, invitations.slowly)
		w.change(ctx, "kim", func(u *accessv1.User) { u.Spec.Department = "Logistics" })
		w.expectUser(ctx, "kim", env.BeReady())
		Expect(statusOwners(w.expectUser(ctx, "ana", env.BeReady()))).To(Equal([]string{"roster Apply"}), "everything that was written was applied")
		expectNoWrite(ctx, "*v1alpha1.User kim")
	})
})

// settled waits until nobody has written for a while (counts gather changes before they are written), and returns the
// versions.
func (w world) settled(ctx context.Context) map[string]string {
	GinkgoHelper()
	cluster.ExpectSoundStatuses(ctx, w.name)
	versions, since := cluster.Versions(ctx, w.name), time.Now()
	Eventually(func() time.Duration {
		if now := cluster.Versions(ctx, w.name); !maps.Equal(now, versions) {
			versions, since = now, time.Now()
		}
		return time.Since(since)
	}, "10s", "50ms").Should(BeNumerically(">", 500*time.Millisecond))
	return versions
}

func statusOwners(u *accessv1.User) []string {
	var out []string
	for _, entry := range u.ManagedFields {
		if entry.Subresource == "status" {
			out = append(out, entry.Manager+" "+string(entry.Operation))
		}
	}
	return out
}
