package guard_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// attempt is one live request. It is a dry run when the row expects it to go through, so that every row finds the world as
// it was; what is refused is tried in earnest as well.
type attempt func(ctx context.Context, c client.Client, dry bool) error

func attempted(do func(context.Context, client.Client) error) attempt {
	return func(ctx context.Context, c client.Client, dry bool) error {
		if dry {
			c = client.NewDryRunClient(c)
		}
		return do(ctx, c)
	}
}

func create(object client.Object) attempt {
	return attempted(func(ctx context.Context, c client.Client) error {
		fresh, _ := object.DeepCopyObject().(client.Object)
		return c.Create(ctx, fresh)
	})
}

func update[T client.Object](object T, change func(T)) attempt {
	return attempted(func(ctx context.Context, c client.Client) error {
		return rewrite(ctx, object, change, func(fresh T) error { return c.Update(ctx, fresh) })
	})
}

func updateStatus[T client.Object](object T, change func(T)) attempt {
	return attempted(func(ctx context.Context, c client.Client) error {
		return rewrite(ctx, object, change, func(fresh T) error { return c.Status().Update(ctx, fresh) })
	})
}

// rewrite reads, changes and writes, again when Roster was faster.
func rewrite[T client.Object](ctx context.Context, object T, change func(T), write func(T) error) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		fresh, _ := object.DeepCopyObject().(T)
		if err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), fresh); err != nil {
			return err
		}
		change(fresh)
		return write(fresh)
	})
}

func patch(object client.Object, kind types.PatchType, body string) attempt {
	return attempted(func(ctx context.Context, c client.Client) error {
		fresh, _ := object.DeepCopyObject().(client.Object)
		return c.Patch(ctx, fresh, client.RawPatch(kind, []byte(body)))
	})
}

// apply is server-side apply of a spec.
func apply(kind, name string, spec map[string]any) attempt {
	return attempted(func(ctx context.Context, c client.Client) error {
		object := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
		object.SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind(kind))
		named(object, name)
		return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("somebody"), client.ForceOwnership)
	})
}

func remove(object client.Object) attempt {
	return attempted(func(ctx context.Context, c client.Client) error { return c.Delete(ctx, object) })
}

// removeAll deletes what is selected, in one request.
func removeAll(object client.Object, selected client.DeleteAllOfOption) attempt {
	return attempted(func(ctx context.Context, c client.Client) error {
		return c.DeleteAllOf(ctx, object, client.InNamespace("acme"), selected)
	})
}

func join(group string) func(*accessv1.User) {
	return func(u *accessv1.User) { u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: group}) }
}

func role(name string) *accessv1.Role {
	return named(&accessv1.Role{Spec: accessv1.RoleSpec{DisplayName: name}}, name)
}

func restriction(name string) *accessv1.Restriction { return named(&accessv1.Restriction{}, name) }

func vendor(name string, options ...string) *accessv1.Vendor {
	return named(&accessv1.Vendor{Spec: accessv1.VendorSpec{DisplayName: name, Options: options}}, name)
}

func usergroup(name string) *accessv1.UserGroup { return newGroup(name, accessv1.UserGroupSpec{}) }

func invite(name, user string) *accessv1.Invitation {
	return named(&accessv1.Invitation{Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: user}}}, name)
}

func reset(name, user string) *accessv1.PasswordReset {
	return named(&accessv1.PasswordReset{Spec: accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: user}}}, name)
}

func owner() metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "nothing", UID: "11111111-1111-1111-1111-111111111111"}
}

var all = []accessv1.Rule{rule(accessv1.LevelManage, "*")}

