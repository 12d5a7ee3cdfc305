package signin_test

import (
	"context"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var cluster *env.Cluster

func TestSignIn(t *testing.T) {
	suite.Run(t, "The sign-in controller")
}

var _ = BeforeSuite(func(ctx context.Context) {
	cluster = suite.Cluster(env.WithPasswords)
	cluster.ExpectSignInNamespace(ctx)
	manager, err := env.StartManagerWith(cluster.Config, cluster, env.KeepSignIns)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
})

// world is one tenant, whose users accept invitations, with a catalog of its own.
type world struct{ name string }

func newWorld(ctx context.Context) world {
	w := world{env.Unique("signin")}
	cluster.ExpectApplied(ctx, &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: accessv1.ResourceCatalogSpec{AdministrationResource: "tax", Services: []accessv1.CatalogService{
			{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "tax"}}},
		}},
	}, w.tenant())
	env.ExpectEventually(ctx, cluster, w.tenant(), env.BeReady())
	return w
}

func (w world) tenant() *accessv1.Tenant {
	return &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec:       accessv1.TenantSpec{DisplayName: "North Lumen", CatalogRef: accessv1.Reference{Name: w.name}},
	}
}

// user has an address of his own in every spec, unless he is given one.
func (w world) user(name string, change ...func(*accessv1.User)) *accessv1.User {
	user := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name},
		Spec:       accessv1.UserSpec{Email: name + "@" + w.name + ".example", FirstName: "Ana", LastName: "Silva"},
	}
	for _, c := range change {
		c(user)
	}
	return user
}

func at(email string) func(*accessv1.User) { return func(u *accessv1.User) { u.Spec.Email = email } }

func inactive(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }

func active(u *accessv1.User) { u.Spec.State = accessv1.AccountActive }

// invited applies a user and waits until he has been asked.
func (w world) invited(ctx context.Context, user *accessv1.User) (*accessv1.User, *accessv1.Invitation) {
	GinkgoHelper()
	cluster.ExpectApplied(ctx, user)
	user = env.ExpectEventually(ctx, cluster, user, WithTransform(func(u *accessv1.User) accessv1.InvitationState {
		if u.Status.Invitation == nil {
			return ""
		}
		return u.Status.Invitation.State
	}, Equal(accessv1.InvitationSent)))
	invitation := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: user.Status.Invitation.Name}}
	Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(invitation), invitation)).To(Succeed())
	return user, invitation
}

// chooses stores a password as the page does, before the acceptance.
func chooses(ctx context.Context, user *accessv1.User, link types.UID) {
	GinkgoHelper()
	email, err := address.Parse(user.Spec.Email)
	Expect(err).NotTo(HaveOccurred())
	store := cluster.NewSignIns()
	found, err := store.Find(ctx, email)
	Expect(err).NotTo(HaveOccurred())
	Expect(store.Set(ctx, found, identity.Choice{
		Address: email, Password: "trumpet-orbit-lemon", User: user.UID, Name: identity.NameOf(user), Link: link, Now: time.Now(),
	})).To(Succeed())
}

// accepts writes what the page writes after that.
func accepts(ctx context.Context, invitation *accessv1.Invitation) {
	GinkgoHelper()
	now := metav1.Now()
	env.ExpectForged(ctx, cluster, invitation, func(i *accessv1.Invitation) {
		i.Status.State, i.Status.AcceptedAt, i.Status.SignIn = accessv1.InvitationAccepted, &now, accessv1.SignInPassword
	})
}

// joined is a user who has accepted with a password.
func (w world) joined(ctx context.Context, name string, change ...func(*accessv1.User)) *accessv1.User {
	GinkgoHelper()
	user, invitation := w.invited(ctx, w.user(name, change...))
	chooses(ctx, user, invitation.UID)
	accepts(ctx, invitation)
	return env.ExpectEventually(ctx, cluster, user, env.HaveState(accessv1.UserActive))
}

// shares is a user who has accepted with the password that his address has already.
func (w world) shares(ctx context.Context, name string, change ...func(*accessv1.User)) *accessv1.User {
	GinkgoHelper()
	user, invitation := w.invited(ctx, w.user(name, change...))
	accepts(ctx, invitation)
	return env.ExpectEventually(ctx, cluster, user, env.HaveState(accessv1.UserActive))
}

// byHand is a reset that somebody asks for.
func (w world) byHand(user string) *accessv1.PasswordReset {
	return &accessv1.PasswordReset{
		ObjectMeta: metav1.ObjectMeta{Name: "by-hand", Namespace: w.name},
		Spec:       accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: user}},
	}
}

// answers is what the page does when a user chooses a password through a reset.
func answers(ctx context.Context, user *accessv1.User, reset *accessv1.PasswordReset) {
	GinkgoHelper()
	chooses(ctx, user, reset.UID)
	now := metav1.Now()
	env.ExpectForged(ctx, cluster, reset, func(r *accessv1.PasswordReset) {
		r.Status.InvitationStatus = accessv1.InvitationStatus{
			State: accessv1.InvitationAccepted, Email: user.Spec.Email, AcceptedAt: &now, SignIn: accessv1.SignInPassword,
		}
	})
}

// sent waits until the mail of a reset has gone out.
func sent(ctx context.Context, reset *accessv1.PasswordReset) *accessv1.PasswordReset {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, reset, WithTransform(func(r *accessv1.PasswordReset) accessv1.InvitationState { return r.Status.State }, Equal(accessv1.InvitationSent)))
}

// asks waits for another reset than those before, and has it sent to an address, whatever the limits of mails say.
func (w world) asks(ctx context.Context, email string, before map[types.UID]bool) {
	GinkgoHelper()
	var reset accessv1.PasswordReset
	Eventually(ctx, func() bool {
		resets := w.resets(ctx)
		i := slices.IndexFunc(resets, func(r accessv1.PasswordReset) bool { return !before[r.UID] })
		if i >= 0 {
			reset = resets[i]
		}
		return i >= 0
	}).Should(BeTrue())
	expires := metav1.NewTime(time.Now().Add(time.Hour).Truncate(time.Second))
	env.ExpectForged(ctx, cluster, &reset, func(r *accessv1.PasswordReset) {
		r.Status.InvitationStatus = accessv1.InvitationStatus{State: accessv1.InvitationSent, Email: email, ExpiresAt: &expires}
	})
	before[reset.UID] = true
}

// change changes a stored user.
func change(ctx context.Context, user *accessv1.User, change func(*accessv1.User)) {
	GinkgoHelper()
	env.ExpectChanged(ctx, cluster, user, change)
}

// resets of a user.
func (w world) resets(ctx context.Context) []accessv1.PasswordReset {
	GinkgoHelper()
	list := &accessv1.PasswordResetList{}
	Expect(cluster.Client.List(ctx, list, client.InNamespace(w.name))).To(Succeed())
	return list.Items
}
