package user_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// values are names of a length, each another one.
func values(prefix string, count, length int) []string {
	out := make([]string, count)
	for i := range out {
		out[i] = fmt.Sprintf("%s%04d", prefix, i)
		out[i] += strings.Repeat("x", max(length-len(out[i]), 0))
	}
	return out
}

var _ = Describe("access that no status can hold", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("is not granted at all, even in part, and is again when it becomes smaller", func(ctx context.Context) {
		// Two groups of 128 KiB and more are too much for one user, and each of them is not.
		for _, name := range []string{"north", "south"} {
			for part := range 2 {
				cluster.ExpectApplied(ctx, w.restriction(fmt.Sprintf("%s%d", name, part), "site", values(fmt.Sprintf("%s%d", name, part), 300, 250)...))
			}
			cluster.ExpectApplied(ctx, w.group(name, roles("order-manager"), restrictions(name+"0", name+"1"), members("ana")))
		}
		env.ExpectChanged(ctx, cluster, w.catalog(), func(c *accessv1.ResourceCatalog) { c.Spec.AdministrationResource = "tax" })
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(), haveGroups(),
			haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonAccessTooLarge),
			haveCondition(accessv1.ConditionAccessResolved, no, accessv1.ReasonAccessTooLarge))
		Expect(ana.Status.AccessSummary).To(BeEmpty())
		Expect(ana.Status.Administration).To(BeEmpty())
		Expect(messageOf(ana, accessv1.ConditionAccessResolved)).To(ContainSubstring("256 KiB"))

		env.ExpectChanged(ctx, cluster, w.group("south"), members())
		ana = w.expectUser(ctx, "ana", env.BeReady(), Not(env.HaveAccess()), HaveField("Status.Administration", accessv1.LevelRead))
		Expect(ana.Status.EffectiveAccess).To(HaveLen(2))
	})

	It("is not granted when the schema has no room for it, and the user's other affairs go on", func(ctx context.Context) {
		var names []string
		for part := range 9 { // 9 × 500 values of one dimension, where the schema has room for 4096
			name := fmt.Sprintf("part%d", part)
			names = append(names, name)
			cluster.ExpectApplied(ctx, w.restriction(name, "site", values(name, 500, 0)...))
		}
		cluster.ExpectApplied(ctx, w.group("wide", roles("order-manager"), restrictions(names...), members("ana")),
			w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		ana := w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.HaveAccess(),
			haveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonAccessTooLarge))
		Expect(messageOf(ana, accessv1.ConditionAccessResolved)).To(ContainSubstring("4096 values of site"))
		w.change(ctx, "ana", inactive)
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserInactive), env.BeReady())
		w.change(ctx, "ana", func(u *accessv1.User) { u.Spec.State, u.Spec.Groups = accessv1.AccountActive, nil })
		env.ExpectChanged(ctx, cluster, w.group("wide"), members())
		w.expectUser(ctx, "ana", env.HaveState(accessv1.UserActive), env.BeReady(), env.HaveAccess())
	})
})

var _ = Describe("a status that somebody else wrote", func() {
	It("is put right, whatever is in it", func(ctx context.Context) {
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")), w.user("kim", inactive, in("viewers")))
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll))
		w.expectUser(ctx, "kim", env.HaveState(accessv1.UserInactive))
		everything := []accessv1.AccessEntry{{
			Resources: []string{"orders"}, Level: accessv1.LevelManage, Via: []accessv1.AccessSource{{Group: "made-up"}},
		}}
		for _, name := range []string{"ana", "kim"} {
			before := w.expectUser(ctx, name, env.BeReady()).Status
			env.ExpectForged(ctx, cluster, w.user(name), func(u *accessv1.User) {
				u.Status.State, u.Status.EffectiveAccess, u.Status.AccessSummary = accessv1.UserActive, everything, "manage 999"
				u.Status.Administration = accessv1.LevelManage
				u.Status.Groups = append(u.Status.Groups, accessv1.EffectiveMembership{Name: "made-up", From: accessv1.MembershipSource("User")})
				u.Status.Conditions = append(u.Status.Conditions, metav1.Condition{
					Type: accessv1.ConditionStalled, Status: yes, Reason: "MadeUp", Message: "made up", LastTransitionTime: metav1.Now(),
				})
			})
			env.ExpectEventually(ctx, cluster, w.user(name), WithTransform(func(u *accessv1.User) accessv1.UserStatus { return u.Status }, Equal(before)))
		}
	})

	It("is put right when it was taken away", func(ctx context.Context) {
		w := newWorld(ctx)
		cluster.ExpectApplied(ctx, w.group("viewers", roles("viewer")), w.user("ana", in("viewers")))
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll))
		env.ExpectForged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Status = accessv1.UserStatus{ObservedGeneration: -1} })
		w.expectUser(ctx, "ana", env.HaveAccess(readsAll), env.BeReady())
	})
})
