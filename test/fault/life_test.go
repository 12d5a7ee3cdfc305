package fault_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"go.uber.org/zap/zapcore"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/child"
	"github.com/roster-dev/roster/test/env"
)

// task is what a process with a manager reads when it starts.
type task struct {
	Host    string
	TLS     rest.TLSClientConfig
	Options manager.Options
}

// It is the program's manager command, told what to do. It logs all it can.
func TestMain(m *testing.M) {
	child.Main(m, func(ctx context.Context, t task) error {
		ctrl.SetLogger(zap.New(zap.Level(zapcore.Level(-4)), zap.WriteTo(os.Stderr)))
		return manager.Run(ctx, t.Options, func() (*rest.Config, error) {
			return &rest.Config{Host: t.Host, TLSClientConfig: t.TLS, QPS: -1}, nil
		})
	})
}

// life is a manager as a process of its own, which can be killed and started again.
type life struct {
	wire    *wire
	options manager.Options
	log     child.Log

	lock    sync.Mutex
	process *child.Process
}

// managerOptions are those of a manager that sends through the office.
func managerOptions() manager.Options {
	web := env.FreeAddress()
	o := manager.Defaults()
	o.PublicURL, o.WebAddress, o.TrustedProxies = "http://"+web, web, []string{"127.0.0.1/32"}
	o.MetricsAddress, o.HealthAddress = env.FreeAddress(), env.FreeAddress()
	o.Transport, o.SMTP.From = manager.TransportSMTP, "roster@example.org"
	o.SMTP.Host, o.SMTP.Port, o.SMTP.Username = "127.0.0.1", post.port, smtpUser
	o.SMTP.PasswordFile = filepath.Join(directory, "password")
	o.SMTP.Timeout = 2 * time.Second
	return o
}

// live starts a manager that lives until the end of the container or spec.
func live(options manager.Options) *life {
	l := &life{wire: newWire(), options: options}
	l.wire.kill = l.die
	Expect(l.start()).To(Succeed())
	DeferCleanup(l.die)
	return l
}

func (l *life) start() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	// Mail servers' certificates are judged by the system's authorities, which are these in the process.
	process, err := child.Start(task{l.wire.URL, l.wire.tls(), l.options}, &l.log, "SSL_CERT_FILE="+filepath.Join(directory, "authority.pem"))
	l.process = process
	return err
}

// die kills the process at once, if it has not ended by itself.
func (l *life) die() {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.process != nil {
		_ = l.process.Kill()
		l.process = nil
	}
}

// again starts the manager after it has died.
func (l *life) again() {
	l.die()
	ExpectWithOffset(1, l.start()).To(Succeed())
}

func (l *life) signal(s syscall.Signal) {
	l.lock.Lock()
	defer l.lock.Unlock()
	ExpectWithOffset(1, l.process.Signal(s)).To(Succeed())
}

// leave asks the process to end, as a pod is asked that has to go.
func (l *life) leave() {
	l.lock.Lock()
	defer l.lock.Unlock()
	ExpectWithOffset(1, l.process.Stop()).To(Succeed())
}

// ended waits until the process has ended by itself, and returns its exit code.
func (l *life) ended(ctx context.Context) int {
	l.lock.Lock()
	process := l.process
	l.process = nil
	l.lock.Unlock()
	done := make(chan int, 1)
	go func() { done <- process.Wait() }()
	var code int
	EventuallyWithOffset(1, done, time.Minute).WithContext(ctx).Should(Receive(&code), l.tail)
	return code
}
