package stories_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/suite"
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
	suite.Run(t, "The stories of the samples")
}

var _ = BeforeSuite(func(ctx context.Context) {
	ctrl.SetLogger(logr.Discard())
	cluster = suite.Cluster()
	manager = suite.Manager(cluster)
	cluster.ExpectAppliedFiles(ctx, env.DecisionFiles...)
	var err error
	decisions, err = env.StartDecisions(cluster.DecisionAccount())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(decisions.Stop()).To(Succeed()) })
	content, err := cluster.Kubeconfig("stories", "system:masters")
	Expect(err).NotTo(HaveOccurred())
	kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, content, 0o600)).To(Succeed())
})
