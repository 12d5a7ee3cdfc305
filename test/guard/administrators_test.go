package guard_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// signedIn is somebody whom the API server knows by his address, and who may do what the bindings give him and no more.
func signedIn(address string) client.WithWatch {
	config := rest.CopyConfig(cluster.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: env.UsernamePrefix + address, Groups: []string{"system:authenticated"}}
	as, err := client.NewWithWatch(config, client.Options{Scheme: cluster.Scheme})
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return as
}

// in puts an object into a namespace under a name.
func in[T client.Object](namespace, name string, object T) T {
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}

// userOf is a user of a tenant, in groups of its own.
func userOf(tenant, name string, groups ...string) *accessv1.User {
	user := in(tenant, name, newUser(name, groups...))
	user.Spec.Email = name + "@" + tenant + ".example"
	return user
}

// expectStaff makes a tenant with the groups owners, who hold everything, helpers, who administer and hold the orders of one
// site beside it, and viewers.
func expectStaff(ctx context.Context, name string, change func(*accessv1.TenantSpec), users ...client.Object) {
	GinkgoHelper()
	tenant := newTenant(name, change)
	cluster.ExpectApplied(ctx, tenant)
	env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	cluster.ExpectApplied(ctx,
		in(name, "owners", newGroup("owners", accessv1.UserGroupSpec{Roles: refs("owner")})),
		in(name, "viewers", newGroup("viewers", accessv1.UserGroupSpec{Roles: refs("viewer")})),
		in(name, "helpers", newGroup("helpers", accessv1.UserGroupSpec{Access: []accessv1.Rule{rule(accessv1.LevelManage, "users-and-groups")}})),
		in(name, "de-orders", newGroup("de-orders", accessv1.UserGroupSpec{
			Access: []accessv1.Rule{rule(accessv1.LevelManage, "orders")}, Restrictions: refs("site.de"),
		})),
	)
	cluster.ExpectApplied(ctx, users...)
}

// sees tells whether somebody can list a tenant's users.
func sees(ctx context.Context, address, namespace string) error {
	return signedIn(address).List(ctx, &accessv1.UserList{}, client.InNamespace(namespace))
}

func expectIn(ctx context.Context, address, namespace string) {
	GinkgoHelper()
	Eventually(sees).WithArguments(ctx, address, namespace).Should(Succeed())
}

func expectOut(ctx context.Context, address, namespace string) {
	GinkgoHelper()
	Eventually(sees).WithArguments(ctx, address, namespace).Should(beForbiddenBy("cannot list resource"))
}

// beForbiddenBy matches a refusal with words that only Kubernetes' authorizer, or only the guard, uses.
func beForbiddenBy(words string) types.GomegaMatcher {
	return And(MatchError(ContainSubstring(words)), WithTransform(apierrors.IsForbidden, BeTrue()))
}

const byRBAC = " cannot "

// can asks the API server whether somebody has a verb on a kind of Roster's.
func can(ctx context.Context, address, verb, resource, subresource, namespace string) bool {
	GinkgoHelper()
	return mayDo(ctx, address, authorizationv1.ResourceAttributes{
		Group: accessv1.SchemeGroupVersion.Group, Resource: resource, Subresource: subresource, Verb: verb, Namespace: namespace,
	})
}

