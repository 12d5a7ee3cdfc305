package decisions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

// outages is how often everything is killed: as often as OUTAGES says, once in the ordinary run.
func outages() int { return number("OUTAGES", 1) }

const (
	// keepers stay as they are, strangers never had anything, and from leavers it is taken, one after the other.
	keepers, strangers, leavers = 4, 4, 90
	askers                      = 3
	// pause is between two questions of one asker; leaving is between two revocations.
	pause, leaving = 10 * time.Millisecond, 400 * time.Millisecond
)

// person is a user of the tenant that suffers.
type person struct {
	*accessv1.User
	stranger bool
	// leaving is true once it was tried to take his access away, and left is the version in which that was done.
	leaving bool
	left    string
}

// crowd is everybody, and what was heard about them.
type crowd struct {
	lock   sync.Mutex
	people []*person
	heard  map[string]int
	wrong  []string
}

func applyCrowd(ctx context.Context, rounds int) *crowd {
	applyShop(ctx, "stormy")
	c := &crowd{heard: map[string]int{}}
	for i := range keepers + strangers + leavers*rounds {
		p := &person{User: userIn("stormy", fmt.Sprintf("user-%d", i), "readers"), stranger: i >= keepers && i < keepers+strangers}
		if p.stranger {
			p.Spec.Groups = nil
		}
		cluster.ExpectApplied(ctx, p.User)
		c.people = append(c.people, p)
	}
	for _, p := range c.people {
		env.ExpectEventually(ctx, cluster, p.User, env.HaveState(accessv1.UserActive))
	}
	return c
}

