package env

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/roster-dev/roster/internal/manager"
)

// ManagerFiles are what a cluster needs for the manager's own account.
var ManagerFiles = []string{
	"config/rbac/namespace.yaml", "config/rbac/service_account.yaml", "config/rbac/role.yaml", "config/rbac/role_binding.yaml",
	"config/rbac/tenant_roles.yaml", "config/rbac/secrets_policy.yaml", "config/rbac/webhooks_policy.yaml",
}

// UsernamePrefix stands before the address of a tenant's user in the tests' clusters.
const UsernamePrefix = "oidc:"

const managerAccount = "system:serviceaccount:roster-system:roster-manager"

// Guarded has the API server ask the webhooks of the shipped configuration: nothing that they are for can be written before
// a manager runs.
func Guarded(environment *envtest.Environment) {
	environment.WebhookInstallOptions.Paths = []string{filepath.Join(Root(), "config", "webhook", "manifests.yaml")}
}

// isGuarded tells whether the API server asks webhooks. A cluster that another process has started is taken for one without.
func (c *Cluster) isGuarded() bool {
	return c.environment != nil && len(c.environment.WebhookInstallOptions.Paths) > 0
}

// addGuard serves the webhooks of a guarded cluster.
func addGuard(mgr ctrl.Manager, c *Cluster) error {
	if !c.isGuarded() {
		return nil
	}
	return manager.AddGuard(mgr, "roster-system", guardOptions(c))
}

// guardOptions are the program's own where the cluster is not guarded: the guard is off.
func guardOptions(c *Cluster) manager.GuardOptions {
	options := manager.Defaults().Guard
	if !c.isGuarded() {
		return options
	}
	options.UsernamePrefix = UsernamePrefix
	options.Address, options.CertDir = c.GuardServing()
	if c.ChangeGuard != nil {
		c.ChangeGuard(&options)
	}
	return options
}

// GuardServing is where the API server of a guarded cluster looks for the webhooks, and the directory with the certificates
// that it trusts.
func (c *Cluster) GuardServing() (address, certDir string) {
	serving := &c.environment.WebhookInstallOptions
	return fmt.Sprintf("%s:%d", serving.LocalServingHost, serving.LocalServingPort), serving.LocalServingCertDir
}

// ManagerAccount is the config with which the manager's own account reaches the API server. ManagerFiles have to be applied.
func (c *Cluster) ManagerAccount() *rest.Config { return c.as(managerAccount) }

// As is a client of somebody else's: of a service account by its full username, or of anybody by his.
func (c *Cluster) As(username string, groups ...string) client.Client {
	as, err := client.New(c.as(username, groups...), client.Options{Scheme: c.Scheme})
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	return as
}

func (c *Cluster) as(username string, groups ...string) *rest.Config {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: username, Groups: append(groups, "system:authenticated")}
	if account, ok := strings.CutPrefix(username, "system:serviceaccount:"); ok {
		namespace, _, _ := strings.Cut(account, ":")
		config.Impersonate.Groups = append(config.Impersonate.Groups, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	}
	return config
}