func mayDo(ctx context.Context, address string, what authorizationv1.ResourceAttributes) bool {
	GinkgoHelper()
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &what}}
	Expect(signedIn(address).Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// kinds are the resources of a tenant's namespace.
var kinds = []string{"users", "usergroups", "roles", "restrictions", "vendors", "invitations", "passwordresets", "applicationcredentials"}

var _ = Describe("A tenant's people, as the cluster knows them by themselves", Ordered, func() {
	const (
		olga, lena, vera, nobody = "olga@orchard.example", "lena@orchard.example", "vera@orchard.example", "nobody@orchard.example"
		nora, nick               = "nora@nursery.example", "nick@nursery.example"
	)

	BeforeAll(func(ctx context.Context) {
		expectStaff(ctx, "nursery", func(*accessv1.TenantSpec) {}, userOf("nursery", "nora", "owners"), userOf("nursery", "nick", "viewers"))
		expectStaff(ctx, "orchard", func(s *accessv1.TenantSpec) { s.ManagedBy = &accessv1.Reference{Name: "nursery"} },
			userOf("orchard", "olga", "owners"), userOf("orchard", "lena", "helpers", "de-orders"), userOf("orchard", "vera", "viewers"), userOf("orchard", "nobody"))
		for _, address := range []string{olga, lena, vera, nora} {
			expectIn(ctx, address, "orchard")
		}
	})

	It("work in their tenant, as its administrators", func(ctx context.Context) {
		as := signedIn(lena)
		user := userOf("orchard", "new", "de-orders")
		group := in("orchard", "new", newGroup("new", accessv1.UserGroupSpec{Roles: refs("new"), Restrictions: refs("new")}))
		for _, object := range []client.Object{
			in("orchard", "new", role("new")), in("orchard", "new", &accessv1.Restriction{Spec: accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"DE"}}}),
			group, user, in("orchard", "new", invite("new", "new")),
		} {
			Expect(as.Create(ctx, object)).To(Succeed(), "%T", object)
		}
		users := &accessv1.UserList{}
		Expect(as.List(ctx, users, client.InNamespace("orchard"))).To(Succeed())
		Expect(users.Items).To(ContainElement(HaveField("ObjectMeta.Name", "new")))
		events, err := as.Watch(ctx, &accessv1.UserList{}, client.InNamespace("orchard"))
		Expect(err).NotTo(HaveOccurred())
		defer events.Stop()
		Eventually(events.ResultChan()).Should(Receive())

		Expect(as.Patch(ctx, user, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"state":"Inactive"}}`)))).To(Succeed())
		Expect(as.Delete(ctx, group)).To(Succeed())
		for _, resource := range kinds {
			for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete"} {
				Expect(can(ctx, lena, verb, resource, "", "orchard")).To(BeTrue(), "%s %s", verb, resource)
			}
		}
	})

	It("do not leave it", func(ctx context.Context) {
		for _, address := range []string{olga, lena, vera, nora} {
			as := signedIn(address)
			elsewhere := client.InNamespace("bakery")
			for what, err := range map[string]error{
				"another tenant's users":    as.List(ctx, &accessv1.UserList{}, elsewhere),
				"everybody's":               as.List(ctx, &accessv1.UserList{}),
				"a user in another tenant":  as.Create(ctx, userOf("bakery", "new")),
				"tenants":                   as.List(ctx, &accessv1.TenantList{}),
				"a tenant":                  as.Create(ctx, newTenant("new", func(*accessv1.TenantSpec) {})),
				"one's own tenant":          as.Patch(ctx, newTenant("orchard", func(*accessv1.TenantSpec) {}), client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"managedBy":null}}`))),
				"catalogs":                  as.List(ctx, &accessv1.ResourceCatalogList{}),
				"secrets":                   as.List(ctx, &corev1.SecretList{}, client.InNamespace("orchard")),
				"config maps":               as.Create(ctx, in("orchard", "sites", &corev1.ConfigMap{})),
				"pods":                      as.List(ctx, &corev1.PodList{}, client.InNamespace("orchard")),
				"service accounts":          as.List(ctx, &corev1.ServiceAccountList{}, client.InNamespace("orchard")),
				"namespaces":                as.List(ctx, &corev1.NamespaceList{}),
				"role bindings":             as.List(ctx, &rbacv1.RoleBindingList{}, client.InNamespace("orchard")),
				"the binding they stand in": as.Patch(ctx, in("orchard", "roster-administrators", &rbacv1.RoleBinding{}), client.RawPatch("application/merge-patch+json", []byte(`{"subjects":[]}`))),
				"a binding of their own":    as.Create(ctx, in("orchard", "mine", &rbacv1.RoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "roster-tenant-admin"}})),
				"a Kubernetes role":         as.Create(ctx, in("orchard", "mine", &rbacv1.Role{})),
				"many users in one request": as.DeleteAllOf(ctx, &accessv1.User{}, client.InNamespace("orchard")),
			} {
				Expect(err).To(beForbiddenBy(byRBAC), "%s: %s", address, what)
			}
		}
		Expect(sees(ctx, olga, "nursery")).To(beForbiddenBy(byRBAC), "the tenant does not administer its partner")
	})

	It("do not rise in it", func(ctx context.Context) {
		as := signedIn(lena)
		for says, do := range map[string]attempt{
			"user lena would gain":                update(userOf("orchard", "lena"), join("owners")),
			"user nobody would gain":              update(userOf("orchard", "nobody"), join("owners")),
			"group mine would gain":               create(in("orchard", "mine", newGroup("mine", accessv1.UserGroupSpec{Access: all}))),
			"group viewers would gain":            update(in("orchard", "viewers", usergroup("viewers")), func(g *accessv1.UserGroup) { g.Spec.Access = all }),
			"group de-orders would gain":          update(in("orchard", "de-orders", usergroup("de-orders")), func(g *accessv1.UserGroup) { g.Spec.Restrictions = nil }),
			"user olga would gain":                update(userOf("orchard", "olga"), func(u *accessv1.User) { u.Spec.Email = "other@orchard.example" }),
			"is protected by the platform":        create(in("orchard", "mine", newGroup("mine", accessv1.UserGroupSpec{Roles: refs("partner-admin")}))),
			"role viewer is kept by Roster":       update(in("orchard", "viewer", role("viewer")), func(r *accessv1.Role) { r.Spec.Rules = all }),
			"site.de is kept by Roster":           update(in("orchard", "site.de", restriction("site.de")), func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"FR"} }),
			"nobody deletes himself":              remove(userOf("orchard", "lena")),
			"nobody takes that away from himself": update(userOf("orchard", "lena"), func(u *accessv1.User) { u.Spec.Groups = nil }),
		} {
			Expect(do(ctx, as, false)).To(beForbiddenBy(says), says)
		}
		forged := updateStatus(userOf("orchard", "lena"), func(u *accessv1.User) { u.Status.Administration = accessv1.LevelManage })
		Expect(forged(ctx, as, false)).To(beForbiddenBy(byRBAC))
		for _, address := range []string{olga, lena, vera, nora} {
			for _, resource := range kinds {
				for _, verb := range []string{"escalate", "bind", "deletecollection", "*"} {
					Expect(can(ctx, address, verb, resource, "", "orchard")).To(BeFalse(), "%s may %s %s", address, verb, resource)
				}
				for _, verb := range []string{"update", "patch"} {
					Expect(can(ctx, address, verb, resource, "status", "orchard")).To(BeFalse(), "%s may %s %s/status", address, verb, resource)
				}
			}
		}
	})

	It("only look on, as its viewers", func(ctx context.Context) {
		as := signedIn(vera)
		Expect(as.Get(ctx, client.ObjectKeyFromObject(userOf("orchard", "olga")), &accessv1.User{})).To(Succeed())
		Expect(update(userOf("orchard", "vera"), func(u *accessv1.User) { u.Spec.FirstName = "Vera" })(ctx, as, false)).To(beForbiddenBy(byRBAC))
		Expect(as.Create(ctx, in("orchard", "mine", invite("mine", "vera")))).To(beForbiddenBy(byRBAC))
		for _, resource := range kinds {
			for _, verb := range []string{"get", "list", "watch"} {
				Expect(can(ctx, vera, verb, resource, "", "orchard")).To(BeTrue(), "%s %s", verb, resource)
			}
			for _, verb := range []string{"create", "update", "patch", "delete"} {
				Expect(can(ctx, vera, verb, resource, "", "orchard")).To(BeFalse(), "%s %s", verb, resource)
			}
		}
	})

	It("administer the tenants that theirs looks after", func(ctx context.Context) {
		as := signedIn(nora)
		Expect(as.Create(ctx, userOf("orchard", "noras", "owners"))).To(Succeed())
		Expect(as.Delete(ctx, userOf("orchard", "noras"))).To(Succeed())
		expectIn(ctx, nora, "nursery")
		By("which looking on there, or here, does not")
		Expect(sees(ctx, nick, "orchard")).To(beForbiddenBy(byRBAC))
		Expect(sees(ctx, nobody, "orchard")).To(beForbiddenBy(byRBAC))
	})

	It("lose it when they are deactivated, and have it again when they are not", func(ctx context.Context) {
		state := func(name string, state accessv1.AccountState) error {
			return update(userOf("orchard", name), func(u *accessv1.User) { u.Spec.State = state })(ctx, signedIn(olga), false)
		}
		for name, address := range map[string]string{"lena": lena, "vera": vera} {
			Expect(state(name, accessv1.AccountInactive)).To(Succeed())
			expectOut(ctx, address, "orchard")
			Expect(state(name, accessv1.AccountActive)).To(Succeed())
			expectIn(ctx, address, "orchard")
		}
		Expect(state("olga", accessv1.AccountInactive)).To(beForbiddenBy("nobody deactivates himself"))
	})

	It("take it with them to a new address, and leave nothing at the old one", func(ctx context.Context) {
		Expect(signedIn(olga).Create(ctx, userOf("orchard", "mona", "helpers"))).To(Succeed())
		expectIn(ctx, "mona@orchard.example", "orchard")
		renamed := update(userOf("orchard", "mona"), func(u *accessv1.User) { u.Spec.Email = "monika@orchard.example" })
		Expect(renamed(ctx, signedIn(olga), false)).To(Succeed())
		expectIn(ctx, "monika@orchard.example", "orchard")
		expectOut(ctx, "mona@orchard.example", "orchard")
	})

	It("are out while their tenant is suspended", func(ctx context.Context) {
		suspend := func(state accessv1.TenantState) {
			env.ExpectChanged(ctx, cluster, newTenant("orchard", func(*accessv1.TenantSpec) {}), func(t *accessv1.Tenant) { t.Spec.State = state })
		}
		suspend(accessv1.TenantSuspended)
		for _, address := range []string{olga, vera, nora} {
			expectOut(ctx, address, "orchard")
		}
		suspend(accessv1.TenantActive)
		for _, address := range []string{olga, vera, nora} {
			expectIn(ctx, address, "orchard")
		}
	})
})

