package tenant_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// refuse has the API server refuse the manager every write of an object, until what is returned is called.
func refuse(object client.Object) (allow func()) {
	return answer(object, apierrors.NewForbidden(corev1.Resource("things"), object.GetName(), errors.New("a policy")))
}

func answer(object client.Object, err error) (allow func()) {
	key := written(object)
	answers.Store(key, err)
	return func() { answers.Delete(key) }
}

var _ = Describe("What the API server refuses a tenant", func() {
	refused := func(kind string) types.GomegaMatcher {
		return And(env.HaveCondition(kind, metav1.ConditionFalse, accessv1.ReasonRefused),
			haveMessage(kind, ContainSubstring("a policy")),
			env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonRefused))
	}
	touch := func(ctx context.Context, tenant *accessv1.Tenant) {
		GinkgoHelper()
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Labels = map[string]string{"look": "again"} })
	}

	It("is named when it is its namespace, which is made once nothing is in the way", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		allow := refuse(namespaceOf(tenant.Name))
		cluster.ExpectApplied(ctx, catalog, tenant)
		env.ExpectEventually(ctx, cluster, tenant, And(refused(accessv1.ConditionNamespaceReady),
			env.HaveCondition(accessv1.ConditionRolesSynced, metav1.ConditionFalse, accessv1.ReasonRefused)))
		allow()
		touch(ctx, tenant)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	})

	It("is named when it is the namespace's label, and what is in the namespace is kept all the same", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		allow := refuse(namespaceOf(tenant.Name))
		env.ExpectChanged(ctx, cluster, namespaceOf(tenant.Name), func(n *corev1.Namespace) { delete(n.Labels, accessv1.LabelTenant) })
		env.ExpectEventually(ctx, cluster, tenant, refused(accessv1.ConditionNamespaceReady))
		cluster.ExpectDeleted(ctx, roleOf(tenant.Name, "viewer"))
		env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "viewer"), Not(BeNil()))
		allow()
		touch(ctx, tenant)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	})

	It("holds it back when it is the namespace's deletion", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, deleting(accessv1.RemovalDelete))
		allow := refuse(namespaceOf(tenant.Name))
		cluster.ExpectDeleted(ctx, tenant)
		tenant = env.ExpectEventually(ctx, cluster, tenant, refused(accessv1.ConditionReady))
		Expect(tenant.Finalizers).To(ContainElement(accessv1.FinalizerCleanup))
		allow()
		touch(ctx, tenant)
		cluster.ExpectGone(ctx, tenant)
	})
})

var _ = Describe("What cannot be written of a tenant", func() {
	It("does not keep an administrator who is deactivated in his role binding", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx, dimension("DE"))
		for _, object := range []client.Object{namespaceOf(tenant.Name), roleOf(tenant.Name, "viewer"), restrictionOf(tenant.Name, "site.de")} {
			DeferCleanup(answer(object, errors.New("no answer")))
		}
		env.ExpectChanged(ctx, cluster, namespaceOf(tenant.Name), func(n *corev1.Namespace) { delete(n.Labels, accessv1.LabelTenant) })
		cluster.ExpectDeleted(ctx, roleOf(tenant.Name, "viewer"), restrictionOf(tenant.Name, "site.de"))
		env.ExpectChanged(ctx, cluster, administrator(tenant.Name, "ana"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		expectBound(ctx, tenant.Name, of(), of("ben@acme.example"))
	})
})
