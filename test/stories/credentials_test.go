package stories_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	kclient "sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/client"
	"github.com/roster-dev/roster/test/env"
)

// What another system does with a credential, beside what it is told.

func credentialNamed(namespace, name string) *accessv1.ApplicationCredential {
	return &accessv1.ApplicationCredential{ObjectMeta: named(namespace, name)}
}

// subject is a user, or the application of a credential.
func (a application) subject(word string) client.Subject {
	name, ok := strings.CutPrefix(word, "app/")
	if !ok {
		return client.Subject{Type: "user", ID: word}
	}
	c := env.ExpectEventually(context.Background(), cluster, credentialNamed(a.tenant, name),
		WithTransform(func(c *accessv1.ApplicationCredential) string { return c.Status.ClientID }, Not(BeEmpty())))
	return client.Subject{Type: "application", ID: c.Status.ClientID}
}

// tokenIn is what stands in a credential's Secret.
func tokenIn(ctx context.Context, namespace, name string) string {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Eventually(func() error {
		return cluster.Client.Get(ctx, kclient.ObjectKey{Namespace: namespace, Name: name}, secret)
	}).Should(Succeed())
	return string(secret.Data["token"])
}

// introspects is what the service says of a token: for whom it stands, or "inactive".
func (a application) introspects(ctx context.Context, token string) (string, error) {
	body := strings.NewReader(url.Values{"token": {token}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, decisions.URL+"/oauth2/introspect", body)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Active bool
		Sub    string
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	if !answer.Active {
		return "inactive", nil
	}
	return answer.Sub, nil
}

// isTold waits until the service says so of a token.
func (a application) isTold(ctx context.Context, token, want string) {
	GinkgoHelper()
	Eventually(func() (string, error) { return a.introspects(ctx, token) }).Should(Equal(want))
}

func rotate(ctx context.Context, c *accessv1.ApplicationCredential, overlap int32) {
	GinkgoHelper()
	change(ctx, c, func(c *accessv1.ApplicationCredential) {
		c.Spec.Rotation, c.Spec.OverlapSeconds = ptr.To(ptr.Deref(c.Spec.Rotation, 0)+1), ptr.To(overlap)
	})
}

// serviceDeskCredentials are what a third party's system does on somebody's behalf.
func serviceDeskCredentials() {
	It("lets another system act with the access of the user it is for, and no longer than he may", func(ctx context.Context) {
		suite := applicationIn(ctx, "helpline")
		suite.hears(ctx,
			"app/time-tracker ? tickets customer=contoso: create delete read update",
			"app/time-tracker read tickets customer=fabrikam: deny OutsideRestriction customer",
			"app/time-tracker read tickets where=?: customer=contoso",
			"app/time-tracker read customers id=?: contoso",
			"app/time-tracker as back-office read tickets customer=contoso: deny NoGrant",
			"app/monitoring ? tickets: create", "app/monitoring ? requests: none", "intake-robot ? requests: read")
		token := tokenIn(ctx, "helpline", "monitoring")
		suite.isTold(ctx, token, "intake-robot")
		suite.isTold(ctx, tokenIn(ctx, "helpline", "time-tracker-token"), "greta")
		robot := userNamed("helpline", "intake-robot")
		robot = setState(ctx, robot, accessv1.AccountInactive)
		suite.since(robot.ResourceVersion).hears(ctx, "app/monitoring create tickets: deny NotActive")
		suite.isTold(ctx, token, "inactive")
		robot = setState(ctx, robot, accessv1.AccountActive)
		suite.since(robot.ResourceVersion).hears(ctx, "app/monitoring create tickets: allow")
		suite.isTold(ctx, token, "intake-robot")
	})
}

// paymentsCredentials are what the technical side hands out.
func paymentsCredentials() {
	It("lets the checkout do the technical part of what its integrator may, until its token is replaced", func(ctx context.Context) {
		platform := applicationIn(ctx, "streamly")
		platform.hears(ctx, "app/checkout ? gateways: create delete read update", "app/checkout ? webhooks: create delete read update",
			"app/checkout read reports: deny NoGrant", "app/checkout ? payments: none", "ines read reports: allow")
		first := tokenIn(ctx, "streamly", "checkout")
		platform.isTold(ctx, first, "ines")
		rotate(ctx, credentialNamed("streamly", "checkout"), 3600)
		Eventually(func() string { return tokenIn(ctx, "streamly", "checkout") }).ShouldNot(Equal(first))
		second := tokenIn(ctx, "streamly", "checkout")
		platform.isTold(ctx, second, "ines")
		platform.isTold(ctx, first, "ines")
		rotate(ctx, credentialNamed("streamly", "checkout"), 0)
		platform.isTold(ctx, first, "inactive")
		platform.isTold(ctx, second, "inactive")
		Eventually(func() (string, error) { return platform.introspects(ctx, tokenIn(ctx, "streamly", "checkout")) }).Should(Equal("ines"))
	})
}

// distributionCredentials are what a representative's tablet does.
func distributionCredentials() {
	It("lets an app see its representative's customers and take their orders, until it is thrown away", func(ctx context.Context) {
		north := applicationIn(ctx, "northwind")
		north.hears(ctx, "app/order-app ? orders sales-rep=1042: create read", "app/order-app read customers where=?: sales-rep=1042",
			"app/order-app read orders sales-rep=1043: deny OutsideRestriction sales-rep",
			"app/order-app read items: deny NoGrant", "sam@northwind.example read items: allow")
		lost := &accessv1.ApplicationCredential{ObjectMeta: named("northwind", "lost-tablet")}
		lost.Spec.UserRef.Name = "sam"
		cluster.ExpectApplied(ctx, lost)
		north.hears(ctx, "app/lost-tablet read items: allow")
		token := tokenIn(ctx, "northwind", "lost-tablet")
		north.isTold(ctx, token, "sam")
		Expect(cluster.Client.Delete(ctx, lost)).To(Succeed())
		north.isTold(ctx, token, "inactive")
	})
}
