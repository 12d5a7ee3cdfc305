package guard_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// What others have been escaped by, each as it would be tried here.
var _ = table("others",
	refused("Capsule CVE-2022-46167: a vendor's group loses the owner that keeps it narrow", "pipeline marks UserGroup abc.vendor.editor {ownerReferences: null}", "is kept by Roster"),
	refused("Capsule CVE-2022-46167: a predefined role loses its owner", "platform marks Role owner {ownerReferences: null}", "is kept by Roster"),
	refused("Capsule CVE-2022-46167: somebody outlives what he is to go with", "vic marks User u~ {ownerReferences: null}", "metadata.ownerReferences",
		"User u~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {}}"),
	refused("Capsule CVE-2025-55205: a label that Roster reads is put on", "pipeline marks UserGroup staff {labels: {access.roster.dev/vendor: abc}}", "labels that begin with"),
	refused("Capsule CVE-2025-55205: a label that Roster reads comes with a new object", `ana creates Role new~ {metadata: {labels: {access.roster.dev/predefined: "true"}}, spec: {}}`, "labels that begin with"),
	refused("Capsule CVE-2026-30963: access comes by way of the status", "platform forges User vic {effectiveAccess: [Manage(*)], state: Active}", "users/status is written by Roster alone"),
	refused("Rancher CVE-2023-32196: by a role that stands in the catalog only", "vic sets UserGroup staff {roles: names(auditor)}", "group staff would gain"),
	refused("Rancher CVE-2023-32196: by a vendor's option, of the catalog's role, in Roster's group", "ana sets Vendor abc {options: [publishing]}", "would gain publish on products at vendor=abc"),
	refused("Rancher CVE-2023-32196: by an attribute, in a restriction, of a group", "dee sets User rob {attributes: [{name: sites, values: [FR]}]}", "at site=FR"),
	refused("Rancher CVE-2023-32196: by all the resources of a service", "vic sets Role clerk {rules: [{services: [sales], level: Manage}]}", "any group with role clerk would gain"),
	refused("Rancher CVE-2023-32196: by a role that comes after the group", "vic creates Role lost {rules: [Manage(tax)]}", "would gain Manage on tax"),
	refused("Rancher CVE-2025-23391: the address of a more powerful user", "dee sets User ana {email: dee2@others.example}", "user ana would gain"),
	refused("Rancher CVE-2025-23391: the place of a more powerful user, by his name", "dee creates User new~ {email: dee2@others.example}", "user new~ would gain", "UserGroup g~ {roles: names(owner), members: names(new~)}"),
	refused("Rancher CVE-2025-23391: a more powerful user's missing acceptance", "dee sets User ivy {onboarding: None}", "user ivy would gain"),
	allowed("Rancher CVE-2025-23391: a more powerful user's name", "dee sets User u~ {firstName: Uma}", "User u~ {groups: names(owners)}"),
	refused("Kyverno CVE-2023-34091: a user who is being deleted", "vic sets User u~ {groups: names(owners)}", "user u~ would gain", "going User u~ {}"),
	refused("Kyverno CVE-2023-34091: a group that is being deleted", "vic sets UserGroup g~ {access: [Manage(*)]}", "group g~ would gain", "going UserGroup g~ {members: names(ben)}"),
	refused("Kyverno CVE-2023-34091: a protected role for who is being deleted", "ana sets User u~ {groups: names(partners)}", "is protected by the platform", "going User u~ {}"),
	refused("Grafana CVE-2022-39306: an open invitation goes to another address", "vic sets User ivy {email: vic2@others.example}", "user ivy would gain"),
	refused("Grafana CVE-2022-39306: an invitation becomes another user's", "ana marks Invitation last {labels: {access.roster.dev/user: ivy}}", "labels that begin with"),
	invalid("Grafana CVE-2022-39306: an invitation names another user", "platform sets Invitation last {userRef: {name: ivy}}", "an invitation cannot be changed"),
	refused("Grafana CVE-2024-10452: another tenant's invitation deleted", "stranger/fay deletes Invitation last", "invitations of others, as of user last, are for administrators"),
	refused("Grafana CVE-2024-10452: another tenant's invitation in a collection", "stranger/fay clears Invitation last", "are for administrators"),
	refused("Grafana CVE-2024-10452: another tenant's invitation cancelled", "stranger/fay sets Invitation last {cancel: true}", "are for administrators"),
	refused("Grafana CVE-2024-10452: the other way round", "ana deletes Invitation stranger/hers", "are for administrators"),
	allowed("Grafana CVE-2024-10452: the tenant's own", "ana deletes Invitation i~", "Invitation i~ {userRef: {name: ben}}"),
	allowed("Grafana CVE-2024-10452: by the partner, who looks after it", "partner/paul deletes Invitation i~", "Invitation i~ {userRef: {name: ben}}"),
)

