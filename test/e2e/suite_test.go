package e2e_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
)

var (
	cluster *env.Cluster
	manager *env.Manager
)

func TestOrder(t *testing.T) {
	suite.Run(t, "The order of things")
}

var _ = BeforeSuite(func() {
	cluster = suite.Cluster()
	Expect(cluster.StartControllerManager(context.Background(), GinkgoT().TempDir())).To(Succeed())
	manager = suite.Manager(cluster)
})