var _ = DescribeTable("lets through what nobody gains by", func(ctx context.Context, who string, do attempt) {
	Expect(do(ctx, as(who), true)).To(Succeed())
},
	Entry("an administrator gives what she has", ana, update(newUser("ben"), join("owners"))),
	Entry("an administrator creates a user", ana, create(newUser("new", "owners"))),
	Entry("by server-side apply", ana, apply("User", "new", map[string]any{"email": "new@acme.example", "groups": []any{map[string]any{"name": "owners"}}})),
	Entry("an administrator creates a group", ana, create(newGroup("new", accessv1.UserGroupSpec{Access: all}))),
	Entry("an administrator widens a role", ana, update(role("clerk"), func(r *accessv1.Role) { r.Spec.Rules = all })),
	Entry("an administrator loosens a restriction", ana, update(restriction("ours"), func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"FR"} })),
	Entry("an administrator adds a member to a vendor's group", ana, update(usergroup("abc.vendor.editor"), func(g *accessv1.UserGroup) { g.Spec.Members = []accessv1.GroupMember{{Name: "ben"}} })),
	Entry("an administrator creates a vendor", ana, create(vendor("new"))),
	Entry("an administrator deletes a user", ana, remove(newUser("ben"))),
	Entry("an administrator invites", ana, create(invite("new", "ben"))),
	Entry("an administrator asks for somebody's password reset", ana, create(reset("new", "ben"))),
	Entry("who holds DE gives DE", dee, update(newUser("ben"), join("de-admins"))),
	Entry("the partner's administrator", paul, update(newUser("ben"), join("owners"))),
	Entry("a pipeline with escalate", pipeline, create(newGroup("new", accessv1.UserGroupSpec{Access: all}))),
	Entry("the platform assigns a protected role", platform, update(newUser("ben"), join("partners"))),
	Entry("a viewer gives nothing", vic, update(newUser("ben"), func(u *accessv1.User) { u.Spec.FirstName = "Ben" })),
	Entry("a viewer names what does not exist", vic, update(newUser("ben"), join("nowhere"))),
	Entry("a viewer asks for himself", vic, create(invite("new", "vic"))),
	Entry("a viewer wants a new password himself", vic, create(reset("new", "vic"))),
)

