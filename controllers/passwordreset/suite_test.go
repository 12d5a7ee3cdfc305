package passwordreset_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

const (
	yes = metav1.ConditionTrue
	no  = metav1.ConditionFalse
)

var (
	cluster *env.Cluster
	manager *env.Manager
)

func TestPasswordReset(t *testing.T) {
	suite.Run(t, "The password reset controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	start()
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
})

func start(change ...func(*controllers.Deps)) {
	GinkgoHelper()
	var err error
	manager, err = env.StartManagerWith(cluster.Config, cluster, func(d *controllers.Deps) {
		for _, c := range change {
			c(d)
		}
	})
	Expect(err).NotTo(HaveOccurred())
}

// restart ends the manager and starts another with other dependencies; its Outbox is empty.
func restart(change ...func(*controllers.Deps)) {
	GinkgoHelper()
	Expect(manager.Stop()).To(Succeed())
	start(change...)
}

// world is one tenant whose users are active at once.
type world struct{ name string }

func newWorld(ctx context.Context) world {
	w := world{name: env.Unique("reset")}
	cluster.ExpectApplied(ctx, w.catalog(), w.tenant())
	env.ExpectEventually(ctx, cluster, w.tenant(), env.BeReady())
	DeferCleanup(func(ctx context.Context) { cluster.ExpectSoundStatuses(ctx, w.name) })
	return w
}

func (w world) catalog() *accessv1.ResourceCatalog {
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.ResourceCatalogSpec{
			DisplayName: "Commerce dashboard",
			Services:    []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "orders"}}}},
		},
	}
}

func (w world) tenant() *accessv1.Tenant {
	return &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.TenantSpec{
			DisplayName: "Acme GmbH", CatalogRef: accessv1.Reference{Name: w.name},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone, ValidSeconds: 7200},
		},
	}
}

func (w world) address(name string) string { return name + "@" + w.name + ".acme.example" }

func (w world) user(name string, change ...func(*accessv1.User)) *accessv1.User {
	user := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: accessv1.UserSpec{Email: w.address(name), FirstName: "Ana"},
	}
	for _, c := range change {
		c(user)
	}
	return user
}

func (w world) reset(name, user string) *accessv1.PasswordReset {
	return &accessv1.PasswordReset{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: user}},
	}
}

func (w world) expect(ctx context.Context, name string, matchers ...gomegatypes.GomegaMatcher) *accessv1.PasswordReset {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, w.reset(name, ""), And(matchers...))
}
