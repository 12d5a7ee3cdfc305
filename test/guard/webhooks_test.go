package guard_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The manager tells the API server which authority its certificates are of. Whoever has its account has no more of the
// webhooks than that: one that is asked about everything, or answers elsewhere, could read and change all that is written.
var _ = Describe("The manager's own account", func() {
	type (
		validating = admissionregistrationv1.ValidatingWebhookConfiguration
		mutating   = admissionregistrationv1.MutatingWebhookConfiguration
	)
	refused := refusing("Roster changes nothing of its webhooks but the authority that they trust")
	elsewhere := admissionregistrationv1.WebhookClientConfig{URL: ptr.To("https://127.0.0.1:9/elsewhere")}

	DescribeTable("changes nothing of the validating webhooks but whom they trust", func(ctx context.Context, change func(*validating), matcher gomegatypes.GomegaMatcher) {
		expectChange(ctx, &validating{ObjectMeta: metav1.ObjectMeta{Name: "roster-guard"}}, change, matcher)
	},
		Entry("another authority", func(c *validating) { c.Webhooks[0].ClientConfig.CABundle = certificateOf() }, Succeed()),
		Entry("no authority", func(c *validating) { c.Webhooks[0].ClientConfig.CABundle = nil }, Succeed()),
		Entry("nothing", func(*validating) {}, Succeed()),
		Entry("that it may fail", func(c *validating) { c.Webhooks[0].FailurePolicy = ptr.To(admissionregistrationv1.Ignore) }, refused),
		Entry("that it has less time", func(c *validating) { c.Webhooks[0].TimeoutSeconds = ptr.To[int32](1) }, refused),
		Entry("what it is for", func(c *validating) {
			c.Webhooks[0].Rules[0].APIGroups, c.Webhooks[0].Rules[0].Resources = []string{""}, []string{"secrets"}
		}, refused),
		Entry("one thing more that it is for", func(c *validating) { c.Webhooks[0].Rules = append(c.Webhooks[0].Rules, c.Webhooks[0].Rules[0]) }, refused),
		Entry("where it is not asked", func(c *validating) {
			c.Webhooks[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"guarded": "yes"}}
		}, refused),
		Entry("when it is not asked", func(c *validating) { c.Webhooks[0].MatchConditions = nil }, refused),
		Entry("who answers", func(c *validating) { c.Webhooks[0].ClientConfig = elsewhere }, refused),
		Entry("its name", func(c *validating) { c.Webhooks[0].Name = "other.access.roster.dev" }, refused),
		Entry("one webhook less", func(c *validating) { c.Webhooks = c.Webhooks[1:] }, refused),
		Entry("one webhook more", func(c *validating) {
			more := *c.Webhooks[0].DeepCopy()
			more.Name = "more.access.roster.dev"
			c.Webhooks = append(c.Webhooks, more)
		}, refused),
		Entry("no webhooks", func(c *validating) { c.Webhooks = nil }, refused),
		Entry("an owner, with which it goes", func(c *validating) { c.OwnerReferences = []metav1.OwnerReference{owner()} }, refused),
		Entry("a label", func(c *validating) { c.Labels = map[string]string{"team": "shop"} }, refused),
	)

	DescribeTable("changes nothing of the mutating webhook but whom it trusts", func(ctx context.Context, change func(*mutating), matcher gomegatypes.GomegaMatcher) {
		expectChange(ctx, &mutating{ObjectMeta: metav1.ObjectMeta{Name: "roster-guard"}}, change, matcher)
	},
		Entry("another authority", func(c *mutating) { c.Webhooks[0].ClientConfig.CABundle = certificateOf() }, Succeed()),
		Entry("what it is for", func(c *mutating) {
			c.Webhooks[0].Rules[0].APIGroups, c.Webhooks[0].Rules[0].Resources = []string{"*"}, []string{"*"}
		}, refused),
		Entry("who answers", func(c *mutating) { c.Webhooks[0].ClientConfig = elsewhere }, refused),
		Entry("that it is asked again", func(c *mutating) {
			c.Webhooks[0].ReinvocationPolicy = ptr.To(admissionregistrationv1.IfNeededReinvocationPolicy)
		}, refused),
	)

	It("writes no webhooks but the guard's", func(ctx context.Context) {
		Expect(itself().Create(ctx, &validating{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, client.DryRunAll)).To(beForbiddenBy(byRBAC))
		Expect(itself().Delete(ctx, &validating{ObjectMeta: metav1.ObjectMeta{Name: "roster-guard"}}, client.DryRunAll)).To(beForbiddenBy(byRBAC))
	})
})

// expectChange is what becomes of a change under the manager's account, which is not stored.
func expectChange[T client.Object](ctx context.Context, object T, change func(T), matcher gomegatypes.GomegaMatcher) {
	GinkgoHelper()
	Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	change(object)
	Expect(itself().Update(ctx, object, client.DryRunAll)).To(matcher)
}

// certificateOf is an authority of somebody else's.
func certificateOf() []byte {
	certificate, _, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	Expect(err).NotTo(HaveOccurred())
	return certificate
}
