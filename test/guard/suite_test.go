package guard_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// One cluster with the shipped webhook configuration, and one manager under the shipped permissions.
var (
	cluster *env.Cluster
	manager *env.Manager
)

// patience is how long an expectation waits; it is generous because no test is about speed.
const patience = 30 * time.Second

func TestGuard(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(patience)
	RunSpecs(t, "The guard")
}

var _ = BeforeSuite(func(ctx context.Context) {
	ctrl.SetLogger(logr.Discard())
	var err error
	cluster, err = env.Start(env.Guarded)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
	cluster.ExpectAppliedFiles(ctx, env.ManagerFiles...)
	grantVerbs(ctx)
	startManager()
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
	buildWorld(ctx)
	buildNeighbours(ctx)
})

func startManager() {
	var err error
	manager, err = env.StartManager(cluster.ManagerAccount(), cluster)
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
}

// Who asks. Everybody in the group writers may write every one of Roster's kinds, statuses included, as far as RBAC goes.
const (
	writers  = "writers"
	pipeline = "system:serviceaccount:flux-system:flux"
	robot    = "system:serviceaccount:acme:robot"
	ana      = env.UsernamePrefix + "ana@acme.example"
	dee      = env.UsernamePrefix + "dee@acme.example"
	vic      = env.UsernamePrefix + "vic@acme.example"
	ivy      = env.UsernamePrefix + "ivy@acme.example"
	paul     = env.UsernamePrefix + "paul@agency.example"
	pia      = env.UsernamePrefix + "pia@agency.example"
	fay      = env.UsernamePrefix + "fay@bakery.example"
	platform = "platform"
)

// as is a client of one of them.
func as(who string) client.Client {
	if who == platform {
		return cluster.As(platform, "system:masters")
	}
	return cluster.As(who, writers)
}

func grantVerbs(ctx context.Context) {
	all := []string{"*"}
	cluster.ExpectApplied(ctx,
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "writer"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{accessv1.SchemeGroupVersion.Group}, Resources: all,
			Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"},
		}}},
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "escalator"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{accessv1.SchemeGroupVersion.Group}, Resources: []string{"roles"}, Verbs: []string{"escalate"},
		}}},
		binding("writer", rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: writers}),
		binding("escalator", rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "flux-system", Name: "flux"}),
	)
}

func binding(role string, subject rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role}, Subjects: []rbacv1.Subject{subject},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}
}

func rule(level accessv1.Level, resources ...string) accessv1.Rule {
	return accessv1.Rule{Resources: resources, Level: level}
}

func named[T client.Object](object T, name string) T {
	object.SetNamespace("acme")
	object.SetName(name)
	return object
}

func newUser(name string, groups ...string) *accessv1.User {
	user := named(&accessv1.User{Spec: accessv1.UserSpec{Email: name + "@acme.example"}}, name)
	for _, group := range groups {
		user.Spec.Groups = append(user.Spec.Groups, accessv1.GroupMembership{Name: group})
	}
	return user
}

func newGroup(name string, spec accessv1.UserGroupSpec) *accessv1.UserGroup {
	spec.DisplayName = name // a spec is required, and one without anything in it is left out
	return named(&accessv1.UserGroup{Spec: spec}, name)
}

func refs(names ...string) []accessv1.Reference {
	out := make([]accessv1.Reference, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

func newTenant(name string, change func(*accessv1.TenantSpec)) *accessv1.Tenant {
	tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: "shop"}, Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		AllowedEmailDomains: []string{name + ".example"},
		Dimensions: []accessv1.TenantDimension{
			{Name: "site", Values: []string{"DE", "FR"}, Restrictions: accessv1.RestrictionsSynced},
		},
	}}
	change(&tenant.Spec)
	return tenant
}

