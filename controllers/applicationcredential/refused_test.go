package applicationcredential_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("a token whose Secret cannot be written", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	refused := env.HaveCondition(accessv1.ConditionSecretWritten, no, accessv1.ReasonRefused)

	It("is named with what the API server says, which nothing is written about again, and works when nothing is in the way any more", func(ctx context.Context) {
		quota := cluster.ExpectUsedUp(ctx, w.anySecret())
		cluster.ExpectApplied(ctx, w.credential("sync"))
		c := w.expect(ctx, "sync", refused, give(), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonRefused))
		Expect(because(accessv1.ConditionSecretWritten)(c)).To(And(HavePrefix("The API server refused Secret sync: "), ContainSubstring("exceeded quota")))
		Expect(c.Status.TokenHash).To(BeEmpty())
		w.expectUnchanged(ctx, "sync")

		cluster.ExpectDeleted(ctx, quota)
		w.touch(ctx, "sync")
		w.holdInForce(ctx, "sync")
		w.expect(ctx, "sync", env.BeReady(), give(everything...))
	})

	It("leaves the one before in force at a rotation, until nothing is in the way any more", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("sync"))
		first := w.holdInForce(ctx, "sync")
		frozen := w.secret(ctx, "sync")
		frozen.Immutable = ptr.To(true)
		Expect(cluster.Client.Update(ctx, frozen)).To(Succeed())
		w.change(ctx, "sync", rotated(1, 0))
		c := w.expect(ctx, "sync", refused, give(everything...))
		Expect(because(accessv1.ConditionSecretWritten)(c)).To(ContainSubstring("immutable"))
		Expect(c.Status.TokenHash).To(Equal(credential.HashOf(first).String()))
		w.expectUnchanged(ctx, "sync")
		Expect(w.token(ctx, "sync")).To(Equal(first))

		cluster.ExpectDeleted(ctx, frozen)
		w.touch(ctx, "sync")
		Expect(w.holdInForce(ctx, "sync")).NotTo(Equal(first))
		w.expect(ctx, "sync", env.BeReady(), give(everything...))
	})

	It("is another at another rotation", func(ctx context.Context) {
		cluster.ExpectUsedUp(ctx, w.anySecret())
		cluster.ExpectApplied(ctx, w.credential("sync"))
		before := w.expect(ctx, "sync", refused).Status.Pending
		w.change(ctx, "sync", rotated(1, 0))
		w.expect(ctx, "sync", refused, WithTransform(pendingOf, And(Not(BeNil()), HaveField("Rotation", HaveValue(BeEquivalentTo(1))),
			Not(HaveField("TokenHash", before.TokenHash)))))
		w.expectUnchanged(ctx, "sync")
	})

	It("is tried again ever more slowly where nobody answers, and nothing is written about it again", func(ctx context.Context) {
		broken := cluster.ExpectBroken(ctx, admissionv1.Create, w.anySecret())
		DeferCleanup(func(ctx context.Context) { cluster.ExpectDeleted(ctx, broken) })
		cluster.ExpectApplied(ctx, w.credential("sync"))
		w.expect(ctx, "sync", WithTransform(pendingOf, Not(BeNil())))
		w.expectUnchanged(ctx, "sync")
	})

	It("is not written over one that another manager has put in force in the meantime", func(ctx context.Context) {
		quota := cluster.ExpectUsedUp(ctx, w.anySecret())
		cluster.ExpectApplied(ctx, w.credential("sync"))
		w.expect(ctx, "sync", refused)
		cluster.ExpectSettled(ctx, w.name)
		c := w.expect(ctx, "sync", refused)
		looks := crashes.leaveBehind(c)
		DeferCleanup(crashes.catchUp, w.name)

		cluster.ExpectDeleted(ctx, quota)
		theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: w.name, Name: "sync", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(c, accessv1.SchemeGroupVersion.WithKind("ApplicationCredential"))},
		}, Data: map[string][]byte{"clientID": []byte(c.UID), "token": []byte("theirs")}}
		cluster.ExpectApplied(ctx, theirs)
		env.ExpectForged(ctx, cluster, w.credential("sync"), func(c *accessv1.ApplicationCredential) {
			c.Status.TokenHash, c.Status.Rotation, c.Status.Pending = credential.HashOf("theirs").String(), ptr.To(int32(0)), nil
		})
		Eventually(looks).Should(BeNumerically(">", 2))
		Expect(w.token(ctx, "sync")).To(Equal("theirs"))
		crashes.catchUp(w.name)
		Expect(w.holdInForce(ctx, "sync")).To(Equal("theirs"))
	})
})

func (w world) anySecret() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: "any"}}
}

func pendingOf(c *accessv1.ApplicationCredential) *accessv1.PendingToken { return c.Status.Pending }

// expectUnchanged waits until nobody writes anything about a credential, and looks at it once more: that changes nothing.
func (w world) expectUnchanged(ctx context.Context, name string) {
	GinkgoHelper()
	cluster.ExpectSettled(ctx, w.name)
	before := w.expect(ctx, name, Not(BeNil())).Status
	w.touch(ctx, name)
	cluster.ExpectSettled(ctx, w.name)
	Expect(w.expect(ctx, name, Not(BeNil())).Status).To(Equal(before))
}