var _ = Describe("The ClusterRoles of tenants' people", func() {
	It("are part of no other, as of Kubernetes' own edit and admin", func(ctx context.Context) {
		all := &rbacv1.ClusterRoleList{}
		Expect(cluster.Client.List(ctx, all)).To(Succeed())
		var aggregating []string
		for _, by := range all.Items {
			if by.AggregationRule == nil {
				continue
			}
			aggregating = append(aggregating, by.Name)
			for i := range by.AggregationRule.ClusterRoleSelectors {
				selector, err := metav1.LabelSelectorAsSelector(&by.AggregationRule.ClusterRoleSelectors[i])
				Expect(err).NotTo(HaveOccurred())
				for _, name := range []string{"roster-tenant-admin", "roster-tenant-viewer"} {
					taken := &rbacv1.ClusterRole{}
					Expect(cluster.Client.Get(ctx, client.ObjectKey{Name: name}, taken)).To(Succeed())
					Expect(selector.Matches(labels.Set(taken.Labels))).To(BeFalse(), "%s is part of %s", name, by.Name)
				}
			}
		}
		Expect(aggregating).To(ContainElements("admin", "edit", "view"))
	})

	It("let nobody write what the guard does not judge", func(ctx context.Context) {
		guarding := &admissionregistrationv1.ValidatingWebhookConfiguration{}
		Expect(cluster.Client.Get(ctx, client.ObjectKey{Name: "roster-guard"}, guarding)).To(Succeed())
		var judged []string
		for i := range guarding.Webhooks[0].Rules {
			judged = append(judged, guarding.Webhooks[0].Rules[i].Resources...)
		}
		written := &rbacv1.ClusterRole{}
		Expect(cluster.Client.Get(ctx, client.ObjectKey{Name: "roster-tenant-admin"}, written)).To(Succeed())
		Expect(written.Rules).To(HaveLen(1))
		Expect(judged).To(ContainElements(written.Rules[0].Resources))
		Expect(written.Rules[0].Resources).To(ConsistOf(kinds))
	})
})