var _ = DescribeTable("refuses what somebody gains by and the requester does not hold", func(ctx context.Context, who string, do attempt, says string) {
	for _, dry := range []bool{true, false} {
		err := do(ctx, as(who), dry)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), fmt.Sprint(err))
		Expect(err).To(MatchError(ContainSubstring(says)))
	}
},
	Entry("a viewer makes himself an administrator", vic, update(newUser("vic"), join("owners")), "user vic would gain"),
	Entry("by a merge patch", vic, patch(newUser("vic"), types.MergePatchType, `{"spec":{"groups":[{"name":"owners"}]}}`), "user vic would gain"),
	Entry("by a JSON patch", vic, patch(newUser("vic"), types.JSONPatchType, `[{"op":"add","path":"/spec/groups","value":[{"name":"owners"}]}]`), "user vic would gain"),
	Entry("by server-side apply", vic, apply("User", "vic", map[string]any{"email": "vic@acme.example", "groups": []any{map[string]any{"name": "owners"}}}), "user vic would gain"),
	Entry("by apply to a new name", vic, apply("User", "new", map[string]any{"email": "new@acme.example", "groups": []any{map[string]any{"name": "owners"}}}), "user new would gain"),
	Entry("by a generated name", vic, create(&accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", GenerateName: "new-"},
		Spec:       accessv1.UserSpec{Email: "new@acme.example", Groups: []accessv1.GroupMembership{{Name: "owners"}}},
	}), "would gain"),
	Entry("from the group's side", vic, update(usergroup("owners"), func(g *accessv1.UserGroup) { g.Spec.Members = []accessv1.GroupMember{{Name: "vic"}} }), "user vic would gain"),
	Entry("by a group of his own", vic, create(newGroup("new", accessv1.UserGroupSpec{Access: all, Members: []accessv1.GroupMember{{Name: "vic"}}})), "group new would gain"),
	Entry("by widening his role's like", vic, update(role("clerk"), func(r *accessv1.Role) { r.Spec.Rules = all }), "would gain"),
	Entry("by creating a role", vic, create(named(&accessv1.Role{Spec: accessv1.RoleSpec{Rules: all}}, "new")), "would gain"),
	Entry("by loosening a restriction", dee, update(restriction("ours"), func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"FR"} }), "would gain"),
	Entry("by switching a vendor's option on", ana, update(vendor("abc"), func(v *accessv1.Vendor) { v.Spec.Options = []string{"publishing"} }), "would gain publish on products at vendor=abc"),
	Entry("by creating a vendor", vic, create(vendor("new")), "group new.vendor.editor would gain"),
	Entry("by taking an administrator's place", vic, update(newUser("ana"), func(u *accessv1.User) { u.Spec.Email = "vic2@acme.example" }), "user ana would gain"),
	Entry("by skipping the invitation as a robot", vic, update(newUser("ivy"), func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }), "user ivy would gain"),
	Entry("by skipping the invitation by the mode", vic, update(newUser("ivy"), func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingNone }), "user ivy would gain"),
	Entry("who holds DE gives FR", dee, create(newGroup("new", accessv1.UserGroupSpec{Access: []accessv1.Rule{rule(accessv1.LevelManage, "orders")}, Restrictions: refs("site.fr")})), "at site=FR"),
	Entry("who has not accepted yet", ivy, update(newUser("ben"), join("viewers")), "user ben would gain"),
	Entry("a robot", robot, update(newUser("ben"), join("viewers")), "user ben would gain"),
	Entry("the partner's others", pia, update(newUser("ben"), join("viewers")), "user ben would gain"),
	Entry("another tenant's user", fay, update(newUser("ben"), join("viewers")), "user ben would gain"),
	Entry("a protected role by who only holds it", ana, update(newUser("ben"), join("partners")), "is protected by the platform"),
	Entry("a protected role by a pipeline without bind", pipeline, update(newUser("ben"), join("partners")), "needs the verb bind"),
	Entry("a protected role by the partner", paul, update(usergroup("partners"), func(g *accessv1.UserGroup) { g.Spec.Members = []accessv1.GroupMember{{Name: "ben"}} }), "is protected by the platform"),
	Entry("deleting oneself", ana, remove(newUser("ana")), "nobody deletes himself"),
	Entry("deleting a collection, oneself in it", ana, removeAll(&accessv1.User{}, client.MatchingFields{"spec.email": "ana@acme.example"}), "nobody deletes himself"),
	Entry("a foreign domain", platform, create(named(&accessv1.User{Spec: accessv1.UserSpec{Email: "a@evil.example"}}, "new")), "allowedEmailDomains of Tenant acme"),
	Entry("an address twice", platform, create(named(&accessv1.User{Spec: accessv1.UserSpec{Email: "Vic@acme.example"}}, "new")), "user vic has the address"),
	Entry("an invitation of another", vic, create(invite("new", "ben")), "are for administrators"),
	Entry("a password reset of another", vic, create(reset("new", "ben")), "are for administrators"),
	Entry("an owner, so that the cluster deletes it", vic, update(usergroup("staff"), func(g *accessv1.UserGroup) { g.OwnerReferences = []metav1.OwnerReference{owner()} }), "metadata.ownerReferences"),
	Entry("a predefined role changed", platform, update(role("viewer"), func(r *accessv1.Role) { r.Spec.Rules = all }), "is kept by Roster"),
	Entry("a predefined role deleted", platform, remove(role("viewer")), "is kept by Roster"),
	Entry("all predefined roles deleted at once", ana, removeAll(&accessv1.Role{}, client.MatchingLabels{accessv1.LabelPredefined: "true"}), "is kept by Roster"),
	Entry("a predefined role freed", platform, update(role("viewer"), func(r *accessv1.Role) { r.OwnerReferences = nil }), "is kept by Roster"),
	Entry("a predefined role's label taken", platform, update(role("viewer"), func(r *accessv1.Role) { delete(r.Labels, accessv1.LabelPredefined) }), "is kept by Roster"),
	Entry("a synced restriction changed", platform, update(restriction("site.de"), func(r *accessv1.Restriction) { r.Spec.Values = &[]string{"FR"} }), "is kept by Roster"),
	Entry("a vendor's group given a role", platform, update(usergroup("abc.vendor.editor"), func(g *accessv1.UserGroup) { g.Spec.Roles = refs("owner") }), "is kept by Roster"),
	Entry("a vendor's restriction deleted", platform, remove(restriction("abc.vendor")), "is kept by Roster"),
	Entry("a label of Roster's", pipeline, update(usergroup("staff"), func(g *accessv1.UserGroup) { g.Labels = map[string]string{accessv1.LabelVendor: "abc"} }), "labels that begin with"),
	Entry("a user's status", platform, updateStatus(newUser("vic"), func(u *accessv1.User) { u.Status.AccessSummary = "all" }), "users/status is written by Roster alone"),
	Entry("a group's status", pipeline, updateStatus(usergroup("staff"), func(g *accessv1.UserGroup) { g.Status.Access = nil; g.Status.Members = nil }), "usergroups/status is written by Roster alone"),
	Entry("a role's status", ana, updateStatus(role("clerk"), func(r *accessv1.Role) { r.Status.Groups = nil }), "roles/status is written by Roster alone"),
	Entry("a tenant's status", platform, updateStatus(&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}, func(t *accessv1.Tenant) { t.Status.Namespace = "other" }), "tenants/status is written by Roster alone"),
	Entry("a catalog's status", platform, updateStatus(&accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, func(c *accessv1.ResourceCatalog) { c.Status.Problems = []string{"none"} }), "resourcecatalogs/status is written by Roster alone"),
)
