package applicationcredential_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var (
	cluster *env.Cluster
	manager *env.Manager
	crashes = &crashing{}
	heard   = events.NewFakeRecorder(10_000)
)

func TestApplicationCredential(t *testing.T) {
	suite.Run(t, "The application credential controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	startManager()
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
})

func startManager() {
	GinkgoHelper()
	var err error
	manager, err = env.StartManagerWith(cluster.Config, cluster,
		func(d *controllers.Deps) { d.Events = heard },
		func(o *ctrl.Options) { o.NewClient = crashes.client })
	Expect(err).NotTo(HaveOccurred())
}

// world is a tenant with a robot, ana, who manages orders of DE, reads everything and publishes products.
type world struct{ name string }

func newWorld(ctx context.Context) world {
	w := world{env.Unique("credential")}
	cluster.ExpectApplied(ctx, w.catalog(), w.tenant())
	env.ExpectEventually(ctx, cluster, w.tenant(), env.BeReady())
	cluster.ExpectApplied(ctx,
		w.group("readers", accessv1.Rule{Resources: []string{"*"}, Level: accessv1.LevelRead}, accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}}),
		w.keepers(), w.user("ana"))
	env.ExpectEventually(ctx, cluster, w.user("ana"), env.HaveState(accessv1.UserActive))
	DeferCleanup(func(ctx context.Context) { cluster.ExpectSoundStatuses(ctx, w.name) })
	return w
}

func (w world) catalog() *accessv1.ResourceCatalog {
	return &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: w.name}, Spec: accessv1.ResourceCatalogSpec{
		Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
			{Name: "orders", RestrictedBy: []string{"site"}}, {Name: "products", Actions: []string{"publish"}}, {Name: "tax"},
		}}},
	}}
}

func (w world) tenant() *accessv1.Tenant {
	return &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.name}, Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: w.name}, Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		Dimensions: []accessv1.TenantDimension{{Name: "site", Values: []string{"DE", "FR"}, Restrictions: accessv1.RestrictionsSynced}},
	}}
}

func (w world) group(name string, rules ...accessv1.Rule) *accessv1.UserGroup {
	return &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name},
		Spec:       accessv1.UserGroupSpec{Access: rules, Members: []accessv1.GroupMember{{Name: "ana"}}},
	}
}

func (w world) keepers() *accessv1.UserGroup {
	g := w.group("keepers", accessv1.Rule{Resources: []string{"orders"}, Level: accessv1.LevelManage})
	g.Spec.Restrictions = []accessv1.Reference{{Name: "site.de"}}
	g.Spec.Members[0].Until = &farAhead
	return g
}

var farAhead = metav1.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

func (w world) user(name string) *accessv1.User {
	return &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}, Spec: accessv1.UserSpec{Email: name + "@acme.example"}}
}

func (w world) credential(name string, changes ...func(*accessv1.ApplicationCredentialSpec)) *accessv1.ApplicationCredential {
	c := &accessv1.ApplicationCredential{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}}
	c.Spec.UserRef.Name = "ana"
	for _, change := range changes {
		change(&c.Spec)
	}
	return c
}

func cutTo(rules ...accessv1.Rule) func(*accessv1.ApplicationCredentialSpec) {
	return func(s *accessv1.ApplicationCredentialSpec) { s.Access = rules }
}

// change changes what is wanted of a credential.
func (w world) change(ctx context.Context, name string, change func(*accessv1.ApplicationCredentialSpec)) {
	GinkgoHelper()
	env.ExpectChanged(ctx, cluster, w.credential(name), func(c *accessv1.ApplicationCredential) { change(&c.Spec) })
}

func rotated(to int32, overlap time.Duration) func(*accessv1.ApplicationCredentialSpec) {
	return func(s *accessv1.ApplicationCredentialSpec) {
		s.Rotation, s.OverlapSeconds = ptr.To(to), ptr.To(int32(overlap/time.Second))
	}
}

// expect waits until a credential is as the matchers say.
func (w world) expect(ctx context.Context, name string, matchers ...gomegatypes.GomegaMatcher) *accessv1.ApplicationCredential {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, w.credential(name), And(matchers...))
}

func give(lines ...string) gomegatypes.GomegaMatcher {
	return WithTransform(func(c *accessv1.ApplicationCredential) []string { return env.Lines(c.Status.EffectiveAccess) },
		Equal(append([]string{}, lines...)))
}

func because(kind string) func(*accessv1.ApplicationCredential) string {
	return func(c *accessv1.ApplicationCredential) string {
		if found := apimeta.FindStatusCondition(c.Status.Conditions, kind); found != nil {
			return found.Message
		}
		return ""
	}
}

func (w world) secret(ctx context.Context, name string) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(cluster.Client.Get(ctx, client.ObjectKey{Namespace: w.name, Name: name}, secret)).To(Succeed())
	return secret
}

// token is what an application finds in the Secret.
func (w world) token(ctx context.Context, name string) string {
	GinkgoHelper()
	return string(w.secret(ctx, name).Data["token"])
}

// holdInForce waits until the token in the Secret is the one in force.
func (w world) holdInForce(ctx context.Context, name string) string {
	GinkgoHelper()
	var token string
	Eventually(func(g Gomega) {
		c := w.credential(name)
		g.Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(c), c)).To(Succeed())
		secret := &corev1.Secret{}
		g.Expect(cluster.Client.Get(ctx, client.ObjectKey{Namespace: w.name, Name: credential.SecretName(c)}, secret)).To(Succeed())
		token = string(secret.Data["token"])
		g.Expect(credential.HashOf(token).String()).To(Equal(c.Status.TokenHash))
		g.Expect(credential.InForce(c)).To(BeTrue())
		g.Expect(c.Status.Pending).To(BeNil())
	}).WithContext(ctx).Should(Succeed())
	return token
}

// said are the events so far that begin so.
func said(beginning string) int {
	count := 0
	for n := len(heard.Events); n > 0; n-- {
		if event := <-heard.Events; strings.Contains(event, beginning) {
			count++
		}
	}
	return count
}
