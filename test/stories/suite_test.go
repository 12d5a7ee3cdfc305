package stories_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/test/env"
)

// One cluster, one manager and one decision service for all stories: each story has tenants of its own.
var (
	cluster *env.Cluster
	manager *env.Manager
	// decisions has no more rights in the cluster than the shipped ones.
	decisions *env.Decisions
	// kubeconfig is the path of a file with which kubectl is the cluster's administrator.
	kubeconfig string
)

func TestStories(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "The stories of the samples")
}

var _ = BeforeSuite(func(ctx context.Context) {
	ctrl.SetLogger(logr.Discard())
	var err error
	cluster, err = env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
	manager, err = env.StartManager(cluster.Config, cluster)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(manager.Stop()).To(Succeed()) })
	cluster.ExpectAppliedFiles(ctx, env.DecisionFiles...)
	decisions, err = env.StartDecisions(cluster.DecisionAccount())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(decisions.Stop()).To(Succeed()) })
	content, err := cluster.Kubeconfig("stories", "system:masters")
	Expect(err).NotTo(HaveOccurred())
	kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, content, 0o600)).To(Succeed())
})
