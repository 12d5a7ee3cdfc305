package env

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/manager"
)

// DecisionFiles are what a cluster needs for callers of the decision service, and for the service's own account.
var DecisionFiles = []string{"config/rbac/namespace.yaml", "config/decisions/account.yaml", "config/decisions/role.yaml"}

// CallerOfAllTenants is the ClusterRole of callers who belong to no tenant.
const CallerOfAllTenants = "roster-decisions-caller-all-tenants"

// Decisions is a decision service in this process, behind a web server on loopback.
type Decisions struct {
	*httptest.Server
	Service *decision.Service

	stop context.CancelFunc
	done chan error
}

// StartDecisions starts a decision service that reaches the API server through the config, and waits until it is ready. Its
// options are the program's, without a limit for callers, and with changes for those who need them.
func StartDecisions(config *rest.Config, changes ...func(*manager.DecisionOptions)) (*Decisions, error) {
	options := manager.DecisionDefaults()
	options.Rate = 0
	for _, change := range changes {
		change(&options)
	}
	service, err := manager.NewDecisions(config, options)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &Decisions{Server: httptest.NewServer(service.Handler()), Service: service, stop: stop, done: make(chan error, 1)}
	go func() { d.done <- service.Run(ctx) }()
	err = wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		return service.Ready(nil) == nil, nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the decision service did not become ready: %w", service.Ready(nil)), d.Stop())
	}
	return d, nil
}

// Stop ends the service and waits until it has.
func (d *Decisions) Stop() error {
	d.Close()
	d.stop()
	return <-d.done
}

// DecisionAccount is the config with which the decision service's own account reaches the API server. DecisionFiles have to
// be applied.
func (c *Cluster) DecisionAccount() *rest.Config {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:roster-system:roster-decisions",
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:roster-system", "system:authenticated"},
	}
	return config
}

// ExpectCaller makes a service account that may ask for decisions, and returns a token of its: about the tenant whose
// namespace it is in, or, outside of tenants, about all of them. DecisionFiles have to be applied.
func (c *Cluster) ExpectCaller(ctx context.Context, namespace, name string) string {
	role := CallerOfAllTenants
	tenants := &accessv1.TenantList{}
	gomega.ExpectWithOffset(1, c.Client.List(ctx, tenants)).To(gomega.Succeed())
	if slices.ContainsFunc(tenants.Items, func(t accessv1.Tenant) bool { return t.TargetNamespace() == namespace }) {
		role = "roster-decisions-caller"
	}
	c.ExpectApplied(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}},
	})
	return c.ExpectToken(ctx, namespace, name)
}

// ExpectToken makes a service account and returns a token of its, for the API server where no audience is named.
func (c *Cluster) ExpectToken(ctx context.Context, namespace, name string, audiences ...string) string {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	c.ExpectApplied(ctx, account)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To(int64(3600)), Audiences: audiences}}
	gomega.ExpectWithOffset(1, c.Client.SubResource("token").Create(ctx, account, request)).To(gomega.Succeed())
	return request.Status.Token
}
