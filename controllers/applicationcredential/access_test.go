package applicationcredential_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// everything is what ana may do, and a credential of hers that is not cut.
var everything = []string{
	"orders, tax: Read via readers", "products: Read, publish via readers",
	"orders: Manage at site=DE until 2099-01-01T00:00:00Z via keepers",
}

var _ = Describe("what a credential gives", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("is what its user may do", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("all"))
		w.expect(ctx, "all", env.BeReady(), give(everything...), env.HaveCondition(accessv1.ConditionRulesResolved, yes, accessv1.ReasonSucceeded),
			WithTransform(func(c *accessv1.ApplicationCredential) string { return c.Status.AccessSummary }, Equal("manage 1, read 2")))
	})

	It("is cut to its own rules, and keeps restrictions, ends, actions and origins", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("cut", cutTo(
			accessv1.Rule{Resources: []string{"orders"}, Level: accessv1.LevelManage},
			accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}})))
		w.expect(ctx, "cut", env.BeReady(), give("orders: Read via readers", "products: publish via readers", everything[2]))
		w.change(ctx, "cut", cutTo(accessv1.Rule{Resources: []string{"*"}, Level: accessv1.LevelRead}))
		w.expect(ctx, "cut", give("orders, products, tax: Read via readers"))
	})

	It("never is more than its user may do, whatever its rules say", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("greedy", cutTo(accessv1.Rule{Resources: []string{"*"}, Level: accessv1.LevelManage, Actions: []string{"publish"}})))
		w.expect(ctx, "greedy", env.BeReady(), give(everything...))
	})

	It("lacks rules that name something unknown, until the catalog knows it", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("odd", cutTo(
			accessv1.Rule{Resources: []string{"tax"}, Level: accessv1.LevelRead}, accessv1.Rule{Resources: []string{"audit"}, Level: accessv1.LevelRead})))
		c := w.expect(ctx, "odd", give("tax: Read via readers"), env.HaveCondition(accessv1.ConditionRulesResolved, no, accessv1.ReasonUnknownNames),
			env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUnknownNames))
		Expect(because(accessv1.ConditionRulesResolved)(c)).To(Equal("Rules that give nothing: rule 2 names unknown resource audit"))
		env.ExpectChanged(ctx, cluster, w.catalog(), func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[0].Resources = append(c.Spec.Services[0].Resources, accessv1.CatalogResource{Name: "audit"})
		})
		w.expect(ctx, "odd", env.BeReady(), give("audit, tax: Read via readers"))
	})

	It("follows what its user may do", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("all"))
		w.expect(ctx, "all", give(everything...))
		cluster.ExpectDeleted(ctx, w.group("readers"))
		w.expect(ctx, "all", give(everything[2]))
		cluster.ExpectDeleted(ctx, w.group("keepers"))
		w.expect(ctx, "all", give(), env.BeReady())
	})

	It("ends with its user: deactivated, not accepted, suspended; and comes back with him", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("all"))
		w.expect(ctx, "all", give(everything...))
		state := func(to accessv1.AccountState) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.State = to })
		}
		state(accessv1.AccountInactive)
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonNotActive))
		state(accessv1.AccountActive)
		w.expect(ctx, "all", give(everything...))
		suspend := func(to accessv1.TenantState) {
			env.ExpectChanged(ctx, cluster, w.tenant(), func(t *accessv1.Tenant) { t.Spec.State = to })
		}
		suspend(accessv1.TenantSuspended)
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonTenantSuspended))
		suspend(accessv1.TenantActive)
		w.expect(ctx, "all", give(everything...))
		env.ExpectChanged(ctx, cluster, w.user("ana"), func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation })
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonNotActive))
	})

	It("ends with its user, and is none of a later one of the same name", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("all"))
		w.expect(ctx, "all", give(everything...))
		hash := w.expect(ctx, "all", env.BeReady()).Status.TokenHash
		cluster.ExpectDeleted(ctx, w.user("ana"))
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotFound))
		cluster.ExpectApplied(ctx, w.user("ana"))
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonUserReplaced))
		w.change(ctx, "all", rotated(1, 0))
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonUserReplaced),
			WithTransform(func(c *accessv1.ApplicationCredential) string { return c.Status.TokenHash }, Equal(hash)))
	})

	DescribeTable("is nothing for somebody else in the same User, who is not given another token either, and comes back with the first",
		func(ctx context.Context, before, after func(*accessv1.User)) {
			env.ExpectChanged(ctx, cluster, w.user("ana"), before)
			cluster.ExpectApplied(ctx, w.credential("all"))
			token := w.holdInForce(ctx, "all")
			w.expect(ctx, "all", give(everything...))
			env.ExpectChanged(ctx, cluster, w.user("ana"), after)
			w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonUserReplaced))
			env.ExpectEventually(ctx, cluster, w.user("ana"), env.HaveState(accessv1.UserActive))
			w.change(ctx, "all", rotated(1, 0))
			w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonUserReplaced))
			Expect(w.token(ctx, "all")).To(Equal(token))
			env.ExpectChanged(ctx, cluster, w.user("ana"), before)
			w.expect(ctx, "all", give(everything...))
		},
		Entry("at another address", mailedAt("ana@acme.example"), mailedAt("ben@acme.example")),
		Entry("who is no robot", typed(accessv1.UserTypeRobot), typed(accessv1.UserTypeEmployee)),
	)

	It("stays when the address is spelt in another way", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("all"))
		w.expect(ctx, "all", give(everything...))
		env.ExpectChanged(ctx, cluster, w.user("ana"), mailedAt("Ana@ACME.example"))
		w.change(ctx, "all", rotated(1, 0))
		w.holdInForce(ctx, "all")
		w.expect(ctx, "all", give(everything...))
	})

	It("ends at its own time, by itself", func(ctx context.Context) {
		soon := metav1.NewTime(time.Now().Add(3 * time.Second).Truncate(time.Second))
		cluster.ExpectApplied(ctx, w.credential("brief", func(s *accessv1.ApplicationCredentialSpec) { s.ExpiresAt = &soon }))
		c := w.expect(ctx, "brief", give(), env.HaveCondition(accessv1.ConditionReady, yes, accessv1.ReasonExpired))
		Expect(time.Now()).To(BeTemporally(">=", soon.Time))
		Expect(c.Generation).To(BeEquivalentTo(1))
		w.change(ctx, "brief", func(s *accessv1.ApplicationCredentialSpec) { s.ExpiresAt = &farAhead })
		w.expect(ctx, "brief", give(everything...))
	})

	It("is nothing without a catalog", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("all"))
		w.expect(ctx, "all", give(everything...))
		cluster.ExpectDeleted(ctx, w.catalog())
		w.expect(ctx, "all", give(), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonCatalogNotFound),
			env.HaveCondition(accessv1.ConditionRulesResolved, unknown, accessv1.ReasonCatalogNotFound))
	})
})

func mailedAt(email string) func(*accessv1.User) {
	return func(u *accessv1.User) { u.Spec.Email = email }
}

func typed(kind accessv1.UserType) func(*accessv1.User) {
	return func(u *accessv1.User) { u.Spec.Type = kind }
}
