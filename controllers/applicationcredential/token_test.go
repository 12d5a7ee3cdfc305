package applicationcredential_test

import (
	"context"
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/test/env"
)

const (
	yes     = metav1.ConditionTrue
	no      = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
)

var _ = Describe("a token", func() {
	var w world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("is written once, to a Secret that goes with the credential, and only its hash is kept", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("sync"))
		token := w.holdInForce(ctx, "sync")
		Expect(token).To(MatchRegexp(`^roster_[a-z2-7]{52}$`))
		c := w.expect(ctx, "sync", env.BeReady(), env.HaveCondition(accessv1.ConditionSecretWritten, yes, accessv1.ReasonSucceeded))
		secret := w.secret(ctx, "sync")
		Expect(string(secret.Data["clientID"])).To(And(Equal(c.Status.ClientID), Equal(string(c.UID))))
		Expect(secret.Data).To(HaveLen(2))
		Expect(secret.Labels).To(HaveKeyWithValue(accessv1.LabelManagedBy, accessv1.ManagedByRoster))
		Expect(secret.OwnerReferences).To(ConsistOf(*metav1.NewControllerRef(c, accessv1.SchemeGroupVersion.WithKind("ApplicationCredential"))))
		written, err := json.Marshal(c)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(written)).NotTo(ContainSubstring(token))
		Expect(said(token)).To(BeZero(), "no event bears it")
		before := cluster.ExpectSettled(ctx, w.name)
		env.ExpectChanged(ctx, cluster, w.credential("sync"), func(c *accessv1.ApplicationCredential) { c.Annotations = map[string]string{"touched": "yes"} })
		Eventually(func() map[string]string { return cluster.ExpectSettled(ctx, w.name) }).Should(HaveLen(len(before)))
		Expect(w.secret(ctx, "sync").ResourceVersion).To(Equal(secret.ResourceVersion))
	})

	It("is another for another credential, in the Secret that it names", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("one"), w.credential("two", func(s *accessv1.ApplicationCredentialSpec) { s.SecretName = "deux" }))
		Expect(w.holdInForce(ctx, "one")).NotTo(Equal(w.holdInForce(ctx, "two")))
		Expect(w.token(ctx, "deux")).NotTo(BeEmpty())
	})

	It("is replaced by a rotation, at once or after the overlap, by itself", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("sync"))
		first := w.holdInForce(ctx, "sync")
		w.change(ctx, "sync", rotated(1, 0))
		second := w.holdInForce(ctx, "sync")
		Expect(w.expect(ctx, "sync", Not(BeNil())).Status.Previous).To(BeNil())

		w.change(ctx, "sync", rotated(2, 2*time.Second))
		third := w.holdInForce(ctx, "sync")
		Expect([]string{first, second, third}).To(HaveEach(Not(BeEmpty())))
		Expect(third).NotTo(Equal(second))
		c := w.expect(ctx, "sync", Not(BeNil()))
		if c.Status.Previous != nil { // two seconds may have gone by
			Expect(c.Status.Previous.TokenHash).To(Equal(credential.HashOf(second).String()))
		}
		w.expect(ctx, "sync", WithTransform(func(c *accessv1.ApplicationCredential) *accessv1.PreviousToken { return c.Status.Previous }, BeNil()))
		Expect(w.token(ctx, "sync")).To(Equal(third))
		Expect(said("TokenRotated")).To(BeNumerically(">=", 2))
	})

	It("lives on for the overlap, and no longer than anybody wants it to", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("sync"))
		first := w.holdInForce(ctx, "sync")
		w.change(ctx, "sync", rotated(1, time.Hour))
		w.holdInForce(ctx, "sync")
		previous := w.expect(ctx, "sync", Not(BeNil())).Status.Previous
		Expect(previous.TokenHash).To(Equal(credential.HashOf(first).String()))
		Expect(previous.Until.Time).To(BeTemporally("~", time.Now().Add(time.Hour), time.Minute))
		w.change(ctx, "sync", rotated(1, 0))
		w.expect(ctx, "sync", WithTransform(func(c *accessv1.ApplicationCredential) *accessv1.PreviousToken { return c.Status.Previous }, BeNil()))
	})

	It("does not come to be by editing the Secret, and is not lost by deleting it", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("sync"))
		token := w.holdInForce(ctx, "sync")
		hash := w.expect(ctx, "sync", env.BeReady()).Status.TokenHash
		secret := w.secret(ctx, "sync")
		secret.Data["token"] = []byte("roster_mine")
		Expect(cluster.Client.Update(ctx, secret)).To(Succeed())
		w.touch(ctx, "sync")
		c := w.expect(ctx, "sync", env.HaveCondition(accessv1.ConditionSecretWritten, no, accessv1.ReasonSecretChanged),
			env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonSecretChanged))
		Expect(because(accessv1.ConditionStalled)(c)).To(ContainSubstring("raise spec.rotation"))
		Expect(c.Status.TokenHash).To(Equal(hash))

		cluster.ExpectDeleted(ctx, w.secret(ctx, "sync"))
		w.touch(ctx, "sync")
		c = w.expect(ctx, "sync", env.HaveCondition(accessv1.ConditionSecretWritten, no, accessv1.ReasonSecretNotFound), give(everything...))
		Expect(c.Status.TokenHash).To(Equal(hash))
		w.change(ctx, "sync", rotated(1, 0))
		Expect(w.holdInForce(ctx, "sync")).NotTo(Equal(token))
		w.expect(ctx, "sync", env.BeReady())
	})

	It("is made as soon as the Secret of an earlier credential of the name has gone", func(ctx context.Context) {
		earlier := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: "sync", OwnerReferences: []metav1.OwnerReference{{
			APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "ApplicationCredential", Name: "sync", UID: "earlier", Controller: ptr.To(true),
		}}}}
		cluster.ExpectApplied(ctx, earlier, w.credential("sync"))
		w.expect(ctx, "sync", give(), env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonNameConflict))
		cluster.ExpectDeleted(ctx, earlier)
		w.holdInForce(ctx, "sync")
	})

	It("is not written over a Secret that Roster did not make, before or after", func(ctx context.Context) {
		foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: "sync"}, Data: map[string][]byte{"token": []byte("theirs")}}
		cluster.ExpectApplied(ctx, foreign, w.credential("sync"))
		c := w.expect(ctx, "sync", give(), env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonNameConflict),
			env.HaveCondition(accessv1.ConditionSecretWritten, no, accessv1.ReasonNameConflict))
		Expect(c.Status.TokenHash).To(BeEmpty())
		Expect(w.token(ctx, "sync")).To(Equal("theirs"))

		cluster.ExpectApplied(ctx, w.credential("own"))
		w.holdInForce(ctx, "own")
		cluster.ExpectApplied(ctx, w.credential("second", func(s *accessv1.ApplicationCredentialSpec) { s.SecretName = "own" }))
		w.expect(ctx, "second", env.HaveCondition(accessv1.ConditionStalled, yes, accessv1.ReasonNameConflict))
		w.holdInForce(ctx, "own")

		cluster.ExpectDeleted(ctx, foreign)
		w.touch(ctx, "sync")
		w.holdInForce(ctx, "sync")
	})

	It("is not made for nobody, and not in a namespace that no tenant owns", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("early", func(s *accessv1.ApplicationCredentialSpec) { s.UserRef.Name = "late" }))
		w.expect(ctx, "early", env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonUserNotFound),
			env.HaveCondition(accessv1.ConditionSecretWritten, no, accessv1.ReasonUserNotFound))
		cluster.ExpectApplied(ctx, w.user("late"))
		w.holdInForce(ctx, "early")

		outside := world{env.Unique("nobodys")}
		cluster.ExpectApplied(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: outside.name}}, outside.credential("sync"))
		outside.expect(ctx, "sync", env.HaveCondition(accessv1.ConditionReconciling, yes, accessv1.ReasonTenantNotFound),
			env.HaveCondition(accessv1.ConditionSecretWritten, unknown, accessv1.ReasonTenantNotFound))
		secrets := &corev1.SecretList{}
		Expect(cluster.Client.List(ctx, secrets, client.InNamespace(outside.name))).To(Succeed())
		Expect(secrets.Items).To(BeEmpty())
	})

	It("is not what a forged status says", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, w.credential("sync"))
		w.holdInForce(ctx, "sync")
		w.expect(ctx, "sync", env.BeReady(), give(everything...))
		forged := credential.HashOf("roster_mine").String()
		env.ExpectForged(ctx, cluster, w.credential("sync"), func(c *accessv1.ApplicationCredential) {
			c.Status.TokenHash, c.Status.ClientID, c.Status.AccessSummary = forged, "mine", "manage 1000"
		})
		c := w.expect(ctx, "sync", env.HaveCondition(accessv1.ConditionSecretWritten, no, accessv1.ReasonSecretChanged))
		Expect(c.Status.ClientID).To(Equal(string(c.UID)))
		Expect(c.Status.AccessSummary).NotTo(Equal("manage 1000"))
	})
})

// touch lets the controller look at a credential, as it does every few minutes.
func (w world) touch(ctx context.Context, name string) {
	GinkgoHelper()
	env.ExpectChanged(ctx, cluster, w.credential(name), func(c *accessv1.ApplicationCredential) {
		c.Annotations = map[string]string{"touched": time.Now().String()}
	})
}