func catalog() *accessv1.ResourceCatalog {
	narrowed := []string{"site", "vendor"}
	return &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
		Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
			{Name: "orders", RestrictedBy: narrowed}, {Name: "tax"}, {Name: "users-and-groups"},
			{Name: "products", RestrictedBy: narrowed, Actions: []string{"publish"}},
		}}},
		Roles: []accessv1.CatalogRole{
			{Name: "owner", Rules: []accessv1.Rule{rule(accessv1.LevelManage, "*")}},
			{Name: "viewer", Rules: []accessv1.Rule{rule(accessv1.LevelRead, "*")}},
			{Name: "partner-admin", Protection: accessv1.ProtectionPlatform, Rules: []accessv1.Rule{rule(accessv1.LevelRead, "tax")}},
			{
				Name: "vendor.editor", Vendor: ptr.To(true), Rules: []accessv1.Rule{rule(accessv1.LevelManage, "products")},
				Options: []accessv1.CatalogRoleOption{{Name: "publishing", Rules: []accessv1.Rule{{Resources: []string{"products"}, Actions: []string{"publish"}}}}},
			},
		},
	}}
}

// buildWorld makes what every row starts from, as the platform, and waits until Roster has done its part.
func buildWorld(ctx context.Context) {
	tenants := []*accessv1.Tenant{
		newTenant("acme", func(s *accessv1.TenantSpec) { s.ManagedBy = &accessv1.Reference{Name: "agency"} }),
		newTenant("agency", func(*accessv1.TenantSpec) {}), newTenant("bakery", func(*accessv1.TenantSpec) {}),
	}
	cluster.ExpectApplied(ctx, catalog())
	for _, tenant := range tenants {
		cluster.ExpectApplied(ctx, tenant)
		env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	}
	late := newUser("ivy", "owners")
	late.Spec.Onboarding = accessv1.OnboardingInvitation
	owners := newGroup("owners", accessv1.UserGroupSpec{Roles: refs("owner")})
	partners, partner := owners.DeepCopy(), newUser("paul", "owners")
	partners.Namespace, partner.Namespace, partner.Spec.Email = "agency", "agency", "paul@agency.example"
	other, stranger := newUser("pia"), newUser("fay")
	other.Namespace, other.Spec.Email = "agency", "pia@agency.example"
	stranger.Namespace, stranger.Spec.Email = "bakery", "fay@bakery.example"
	cluster.ExpectApplied(ctx,
		owners, newGroup("viewers", accessv1.UserGroupSpec{Roles: refs("viewer"), Members: []accessv1.GroupMember{{Name: "vic"}}}),
		newGroup("de-admins", accessv1.UserGroupSpec{Access: []accessv1.Rule{rule(accessv1.LevelManage, "orders")}, Restrictions: refs("site.de")}),
		newGroup("user-admins", accessv1.UserGroupSpec{Access: []accessv1.Rule{rule(accessv1.LevelManage, "users-and-groups")}}),
		newGroup("staff", accessv1.UserGroupSpec{}), newGroup("partners", accessv1.UserGroupSpec{Roles: refs("partner-admin")}),
		named(&accessv1.Role{Spec: accessv1.RoleSpec{Rules: []accessv1.Rule{rule(accessv1.LevelRead, "orders")}}}, "clerk"),
		newGroup("clerks", accessv1.UserGroupSpec{Roles: refs("clerk")}),
		named(&accessv1.Restriction{Spec: accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"DE"}}}, "ours"),
		newGroup("narrowed", accessv1.UserGroupSpec{Roles: refs("owner"), Restrictions: refs("ours")}),
		vendor("abc"),
		newUser("ana", "owners"), newUser("dee", "de-admins", "user-admins"), newUser("vic"), newUser("ben"), late,
		partners, partner, other, stranger,
	)
	for _, name := range []string{"ana", "dee", "vic", "ben"} {
		env.ExpectEventually(ctx, cluster, newUser(name), env.HaveState(accessv1.UserActive))
	}
	env.ExpectEventually(ctx, cluster, partner, env.HaveState(accessv1.UserActive))
	env.ExpectEventually(ctx, cluster, vendor("abc"), env.BeReady())
	env.ExpectEventually(ctx, cluster, late, env.HaveState(accessv1.UserInvited))
}
