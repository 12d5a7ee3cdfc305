package fault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
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
)

// task is what a process with a manager reads when it starts.
type task struct {
	Host    string
	TLS     rest.TLSClientConfig
	Options manager.Options
}

const taskVariable = "FAULT_MANAGER"

func TestMain(m *testing.M) {
	if os.Getenv(taskVariable) == "" {
		os.Exit(m.Run())
	}
	if err := runTask(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runTask is the program's manager command, told on its standard input what to do; when that ends, it ends: it does not
// outlive who started it. It logs all it can.
func runTask() error {
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		return err
	}
	ctrl.SetLogger(zap.New(zap.Level(zapcore.Level(-4)), zap.WriteTo(os.Stderr)))
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return manager.Run(ctx, t.Options, func() (*rest.Config, error) {
		return &rest.Config{Host: t.Host, TLSClientConfig: t.TLS, QPS: -1}, nil
	})
}

// life is a manager as a process of its own, which can be killed and started again.
type life struct {
	wire    *wire
	options manager.Options
	log     logged

	lock    sync.Mutex
	command *exec.Cmd
	input   io.Closer
}

// logged is what processes have said, while they go on.
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

// managerOptions are those of a manager that sends through the office.
func managerOptions() manager.Options {
	web := freeAddress()
	o := manager.Defaults()
	o.PublicURL, o.WebAddress, o.TrustedProxies = "http://"+web, web, []string{"127.0.0.1/32"}
	o.MetricsAddress, o.HealthAddress = freeAddress(), freeAddress()
	o.Transport, o.SMTP.From = manager.TransportSMTP, "roster@example.org"
	o.SMTP.Host, o.SMTP.Port, o.SMTP.Username = "127.0.0.1", post.port, smtpUser
	o.SMTP.PasswordFile = filepath.Join(directory, "password")
	o.SMTP.Timeout = 2 * time.Second
	return o
}

func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	return listener.Addr().String()
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
	command := exec.Command(os.Args[0])
	// Mail servers' certificates are judged by the system's authorities, which are these in the process.
	command.Env = append(os.Environ(), taskVariable+"=1", "SSL_CERT_FILE="+filepath.Join(directory, "authority.pem"))
	command.Stdout, command.Stderr = &l.log, &l.log
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	l.command, l.input = command, input
	return json.NewEncoder(input).Encode(task{l.wire.URL, l.wire.tls(), l.options})
}

// die kills the process at once.
func (l *life) die() {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.command == nil {
		return
	}
	_ = l.command.Process.Kill()
	_ = l.command.Wait()
	l.command = nil
}

// again starts the manager after it has died.
func (l *life) again() {
	l.die()
	ExpectWithOffset(1, l.start()).To(Succeed())
}

func (l *life) signal(s syscall.Signal) {
	l.lock.Lock()
	defer l.lock.Unlock()
	ExpectWithOffset(1, l.command.Process.Signal(s)).To(Succeed())
}

// ended waits until the process has ended by itself, and returns its exit code.
func (l *life) ended(ctx context.Context) int {
	l.lock.Lock()
	command := l.command
	l.command = nil
	l.lock.Unlock()
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	var err error
	EventuallyWithOffset(1, done, time.Minute).WithContext(ctx).Should(Receive(&err), l.tail)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
