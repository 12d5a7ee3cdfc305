package decisions_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

// lanes are the races that go on side by side: each is waiting most of the time.
const lanes = 10

// contest is about one kind of object, on which an answer depends.
type contest struct {
	about string
	// rounds are run in the ordinary run; as many as ROUNDS says where that is set.
	rounds int
	// controllers learn late of this kind, so that the status is not right yet; empty: of nothing.
	controllers string
	// service is the kind of which the service learns late.
	service string
	// cut takes the access away, and give restores it.
	cut, give string
	// enter makes what one lane needs: the object that is changed, and the question whose answer depends on it.
	enter func(ctx context.Context, lane int) (client.Object, string)
}

const (
	germany             = `"properties":{"site":"DE"}`
	cutRules, giveRules = `{"spec":{"access":[{"resources":["tax"],"level":"Read"}]}}`, `{"spec":{"access":[{"resources":["*"],"level":"Read"}]}}`
)

var everything = []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelRead}}

// racer is a user of a lane in a group of his own, and what is asked about him.
func racer(ctx context.Context, tenant, name string, group *accessv1.UserGroup) string {
	cluster.ExpectApplied(ctx, group, userIn(tenant, name, group.Name))
	return question(tenant, name, "read", "orders", "1", germany)
}

// small makes a tenant of a lane, and a user in it.
func small(ctx context.Context, name, catalog string) (*accessv1.Tenant, string) {
	tenant := tenantOf(name, catalog)
	cluster.ExpectApplied(ctx, tenant)
	settled(ctx, tenant)
	return tenant, racer(ctx, name, "racer", groupIn(name, "readers", everything))
}

var contests = []contest{
	{"a group", 100, "usergroups", "users", cutRules, giveRules,
		func(ctx context.Context, lane int) (client.Object, string) {
			group := groupIn("racing", fmt.Sprint("readers-", lane), everything)
			return group, racer(ctx, "racing", fmt.Sprint("racer-", lane), group)
		}},
	{"a role", 20, "roles", "users", `{"spec":{"rules":[{"resources":["tax"],"level":"Read"}]}}`, `{"spec":{"rules":[{"resources":["*"],"level":"Read"}]}}`,
		func(ctx context.Context, lane int) (client.Object, string) {
			name := fmt.Sprint("role-", lane)
			role := &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "racing", Name: name}, Spec: accessv1.RoleSpec{DisplayName: name, Rules: everything}}
			group := groupIn("racing", "of-"+name, nil)
			group.Spec.Roles = []accessv1.Reference{{Name: name}}
			cluster.ExpectApplied(ctx, role)
			return role, racer(ctx, "racing", "with-"+name, group)
		}},
	{"a restriction", 20, "restrictions", "users", `{"spec":{"values":["FR"]}}`, `{"spec":{"values":["DE"]}}`,
		func(ctx context.Context, lane int) (client.Object, string) {
			name := fmt.Sprint("place-", lane)
			place := &accessv1.Restriction{ObjectMeta: metav1.ObjectMeta{Namespace: "racing", Name: name}, Spec: accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"DE"}}}
			cluster.ExpectApplied(ctx, place)
			return place, racer(ctx, "racing", "at-"+name, groupIn("racing", "at-"+name, everything, name))
		}},
	{"a user", 20, "", "users", `{"spec":{"state":"Inactive"}}`, `{"spec":{"state":"Active"}}`,
		func(ctx context.Context, lane int) (client.Object, string) {
			user := userIn("racing", fmt.Sprint("guest-", lane), "readers")
			cluster.ExpectApplied(ctx, user)
			return user, question("racing", user.Name, "read", "orders", "1", germany)
		}},
	{"a tenant", 20, "", "tenants", `{"spec":{"state":"Suspended"}}`, `{"spec":{"state":"Active"}}`,
		func(ctx context.Context, lane int) (client.Object, string) {
			return small(ctx, fmt.Sprint("house-", lane), "shop")
		}},
	{"a catalog", 20, "", "resourcecatalogs", `{"spec":{"services":[{"name":"shop","resources":[{"name":"tax"}]}]}}`, `{"spec":{"services":[{"name":"shop","resources":[{"name":"tax"},{"name":"orders"}]}]}}`,
		func(ctx context.Context, lane int) (client.Object, string) {
			name := fmt.Sprint("market-", lane)
			catalog := &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: accessv1.ResourceCatalogSpec{
				Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "tax"}, {Name: "orders"}}}},
			}}
			cluster.ExpectApplied(ctx, catalog)
			_, body := small(ctx, name, name)
			return catalog, body
		}},
	{"a credential", 100, "", "applicationcredentials", cutRules, giveRules,
		func(ctx context.Context, lane int) (client.Object, string) {
			user := userIn("racing", fmt.Sprint("sender-", lane), "readers")
			cluster.ExpectApplied(ctx, user)
			id := applyCredential(ctx, "racing", user.Name, nil)
			body := question("racing", id, "read", "orders", "1", germany)
			return &accessv1.ApplicationCredential{ObjectMeta: metav1.ObjectMeta{Namespace: "racing", Name: "app-of-" + user.Name}},
				strings.Replace(body, `"user"`, `"application"`, 1)
		}},
}

