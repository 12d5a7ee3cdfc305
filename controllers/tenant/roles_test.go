package tenant_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func haveLabel(key, value string) types.GomegaMatcher {
	return HaveField("ObjectMeta.Labels", HaveKeyWithValue(key, value))
}

var _ = Describe("The predefined roles of a tenant", func() {
	It("are copies of the catalog's, owned by the tenant", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx, func(spec *accessv1.TenantSpec) { spec.EntitledRoles = []string{"partner"} })
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer", "partner"))
		for _, want := range catalog.Spec.Roles {
			role := env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, want.Name), env.BeReady())
			Expect(role.Labels).To(And(
				HaveKeyWithValue(accessv1.LabelPredefined, "true"), HaveKeyWithValue(accessv1.LabelManagedBy, accessv1.ManagedByRoster)))
			Expect(metav1.IsControlledBy(role, tenant)).To(BeTrue())
			Expect(role.Spec.DisplayName).To(Equal(want.DisplayName))
			Expect(role.Spec.Description).To(Equal(want.Description))
			Expect(role.Spec.Rules).To(Equal(want.Rules))
			Expect(role.Spec.UserTypes).To(Equal(want.UserTypes))
		}
		Expect(env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "partner"), Not(BeNil())).Spec.Protection).To(Equal(accessv1.ProtectionPlatform))
		Expect(env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "viewer"), Not(BeNil())).Spec.Protection).To(Equal(accessv1.ProtectionTenant))
		cluster.ExpectSoundStatuses(ctx, tenant.Name)
	})

	It("come back as they were after somebody changed their spec or their labels, or deleted one", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx)
		viewer := roleOf(tenant.Name, "viewer")
		asCopied := And(
			HaveField("Spec.Rules", Equal(catalog.Spec.Roles[0].Rules)), HaveField("Spec.DisplayName", "Viewer"),
			HaveField("Spec.UserTypes", BeEmpty()),
			haveLabel(accessv1.LabelPredefined, "true"), haveLabel(accessv1.LabelManagedBy, accessv1.ManagedByRoster))
		for _, drift := range []func(*accessv1.Role){
			func(r *accessv1.Role) {
				r.Spec.Rules = []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelManage}}
			},
			func(r *accessv1.Role) {
				r.Spec.DisplayName, r.Spec.UserTypes = "Boss", []accessv1.UserType{accessv1.UserTypeRobot}
			},
			func(r *accessv1.Role) { delete(r.Labels, accessv1.LabelPredefined) },
			func(r *accessv1.Role) { r.Labels[accessv1.LabelManagedBy] = "somebody" },
		} {
			drifted := env.ExpectChanged(ctx, cluster, viewer, drift)
			reverted := env.ExpectEventually(ctx, cluster, viewer, asCopied)
			Expect(reverted.UID).To(Equal(drifted.UID))
		}
		env.ExpectChanged(ctx, cluster, viewer, func(r *accessv1.Role) { r.Labels["team"] = "shop" })
		cluster.ExpectDeleted(ctx, viewer)
		env.ExpectEventually(ctx, cluster, viewer, And(asCopied, Not(haveLabel("team", "shop"))))
	})

	It("keep labels that somebody else put on", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		env.ExpectChanged(ctx, cluster, roleOf(tenant.Name, "viewer"), func(r *accessv1.Role) {
			r.Labels["team"] = "shop"
			delete(r.Labels, accessv1.LabelPredefined)
		})
		env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "viewer"),
			And(haveLabel(accessv1.LabelPredefined, "true"), haveLabel("team", "shop")))
	})

	It("follow the catalog: changed, added, removed", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Roles[0].Rules = reads("tax")
			c.Spec.Roles = append(c.Spec.Roles, accessv1.CatalogRole{Name: "clerk", Rules: reads("orders")})
		})
		env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "viewer"), HaveField("Spec.Rules", Equal(reads("tax"))))
		env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "clerk"), HaveField("Spec.Rules", Equal(reads("orders"))))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Spec.Roles = c.Spec.Roles[2:] })
		Eventually(roles, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("clerk"))
	})

	It("leave the team's own roles alone", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx)
		own := roleOf(tenant.Name, "own")
		own.Labels = map[string]string{accessv1.LabelPredefined: "true", accessv1.LabelManagedBy: accessv1.ManagedByRoster}
		own.Spec.Rules = reads("tax")
		cluster.ExpectApplied(ctx, own)
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) { c.Spec.Roles = nil })
		Eventually(roles, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("own"))
	})

	It("are those of another catalog when the tenant changes to it, and stay while that one is missing", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		other := newCatalog()
		other.Spec.Roles = []accessv1.CatalogRole{{Name: "clerk", Rules: reads("orders")}}
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.CatalogRef.Name = other.Name })
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonCatalogNotFound))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionRolesSynced, metav1.ConditionFalse, accessv1.ReasonCatalogNotFound))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionNamespaceReady, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer"))
		cluster.ExpectApplied(ctx, other)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Eventually(roles, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("clerk"))
	})

	It("stay when their catalog is deleted, and nobody has any access until it is back", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx)
		ana := newUser(tenant.Name, "ana")
		cluster.ExpectApplied(ctx, newTeam(tenant.Name), ana)
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
		cluster.ExpectDeleted(ctx, catalog)
		env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionReconciling, metav1.ConditionTrue, accessv1.ReasonCatalogNotFound))
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess())
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer"))
		catalog.ResourceVersion, catalog.UID = "", ""
		cluster.ExpectApplied(ctx, catalog)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		env.ExpectEventually(ctx, cluster, ana, env.HaveAccess("tax: Read via team"))
	})

	It("with visibility Entitled are only where the tenant lists them", func(ctx context.Context) {
		tenant, catalog := newReadyTenant(ctx)
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer"))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.EntitledRoles = []string{"partner"} })
		Eventually(roles, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("viewer", "partner"))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.EntitledRoles = nil })
		Eventually(roles, "20s").WithArguments(ctx, tenant.Name).Should(ConsistOf("viewer"))

		By("naming one that the catalog does not have yet")
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.EntitledRoles = []string{"auditor"} })
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionRolesSynced, metav1.ConditionFalse, accessv1.ReasonRoleNotFound))
		Expect(tenant).To(haveMessage(accessv1.ConditionReconciling, ContainSubstring("auditor")))
		env.ExpectChanged(ctx, cluster, catalog, func(c *accessv1.ResourceCatalog) {
			c.Spec.Roles = append(c.Spec.Roles, accessv1.CatalogRole{Name: "auditor", Visibility: accessv1.VisibilityEntitled})
		})
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		Expect(roles(ctx, tenant.Name)).To(ConsistOf("viewer", "auditor"))
	})

	It("never replace an object that Roster did not make, whatever its labels and owners say, until that goes", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		tenant.Spec.EntitledRoles = []string{"partner"}
		foreign := roleOf(tenant.Name, "viewer")
		foreign.Labels = map[string]string{accessv1.LabelPredefined: "true", accessv1.LabelManagedBy: accessv1.ManagedByRoster}
		foreign.Spec.Rules = reads("tax")
		cluster.ExpectApplied(ctx, namespaceOf(tenant.Name), foreign, catalog, tenant)
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionRolesSynced, metav1.ConditionFalse, accessv1.ReasonNameConflict))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNameConflict))
		Expect(tenant).To(haveMessage(accessv1.ConditionRolesSynced, And(ContainSubstring("viewer"), Not(ContainSubstring("partner")))))

		By("seeing that the other role is there and the foreign one as it was")
		env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "partner"), env.BeReady())
		viewer := env.ExpectEventually(ctx, cluster, roleOf(tenant.Name, "viewer"), env.BeReady())
		Expect(viewer.Spec.Rules).To(Equal(reads("tax")))
		Expect(viewer.OwnerReferences).To(BeEmpty())

		By("freeing the name")
		cluster.ExpectDeleted(ctx, viewer)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
		env.ExpectEventually(ctx, cluster, viewer, HaveField("Spec.Rules", Equal(reads("*"))))
	})

	It("that a quota keeps out are named, and do not keep restrictions from being made", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		dimension("DE")(&tenant.Spec)
		cluster.ExpectApplied(ctx, namespaceOf(tenant.Name))
		example := roleOf(tenant.Name, "any")
		example.Spec.Rules = reads("*")
		cluster.ExpectUsedUp(ctx, example)
		cluster.ExpectApplied(ctx, catalog, tenant)
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionRolesSynced, metav1.ConditionFalse, accessv1.ReasonRefused))
		Expect(tenant).To(haveMessage(accessv1.ConditionStalled, ContainSubstring("exceeded quota")))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionRestrictionsSynced, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		Expect(restrictions(ctx, tenant.Name)).To(ConsistOf("site.de: site=DE"))
	})
})

// haveMessage matches an object whose condition's message matches.
func haveMessage(kind string, matcher types.GomegaMatcher) types.GomegaMatcher {
	return HaveField("Status.Conditions", ContainElement(And(HaveField("Type", kind), HaveField("Message", matcher))))
}
