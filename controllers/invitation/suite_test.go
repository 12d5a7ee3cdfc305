package invitation_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var (
	cluster *env.Cluster
	manager *env.Manager
	// office is the mail server, and journal what reached it and the API server, in order.
	office  = newOffice()
	journal = &log{}
)

func TestInvitation(t *testing.T) {
	suite.Run(t, "The invitation controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	start(&wire{})
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
})

// start starts the manager, whose requests go through the wire. Retries come as early as they may: after 4 seconds.
func start(w *wire, change ...func(*controllers.Deps)) {
	GinkgoHelper()
	config := rest.CopyConfig(cluster.Config)
	config.Wrap(w.over)
	var err error
	manager, err = env.StartManagerWith(config, cluster, func(d *controllers.Deps) {
		d.Sender, d.Jitter = office, func() float64 { return 1 }
		for _, c := range change {
			c(d)
		}
	})
	Expect(err).NotTo(HaveOccurred())
}

// world is one tenant that invites its users.
type world struct{ name string }

func newWorld(ctx context.Context, change ...func(*accessv1.Tenant)) world {
	w := world{name: env.Unique("mail")}
	cluster.ExpectApplied(ctx, w.catalog(), w.tenant(change...))
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

func (w world) tenant(change ...func(*accessv1.Tenant)) *accessv1.Tenant {
	tenant := &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.TenantSpec{
			DisplayName: "Acme GmbH", CatalogRef: accessv1.Reference{Name: w.name},
			AllowedEmailDomains: []string{"*.acme.example"},
			Onboarding:          accessv1.Onboarding{Mode: accessv1.OnboardingInvitation},
		},
	}
	for _, c := range change {
		c(tenant)
	}
	return tenant
}

// address is one that no other spec writes to.
func (w world) address(name string) string { return name + "@" + w.name + ".acme.example" }

func (w world) user(name string, change ...func(*accessv1.User)) *accessv1.User {
	user := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: accessv1.UserSpec{Email: w.address(name)},
	}
	for _, c := range change {
		c(user)
	}
	return user
}

func (w world) invitation(name, user string) *accessv1.Invitation {
	return &accessv1.Invitation{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: user}},
	}
}

func (w world) expectUser(ctx context.Context, name string, matchers ...gomegatypes.GomegaMatcher) *accessv1.User {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, w.user(name), And(matchers...))
}

func (w world) expectInvitation(ctx context.Context, name string, matchers ...gomegatypes.GomegaMatcher) *accessv1.Invitation {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, w.invitation(name, ""), And(matchers...))
}

// expectFirst waits until Roster's own invitation of a user is as wanted.
func (w world) expectFirst(ctx context.Context, user string, matchers ...gomegatypes.GomegaMatcher) *accessv1.Invitation {
	GinkgoHelper()
	found := w.expectUser(ctx, user, WithTransform(func(u *accessv1.User) *accessv1.UserInvitation { return u.Status.Invitation }, Not(BeNil())))
	return w.expectInvitation(ctx, found.Status.Invitation.Name, matchers...)
}

func inactive(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }
