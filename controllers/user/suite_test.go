package user_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var (
	cluster *env.Cluster
	manager *env.Manager
	// invitations are those that the manager cannot write for a while.
	invitations = &slow{}
)

func TestUser(t *testing.T) {
	suite.Run(t, "The user controller")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	manager = suite.Manager(cluster, invitations.slowly)
})

// newNamespace makes a namespace that no other spec uses.
func newNamespace(ctx context.Context) string {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "user-"}}
	Expect(cluster.Client.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}