// ask puts one question about somebody to the service and judges the answer by what was known before and after.
func (c *crowd) ask(ctx context.Context, s *server, p *person) {
	c.lock.Lock()
	left, body := p.left, question("stormy", p.Name, "read", "tax", "1")
	c.lock.Unlock()
	if left != "" {
		body = since(left, body)
	}
	got, err := s.try(ctx, http.MethodPost, evaluation, body)
	if ctx.Err() != nil {
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	heard := "nothing"
	if err == nil {
		heard = strconv.Itoa(got.Code)
	}
	var answer struct {
		Decision bool
		Context  struct{ StaleSeconds int }
	}
	if err == nil && got.Code == http.StatusOK {
		heard = "malformed"
		if json.Unmarshal([]byte(got.raw), &answer) == nil {
			heard = map[bool]string{true: "allow", false: "deny"}[answer.Decision]
		}
	}
	if answer.Context.StaleSeconds > 0 {
		c.heard["stale"]++
	}
	switch c.heard[heard]++; {
	case heard == "allow" && (p.stranger || left != ""), heard == "deny" && !p.stranger && !p.leaving,
		heard == "500", heard == "400", heard == "malformed":
		c.wrong = append(c.wrong, fmt.Sprintf("%s (stranger %v, left %q): %s %s", p.Name, p.stranger, left, heard, got.raw))
	}
}

// pester asks about anybody until the context ends.
func (c *crowd) pester(ctx context.Context, s *server, seed uint64) {
	random, tick := rand.New(rand.NewPCG(seed, seed)), time.NewTicker(pause)
	defer tick.Stop()
	for {
		c.ask(ctx, s, c.people[random.IntN(len(c.people))])
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// revoke takes access from one leaver after the other: by hand, and through the status that the controllers write. It is
// tried again until it is acknowledged.
func (c *crowd) revoke(ctx context.Context) {
	tick := time.NewTicker(leaving)
	defer tick.Stop()
	for i, p := range c.people[keepers+strangers:] {
		c.lock.Lock()
		p.leaving = true
		c.lock.Unlock()
		change := []string{`{"spec":{"state":"Inactive"}}`, `{"spec":{"groups":null}}`}[i%2]
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			object := p.DeepCopy()
			attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
			err := patched(attempt, object, change)
			cancel()
			if err == nil {
				c.lock.Lock()
				p.left = object.ResourceVersion
				c.lock.Unlock()
				break
			}
		}
	}
}

// left is how many have lost their access for certain.
func (c *crowd) left() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	n := 0
	for _, p := range c.people {
		if p.left != "" {
			n++
		}
	}
	return n
}

// during starts askers and a revoker, and ends them when the storm is over.
func (c *crowd) during(ctx context.Context, s *server, storm func()) {
	ctx, stop := context.WithCancel(ctx)
	var everybody sync.WaitGroup
	defer func() {
		stop()
		everybody.Wait()
	}()
	for i := range askers {
		everybody.Go(func() { c.pester(ctx, s, uint64(i)) })
	}
	everybody.Go(func() { c.revoke(ctx) })
	storm()
}

var _ = Describe("while everything falls over", Ordered, func() {
	It("nobody is wrongly allowed or denied, nothing crashes, and it comes back by itself", func(ctx context.Context) {
		c := applyCrowd(ctx, outages())
		health := env.FreeAddress()
		service := startChild(ctx, func(o *manager.DecisionOptions) {
			o.MaxStale, o.MaxWait, o.HealthAddress = 11*time.Second, 2*time.Second, health
		})
		probe := func() int {
			response, err := http.Get("http://" + health + "/readyz")
			Expect(err).NotTo(HaveOccurred())
			defer response.Body.Close()
			return response.StatusCode
		}
		keeper, stranger := question("stormy", "user-0", "read", "tax", "1"), question("stormy", fmt.Sprintf("user-%d", keepers), "read", "tax", "1")
		recovers := func() {
			EventuallyWithOffset(1, func() string {
				got, err := service.try(ctx, http.MethodPost, evaluation, since("1", keeper))
				if err != nil {
					return err.Error()
				}
				_ = json.Unmarshal([]byte(got.raw), &got.Body)
				return got.decision()
			}, 60*time.Second, 50*time.Millisecond).WithContext(ctx).Should(Equal("allow"), "%s", &service.log)
			service.eventually(ctx, stranger, "deny NoGrant")
		}
		c.during(ctx, service.server, func() {
			recovers()
			for range outages() {
				By("killing the service")
				service.kill()
				service.start()
				recovers()

				By("killing etcd")
				Expect(cluster.Kill(env.Etcd)).To(Succeed())
				Expect(cluster.Resume(env.Etcd)).To(Succeed())
				recovers()

				By("killing the API server, for longer than answers are given from memory")
				before := c.left()
				Expect(cluster.Kill(env.APIServer)).To(Succeed())
				Eventually(func() any {
					about, _ := service.ask(ctx, evaluation, keeper).Body["context"].(map[string]any)
					return about["staleSeconds"]
				}, 60*time.Second, 50*time.Millisecond).WithContext(ctx).Should(BeNumerically(">", 0))
				Expect(probe()).To(Equal(http.StatusOK))
				Eventually(func() int { return service.ask(ctx, evaluation, keeper).Code }, 60*time.Second, 50*time.Millisecond).
					WithContext(ctx).Should(Equal(http.StatusServiceUnavailable))
				Expect(probe()).To(Equal(http.StatusServiceUnavailable))
				Expect(c.left()).To(BeNumerically("<=", before+1), "nobody could have been told")
				Expect(cluster.Resume(env.APIServer)).To(Succeed())
				recovers()

				By("killing all of them, and the controllers")
				Expect(controller.Stop()).To(Succeed())
				Expect(cluster.Kill(env.APIServer)).To(Succeed())
				Expect(cluster.Kill(env.Etcd)).To(Succeed())
				service.kill()
				Expect(cluster.Resume(env.Etcd)).To(Succeed())
				Expect(cluster.Resume(env.APIServer)).To(Succeed())
				service.start()
				recovers()
				var err error
				controller, err = env.StartManager(cluster.Config, cluster)
				Expect(err).NotTo(HaveOccurred())
			}
			some := c.left()
			Eventually(c.left, 30*time.Second, 50*time.Millisecond).Should(BeNumerically(">", some), "revocations go on")
		})
		AddReportEntry("heard", fmt.Sprintf("%v, %d revoked", c.heard, c.left()))
		Expect(c.wrong).To(BeEmpty())
		Expect(c.heard).To(And(HaveKey("allow"), HaveKey("deny"), HaveKey("503"), HaveKey("nothing"), HaveKey("stale")))
		By("denying whoever has left, at last without being told a version")
		for _, p := range c.people {
			if p.left != "" {
				body := question("stormy", p.Name, "read", "tax", "1")
				Eventually(func() string { return service.ask(ctx, evaluation, body).decision() }, 60*time.Second, 20*time.Millisecond).
					WithContext(ctx).Should(HavePrefix("deny"), p.Name)
			}
		}
		By("finding the service that was never restarted well")
		decisions.eventually(ctx, since("1", keeper), "allow")
		decisions.eventually(ctx, stranger, "deny NoGrant")
	})
})
