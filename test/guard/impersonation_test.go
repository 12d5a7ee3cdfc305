package guard_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// The guard takes the API server's word for who asks. Kubernetes lets nobody say that he is another who has not the verb
// impersonate on him, and Roster gives that to nobody.
var _ = Describe("Who administers a tenant", func() {
	const actor = "actor@acme.example"
	roster := rest.ImpersonationConfig{UserName: "system:serviceaccount:roster-system:roster-manager"}
	writes := func(as client.Client) func(context.Context) error {
		return func(ctx context.Context) error { return update(newUser("ben"), join("owners"))(ctx, as, true) }
	}

	It("is nobody else, whatever he says, not Roster and no service account either", func(ctx context.Context) {
		for _, address := range []string{"ana@acme.example", "dee@acme.example", "vic@acme.example", "paul@agency.example"} {
			for _, other := range []rest.ImpersonationConfig{
				roster, {UserName: robot}, {UserName: "system:serviceaccount:kube-system:generic-garbage-collector"}, {UserName: pipeline},
				{UserName: fay}, {UserName: env.UsernamePrefix + address, Groups: []string{"system:masters"}},
			} {
				as := actingAs(address, other)
				Expect(as.List(ctx, &accessv1.UserList{}, client.InNamespace("acme"))).To(beForbiddenBy("cannot impersonate"), "%s as %+v", address, other)
				Expect(writes(as)(ctx)).To(beForbiddenBy("cannot impersonate"), "%s as %+v", address, other)
			}
			for _, kind := range []string{"users", "groups", "serviceaccounts"} {
				for _, namespace := range []string{"", "acme", "roster-system"} {
					Expect(canImpersonate(ctx, address, "", kind, namespace)).To(BeFalse(), "%s may impersonate %s in %q", address, kind, namespace)
				}
			}
			for _, kind := range []string{"uids", "userextras"} {
				Expect(canImpersonate(ctx, address, "authentication.k8s.io", kind, "")).To(BeFalse(), "%s may impersonate %s", address, kind)
			}
		}
		By("being himself all the same")
		Eventually(writes(actingAs("ana@acme.example", rest.ImpersonationConfig{}))).WithContext(ctx).Should(Succeed())
	})

	It("would be it with the verb for that", func(ctx context.Context) {
		cluster.ExpectApplied(ctx,
			&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "actor"}, Rules: []rbacv1.PolicyRule{{
				APIGroups: []string{""}, Resources: []string{"serviceaccounts"}, Verbs: []string{"impersonate"},
			}}},
			binding("actor", rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: env.UsernamePrefix + actor}),
		)
		itself := actingAs(actor, roster)
		Eventually(func() error { return itself.List(ctx, &accessv1.UserList{}, client.InNamespace("acme")) }).Should(Succeed())
		Expect(canImpersonate(ctx, actor, "", "serviceaccounts", "roster-system")).To(BeTrue())
	})
})

// canImpersonate asks the API server whether somebody may act as others of a kind: users, groups, serviceaccounts, uids.
func canImpersonate(ctx context.Context, address, group, kind, namespace string) bool {
	GinkgoHelper()
	return mayDo(ctx, address, authorizationv1.ResourceAttributes{Group: group, Resource: kind, Verb: "impersonate", Namespace: namespace})
}

// actingAs is somebody with a certificate of his own, who says by the headers for that that he is another.
func actingAs(address string, other rest.ImpersonationConfig) client.Client {
	GinkgoHelper()
	content, err := cluster.Kubeconfig(env.UsernamePrefix+address, "system:authenticated")
	Expect(err).NotTo(HaveOccurred())
	config, err := clientcmd.RESTConfigFromKubeConfig(content)
	Expect(err).NotTo(HaveOccurred())
	config.Impersonate = other
	as, err := client.New(config, client.Options{Scheme: cluster.Scheme, Mapper: cluster.Client.RESTMapper()})
	Expect(err).NotTo(HaveOccurred())
	return as
}
