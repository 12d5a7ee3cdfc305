package decisions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

// childTask is what a process of its own, which serves decisions and can be killed, reads when it starts.
type childTask struct {
	Host    string
	TLS     rest.TLSClientConfig
	Options manager.DecisionOptions
}

const childVariable = "DECISIONS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := runChild(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runChild serves until its standard input ends: it does not outlive who started it.
func runChild() error {
	var task childTask
	decoder := json.NewDecoder(os.Stdin)
	if err := decoder.Decode(&task); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return manager.RunDecisions(ctx, &rest.Config{Host: task.Host, TLSClientConfig: task.TLS}, task.Options)
}

// child is a decision service as a process.
type child struct {
	*server
	task    childTask
	command *exec.Cmd
	input   io.Closer
	log     logged
}

// logged is what a process has said, while it goes on.
type logged struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(text)
}

func (l *logged) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.String()
}

// startChild starts a service in a process of its own and waits until it answers.
func startChild(ctx context.Context, change func(*manager.DecisionOptions)) *child {
	options := manager.DecisionDefaults()
	options.Address, options.Rate = env.FreeAddress(), 0
	change(&options)
	web := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	c := &child{
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

func (c *child) start() {
	c.command = exec.Command(os.Args[0])
	c.command.Env = append(os.Environ(), childVariable+"=1")
	c.command.Stdout, c.command.Stderr = &c.log, &c.log
	input, err := c.command.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	c.input = input
	Expect(c.command.Start()).To(Succeed())
	Expect(json.NewEncoder(input).Encode(c.task)).To(Succeed())
}

// kill ends the process at once. It fails when the process has ended by itself.
func (c *child) kill() {
	Expect(c.command.Process.Kill()).To(Succeed(), "it has ended by itself: %s", &c.log)
	var killed *exec.ExitError
	Expect(errors.As(c.command.Wait(), &killed) && !killed.Exited()).To(BeTrue(), "it has ended by itself: %s", &c.log)
	Expect(c.log.String()).NotTo(ContainSubstring("panic"))
}

// ready waits until there are answers.
func (c *child) ready(ctx context.Context) {
	Eventually(func() int {
		got, err := c.try(ctx, http.MethodPost, evaluation, `{"subject":{"type":"user","id":"x"},"action":{"name":"x"},"resource":{"type":"x","id":"x"}}`)
		if err != nil {
			return 0
		}
		return got.Code
	}, 60*time.Second, 20*time.Millisecond).WithContext(ctx).Should(Equal(http.StatusOK), "%s", &c.log)
}
