package guard_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	roster "github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("An invitation", func() {
	It("says who asked for it, whatever its author wrote, and keeps saying so", func(ctx context.Context) {
		forged := invite("asked", "ivy")
		forged.Spec.RequestedBy = "somebody@else.example"
		Expect(as(ana).Create(ctx, forged)).To(Succeed())
		Expect(forged.Spec.RequestedBy).To(Equal(ana))
		again := map[string]any{"userRef": map[string]any{"name": "ivy"}}
		Expect(apply("Invitation", "asked", again)(ctx, as(platform), false)).To(Succeed())
		env.ExpectEventually(ctx, cluster, forged, HaveField("Spec.RequestedBy", ana))
	})

	It("has a mail that names who asked for it by the address, which is no link", func(ctx context.Context) {
		Expect(as(ana).Create(ctx, invite("named", "ivy"))).To(Succeed())
		unlinked := strings.NewReplacer("@", "@\u200b", ".", ".\u200b").Replace("ana@acme.example")
		Eventually(func() []mail.Message { return manager.Outbox.To("ivy@acme.example") }).
			Should(ContainElement(HaveField("Text", ContainSubstring("\n"+unlinked+" invites you"))))
	})

	It("of Roster's own has nobody to name", func(ctx context.Context) {
		late := env.ExpectEventually(ctx, cluster, newUser("ivy"), HaveField("Status.Invitation", Not(BeNil())))
		first := &accessv1.InvitationList{}
		Expect(cluster.Client.List(ctx, first, client.InNamespace("acme"), client.HasLabels{accessv1.LabelAddress})).To(Succeed())
		Expect(first.Items).NotTo(BeEmpty())
		Expect(first.Items[0].Spec.UserRef.Name).To(Equal(late.Name))
		Expect(first.Items[0].Spec.RequestedBy).To(BeEmpty())
	})
})

var _ = Describe("A password reset", func() {
	It("says who asked for it, whatever its author wrote, and keeps saying so", func(ctx context.Context) {
		forged := reset("asked", "vic")
		forged.Spec.RequestedBy = "somebody@else.example"
		Expect(as(ana).Create(ctx, forged)).To(Succeed())
		Expect(forged.Spec.RequestedBy).To(Equal(ana))
		for _, spec := range []map[string]any{
			{"userRef": map[string]any{"name": "vic"}},
			{"userRef": map[string]any{"name": "vic"}, "requestedBy": vic},
		} {
			Expect(apply("PasswordReset", "asked", spec)(ctx, as(platform), false)).To(Succeed())
			Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(forged), forged)).To(Succeed())
			Expect(forged.Spec.RequestedBy).To(Equal(ana))
		}
	})
})

var _ = Describe("A finalizer of Roster's", func() {
	It("is taken away by nobody else, and nobody else's is Roster's", func(ctx context.Context) {
		held := newGroup("held", accessv1.UserGroupSpec{})
		cluster.ExpectApplied(ctx, held)
		mark := func(finalizers string) attempt {
			return patch(held, "application/merge-patch+json", `{"metadata":{"finalizers":[`+finalizers+`]}}`)
		}
		Expect(mark(`"access.roster.dev/cleanup","test.example/wait"`)(ctx, itself(), false)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(mark("")(ctx, itself(), false)).To(Succeed()) })
		for _, who := range []string{ana, paul, pipeline, platform} {
			for _, without := range []string{"", `"test.example/wait"`, `"access.roster.dev/cleaned","test.example/wait"`} {
				Expect(mark(without)(ctx, as(who), false)).To(beForbiddenBy("finalizers that begin with access.roster.dev/ are Roster's"), "%s leaves [%s]", who, without)
			}
		}
		Expect(mark(`"access.roster.dev/cleanup"`)(ctx, as(vic), false)).To(Succeed())
	})
})

