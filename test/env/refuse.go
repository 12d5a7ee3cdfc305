package env

import (
	"context"

	"github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ExpectUsedUp makes a quota that is used up, so that nobody can create another object of the example's kind in its namespace,
// and waits until the API server refuses the example. It returns the quota, which lets them through when it is deleted.
func (c *Cluster) ExpectUsedUp(ctx context.Context, example client.Object) *corev1.ResourceQuota {
	kind := c.resourceOf(example)
	none := corev1.ResourceList{corev1.ResourceName("count/" + kind.GroupResource().String()): resource.MustParse("0")}
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: example.GetNamespace(), Name: "none-" + kind.Resource},
		Spec:       corev1.ResourceQuotaSpec{Hard: none},
	}
	gomega.ExpectWithOffset(1, c.Client.Create(ctx, quota)).To(gomega.Succeed())
	quota.Status = corev1.ResourceQuotaStatus{Hard: none, Used: none}
	gomega.ExpectWithOffset(1, c.Client.Status().Update(ctx, quota)).To(gomega.Succeed())
	gomega.EventuallyWithOffset(1, func() bool {
		return apierrors.IsForbidden(c.Client.Create(ctx, example, client.DryRunAll))
	}, patience, interval).WithContext(ctx).Should(gomega.BeTrue(), "the quota does not keep %T out", example)
	return quota
}

// ExpectBroken has the API server ask somebody about every such write of the example's kind in its namespace who does not
// answer, and waits until the API server cannot do it to the example: create it, or delete it when it is there. It returns
// what stands in the way.
func (c *Cluster) ExpectBroken(ctx context.Context, verb admissionv1.OperationType, example client.Object) *admissionv1.ValidatingWebhookConfiguration {
	kind := c.resourceOf(example)
	broken := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: example.GetNamespace() + "-" + kind.Resource},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "broken.test.example", AdmissionReviewVersions: []string{"v1"}, SideEffects: ptr.To(admissionv1.SideEffectClassNone),
			ClientConfig:      admissionv1.WebhookClientConfig{URL: ptr.To("https://127.0.0.1:1/")},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: example.GetNamespace()}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{verb},
				Rule:       admissionv1.Rule{APIGroups: []string{kind.Group}, APIVersions: []string{kind.Version}, Resources: []string{kind.Resource}},
			}},
		}},
	}
	gomega.ExpectWithOffset(1, c.Client.Create(ctx, broken)).To(gomega.Succeed())
	gomega.EventuallyWithOffset(1, func() bool {
		if verb == admissionv1.Delete {
			return apierrors.IsInternalError(c.Client.Delete(ctx, example, client.DryRunAll))
		}
		return apierrors.IsInternalError(c.Client.Create(ctx, example, client.DryRunAll))
	}, patience, interval).WithContext(ctx).Should(gomega.BeTrue(), "nothing is in the way of %T", example)
	return broken
}

func (c *Cluster) resourceOf(example client.Object) schema.GroupVersionResource {
	kind, err := c.Client.GroupVersionKindFor(example)
	gomega.ExpectWithOffset(2, err).NotTo(gomega.HaveOccurred())
	mapping, err := c.Client.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
	gomega.ExpectWithOffset(2, err).NotTo(gomega.HaveOccurred())
	return mapping.Resource
}
