package usergroup_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var cluster *env.Cluster

func TestUserGroup(t *testing.T) {
	suite.Run(t, "The group controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	suite.Manager(cluster)
})

// world is one tenant with a catalog of its own: orders can be narrowed by site and sales-rep, tax cannot. Who manages
// orders should be able to read tax.
type world struct{ name string }

func newWorld(ctx context.Context) world {
	w := world{name: env.Unique("group")}
	cluster.ExpectApplied(ctx, w.catalog(), w.tenant())
	env.ExpectEventually(ctx, cluster, w.tenant(), env.BeReady())
	DeferCleanup(func(ctx context.Context) { cluster.ExpectSoundStatuses(ctx, w.name) })
	return w
}

func (w world) catalog() *accessv1.ResourceCatalog {
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.ResourceCatalogSpec{
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
				{
					Name: "orders", RestrictedBy: []string{"site", "sales-rep"},
					Requires: []accessv1.CatalogRequirement{{Level: accessv1.LevelManage, Read: []string{"tax"}}},
				},
				{Name: "tax"},
			}}},
			Roles: []accessv1.CatalogRole{
				{Name: "viewer", Rules: []accessv1.Rule{rule(accessv1.LevelRead, "*")}},
				{Name: "order-manager", Rules: []accessv1.Rule{rule(accessv1.LevelManage, "orders")}},
			},
		},
	}
}

func (w world) tenant() *accessv1.Tenant {
	return &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.TenantSpec{
			DisplayName: "Acme GmbH", CatalogRef: accessv1.Reference{Name: w.name},
			Dimensions: []accessv1.TenantDimension{{Name: "site", Values: []string{"DE", "FR"}, Restrictions: accessv1.RestrictionsSynced}},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		},
	}
}

func (w world) group(name string, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
	group := &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: accessv1.UserGroupSpec{DisplayName: name},
	}
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

func own(rules ...accessv1.Rule) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) { g.Spec.Access = rules }
}

func refs(names []string) []accessv1.Reference {
	out := make([]accessv1.Reference, len(names))
	for i, name := range names {
		out[i] = accessv1.Reference{Name: name}
	}
	return out
}

func rule(level accessv1.Level, resources ...string) accessv1.Rule {
	return accessv1.Rule{Resources: resources, Level: level}
}

func (w world) user(name string, groups ...accessv1.GroupMembership) *accessv1.User {
	return &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.UserSpec{Email: name + "@acme.example", Groups: groups},
	}
}

func (w world) restriction(name, dimension string, values ...string) *accessv1.Restriction {
	return &accessv1.Restriction{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.RestrictionSpec{Dimension: dimension, Values: &values},
	}
}

func (w world) attribute(name, dimension, attribute string) *accessv1.Restriction {
	r := w.restriction(name, dimension)
	r.Spec.Values, r.Spec.ValuesFrom = nil, &accessv1.RestrictionSource{UserAttribute: attribute}
	return r
}

func (w world) role(name string, rules ...accessv1.Rule) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: accessv1.RoleSpec{Rules: rules}}
}

func (w world) expectGroup(ctx context.Context, name string, matchers ...gomegatypes.GomegaMatcher) *accessv1.UserGroup {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, w.group(name), And(matchers...))
}

func haveMembers(count int32) gomegatypes.GomegaMatcher {
	return WithTransform(func(g *accessv1.UserGroup) int32 { return ptr.Deref(g.Status.Members, -1) }, Equal(count))
}

// give matches a group whose compiled access is exactly these lines; what members add is written as dimension=$attribute.
func give(lines ...string) gomegatypes.GomegaMatcher {
	if lines == nil {
		lines = []string{}
	}
	return WithTransform(func(g *accessv1.UserGroup) []string {
		shown := g.DeepCopy().Status.Access
		for i := range shown {
			for j, d := range shown[i].RestrictedTo {
				for _, a := range d.UserAttributes {
					shown[i].RestrictedTo[j].Values = append(shown[i].RestrictedTo[j].Values, "$"+a)
				}
			}
		}
		return env.Lines(shown)
	}, Equal(lines))
}

func messageOf(g *accessv1.UserGroup, kind string) string {
	for _, c := range g.Status.Conditions {
		if c.Type == kind {
			return c.Message
		}
	}
	return ""
}

func namespaceNamed(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func keyOf(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
