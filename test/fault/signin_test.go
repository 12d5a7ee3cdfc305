package fault_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	. "github.com/onsi/gomega"
	"golang.org/x/crypto/bcrypt"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

// Passwords that people choose. They are canaries as well.
const (
	firstPassword = "canary-chosen-first-8a1f"
	nextPassword  = "canary-chosen-next-3c77"
)

// keepingPasswords are the options of a manager that keeps the passwords that Dex reads.
func keepingPasswords() manager.Options {
	o := managerOptions()
	o.Identity, o.DexNamespace = manager.IdentityDex, env.SignIns
	return o
}

// signing are the workloads in which passwords come and go.
var signing = []workload{
	{name: "a password reset is answered", prepare: anaForgot, act: func(ctx context.Context, s *stage) {
		s.choose(ctx, s.resetLink(ctx, "ana"), "ana", nextPassword)
	}},
	{name: "a password reset is sent", prepare: anaJoined, act: anaForgets},
	{name: "an invitation is accepted with a password", prepare: anaAsked, act: anaJoins},
	{name: "a password reset is cancelled", prepare: anaForgot, act: func(ctx context.Context, s *stage) {
		s.change(ctx, &accessv1.PasswordReset{ObjectMeta: s.meta("forgotten")}, `{"spec":{"cancel":true}}`)
	}},
	{name: "a user with a password comes back", prepare: anaLeft, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.user("ana"), `{"spec":{"state":"Active"}}`)
	}},
}

// choose answers a link with a password, until somebody is there to hear it.
func (s *stage) choose(ctx context.Context, link, user, password string) {
	typed := url.Values{"email": {user + "@" + s.domain()}, "password": {password}}
	EventuallyWithOffset(1, func() (int, error) { return fill(ctx, link, typed) }, patience, interval).
		WithContext(ctx).Should(Equal(http.StatusOK), s.tail)
}

func anaJoins(ctx context.Context, s *stage) {
	s.choose(ctx, s.link(ctx, "ana"), "ana", firstPassword)
}

func anaJoined(ctx context.Context, s *stage) {
	anaAsked(ctx, s)
	anaJoins(ctx, s)
	env.ExpectEventually(ctx, cluster, s.user("ana"), env.HaveState(accessv1.UserActive))
}

func anaForgets(ctx context.Context, s *stage) {
	cluster.ExpectApplied(ctx, &accessv1.PasswordReset{ObjectMeta: s.meta("forgotten"), Spec: accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: "ana"}}})
}

func anaForgot(ctx context.Context, s *stage) {
	anaJoined(ctx, s)
	anaForgets(ctx, s)
	env.ExpectEventually(ctx, cluster, &accessv1.PasswordReset{ObjectMeta: s.meta("forgotten")}, env.HaveState(accessv1.InvitationSent))
}

func anaLeft(ctx context.Context, s *stage) {
	anaJoined(ctx, s)
	s.change(ctx, s.user("ana"), `{"spec":{"state":"Inactive"}}`)
	Eventually(func() []client.Object { return s.signIns(ctx, []client.Object{s.user("ana")}) }, patience, interval).
		WithContext(ctx).Should(BeEmpty())
}

// signIns are what the users among the objects sign in with. They say whose password they hold, instead of a hash that is
// another one each time.
func (s *stage) signIns(ctx context.Context, objects []client.Object) (found []client.Object) {
	for _, object := range objects {
		user, ok := object.(*accessv1.User)
		if !ok {
			continue
		}
		p := env.SignIn(user.Spec.Email)
		if watched.Get(ctx, client.ObjectKeyFromObject(p), p) == nil {
			p.Hash = []byte(passwords.of(p.Hash))
			found = append(found, p)
		}
	}
	return found
}

// chosen remembers the passwords of hashes, which take a while to try.
type chosen struct {
	lock  sync.Mutex
	known map[string]string
}

var passwords = chosen{known: map[string]string{}}

func (c *chosen) of(hash []byte) string {
	c.lock.Lock()
	defer c.lock.Unlock()
	if known := c.known[string(hash)]; known != "" {
		return known
	}
	found := "nobody's password"
	for _, password := range []string{firstPassword, nextPassword} {
		if bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil {
			found = password
		}
	}
	c.known[string(hash)] = found
	return found
}

// lostHash is the part of a name that is made of a user and of the password that he lost.
func lostHash(reset *accessv1.PasswordReset) string {
	hash, own := strings.CutPrefix(reset.Name, reset.Spec.UserRef.Name+"-")
	if controller := metav1.GetControllerOf(reset); !own || controller == nil {
		return ""
	}
	return hash
}
