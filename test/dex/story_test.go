// Package dex_test tells the whole story of signing in, with a real Dex beside a real Roster, both under what is shipped:
// its permissions, its pages, its mails.
package dex_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

const patience = 60 * time.Second

// place is everything that runs during a story.
type place struct {
	*testing.T
	cluster   *env.Cluster
	decisions *env.Decisions
	caller    string
	app       *application
	mailbox   string
}

func newPlace(ctx context.Context, t *testing.T) *place {
	RegisterTestingT(t)
	ctrl.SetLogger(logr.Discard())
	cluster, err := env.Start()
	Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
	p := &place{T: t, cluster: cluster}
	cluster.ExpectApplied(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "dex"}})
	for _, file := range append(append([]string{}, env.ManagerFiles...), env.DecisionFiles...) {
		p.kubectl("apply", "-f", file)
	}
	p.kubectl("apply", "-k", "config/dex")
	p.startRoster(ctx)
	p.app = newApplication(ctx, t, startDex(t, cluster))
	p.decisions, err = env.StartDecisions(cluster.DecisionAccount())
	Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { Expect(p.decisions.Stop()).To(Succeed()) })
	return p
}

// startRoster runs the program under its own account, before Dex has ever run: its kinds are not there yet.
func (p *place) startRoster(ctx context.Context) {
	options := manager.Defaults()
	options.Identity = manager.IdentityDex
	options.WebAddress, options.MailboxPageAddress, options.MailboxSMTPAddress = freeAddress(p.T), freeAddress(p.T), "127.0.0.1:0"
	options.PublicURL, options.Transport = "http://"+options.WebAddress, manager.TransportMailbox
	p.mailbox = "http://" + options.MailboxPageAddress
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- manager.Run(ctx, options, func() (*rest.Config, error) { return p.cluster.ManagerAccount(), nil })
	}()
	p.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			p.Errorf("the manager: %v", err)
		}
	})
}

func (p *place) kubectl(arguments ...string) {
	p.Helper()
	config, err := p.cluster.Kubeconfig("platform-admin", "system:masters")
	Expect(err).NotTo(HaveOccurred())
	file := p.TempDir() + "/kubeconfig"
	write(p.T, file, string(config))
	command := exec.Command(p.cluster.Tool("kubectl"), append([]string{"--kubeconfig", file}, arguments...)...)
	command.Dir = env.Root()
	if output, err := command.CombinedOutput(); err != nil {
		p.Fatalf("kubectl %v: %v\n%s", arguments, err, output)
	}
}

// link waits for the nth mail to an address, and returns the link in it.
func (p *place) link(address string, nth int) string {
	p.Helper()
	type letter struct {
		To    string   `json:"to"`
		Links []string `json:"links"`
	}
	var link string
	Eventually(func() error {
		response, err := http.Get(p.mailbox + "/mails.json")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		var letters []letter
		if err := json.NewDecoder(response.Body).Decode(&letters); err != nil {
			return err
		}
		found := map[string]bool{}
		for _, l := range letters {
			if l.To == address && len(l.Links) > 0 {
				found[l.Links[0]] = true
				link = l.Links[0]
			}
		}
		if len(found) < nth {
			return fmt.Errorf("%d mails to %s", len(found), address)
		}
		link = newest(letters, func(l letter) bool { return l.To == address }, func(l letter) string { return l.Links[0] })
		return nil
	}, patience).Should(Succeed())
	return link
}

// newest is that of the first mail that fits: the mailbox shows the newest first.
func newest[T any](all []T, fits func(T) bool, of func(T) string) string {
	for _, each := range all {
		if fits(each) {
			return of(each)
		}
	}
	return ""
}

// answer posts a page's form, and wants a status.
func (p *place) answer(link, email, password string, status int) {
	p.Helper()
	response, err := http.PostForm(link, url.Values{"email": {email}, "password": {password}})
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	Expect(response.StatusCode).To(Equal(status), "posting to %s", link[:strings.LastIndex(link, "/")])
}

func (p *place) change(ctx context.Context, user *accessv1.User, change func(*accessv1.User)) {
	env.ExpectChanged(ctx, p.cluster, user, change)
}

// signsIn wants a sign-in to succeed, and the decision service to know the subject.
func (p *place) signsIn(ctx context.Context, email, password string) *session {
	p.Helper()
	s, err := p.app.signIn(ctx, email, password)
	Expect(err).NotTo(HaveOccurred())
	Expect(s.Email).To(Equal(email))
	Expect(s.EmailVerified).To(BeTrue())
	Expect(s.Name).To(Equal("Ana Silva"))
	Eventually(func() string { return p.mayRead(s.Subject) }, patience).Should(ContainSubstring(`"decision":true`))
	return s
}

