package user_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("commerce", func() {
	It("applies the sample and gives ana what her groups give", func(ctx context.Context) {
		cluster.ExpectAppliedFiles(ctx, "config/samples/commerce/catalog.yaml", "config/samples/commerce/tenant.yaml")
		tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		cluster.ExpectAppliedFiles(ctx, "config/samples/commerce/users.yaml", "config/samples/commerce/groups.yaml", "config/samples/commerce/vendor.yaml")
		ana := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: "ana", Namespace: "acme"}}
		cluster.Accept(ctx, ana)
		ana = env.ExpectEventually(ctx, cluster, ana, env.HaveState(accessv1.UserActive))
		GinkgoWriter.Println(env.Lines(ana.Status.EffectiveAccess))
		Expect(ana.Status.EffectiveAccess).NotTo(BeEmpty())
		cluster.ExpectSoundStatuses(ctx, "acme")
	})
})
