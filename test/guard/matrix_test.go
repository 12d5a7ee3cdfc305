package guard_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// least is how many requests the matrix has to make.
const least = 1500

var _ = Describe("The matrix", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) {
		cluster.ExpectApplied(ctx, &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "platform-team"}, Rules: []rbacv1.PolicyRule{{
				APIGroups: []string{accessv1.SchemeGroupVersion.Group}, Resources: []string{"roles"}, Verbs: []string{"escalate", "bind"},
			}},
		}, binding("platform-team", rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "platform-team"}))
		newWorld(ctx, "matrix", targets()...)
	})

	It("knows every version, resource, subresource and verb of the group", func() {
		api, err := discovery.NewDiscoveryClientForConfig(cluster.Config)
		Expect(err).NotTo(HaveOccurred())
		groups, err := api.ServerGroups()
		Expect(err).NotTo(HaveOccurred())
		for _, group := range groups.Groups {
			if group.Name == accessv1.SchemeGroupVersion.Group {
				Expect(group.Versions).To(HaveLen(1), "a version is served that the matrix does not try: add it to matrix_test.go")
			}
		}
		found, err := api.ServerResourcesForGroupVersion(accessv1.SchemeGroupVersion.String())
		Expect(err).NotTo(HaveOccurred())
		Expect(unknown(found.APIResources)).To(BeEmpty())
	})

	It("is as expected everywhere", func(ctx context.Context) {
		made, unexpected := 0, []string{}
		var lock sync.Mutex
		var group sync.WaitGroup
		for resource := range resources() {
			group.Go(func() {
				defer GinkgoRecover()
				count, wrong := newRunner(resource).run(ctx)
				lock.Lock()
				defer lock.Unlock()
				made, unexpected = made+count, append(unexpected, wrong...)
			})
		}
		group.Wait()
		AddReportEntry(fmt.Sprintf("%d requests, %d of them unexpected", made, len(unexpected)), ReportEntryVisibilityAlways)
		slices.Sort(unexpected)
		Expect(strings.Join(unexpected[:min(len(unexpected), 40)], "\n")).To(BeEmpty())
		Expect(made).To(BeNumerically(">=", least))
	})
})

// unknown says in sentences what is served and not in the tables, and what is in the tables and not served.
func unknown(found []metav1.APIResource) []string {
	var out []string
	there := map[string]bool{}
	for _, r := range found {
		there[r.Name] = true
		whole, sub, _ := strings.Cut(r.Name, "/")
		switch known, ok := served[r.Name]; {
		case !ok:
			out = append(out, r.Name+" is served, and the matrix does not know it: add it to served in matrix_table_test.go, and to the webhooks in internal/guard/handler.go")
		case !slices.Equal(known, slices.Sorted(slices.Values(r.Verbs))):
			out = append(out, fmt.Sprintf("%s is served with %v, and the matrix knows %v: say in matrix_table_test.go which operation tries the others", r.Name, r.Verbs, known))
		case !resources()[whole]:
			out = append(out, whole+" has no subject in matrix_table_test.go: add what is harmless, and what raises somebody")
		case !slices.Contains(subresources, sub):
			out = append(out, r.Name+" is not tried: add "+sub+" to subresources in matrix_table_test.go")
		}
	}
	for name := range maps.Keys(served) {
		if !there[name] {
			out = append(out, name+" is in matrix_table_test.go, and is not served any more")
		}
	}
	return out
}

func resources() map[string]bool {
	out := map[string]bool{}
	for _, s := range subjects {
		out[s.resource] = true
	}
	return out
}

// targets are the objects that stand there for all cells, each once more while it is being deleted.
func targets() []string {
	out := []string{
		"UserGroup narrowed {access: [Manage(orders)], restrictions: names(high)}",
		"UserGroup narrowed-going {access: [Manage(orders)], restrictions: names(high-going)}",
		"UserGroup publishers {access: [" + extras + "], members: names(ana)}",
	}
	for i := range 10 {
		for _, mode := range []string{dry, earnest, going} {
			out = append(out, fmt.Sprintf("User m%d-%s {}", i, mode))
		}
	}
	for _, s := range subjects {
		if s.class != rosters {
			out = append(out, s.target, "going "+strings.Replace(s.target, " {", "-going {", 1))
		}
	}
	return out
}
