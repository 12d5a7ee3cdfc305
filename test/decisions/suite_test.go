package decisions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

var (
	cluster    *env.Cluster
	controller *env.Manager
	// decisions is the service over an undisturbed connection, and token that of a caller who may ask about everybody.
	decisions *server
	token     string
	// certified is the same service, asked by a caller of the tenant of that name.
	certified *server
)

func TestDecisions(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	RegisterFailHandler(Fail)
	RunSpecs(t, "The decision service")
}

var _ = BeforeSuite(func(ctx context.Context) {
	var err error
	cluster, err = env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
	controller, err = env.StartManager(cluster.Config, cluster)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(controller.Stop()).To(Succeed()) })
	cluster.ExpectAppliedFiles(ctx, env.DecisionFiles...)
	token = newToken(ctx, "default", "asker")
	decisions = serve(cluster.Config, func(*manager.DecisionOptions) {})
})

// newToken makes a service account that may ask, and a token of its.
func newToken(ctx context.Context, namespace, name string) string {
	return cluster.ExpectCaller(ctx, namespace, name)
}

// server is a decision service as one caller sees it.
type server struct {
	URL   string
	token string // empty: none is sent
	web   *http.Client
	// service is nil when it runs out of reach.
	service *decision.Service
}

// as is the server as another caller sees it.
func (s *server) as(token string) *server { return &server{s.URL, token, s.web, s.service} }

// serve starts a decision service that reaches the API server through the config.
func serve(config *rest.Config, change func(*manager.DecisionOptions)) *server {
	service, err := env.StartDecisions(config, change)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(service.Stop()).To(Succeed()) })
	return &server{service.URL, token, service.Client(), service.Service}
}

// reply is what came back.
type reply struct {
	Code   int
	Header http.Header
	Body   map[string]any
	raw    string
}

// ask posts a body with the caller's token; headers are pairs of name and value, which replace those that are always sent.
func (s *server) ask(ctx context.Context, path, body string, headers ...string) reply {
	return s.send(ctx, http.MethodPost, path, body, headers...)
}

func (s *server) send(ctx context.Context, method, path, body string, headers ...string) reply {
	got, err := s.try(ctx, method, path, body, headers...)
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal([]byte(got.raw), &got.Body)).To(Succeed(), "%s", got.raw)
	expectConforming(path, body, got.raw, got.Code)
	return got
}

// try is send for those who expect that there may be no answer.
func (s *server) try(ctx context.Context, method, path, body string, headers ...string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewBufferString(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.web.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return reply{Code: response.StatusCode, Header: response.Header, raw: string(content)}, err
}

// decision is the answer to an evaluation: "allow", or "deny" with its reason and dimension.
func (r reply) decision() string {
	if r.Code != http.StatusOK {
		return fmt.Sprint(r.Code, " ", r.Body["message"])
	}
	return spoken(r.Body)
}

func spoken(body map[string]any) string {
	allowed, ok := body["decision"].(bool)
	Expect(ok).To(BeTrue(), "%v", body)
	if allowed {
		return "allow"
	}
	text := "deny"
	about, _ := body["context"].(map[string]any)
	for _, name := range []string{"reason", "dimension"} {
		if value, ok := about[name].(string); ok {
			text += " " + value
		}
	}
	return text
}

// question is an evaluation of a user; about is what else stands in the resource, and contextual in the context.
func question(tenant, user, action, resource, id string, more ...string) string {
	return fmt.Sprintf(`{"subject":{"type":"user","id":%q,"properties":{"tenant":%q}},"action":{"name":%q},"resource":{"type":%q,"id":%q%s}}`,
		user, tenant, action, resource, id, join(more))
}

func join(more []string) string {
	if len(more) == 0 {
		return ""
	}
	return "," + more[0]
}

// eventually asks until the answer is the one expected.
func (s *server) eventually(ctx context.Context, body, expected string) {
	EventuallyWithOffset(1, func() string { return s.ask(ctx, decision.PathEvaluation, body).decision() },
		30*time.Second, 20*time.Millisecond).WithContext(ctx).Should(Equal(expected))
}

// tenantOf makes a tenant whose users need no invitation.
func tenantOf(name, catalog string, dimensions ...accessv1.TenantDimension) *accessv1.Tenant {
	return &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: catalog}, Dimensions: dimensions,
		Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
	}}
}

func userIn(tenant, name string, groups ...string) *accessv1.User {
	user := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: name}, Spec: accessv1.UserSpec{Email: name + "@" + tenant + ".example"}}
	for _, group := range groups {
		user.Spec.Groups = append(user.Spec.Groups, accessv1.GroupMembership{Name: group})
	}
	return user
}

func groupIn(tenant, name string, rules []accessv1.Rule, restrictions ...string) *accessv1.UserGroup {
	group := &accessv1.UserGroup{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: name}, Spec: accessv1.UserGroupSpec{Access: rules}}
	for _, restriction := range restrictions {
		group.Spec.Restrictions = append(group.Spec.Restrictions, accessv1.Reference{Name: restriction})
	}
	return group
}

// settled waits until the tenant has its namespace, in which objects can be made.
func settled(ctx context.Context, tenant *accessv1.Tenant) {
	env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
}

func patch(ctx context.Context, object client.Object, merge string) {
	ExpectWithOffset(1, patched(ctx, object, merge)).To(Succeed())
}

func patched(ctx context.Context, object client.Object, merge string) error {
	return cluster.Client.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(merge)))
}