// start lets the kinds be late, and returns the service that is.
func (c *contest) start() *server {
	if c.controllers != "" {
		watched := newProxy(c.controllers)
		slow, err := env.StartManager(watched.config(), cluster)
		Expect(err).NotTo(HaveOccurred())
		Expect(controller.Stop()).To(Succeed())
		DeferCleanup(func() {
			Expect(slow.Stop()).To(Succeed())
			var err error
			controller, err = env.StartManager(cluster.Config, cluster)
			Expect(err).NotTo(HaveOccurred())
		})
		watched.delay.Store(int64(5 * time.Millisecond))
	}
	watched := newProxy(c.service)
	replica := serve(watched.config(), func(o *manager.DecisionOptions) { o.MaxWait = 20 * time.Second })
	watched.delay.Store(int64(50 * time.Millisecond))
	return replica
}

// run runs all rounds, and returns how often somebody who named no version was told what was so no more.
func (c *contest) run(ctx context.Context, replica *server) int64 {
	var runners sync.WaitGroup
	var stale atomic.Int64
	for lane := range lanes {
		runners.Go(func() {
			defer GinkgoRecover()
			object, body := c.enter(ctx, lane)
			replica.eventually(ctx, body, "allow")
			for range max(1, number("ROUNDS", c.rounds)/lanes) {
				if c.round(ctx, replica, object, body) {
					stale.Add(1)
				}
			}
		})
	}
	runners.Wait()
	return stale.Load()
}

// round takes the access away and gives it back. Whoever names the version that he got for it hears no old answer. It
// tells whether somebody did who named none.
func (c *contest) round(ctx context.Context, replica *server, object client.Object, body string) (stale bool) {
	patch(ctx, object, c.cut)
	stale = replica.ask(ctx, evaluation, body).decision() == "allow"
	Expect(replica.ask(ctx, evaluation, since(object.GetResourceVersion(), body)).decision()).To(HavePrefix("deny"))
	patch(ctx, object, c.give)
	Expect(replica.ask(ctx, evaluation, since(object.GetResourceVersion(), body)).decision()).To(Equal("allow"))
	replica.eventually(ctx, body, "allow")
	return stale
}

// Something that access depends on is changed, and whoever changed it asks with the version that he got.
var _ = Describe("a race", Ordered, func() {
	BeforeAll(func(ctx context.Context) { applyShop(ctx, "racing") })
	for _, c := range contests {
		It("about "+c.about+" is never lost by who names the version", func(ctx context.Context) {
			stale := c.run(ctx, c.start())
			Expect(stale).To(BeNumerically(">", 0), "without a version, an old answer is to be seen at least once")
			AddReportEntry("stale answers without a version", stale)
		})
	}
})
