package guard_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// What the account of the manager may do with Secrets, whoever has it. That it can keep the tokens of credentials is in the
// specs of credentials, which run under it.
var _ = Describe("The manager's own account", func() {
	var itself client.Client
	BeforeEach(func() {
		var err error
		itself, err = client.New(cluster.ManagerAccount(), client.Options{Scheme: cluster.Scheme})
		Expect(err).NotTo(HaveOccurred())
	})

	DescribeTable("writes no Secret but those of credentials", func(ctx context.Context, namespace string, change func(*corev1.Secret), matcher gomegatypes.GomegaMatcher) {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "made", OwnerReferences: []metav1.OwnerReference{
			{APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "ApplicationCredential", Name: "of-ana", UID: "1", Controller: ptr.To(true)},
		}}}
		change(secret)
		Expect(itself.Create(ctx, secret, client.DryRunAll)).To(matcher)
	},
		Entry("of a credential", "acme", func(*corev1.Secret) {}, Succeed()),
		Entry("of the guard", "roster-system", func(s *corev1.Secret) { s.OwnerReferences = nil }, Succeed()),
		Entry("where no tenant is", "default", func(*corev1.Secret) {}, refusing("in those of tenants only")),
		Entry("of nobody", "acme", func(s *corev1.Secret) { s.OwnerReferences = nil }, refusing("an ApplicationCredential controls")),
		Entry("of another kind", "acme", func(s *corev1.Secret) { s.OwnerReferences[0].Kind = "User" }, refusing("an ApplicationCredential controls")),
		Entry("of another group's kind", "acme", func(s *corev1.Secret) { s.OwnerReferences[0].APIVersion = "elsewhere.example/v1" }, refusing("an ApplicationCredential controls")),
		Entry("not as controller", "acme", func(s *corev1.Secret) { s.OwnerReferences[0].Controller = nil }, refusing("an ApplicationCredential controls")),
		Entry("with a service account's token", "acme", func(s *corev1.Secret) {
			s.Type, s.Annotations = corev1.SecretTypeServiceAccountToken, map[string]string{corev1.ServiceAccountNameKey: "default"}
		}, refusing("of type Opaque only")),
		Entry("with a service account's token, its own", "roster-system", func(s *corev1.Secret) {
			s.Type, s.Annotations = corev1.SecretTypeServiceAccountToken, map[string]string{corev1.ServiceAccountNameKey: "roster-manager"}
			s.OwnerReferences = nil
		}, refusing("of type Opaque only")),
	)

	It("takes over no Secret of somebody else", func(ctx context.Context) {
		theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "theirs"}, Data: map[string][]byte{"key": []byte("value")}}
		cluster.ExpectApplied(ctx, theirs)
		DeferCleanup(func(ctx context.Context) { cluster.ExpectDeleted(ctx, theirs) })
		theirs.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "ApplicationCredential", Name: "of-ana", UID: "1", Controller: ptr.To(true)},
		}
		Expect(itself.Update(ctx, theirs, client.DryRunAll)).To(refusing("an ApplicationCredential controls"))
	})
})

func refusing(why string) gomegatypes.GomegaMatcher { return MatchError(ContainSubstring(why)) }
