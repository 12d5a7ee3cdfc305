// Package suite begins suites of specs: with a cluster and a manager that end when the suite does.
package suite

import (
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/roster-dev/roster/test/env"
)

// patience is how long an expectation waits; it is generous because no test is about speed.
const (
	patience = 30 * time.Second
	interval = 20 * time.Millisecond
)

// Run runs the specs of a package as one test.
func Run(t *testing.T, name string) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	gomega.SetDefaultEventuallyTimeout(patience)
	gomega.SetDefaultEventuallyPollingInterval(interval)
	ginkgo.RunSpecs(t, name)
}

// Cluster starts a cluster.
func Cluster(changes ...func(*envtest.Environment)) *env.Cluster {
	ginkgo.GinkgoHelper()
	cluster, err := env.Start(changes...)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	ginkgo.DeferCleanup(func() { gomega.Expect(cluster.Stop()).To(gomega.Succeed()) })
	return cluster
}

// Manager starts the controllers with the rights of the cluster's administrator, and with the program's options, changed for
// those who need them.
func Manager(cluster *env.Cluster, changes ...func(*ctrl.Options)) *env.Manager {
	ginkgo.GinkgoHelper()
	manager := start(cluster, changes)
	ginkgo.DeferCleanup(func() { gomega.Expect(manager.Stop()).To(gomega.Succeed()) })
	return manager
}

// Restart ends such a manager and starts another one in its place.
func Restart(cluster *env.Cluster, manager *env.Manager, changes ...func(*ctrl.Options)) {
	ginkgo.GinkgoHelper()
	gomega.Expect(manager.Stop()).To(gomega.Succeed())
	*manager = *start(cluster, changes)
}

func start(cluster *env.Cluster, changes []func(*ctrl.Options)) *env.Manager {
	ginkgo.GinkgoHelper()
	manager, err := env.StartManager(cluster.Config, cluster, changes...)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return manager
}