// Namespaces are not guarded: who may write one, by whatever path, must gain nothing by it. A tenant has a namespace by what
// its own spec says.
var _ = Describe("A namespace", Ordered, func() {
	const tenant = "named"
	label := []byte(`{"metadata":{"labels":{"access.roster.dev/tenant":"stranger"},"ownerReferences":null}}`)
	namespace := func(name string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	expectSame := func(ctx context.Context, in string, says string) {
		for _, who := range []string{"stranger/fay", "vic"} {
			q := readRequest(in, who+" creates User new {groups: names(owners)}")
			_, err := verbs[q.verb](ctx, client.NewDryRunClient(clientOf(q.who, in)), q.object)
			Expect(err).To(MatchError(ContainSubstring(says)))
			Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		}
	}

	BeforeAll(func(ctx context.Context) { newWorld(ctx, tenant) })

	for path, write := range map[string]func(context.Context, *corev1.Namespace) error{
		"itself": func(ctx context.Context, n *corev1.Namespace) error {
			return cluster.Client.Patch(ctx, n, client.RawPatch(types.MergePatchType, label))
		},
		"status, as in Capsule CVE-2026-30963": func(ctx context.Context, n *corev1.Namespace) error {
			return cluster.Client.Status().Patch(ctx, n, client.RawPatch(types.MergePatchType, label))
		},
		"finalize, as in Capsule CVE-2026-30963": func(ctx context.Context, n *corev1.Namespace) error {
			if err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(n), n); err != nil {
				return err
			}
			n.Labels[accessv1.LabelTenant] = "stranger"
			return cluster.Client.SubResource("finalize").Update(ctx, n)
		},
	} {
		It("that is labelled as another tenant's, as in Capsule CVE-2025-55205, stays its tenant's: by "+path, func(ctx context.Context) {
			Expect(write(ctx, namespace(tenant))).To(Succeed())
			expectSame(ctx, tenant, "user new would gain")
			q := readRequest(tenant, "ana creates User new {groups: names(owners)}")
			_, err := verbs[q.verb](ctx, client.NewDryRunClient(clientOf(q.who, tenant)), q.object)
			Expect(err).NotTo(HaveOccurred())
			env.ExpectEventually(ctx, cluster, namespace(tenant), HaveField("Labels", HaveKeyWithValue(accessv1.LabelTenant, tenant)))
		})
	}

	It("that is labelled as a tenant's does not become one's", func(ctx context.Context) {
		Expect(cluster.Client.Create(ctx, namespace("free"))).To(Succeed())
		Expect(cluster.Client.Patch(ctx, namespace("free"), client.RawPatch(types.MergePatchType, label))).To(Succeed())
		expectSame(ctx, "free", "no Tenant owns the namespace free")
	})
})

var _ = Describe("Grafana CVE-2022-39306", Ordered, func() {
	It("an old invitation, accepted, says nothing of a new address", func(ctx context.Context) {
		const tenant = "invited"
		newWorld(ctx, tenant, "User kit {onboarding: Invitation, groups: names(owners)}")
		kit := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: "kit"}}
		asked := env.ExpectEventually(ctx, cluster, kit, HaveField("Status.Invitation.State", accessv1.InvitationSent))
		q := readRequest(tenant, "ana sets User kit {email: kit2@invited.example}")
		_, err := verbs[q.verb](ctx, clientOf(q.who, tenant), q.object)
		Expect(err).NotTo(HaveOccurred())
		answer(ctx, tenant, asked.Status.Invitation.Name)
		moved := env.ExpectEventually(ctx, cluster, kit, HaveField("Status.Invitation.Email", "kit2@invited.example"))
		Expect(moved.Status.AcceptedEmail).NotTo(Equal("kit2@invited.example"))
		Expect(moved).To(env.HaveState(accessv1.UserInvited))
		Expect(moved.Status.EffectiveAccess).To(BeEmpty())
		q = readRequest(tenant, "oidc:kit2@invited.example sets User ben {groups: names(viewers)}")
		_, err = verbs[q.verb](ctx, clientOf(q.who, tenant), q.object)
		Expect(err).To(MatchError(ContainSubstring("who is no active user")))
	})
})
