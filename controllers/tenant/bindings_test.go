package tenant_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

func bindingOf(namespace, name string) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// expectBound waits until exactly these people are bound in a namespace, in this order; without the prefix.
func expectBound(ctx context.Context, namespace string, administrators, viewers []string) {
	GinkgoHelper()
	env.ExpectEventually(ctx, cluster, bindingOf(namespace, "roster-administrators"), bind("roster-tenant-admin", administrators...))
	env.ExpectEventually(ctx, cluster, bindingOf(namespace, "roster-viewers"), bind("roster-tenant-viewer", viewers...))
}

func bind(role string, addresses ...string) types.GomegaMatcher {
	var subjects []rbacv1.Subject
	for _, a := range addresses {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: env.UsernamePrefix + a})
	}
	return And(
		HaveField("Subjects", Equal(subjects)),
		HaveField("RoleRef", Equal(rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role})),
	)
}

func of(addresses ...string) []string { return addresses }

// administrator is a user with Manage on tax, which is what this suite's catalogs administer with.
func administrator(namespace, name string) *accessv1.User {
	user := newUser(namespace, name)
	user.Spec.Groups[0].Name = "administrators"
	return user
}

func administrators(namespace string) *accessv1.UserGroup {
	return &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "administrators"},
		Spec:       accessv1.UserGroupSpec{Access: []accessv1.Rule{{Resources: []string{"tax"}, Level: accessv1.LevelManage}}},
	}
}

// newStaffedTenant is a tenant with ana, who administers it, and ben, who looks on.
func newStaffedTenant(ctx context.Context, changes ...func(*accessv1.TenantSpec)) *accessv1.Tenant {
	GinkgoHelper()
	tenant, _ := newReadyTenant(ctx, changes...)
	cluster.ExpectApplied(ctx, administrators(tenant.Name), newTeam(tenant.Name), administrator(tenant.Name, "ana"), newUser(tenant.Name, "ben"))
	expectBound(ctx, tenant.Name, of("ana@acme.example"), of("ben@acme.example"))
	return tenant
}

func managedBy(partner *accessv1.Tenant) func(*accessv1.TenantSpec) {
	return func(spec *accessv1.TenantSpec) { spec.ManagedBy = &accessv1.Reference{Name: partner.Name} }
}

