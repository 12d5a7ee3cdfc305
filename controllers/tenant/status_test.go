package tenant_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/test/env"
)

// haveCounts matches a tenant's counts, written "total active invited inactive groups vendors".
func haveCounts(total, active, invited, inactive, groups, vendors int32) types.GomegaMatcher {
	return HaveField("Status", And(
		HaveField("Users", Equal(accessv1.TenantUsers{
			Total: ptr.To(total), Active: ptr.To(active), Invited: ptr.To(invited), Inactive: ptr.To(inactive),
		})),
		HaveField("Groups", HaveValue(Equal(groups))), HaveField("Vendors", HaveValue(Equal(vendors)))))
}

var _ = Describe("The status of a tenant", func() {
	It("counts users by state, groups and vendors", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		env.ExpectEventually(ctx, cluster, tenant, haveCounts(0, 0, 0, 0, 0, 0))
		active, invited, inactive, pending := newUser(tenant.Name, "ana"), newUser(tenant.Name, "ben"), newUser(tenant.Name, "cem"), newUser(tenant.Name, "dora")
		invited.Spec.Onboarding = accessv1.OnboardingInvitation
		inactive.Spec.State = accessv1.AccountInactive
		pending.Spec.Email = active.Spec.Email
		abc := &accessv1.Vendor{ObjectMeta: metav1.ObjectMeta{Namespace: tenant.Name, Name: "abc"}, Spec: accessv1.VendorSpec{DisplayName: "ABC"}}
		cluster.ExpectApplied(ctx, active, invited, inactive, pending, newTeam(tenant.Name), abc)
		env.ExpectEventually(ctx, cluster, tenant, haveCounts(4, 1, 1, 1, 1, 1))

		By("somebody becoming inactive, and others going")
		env.ExpectChanged(ctx, cluster, active, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		env.ExpectEventually(ctx, cluster, tenant, haveCounts(4, 0, 1, 2, 1, 1))
		cluster.ExpectDeleted(ctx, inactive, pending, newTeam(tenant.Name), abc)
		env.ExpectEventually(ctx, cluster, tenant, haveCounts(2, 0, 1, 1, 0, 0))
	})

	It("is sound", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, dimension("DE"))
		Expect(status.Check(tenant.Status.Conditions, tenant.Status.ObservedGeneration, tenant.Generation)).To(Succeed())
	})

	It("names what in defaultAccess the catalog does not know; the other rules stay in force", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx)
		ana := newUser(tenant.Name, "ana")
		ana.Spec.Groups = nil
		cluster.ExpectApplied(ctx, ana)
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) {
			t.Spec.DefaultAccess = append(reads("tax"), reads("reports")...)
		})
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionRulesResolved, metav1.ConditionFalse, accessv1.ReasonUnknownNames))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonUnknownNames))
		Expect(tenant).To(haveMessage(accessv1.ConditionRulesResolved, ContainSubstring("rule 2 names unknown resource reports")))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via "+tenant.Name))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Services[0].Resources = append(c.Spec.Services[0].Resources, accessv1.CatalogResource{Name: "reports"})
		})
		tenant = env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionRulesResolved, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("reports, tax: Read via "+tenant.Name))
	})
})

var _ = Describe("A suspended tenant", func() {
	It("is Ready, keeps everything, and gives nobody any access until it is active again", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx, dimension("DE"), func(spec *accessv1.TenantSpec) { spec.DefaultAccess = reads("orders") })
		ana := newUser(tenant.Name, "ana")
		cluster.ExpectApplied(ctx, newTeam(tenant.Name), ana)
		given := env.HaveAccess("orders: Read via "+tenant.Name, "tax: Read via team")
		env.ExpectEventually(ctx, cluster, ana, given)

		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess())
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReady, metav1.ConditionTrue, accessv1.ReasonTenantSuspended))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionRolesSynced, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer"))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE"))

		By("reverting drift all the same")
		env.ExpectChanged(ctx, cluster, roleOf(tenant.Name, "viewer"), func(r *accessv1.Role) { r.Spec.Rules = nil })
		env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "viewer"), HaveField("Spec.Rules", Equal(reads("*"))))

		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		env.ExpectEventually(ctx, cluster, ana, given)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	})
})