var _ = Describe("The last administrator of a tenant", func() {
	It("stays, unless his time runs out: then the tenant says so, and nobody is let in", func(ctx context.Context) {
		const sam = "sam@solo.example"
		expectStaff(ctx, "solo", func(*accessv1.TenantSpec) {}, userOf("solo", "sam", "owners"), userOf("solo", "sue"))
		expectIn(ctx, sam, "solo")
		solo := newTenant("solo", func(*accessv1.TenantSpec) {})
		env.ExpectEventually(ctx, cluster, solo, env.HaveCondition(accessv1.ConditionAdministered, metav1.ConditionTrue, accessv1.ReasonSucceeded))
		for _, do := range []attempt{
			remove(userOf("solo", "sam")), remove(in("solo", "owners", usergroup("owners"))),
			update(userOf("solo", "sam"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }),
		} {
			Expect(do(ctx, as(platform), false)).To(beForbiddenBy("would have no active user any more who administers it"))
		}

		soon := metav1.NewTime(time.Now().Add(3 * time.Second).Truncate(time.Second))
		env.ExpectChanged(ctx, cluster, userOf("solo", "sam"), func(u *accessv1.User) { u.Spec.Groups[0].Until = &soon })
		expectOut(ctx, sam, "solo")
		env.ExpectEventually(ctx, cluster, solo, And(env.BeReady(),
			env.HaveCondition(accessv1.ConditionAdministered, metav1.ConditionFalse, accessv1.ReasonNoAdministrator)))

		By("the platform naming another one")
		env.ExpectChanged(ctx, cluster, userOf("solo", "sue"), join("owners"))
		expectIn(ctx, "sue@solo.example", "solo")
	})
})

var _ = Describe("Roster's own account", func() {
	It("binds to its two ClusterRoles, and to no other", func(ctx context.Context) {
		itself, err := client.New(cluster.ManagerAccount(), client.Options{Scheme: cluster.Scheme})
		Expect(err).NotTo(HaveOccurred())
		binding := func(name, role string) *rbacv1.RoleBinding {
			return in("acme", name, &rbacv1.RoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}})
		}
		for _, name := range []string{"roster-tenant-admin", "roster-tenant-viewer"} {
			Expect(itself.Create(ctx, binding("any", name), client.DryRunAll)).To(Succeed())
		}
		for _, name := range []string{"cluster-admin", "system:aggregate-to-admin", "system:aggregate-to-edit", "system:aggregate-to-view", "writer", "unheard-of"} {
			Expect(itself.Create(ctx, binding("any", name), client.DryRunAll)).NotTo(Succeed(), name)
		}
		cluster.ExpectApplied(ctx, binding("somebody-elses", "view"))
		Expect(itself.Delete(ctx, binding("somebody-elses", "view"))).To(beForbiddenBy(byRBAC))
	})
})
