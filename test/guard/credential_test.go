package guard_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func appcred(name, user string, changes ...func(*accessv1.ApplicationCredential)) *accessv1.ApplicationCredential {
	c := named(&accessv1.ApplicationCredential{Spec: accessv1.ApplicationCredentialSpec{UserRef: accessv1.Reference{Name: user}}}, name)
	for _, change := range changes {
		change(c)
	}
	return c
}

func cut(rules ...accessv1.Rule) func(*accessv1.ApplicationCredential) {
	return func(c *accessv1.ApplicationCredential) { c.Spec.Access = rules }
}

func expires(at time.Time) func(*accessv1.ApplicationCredential) {
	return func(c *accessv1.ApplicationCredential) { c.Spec.ExpiresAt = ptr.To(metav1.NewTime(at)) }
}

var (
	nextYear = time.Now().AddDate(1, 0, 0)
	ofAna    = appcred("of-ana", "ana", cut(rule(accessv1.LevelRead, "users-and-groups")), expires(nextYear))
	ofVic    = appcred("of-vic", "vic", cut(rule(accessv1.LevelRead, "tax")))
)

// Credentials that are there already: one of the owner's, with little of what she may do, and one of the viewer's.
var _ = Describe("credentials", Ordered, func() {
	BeforeAll(func(ctx context.Context) {
		for _, c := range []*accessv1.ApplicationCredential{ofAna, ofVic} {
			cluster.ExpectApplied(ctx, c)
			env.ExpectEventually(ctx, cluster, c, env.BeReady())
		}
		DeferCleanup(func(ctx context.Context) { cluster.ExpectDeleted(ctx, ofAna, ofVic) })
	})

	DescribeTable("are let through when who asks holds all that they give", func(ctx context.Context, who string, do attempt) {
		Expect(do(ctx, as(who), true)).To(Succeed())
	},
		Entry("one's own", ana, create(appcred("new", "ana"))),
		Entry("a viewer's own", vic, create(appcred("new", "vic"))),
		Entry("a viewer's own, with all that he may do", vic, update(ofVic, cut(rule(accessv1.LevelManage, "*")))),
		Entry("by server-side apply", vic, apply("ApplicationCredential", "new", map[string]any{"userRef": map[string]any{"name": "vic"}})),
		Entry("another's, by who holds more", ana, create(appcred("new", "vic"))),
		Entry("another's, who has nothing", dee, create(appcred("new", "ben"))),
		Entry("another's, cut to what who asks holds", dee, create(appcred("new", "ana", cut(rule(accessv1.LevelManage, "users-and-groups"))))),
		Entry("another's, no longer", dee, update(ofAna, expires(nextYear.Add(-time.Hour)))),
		Entry("another's, rotated", dee, update(ofAna, func(c *accessv1.ApplicationCredential) { c.Spec.Rotation = ptr.To(int32(1)) })),
		Entry("another's, deleted", dee, remove(ofAna)),
		Entry("by the partner's administrator", paul, create(appcred("new", "ana"))),
		Entry("by a pipeline with escalate", pipeline, create(appcred("new", "ana"))),
		Entry("by a pipeline, before its user", pipeline, create(appcred("new", "nobody"))),
		Entry("by the platform", platform, create(appcred("new", "ivy"))),
	)

	DescribeTable("are refused otherwise", func(ctx context.Context, who string, do attempt, says string) {
		for _, dry := range []bool{true, false} {
			err := do(ctx, as(who), dry)
			Expect(apierrors.IsForbidden(err)).To(BeTrue(), fmt.Sprint(err))
			Expect(err).To(MatchError(ContainSubstring(says)))
		}
	},
		Entry("credential for another user, who may do more", dee, create(appcred("new", "ana")), "whoever has the token of credential new, which acts for user ana, would gain"),
		Entry("credential for another user, who may read elsewhere", dee, create(appcred("new", "vic")), "which acts for user vic, would gain"),
		Entry("cut to what who asks holds in one place only", dee, create(appcred("new", "vic", cut(rule(accessv1.LevelRead, "orders")))), "would gain Read on orders"),
		Entry("for somebody who has not accepted yet, with what he is let do then", dee, create(appcred("new", "ivy")), "which acts for user ivy, would gain"),
		Entry("for another, by who does not administer", vic, create(appcred("new", "ben")), "are for administrators"),
		Entry("for an administrator, by who does not administer", vic, create(appcred("new", "ana")), "are for administrators"),
		Entry("for nobody, who may come to be somebody", ana, create(appcred("new", "nobody")), "user nobody does not exist"),
		Entry("by server-side apply", dee, apply("ApplicationCredential", "new", map[string]any{"userRef": map[string]any{"name": "ana"}}), "would gain"),
		Entry("by a generated name", dee, create(&accessv1.ApplicationCredential{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", GenerateName: "new-"}, Spec: accessv1.ApplicationCredentialSpec{UserRef: accessv1.Reference{Name: "ana"}},
		}), "would gain"),
		Entry("by widening one", dee, update(ofAna, cut(rule(accessv1.LevelRead, "users-and-groups", "tax"))), "would gain Read on tax"),
		Entry("by taking its rules away", dee, update(ofAna, func(c *accessv1.ApplicationCredential) { c.Spec.Access = nil }), "would gain"),
		Entry("by widening one of another's, by who does not administer", vic, update(ofAna, cut(rule(accessv1.LevelManage, "tax"))), "are for administrators"),
		Entry("by rotating one of another's, by who does not administer", vic, update(ofAna, func(c *accessv1.ApplicationCredential) { c.Spec.Rotation = ptr.To(int32(1)) }), "are for administrators"),
		Entry("by deleting one of another's, by who does not administer", vic, remove(ofAna), "are for administrators"),
		Entry("by an owner, so that the cluster deletes it", dee, update(ofAna, func(c *accessv1.ApplicationCredential) { c.OwnerReferences = []metav1.OwnerReference{owner()} }), "metadata.ownerReferences"),
		Entry("by a robot", robot, create(appcred("new", "ben")), "are for administrators"),
		Entry("by the partner's others", pia, create(appcred("new", "ben")), "are for administrators"),
		Entry("by another tenant's user", fay, create(appcred("new", "ben")), "are for administrators"),
		Entry("by who has not accepted yet, his own too", ivy, create(appcred("new", "ivy")), "are for administrators"),
		Entry("a status, with a token of one's own", ana, updateStatus(ofAna, func(c *accessv1.ApplicationCredential) {
			c.Status.TokenHash = "1111111111111111111111111111111111111111111111111111111111111111"
		}), "applicationcredentials/status is written by Roster alone"),
		Entry("a status, by the platform", platform, updateStatus(ofVic, func(c *accessv1.ApplicationCredential) { c.Status.UserUID = "another" }), "applicationcredentials/status is written by Roster alone"),
	)

	It("go no further than their own time", func(ctx context.Context) {
		brief := appcred("brief", "ana", cut(rule(accessv1.LevelRead, "users-and-groups")), expires(nextYear))
		Expect(create(brief)(ctx, as(dee), true)).To(Succeed())
		longer := update(ofAna, func(c *accessv1.ApplicationCredential) { c.Spec.ExpiresAt = nil })
		Expect(longer(ctx, as(dee), true)).To(Succeed(), "who holds it for ever may give it for ever")
		until := appcred("until", "ana", cut(rule(accessv1.LevelRead, "tax")), expires(nextYear))
		Expect(create(until)(ctx, as(dee), true)).To(MatchError(ContainSubstring("would gain Read on tax until")))
	})
})