// isRefused wants a sign-in to be refused, soon and from then on.
func (p *place) isRefused(ctx context.Context, email, password string) {
	p.Helper()
	Eventually(func() error {
		_, err := p.app.signIn(ctx, email, password)
		return err
	}, patience).Should(MatchError(errRefused))
}

// mayRead asks the decision service about somebody who signed in.
func (p *place) mayRead(subject string) string {
	body := fmt.Sprintf(`{"subject":{"type":"user","id":%q},"action":{"name":"read"},"resource":{"type":"orders","id":"1"}}`, subject)
	request, err := http.NewRequest(http.MethodPost, p.decisions.URL+"/access/v1/evaluation", strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer "+p.caller)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	var out bytes.Buffer
	_, err = out.ReadFrom(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return out.String()
}

// lumen is a tenant whose users may all read orders.
func (p *place) lumen(ctx context.Context) *accessv1.User {
	p.cluster.ExpectApplied(ctx,
		&accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: "orders",
			Services:               []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "orders"}}}},
		}},
		&accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "lumen"}, Spec: accessv1.TenantSpec{
			DisplayName: "Lumen Trading", CatalogRef: accessv1.Reference{Name: "shop"},
			DefaultAccess: []accessv1.Rule{{Resources: []string{"orders"}, Level: accessv1.LevelRead}},
		}})
	env.ExpectEventually(ctx, p.cluster, &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "lumen"}}, env.BeReady())
	p.caller = p.cluster.ExpectCaller(ctx, "lumen", "dashboard")
	ana := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: "ana", Namespace: "lumen"}, Spec: accessv1.UserSpec{
		Email: "ana@lumen.example", FirstName: "Ana", LastName: "Silva",
	}}
	p.cluster.ExpectApplied(ctx, ana)
	return ana
}

func TestSigningIn(t *testing.T) {
	ctx := t.Context()
	p := newPlace(ctx, t)
	ana := p.lumen(ctx)

	t.Log("Ana accepts with a password, and signs in")
	const first, second, third = "trumpet-orbit-lemon", "kettle-garden-ninety", "violet-anchor-museum"
	invitation := p.link("ana@lumen.example", 1)
	p.isRefused(ctx, "ana@lumen.example", first)
	p.answer(invitation, "ana@lumen.example", "password1234", http.StatusUnprocessableEntity)
	p.answer(invitation, "ana@lumen.example", first, http.StatusOK)
	env.ExpectEventually(ctx, p.cluster, ana, env.HaveState(accessv1.UserActive))
	signedIn := p.signsIn(ctx, "ana@lumen.example", first)
	p.isRefused(ctx, "ana@lumen.example", second)
	Expect(p.app.renew(ctx, signedIn)).To(Succeed())

	t.Log("deactivated, she is refused, and her session ends")
	p.change(ctx, ana, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
	p.isRefused(ctx, "ana@lumen.example", first)
	Eventually(func() error { return p.app.renew(ctx, signedIn) }, patience).ShouldNot(Succeed())
	Expect(p.mayRead(signedIn.Subject)).To(ContainSubstring(`"decision":false`))

	t.Log("back again, she is asked for a new password, and the old one stays dead")
	p.change(ctx, ana, func(u *accessv1.User) { u.Spec.State = accessv1.AccountActive })
	reset := p.link("ana@lumen.example", 2)
	Expect(reset).To(ContainSubstring("/password-resets/"))
	p.isRefused(ctx, "ana@lumen.example", first)
	p.answer(reset, "ana@lumen.example", second, http.StatusOK)
	again := p.signsIn(ctx, "ana@lumen.example", second)
	Expect(again.Subject).To(Equal(signedIn.Subject))
	p.answer(reset, "ana@lumen.example", third, http.StatusNotFound)
	p.isRefused(ctx, "ana@lumen.example", first)

	t.Log("at another address she accepts anew, and the old one signs nobody in")
	p.change(ctx, ana, func(u *accessv1.User) { u.Spec.Email = "silva@lumen.example" })
	p.isRefused(ctx, "ana@lumen.example", second)
	p.answer(p.link("silva@lumen.example", 1), "silva@lumen.example", third, http.StatusOK)
	moved := p.signsIn(ctx, "silva@lumen.example", third)
	Expect(moved.Subject).To(Equal(signedIn.Subject), "it is the same user")
	p.isRefused(ctx, "ana@lumen.example", second)
	if _, err := p.app.signIn(ctx, "silva@lumen.example", second); !errors.Is(err, errRefused) {
		t.Errorf("an old password signs in: %v", err)
	}

	t.Log("suspending the tenant ends it for everybody")
	env.ExpectChanged(ctx, p.cluster, &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "lumen"}}, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
	p.isRefused(ctx, "silva@lumen.example", third)
}
