package e2e_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/roster-dev/roster/test/env"
)

var (
	cluster *env.Cluster
	manager *env.Manager
)

func TestOrder(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The order of things")
}

var _ = BeforeSuite(func() {
	var err error
	cluster, err = env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
	Expect(cluster.StartControllerManager(context.Background(), GinkgoT().TempDir())).To(Succeed())
	manager, err = env.StartManager(cluster.Config, cluster)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
})
