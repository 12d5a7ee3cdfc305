package decisions_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/child"
	"github.com/roster-dev/roster/test/env"
)

// childTask is what a process of its own, which serves decisions and can be killed, reads when it starts.
type childTask struct {
	Host    string
	TLS     rest.TLSClientConfig
	Options manager.DecisionOptions
}

func TestMain(m *testing.M) {
	child.Main(m, func(ctx context.Context, t childTask) error {
		return manager.RunDecisions(ctx, &rest.Config{Host: t.Host, TLSClientConfig: t.TLS}, t.Options)
	})
}

// service is a decision service as a process.
type service struct {
	*server
	task    childTask
	process *child.Process
	log     child.Log
}

// startChild starts a service in a process of its own and waits until it answers.
func startChild(ctx context.Context, change func(*manager.DecisionOptions)) *service {
	options := manager.DecisionDefaults()
	options.Address, options.Rate = env.FreeAddress(), 0
	change(&options)
	web := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	c := &service{
		server: &server{URL: "http://" + options.Address, token: token, web: web},
		task:   childTask{cluster.Config.Host, cluster.Config.TLSClientConfig, options},
	}
	c.start()
	DeferCleanup(func() {
		c.kill()
		web.CloseIdleConnections()
	})
	c.ready(ctx)
	return c
}

func (c *service) start() {
	var err error
	c.process, err = child.Start(c.task, &c.log)
	Expect(err).NotTo(HaveOccurred())
}

// kill ends the process at once. It fails when the process has ended by itself.
func (c *service) kill() {
	Expect(c.process.Kill()).To(Succeed(), "%s", &c.log)
	Expect(c.log.String()).NotTo(ContainSubstring("panic"))
}

// ready waits until there are answers.
func (c *service) ready(ctx context.Context) {
	Eventually(func() int {
		got, err := c.try(ctx, http.MethodPost, evaluation, `{"subject":{"type":"user","id":"x"},"action":{"name":"x"},"resource":{"type":"x","id":"x"}}`)
		if err != nil {
			return 0
		}
		return got.Code
	}, 60*time.Second, 20*time.Millisecond).WithContext(ctx).Should(Equal(http.StatusOK), "%s", &c.log)
}
