// Package fault_test breaks what Roster stands on, and breaks Roster: the mail server, the process at each of its writes, the
// API server, etcd, the clock of a leader. It looks from outside: at objects, mails and pages.
//
// The ordinary run takes a choice of all that there is to break, always the same one. FAULTS=all takes everything.
package fault_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	cluster *env.Cluster
	// watched reads what was stored a moment ago: what is looked at many times a second does not take the API server's time.
	watched client.Reader
	post    *office
	// directory has the files that managers read.
	directory string
)

// everything tells whether all is to be broken that can be.
func everything() bool { return os.Getenv("FAULTS") == "all" }

// choice is everything, or so many of it, evenly spread.
func choice[T any](all []T, few int) []T {
	if everything() || len(all) <= few {
		return all
	}
	out := make([]T, few)
	for i := range out {
		out[i] = all[i*len(all)/few]
	}
	return out
}

func TestFaults(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	RegisterFailHandler(Fail)
	suite, reporter := GinkgoConfiguration()
	if everything() {
		suite.Timeout = 0
	}
	RunSpecs(t, "Faults", suite, reporter)
}

var _ = BeforeSuite(func(ctx context.Context) {
	var err error
	directory, err = os.MkdirTemp("", "roster-fault-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(os.RemoveAll(directory)).To(Succeed()) })
	trusted := newAuthority("The tests")
	Expect(os.WriteFile(filepath.Join(directory, "authority.pem"), trusted.pem(), 0o600)).To(Succeed())
	Expect(os.WriteFile(filepath.Join(directory, "password"), []byte(smtpPassword+"\n"), 0o600)).To(Succeed())
	post = newOffice(trusted)
	DeferCleanup(func() { post.close() })

	cluster, err = env.Start(env.WithPasswords)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
	watched = watch()
	cluster.ExpectSignInNamespace(ctx)
	cluster.ExpectAppliedFiles(ctx, append(env.ManagerFiles, "config/dex/role.yaml")...)
	cluster.ExpectApplied(ctx, &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
		DisplayName: "Shop",
		Services: []accessv1.CatalogService{{Name: "sales", Resources: []accessv1.CatalogResource{
			{Name: "orders", RestrictedBy: []string{"site", "vendor"}}, {Name: "prices"}, {Name: "users-and-groups"},
		}}},
		Roles: []accessv1.CatalogRole{
			{Name: "reader", Rules: reads("orders")},
			{Name: "vendor.order.viewer", Vendor: ptr.To(true), Rules: reads("orders")},
		},
	}})
})

func watch() client.Reader {
	ctx, stop := context.WithCancel(context.Background())
	DeferCleanup(stop)
	seen, err := cache.New(cluster.Config, cache.Options{Scheme: cluster.Scheme})
	Expect(err).NotTo(HaveOccurred())
	go func() {
		defer GinkgoRecover()
		Expect(seen.Start(ctx)).To(Succeed())
	}()
	Expect(seen.WaitForCacheSync(ctx)).To(BeTrue())
	return seen
}

func reads(resource string) []accessv1.Rule {
	return []accessv1.Rule{{Resources: []string{resource}, Level: accessv1.LevelRead}}
}