var _ = Describe("An object that is being deleted", func() {
	It("is guarded as any other", func(ctx context.Context) {
		going := newGroup("going", accessv1.UserGroupSpec{})
		going.Finalizers = []string{"test.example/wait"}
		cluster.ExpectApplied(ctx, going)
		cluster.ExpectDeleted(ctx, going)
		DeferCleanup(func(ctx context.Context) {
			env.ExpectChanged(ctx, cluster, going, func(g *accessv1.UserGroup) { g.Finalizers = nil })
		})
		err := update(going, func(g *accessv1.UserGroup) { g.OwnerReferences = []metav1.OwnerReference{owner()} })(ctx, as(vic), false)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		err = update(going, func(g *accessv1.UserGroup) { g.Labels = map[string]string{accessv1.LabelVendor: "abc"} })(ctx, as(vic), false)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	})
})

var _ = Describe("A right", func() {
	It("counts from the moment it is given to the moment it is taken", func(ctx context.Context) {
		gains := update(newUser("ben"), join("owners"))
		kim := env.UsernamePrefix + "kim@acme.example"
		Expect(gains(ctx, as(kim), true)).NotTo(Succeed())
		cluster.ExpectApplied(ctx, newUser("kim", "owners"))
		Eventually(gains).WithArguments(ctx, as(kim), true).Should(Succeed())
		env.ExpectChanged(ctx, cluster, newUser("kim"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		Eventually(func() bool { return apierrors.IsForbidden(gains(ctx, as(kim), true)) }).Should(BeTrue())
	})

	It("is not given by a role that is deleted and made again", func(ctx context.Context) {
		lost := role("lost")
		cluster.ExpectApplied(ctx, lost, newGroup("losers", accessv1.UserGroupSpec{Roles: refs("lost"), Members: []accessv1.GroupMember{{Name: "vic"}}}))
		Eventually(remove(lost)).WithArguments(ctx, as(vic), false).Should(Succeed())
		lost.Spec.Rules = all
		lost.ResourceVersion, lost.UID = "", ""
		err := create(lost)(ctx, as(vic), false)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	})
})

// It comes last, and leaves the guard as it was.
var _ = Describe("A guard that does not answer", Serial, Ordered, func() {
	harmless := update(newUser("ben"), func(u *accessv1.User) { u.Spec.Department = "Sales" })

	BeforeAll(func() { Expect(manager.Stop()).To(Succeed()) })

	It("lets nothing through, whoever asks", func(ctx context.Context) {
		for _, who := range []string{platform, pipeline, ana} {
			Expect(harmless(ctx, as(who), false)).To(MatchError(ContainSubstring("failed calling webhook")))
			Expect(remove(newUser("ben"))(ctx, as(who), false)).To(MatchError(ContainSubstring("failed calling webhook")))
			Expect(updateStatus(newUser("ben"), func(u *accessv1.User) { u.Status.AccessSummary = "all" })(ctx, as(who), false)).
				To(MatchError(ContainSubstring("failed calling webhook")))
		}
	})

	It("lets Roster write all the same", func(ctx context.Context) {
		Expect(patch(role("viewer"), "application/merge-patch+json", `{"metadata":{"annotations":{"a":"b"}}}`)(ctx, itself(), true)).To(Succeed())
	})

	It("lets nothing through with a certificate that the API server does not know", func(ctx context.Context) {
		stop := serveWithOwnCertificate()
		Eventually(func() error { return harmless(ctx, as(platform), false) }).Should(MatchError(ContainSubstring("certificate")))
		stop()
	})

	It("is back as soon as it answers", func(ctx context.Context) {
		startManager()
		Eventually(harmless).WithArguments(ctx, as(ana), true).Should(Succeed())
	})
})

// serveWithOwnCertificate runs a guard whose certificate nobody signed.
func serveWithOwnCertificate() (stop func()) {
	dir := GinkgoT().TempDir()
	certificate, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(dir, "tls.crt"), certificate, 0o600)).To(Succeed())
	Expect(os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600)).To(Succeed())
	cluster.ChangeGuard = func(o *roster.GuardOptions) { o.CertDir = dir }
	startManager()
	return func() {
		cluster.ChangeGuard = nil
		Expect(manager.Stop()).To(Succeed())
	}
}
