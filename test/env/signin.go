package env

import (
	"context"
	"path/filepath"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/identity"
)

// SignIns is the namespace in which the tests' clusters keep passwords.
const SignIns = "dex"

// WithPasswords gives a cluster the kind in which Dex keeps passwords.
func WithPasswords(environment *envtest.Environment) {
	environment.CRDDirectoryPaths = append(environment.CRDDirectoryPaths, filepath.Join(Root(), "test", "env", "testdata", "dex.yaml"))
}

// KeepSignIns has a manager look after the passwords of a cluster that has the kind.
func KeepSignIns(deps *controllers.Deps) { deps.SignIns = SignIns }

// ExpectSignInNamespace makes the namespace for passwords.
func (c *Cluster) ExpectSignInNamespace(ctx context.Context) {
	c.ExpectApplied(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: SignIns}})
}

// SignIn is the password of an address, to be read.
func SignIn(email string) *identity.Password {
	at, err := address.Parse(email)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	return &identity.Password{ObjectMeta: metav1.ObjectMeta{Namespace: SignIns, Name: identity.Name(at)}}
}

// NewSignIns is a store of passwords, with hashes that take no time.
func (c *Cluster) NewSignIns() *identity.Dex {
	const cheap = 4
	return identity.NewDex(c.Client, client.Reader(c.Client), SignIns, cheap)
}