var _ = Describe("The role bindings of a tenant", func() {
	It("name its administrators and its viewers, in order, and are the tenant's", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		robot, unnamed, second, idle := administrator(tenant.Name, "robot"), administrator(tenant.Name, "unnamed"), administrator(tenant.Name, "second"), administrator(tenant.Name, "idle")
		robot.Spec.Type = accessv1.UserTypeRobot
		unnamed.Spec.Type, unnamed.Spec.Email = accessv1.UserTypeRobot, ""
		idle.Spec.State = accessv1.AccountInactive
		cluster.ExpectApplied(ctx, robot, unnamed, idle, administrator(tenant.Name, "aaron"))
		second.Spec.Email = "Ana@acme.example"
		cluster.ExpectApplied(ctx, second)
		for _, user := range []*accessv1.User{robot, unnamed} {
			env.ExpectEventually(ctx, cluster, user, HaveField("Status.Administration", accessv1.LevelManage))
		}
		env.ExpectEventually(ctx, cluster, second, env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonDuplicateEmail))
		expectBound(ctx, tenant.Name, of("aaron@acme.example", "ana@acme.example"), of("ben@acme.example"))
		cluster.ExpectSettled(ctx, tenant.Name)
		expectBound(ctx, tenant.Name, of("aaron@acme.example", "ana@acme.example"), of("ben@acme.example"))
		for _, name := range []string{"roster-administrators", "roster-viewers"} {
			kept := env.ExpectEventually(ctx, cluster, bindingOf(tenant.Name, name), haveLabel(accessv1.LabelManagedBy, accessv1.ManagedByRoster))
			Expect(metav1.IsControlledBy(kept, tenant)).To(BeTrue())
		}
		Expect(env.ExpectEventually(ctx, cluster, tenant, env.BeReady())).To(
			env.HaveCondition(accessv1.ConditionBindingsSynced, metav1.ConditionTrue, accessv1.ReasonSucceeded))
	})

	It("spell an address as mail is written to it, and as a password store says it", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		odd := administrator(tenant.Name, "zoe")
		odd.Spec.Email = "Zoe@BÜCHER.example"
		cluster.ExpectApplied(ctx, odd)
		expectBound(ctx, tenant.Name, of("Zoe@xn--bcher-kva.example", "ana@acme.example", "zoe@xn--bcher-kva.example"), of("ben@acme.example"))
	})

	It("are not written when nobody comes or goes", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		version := func(name string) string {
			return env.ExpectEventually(ctx, cluster, bindingOf(tenant.Name, name), Not(BeNil())).ResourceVersion
		}
		before := of(version("roster-administrators"), version("roster-viewers"))
		cluster.ExpectApplied(ctx, newUser(tenant.Name, "nobody"))
		env.ExpectChanged(ctx, cluster, newUser(tenant.Name, "nobody"), func(u *accessv1.User) { u.Spec.Groups = nil })
		env.ExpectChanged(ctx, cluster, administrator(tenant.Name, "ana"), func(u *accessv1.User) { u.Spec.Department = "Sales" })
		env.ExpectChanged(ctx, cluster, administrators(tenant.Name), func(g *accessv1.UserGroup) {
			g.Spec.Access = append(g.Spec.Access, reads("orders")...)
		})
		env.ExpectEventually(ctx, cluster, administrator(tenant.Name, "ana"), env.HaveAccess("tax: Manage via administrators", "orders: Read via administrators"))
		cluster.ExpectSettled(ctx, tenant.Name)
		Expect(of(version("roster-administrators"), version("roster-viewers"))).To(Equal(before))
	})

	It("follow whatever gives and takes administration", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		ana, ben := administrator(tenant.Name, "ana"), newUser(tenant.Name, "ben")
		By("a group being widened, and narrowed")
		env.ExpectChanged(ctx, cluster, newTeam(tenant.Name), func(g *accessv1.UserGroup) { g.Spec.Access[0].Level = accessv1.LevelManage })
		expectBound(ctx, tenant.Name, of("ana@acme.example", "ben@acme.example"), nil)
		env.ExpectChanged(ctx, cluster, newTeam(tenant.Name), func(g *accessv1.UserGroup) { g.Spec.Access = reads("orders") })
		expectBound(ctx, tenant.Name, of("ana@acme.example"), nil)
		By("somebody becoming inactive, and active again")
		env.ExpectChanged(ctx, cluster, ana, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		expectBound(ctx, tenant.Name, nil, nil)
		env.ExpectChanged(ctx, cluster, ana, func(u *accessv1.User) { u.Spec.State = accessv1.AccountActive })
		expectBound(ctx, tenant.Name, of("ana@acme.example"), nil)
		By("a membership that ends by itself")
		soon := metav1.Now().Rfc3339Copy()
		soon.Time = soon.Add(2e9)
		env.ExpectChanged(ctx, cluster, ben, func(u *accessv1.User) {
			u.Spec.Groups = []accessv1.GroupMembership{{Name: "administrators", Until: &soon}}
		})
		expectBound(ctx, tenant.Name, of("ana@acme.example"), nil)
		By("somebody being deleted")
		cluster.ExpectDeleted(ctx, ana)
		expectBound(ctx, tenant.Name, nil, nil)
	})

	It("give a new address nothing before it is accepted", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		env.ExpectChanged(ctx, cluster, administrator(tenant.Name, "ana"), func(u *accessv1.User) {
			u.Spec.Email, u.Spec.Onboarding = "anna@acme.example", accessv1.OnboardingInvitation
		})
		expectBound(ctx, tenant.Name, nil, of("ben@acme.example"))
		cluster.Accept(ctx, administrator(tenant.Name, "ana"))
		expectBound(ctx, tenant.Name, of("anna@acme.example"), of("ben@acme.example"))
	})

	It("come back as they were after somebody changed or deleted one", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		for _, drift := range []func(*rbacv1.RoleBinding){
			func(b *rbacv1.RoleBinding) {
				b.Subjects = append(b.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "eve"})
			},
			func(b *rbacv1.RoleBinding) { b.Subjects = nil },
			func(b *rbacv1.RoleBinding) { b.Labels = nil },
		} {
			env.ExpectChanged(ctx, cluster, bindingOf(tenant.Name, "roster-administrators"), drift)
			env.ExpectEventually(ctx, cluster, bindingOf(tenant.Name, "roster-administrators"),
				And(bind("roster-tenant-admin", "ana@acme.example"), haveLabel(accessv1.LabelManagedBy, accessv1.ManagedByRoster)))
		}
		cluster.ExpectDeleted(ctx, bindingOf(tenant.Name, "roster-administrators"), bindingOf(tenant.Name, "roster-viewers"))
		expectBound(ctx, tenant.Name, of("ana@acme.example"), of("ben@acme.example"))
	})

	It("are not taken over from somebody else, and made when the name becomes free", func(ctx context.Context) {
		catalog := newCatalog()
		tenant := newTenant(catalog.Name)
		theirs := bindingOf(tenant.Name, "roster-administrators")
		theirs.RoleRef = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}
		cluster.ExpectApplied(ctx, namespaceOf(tenant.Name))
		Expect(cluster.Client.Create(ctx, theirs)).To(Succeed())
		cluster.ExpectApplied(ctx, catalog, tenant)
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionBindingsSynced, metav1.ConditionFalse, accessv1.ReasonNameConflict))
		Expect(tenant).To(env.HaveCondition(accessv1.ConditionStalled, metav1.ConditionTrue, accessv1.ReasonNameConflict))
		Expect(tenant).To(haveMessage(accessv1.ConditionBindingsSynced, ContainSubstring("left alone: roster-administrators;")))
		cluster.ExpectApplied(ctx, administrators(tenant.Name), newTeam(tenant.Name), administrator(tenant.Name, "ana"), newUser(tenant.Name, "ben"))
		env.ExpectEventually(ctx, cluster, bindingOf(tenant.Name, "roster-viewers"), bind("roster-tenant-viewer", "ben@acme.example"))
		Expect(cluster.Client.Get(ctx, keyOf(theirs), theirs)).To(Succeed())
		Expect(theirs.Subjects).To(BeEmpty())

		cluster.ExpectDeleted(ctx, theirs)
		expectBound(ctx, tenant.Name, of("ana@acme.example"), of("ben@acme.example"))
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	})

	It("never name anybody in a binding to another role, whoever owns it", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		kept := env.ExpectEventually(ctx, cluster, bindingOf(tenant.Name, "roster-administrators"), Not(BeNil()))
		other := bindingOf(tenant.Name, "roster-administrators")
		other.OwnerReferences, other.Labels = kept.OwnerReferences, kept.Labels
		other.RoleRef = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}
		By("putting it where the tenant's own was, before the manager makes that again")
		Eventually(func() error {
			if err := cluster.Client.Delete(ctx, bindingOf(tenant.Name, "roster-administrators")); err != nil {
				return err
			}
			return cluster.Client.Create(ctx, other.DeepCopy())
		}).Should(Succeed())
		tenant = env.ExpectEventually(ctx, cluster, tenant,
			env.HaveCondition(accessv1.ConditionBindingsSynced, metav1.ConditionFalse, accessv1.ReasonRefused))
		Expect(tenant).To(haveMessage(accessv1.ConditionBindingsSynced, ContainSubstring("cannot change roleRef")))
		Expect(cluster.Client.Get(ctx, keyOf(other), other)).To(Succeed())
		Expect(other.Subjects).To(BeEmpty())
	})

	It("are empty while the tenant is suspended, and gone when it is deleted, whatever stays", func(ctx context.Context) {
		tenant := newStaffedTenant(ctx)
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		expectBound(ctx, tenant.Name, nil, nil)
		env.ExpectEventually(ctx, cluster, tenant, env.HaveCondition(accessv1.ConditionAdministered, metav1.ConditionFalse, accessv1.ReasonTenantSuspended))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		expectBound(ctx, tenant.Name, of("ana@acme.example"), of("ben@acme.example"))

		By("holding the tenant, so that it is seen who takes them away")
		const hold = "test.example/hold"
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Finalizers = append(t.Finalizers, hold) })
		cluster.ExpectDeleted(ctx, tenant)
		cluster.ExpectGone(ctx, bindingOf(tenant.Name, "roster-administrators"), bindingOf(tenant.Name, "roster-viewers"))
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Finalizers = nil })
		cluster.ExpectGone(ctx, tenant)
	})

	It("name the partner's administrators, unless somebody here has their address", func(ctx context.Context) {
		partner := newStaffedTenant(ctx)
		pia := administrator(partner.Name, "pia")
		cluster.ExpectApplied(ctx, pia)
		tenant, _ := newReadyTenant(ctx, managedBy(partner))
		expectBound(ctx, tenant.Name, of("ana@acme.example", "pia@acme.example"), nil)

		By("a user of the tenant's own with the same address, who is nobody here")
		ana := newUser(tenant.Name, "anas-namesake")
		ana.Spec.Email, ana.Spec.Groups = "ANA@acme.example", nil
		cluster.ExpectApplied(ctx, ana)
		expectBound(ctx, tenant.Name, of("pia@acme.example"), nil)
		env.ExpectChanged(ctx, cluster, ana, func(u *accessv1.User) { u.Spec.Email = "other@acme.example" })
		expectBound(ctx, tenant.Name, of("ana@acme.example", "pia@acme.example"), nil)

		By("one of them going, the partner being suspended, and no longer the partner")
		env.ExpectChanged(ctx, cluster, pia, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		expectBound(ctx, tenant.Name, of("ana@acme.example"), nil)
		env.ExpectChanged(ctx, cluster, partner, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
		expectBound(ctx, tenant.Name, nil, nil)
		env.ExpectChanged(ctx, cluster, partner, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantActive })
		expectBound(ctx, tenant.Name, of("ana@acme.example"), nil)
		env.ExpectChanged(ctx, cluster, tenant, func(t *accessv1.Tenant) { t.Spec.ManagedBy = nil })
		expectBound(ctx, tenant.Name, nil, nil)
	})

	It("come with a partner that appears later", func(ctx context.Context) {
		partner := newTenant(newCatalog().Name)
		tenant, catalog := newReadyTenant(ctx, managedBy(partner))
		expectBound(ctx, tenant.Name, nil, nil)
		partner.Spec.CatalogRef.Name = catalog.Name
		cluster.ExpectApplied(ctx, partner)
		env.ExpectEventually(ctx, cluster, partner, env.BeReady())
		cluster.ExpectApplied(ctx, administrators(partner.Name), administrator(partner.Name, "ana"))
		expectBound(ctx, tenant.Name, of("ana@acme.example"), nil)
		env.ExpectEventually(ctx, cluster, tenant, env.HaveCondition(accessv1.ConditionAdministered, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		cluster.ExpectDeleted(ctx, partner)
		expectBound(ctx, tenant.Name, nil, nil)
	})
})

var _ = Describe("A tenant that nobody administers", func() {
	It("says so and is Ready all the same", func(ctx context.Context) {
		tenant, _ := newReadyTenant(ctx)
		nobody := env.HaveCondition(accessv1.ConditionAdministered, metav1.ConditionFalse, accessv1.ReasonNoAdministrator)
		tenant = env.ExpectEventually(ctx, cluster, tenant, And(env.BeReady(), nobody))
		Expect(tenant).To(haveMessage(accessv1.ConditionAdministered, Equal(
			"Nobody administers the tenant: give an active user a group with Manage on tax, without restrictions")))

		cluster.ExpectApplied(ctx, administrators(tenant.Name), administrator(tenant.Name, "ana"))
		env.ExpectEventually(ctx, cluster, tenant, env.HaveCondition(accessv1.ConditionAdministered, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		cluster.ExpectDeleted(ctx, administrators(tenant.Name))
		env.ExpectEventually(ctx, cluster, tenant, And(env.BeReady(), nobody))
	})
})
