package user_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// world is one tenant with a catalog of its own: orders and products can be narrowed by site and vendor, tax cannot.
type world struct {
	name string
}

// newWorld applies catalog and tenant, and waits until the namespace is there. Its statuses are checked when the spec
// ends.
func newWorld(ctx context.Context, change ...func(*accessv1.Tenant)) world {
	w := world{name: env.Unique("user")}
	cluster.ExpectApplied(ctx, w.catalog(), w.tenant(change...))
	env.ExpectEventually(ctx, cluster, w.tenant(), env.BeReady())
	DeferCleanup(func(ctx context.Context) { cluster.ExpectSoundStatuses(ctx, w.name) })
	return w
}

func (w world) catalog() *accessv1.ResourceCatalog {
	narrowed := []string{"site", "vendor"}
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.ResourceCatalogSpec{
			DisplayName: "Shop",
			Services: []accessv1.CatalogService{
				{Name: "shop", Resources: []accessv1.CatalogResource{
					{Name: "orders", RestrictedBy: narrowed},
					{Name: "products", RestrictedBy: narrowed, Actions: []string{"publish"}},
				}},
				{Name: "finance", Resources: []accessv1.CatalogResource{{Name: "tax"}}},
			},
			Roles: []accessv1.CatalogRole{
				{Name: "viewer", Rules: []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelRead}}},
				{Name: "order-manager", Rules: []accessv1.Rule{{Resources: []string{"orders"}, Level: accessv1.LevelManage}}},
				{
					Name: "staff", UserTypes: []accessv1.UserType{accessv1.UserTypeEmployee},
					Rules: []accessv1.Rule{{Resources: []string{"tax"}, Level: accessv1.LevelRead}},
				},
				{
					Name: "vendor.editor", Vendor: ptr.To(true),
					Rules: []accessv1.Rule{{Resources: []string{"products"}, Level: accessv1.LevelManage}},
					Options: []accessv1.CatalogRoleOption{
						{Name: "publishing", Rules: []accessv1.Rule{{Resources: []string{"products"}, Actions: []string{"publish"}}}},
					},
				},
			},
		},
	}
}

// tenant lets every user in at once, unless it is changed.
func (w world) tenant(change ...func(*accessv1.Tenant)) *accessv1.Tenant {
	tenant := &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.TenantSpec{
			DisplayName: "Acme GmbH", CatalogRef: accessv1.Reference{Name: w.name},
			AllowedEmailDomains: []string{"acme.example", "*.acme.example", "bücher.example"},
			Dimensions: []accessv1.TenantDimension{
				{Name: "site", Values: []string{"DE", "FR"}, Restrictions: accessv1.RestrictionsSynced},
			},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		},
	}
	for _, c := range change {
		c(tenant)
	}
	return tenant
}

// inviting asks every user for his acceptance.
func inviting(t *accessv1.Tenant) { t.Spec.Onboarding.Mode = accessv1.OnboardingInvitation }

func (w world) user(name string, change ...func(*accessv1.User)) *accessv1.User {
	user := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.UserSpec{Email: name + "@acme.example"},
	}
	for _, c := range change {
		c(user)
	}
	return user
}

func in(groups ...string) func(*accessv1.User) {
	return func(u *accessv1.User) {
		for _, g := range groups {
			u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: g})
		}
	}
}

func inUntil(group string, until time.Time) func(*accessv1.User) {
	return func(u *accessv1.User) {
		u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: group, Until: &metav1.Time{Time: until}})
	}
}

func at(email string) func(*accessv1.User) { return func(u *accessv1.User) { u.Spec.Email = email } }

func inactive(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }

func active(u *accessv1.User) { u.Spec.State = accessv1.AccountActive }

func (w world) group(name string, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
	group := &accessv1.UserGroup{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}}
	for _, c := range change {
		c(group)
	}
	return group
}

func roles(names ...string) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) { g.Spec.Roles = refs(names) }
}

func restrictions(names ...string) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) { g.Spec.Restrictions = refs(names) }
}

func members(names ...string) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) {
		g.Spec.Members = nil
		for _, name := range names {
			g.Spec.Members = append(g.Spec.Members, accessv1.GroupMember{Name: name})
		}
	}
}

func refs(names []string) []accessv1.Reference {
	out := make([]accessv1.Reference, len(names))
	for i, name := range names {
		out[i] = accessv1.Reference{Name: name}
	}
	return out
}

func (w world) restriction(name, dimension string, values ...string) *accessv1.Restriction {
	return &accessv1.Restriction{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.RestrictionSpec{Dimension: dimension, Values: &values},
	}
}

func (w world) role(name string, rules ...accessv1.Rule) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: accessv1.RoleSpec{Rules: rules}}
}

func rule(level accessv1.Level, resources ...string) accessv1.Rule {
	return accessv1.Rule{Resources: resources, Level: level}
}

// expectUser waits until the matchers are content with a user at once.
func (w world) expectUser(ctx context.Context, name string, matchers ...gomegatypes.GomegaMatcher) *accessv1.User {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, w.user(name), And(matchers...))
}

// change changes a stored user.
func (w world) change(ctx context.Context, name string, change func(*accessv1.User)) {
	GinkgoHelper()
	env.ExpectChanged(ctx, cluster, w.user(name), change)
}

// invitations of a user, in the order of their names.
func (w world) invitations(ctx context.Context, user string) []accessv1.Invitation {
	GinkgoHelper()
	list := &accessv1.InvitationList{}
	Expect(cluster.Client.List(ctx, list, client.InNamespace(w.name))).To(Succeed())
	var out []accessv1.Invitation
	for i := range list.Items {
		if list.Items[i].Spec.UserRef.Name == user {
			out = append(out, list.Items[i])
		}
	}
	return out
}

func haveCondition(kind string, state metav1.ConditionStatus, reason string) gomegatypes.GomegaMatcher {
	return env.HaveCondition(kind, state, reason)
}

// haveInvitation matches a user whose status names an invitation in that state.
func haveInvitation(state accessv1.InvitationState) gomegatypes.GomegaMatcher {
	return WithTransform(func(u *accessv1.User) accessv1.InvitationState {
		if u.Status.Invitation == nil {
			return ""
		}
		return u.Status.Invitation.State
	}, Equal(state))
}

// haveGroups matches a user who is in force in these groups, each written "name from" with the end where there is one.
func haveGroups(lines ...string) gomegatypes.GomegaMatcher {
	return WithTransform(func(u *accessv1.User) []string {
		var out []string
		for _, g := range u.Status.Groups {
			line := g.Name + " " + string(g.From)
			if g.Until != nil {
				line += " until " + g.Until.UTC().Format(time.RFC3339)
			}
			out = append(out, line)
		}
		return out
	}, ConsistOf(lines))
}
