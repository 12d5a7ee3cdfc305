package main

import (
	"fmt"
	"math/rand/v2"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// size is how many users and groups a tenant has.
type size struct{ users, groups int }

func (s size) String() string { return fmt.Sprintf("%d users, %d groups", s.users, s.groups) }

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + "-" + name), Generation: 1, ResourceVersion: "1"}
}

func rules(level accessv1.Level, resources ...string) []accessv1.Rule {
	return []accessv1.Rule{{Resources: resources, Level: level}}
}

func refs(names ...string) []accessv1.Reference {
	out := make([]accessv1.Reference, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

func role(name string, rules []accessv1.Rule) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: meta("acme", name), Spec: accessv1.RoleSpec{Rules: rules}}
}

func restriction(name string, values ...string) *accessv1.Restriction {
	return &accessv1.Restriction{ObjectMeta: meta("acme", name), Spec: accessv1.RestrictionSpec{Dimension: "site", Values: &values}}
}

func group(name string, roles, restrictions []accessv1.Reference, members ...accessv1.GroupMember) *accessv1.UserGroup {
	return &accessv1.UserGroup{ObjectMeta: meta("acme", name), Spec: accessv1.UserGroupSpec{Roles: roles, Restrictions: restrictions, Members: members}}
}

func user(name string, groups ...string) *accessv1.User {
	u := &accessv1.User{ObjectMeta: meta("acme", name), Spec: accessv1.UserSpec{
		Email: name + "@acme.example", Type: accessv1.UserTypeEmployee, State: accessv1.AccountActive,
	}}
	for _, g := range groups {
		u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: g})
	}
	return u
}

func userName(i int) string { return fmt.Sprintf("user-%d", i) }

func crowdName(i int) string { return fmt.Sprintf("crowd-%d", i) }

// everybody are all users of a tenant as members.
func everybody(s size) []accessv1.GroupMember {
	out := make([]accessv1.GroupMember, s.users)
	for i := range out {
		out[i].Name = userName(i)
	}
	return out
}

// resourceCount is how many resources the catalog has beside that of administration; every third is narrowed by site.
const resourceCount = 30

func catalog() *accessv1.ResourceCatalog {
	service := accessv1.CatalogService{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "users-and-groups"}}}
	for i := range resourceCount {
		r := accessv1.CatalogResource{Name: fmt.Sprintf("resource-%d", i)}
		if i%3 == 0 {
			r.RestrictedBy = []string{"site", "vendor"}
		}
		service.Resources = append(service.Resources, r)
	}
	return &accessv1.ResourceCatalog{ObjectMeta: meta("", "shop"), Spec: accessv1.ResourceCatalogSpec{
		AdministrationResource: "users-and-groups", Services: []accessv1.CatalogService{service},
		Roles: []accessv1.CatalogRole{{Name: "vendor.editor", Vendor: ptr.To(true), Rules: rules(accessv1.LevelManage, "resource-0")}},
	}}
}

// Names of groups and people that every tenant has beside its crowd.
const (
	owners  = "owners"  // manage everything; the administrator is in it
	viewers = "viewers" // everybody, reads everything
	large   = "large"   // as the crowd's groups, and nobody is in it
	full    = "full"    // as large, and everybody is in it
	admin   = "oidc:admin@acme.example"
	nobody  = "system:serviceaccount:acme:robot"
)

// tenant is acme: each of its users is in four groups at random, two by his own list and two by the groups', so that hardly
// any two are in the same ones; and in the group of all viewers, in a full one, and in a vendor's.
func tenant(s size) []client.Object {
	dice := rand.New(rand.NewPCG(1, 2))
	out := []client.Object{
		catalog(),
		&accessv1.Tenant{ObjectMeta: meta("", "acme"), Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: "shop"}, Dimensions: []accessv1.TenantDimension{{Name: "site"}, {Name: "vendor"}},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		}},
		role("owner", rules(accessv1.LevelManage, "*")), role("viewer", rules(accessv1.LevelRead, "*")),
		role("clerk", rules(accessv1.LevelManage, "resource-0", "resource-1", "resource-3")),
		restriction("site.de", "DE"), restriction("site.fr", "FR"), user("admin", owners),
		group(owners, refs("owner"), nil), group(viewers, refs("viewer"), nil, everybody(s)...),
		group(large, refs("clerk"), refs("site.de")), group(full, refs("clerk"), refs("site.de"), everybody(s)...),
	}
	crowd := make([]*accessv1.UserGroup, s.groups)
	for i := range crowd {
		crowd[i] = group(crowdName(i), refs("clerk"), refs("site.de"))
		out = append(out, crowd[i])
	}
	for i := range s.users {
		out = append(out, user(userName(i), crowdName(dice.IntN(s.groups)), crowdName(dice.IntN(s.groups))))
		for range 2 {
			into := crowd[dice.IntN(s.groups)]
			into.Spec.Members = append(into.Spec.Members, accessv1.GroupMember{Name: userName(i)})
		}
	}
	return append(out, vendor(s)...)
}

// vendor is a vendor in whose group everybody is.
func vendor(s size) []client.Object {
	v := &accessv1.Vendor{ObjectMeta: meta("acme", "abc")}
	owner := []metav1.OwnerReference{*metav1.NewControllerRef(v, accessv1.SchemeGroupVersion.WithKind("Vendor"))}
	narrow, g := restriction("abc.vendor", "abc"), group("abc.vendor.editor", refs("vendor.editor"), refs("abc.vendor"), everybody(s)...)
	narrow.Spec.Dimension, narrow.OwnerReferences, g.OwnerReferences = "vendor", owner, owner
	g.Spec.VendorRef = &accessv1.Reference{Name: "abc"}
	return []client.Object{v, narrow, g}
}
