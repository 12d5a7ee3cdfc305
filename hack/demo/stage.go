package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// ports are where the demo's pages are.
type ports struct{ mailbox, web, decisions, dex int }

// readPorts takes the ports from the environment and makes sure that they are free, before anything is started.
func readPorts() (ports, error) {
	var p ports
	for _, each := range []struct {
		name     string
		fallback int
		into     *int
	}{{"MAILBOX_PORT", 8025, &p.mailbox}, {"WEB_PORT", 8080, &p.web}, {"DECISIONS_PORT", 8181, &p.decisions}, {"DEX_PORT", 5556, &p.dex}} {
		*each.into = each.fallback
		if text := os.Getenv(each.name); text != "" {
			number, err := strconv.Atoi(text)
			if err != nil || number < 1 || number > 65535 {
				return p, fmt.Errorf("%s=%q is no port: give a number from 1 to 65535", each.name, text)
			}
			*each.into = number
		}
		listener, err := net.Listen("tcp", at(*each.into))
		if err != nil {
			return p, fmt.Errorf("port %d is in use by another program: end that one, or choose another port with %s=…", *each.into, each.name)
		}
		if err := listener.Close(); err != nil {
			return p, err
		}
	}
	if different := map[int]bool{p.mailbox: true, p.web: true, p.decisions: true, p.dex: true}; len(different) != 4 {
		return p, fmt.Errorf("MAILBOX_PORT %d, WEB_PORT %d, DECISIONS_PORT %d and DEX_PORT %d must be four different ones", p.mailbox, p.web, p.decisions, p.dex)
	}
	return p, nil
}

func at(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// stage is everything that runs during the demo.
type stage struct {
	dir     string
	ports   ports
	cluster *env.Cluster
	// kubeconfig is a cluster administrator's: the platform team's.
	kubeconfig string
	programs   []program
	// dex is where people sign in; empty: nowhere.
	dex string
	// caller is the token of the dashboard that asks for decisions.
	caller string
	// ended gets the name of the first program that ended, and how.
	ended chan error
}

// newStage starts the control plane and Roster.
func newStage(ctx context.Context, dir string, p ports) (*stage, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	s := &stage{dir: dir, ports: p, kubeconfig: filepath.Join(dir, "kubeconfig"), ended: make(chan error, 2)}
	s.notReady()
	say("Starting etcd, kube-apiserver and kube-controller-manager, with Roster's kinds installed")
	var err error
	if s.cluster, err = env.Start(env.Guarded); err != nil {
		return nil, err
	}
	if err := s.furnish(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// furnish does what a platform team does once: permissions, the servers, and a kubeconfig to look around with.
func (s *stage) furnish(ctx context.Context) error {
	if err := s.cluster.StartControllerManager(ctx, s.dir); err != nil {
		return err
	}
	admin, err := s.cluster.Kubeconfig("platform-admin", "system:masters")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.kubeconfig, admin, 0o600); err != nil {
		return err
	}
	link := filepath.Join(s.dir, "kubectl")
	if err := os.RemoveAll(link); err != nil {
		return err
	}
	if err := os.Symlink(s.cluster.Tool("kubectl"), link); err != nil {
		return err
	}
	say("Giving Roster its own service accounts and the shipped permissions, and starting it under them")
	if err := s.kubectl(ctx, "apply", "-k", "config/rbac"); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "apply", "-f", "config/decisions/account.yaml", "-f", "config/decisions/role.yaml"); err != nil {
		return err
	}
	signIn, err := s.signInServer(ctx)
	if err != nil {
		return err
	}
	guardAddress, guardCerts := s.cluster.GuardServing()
	err = s.start(ctx, "manager", append(signIn, "--guard-bind-address="+guardAddress, "--guard-cert-dir="+guardCerts,
		"--mail=mailbox", "--mailbox-smtp-address=127.0.0.1:0", "--mailbox-page-address="+at(s.ports.mailbox),
		"--web-bind-address="+at(s.ports.web), "--public-url=http://"+at(s.ports.web), "--leader-elect")...)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "decisions", "--bind-address="+at(s.ports.decisions)); err != nil {
		return err
	}
	return s.guarded(ctx)
}

// guarded waits until the guard answers: until then nothing can be written.
func (s *stage) guarded(ctx context.Context) error {
	probe := &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "probe", Namespace: metav1.NamespaceDefault}, Spec: accessv1.RoleSpec{DisplayName: "Probe"}}
	return s.wait(ctx, "the guard", func() error { return s.cluster.Client.Create(ctx, probe.DeepCopy(), client.DryRunAll) })
}

// program is one of Roster's servers.
type program struct {
	command *exec.Cmd
	// gone closes when it has ended.
	gone chan struct{}
}

// start runs a subcommand of bin/roster as the service account that config describes, with a token of its own.
func (s *stage) start(ctx context.Context, name string, arguments ...string) error {
	token, err := s.token(ctx, "roster-system", "roster-"+name)
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(s.dir, name+".kubeconfig")
	if err := clientcmd.WriteToFile(s.tokenConfig(token), kubeconfig); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.dir, name+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(filepath.Join(env.Root(), "bin", "roster"), append([]string{name}, arguments...)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the demo; it ends the programs in order
	if err := command.Start(); err != nil {
		return fmt.Errorf("could not start bin/roster: %w", err)
	}
	p := program{command, make(chan struct{})}
	s.programs = append(s.programs, p)
	go func() {
		s.ended <- fmt.Errorf("roster %s ended by itself, see .dev/%s.log: %w", name, name, orNothing(command.Wait()))
		close(p.gone)
	}()
	return nil
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// token is a token of a service account.
func (s *stage) token(ctx context.Context, namespace, name string) (string, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To(int64(24 * 3600))}}
	if err := s.cluster.Client.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("could not get a token for the service account %s: %w", name, err)
	}
	return request.Status.Token, nil
}

func (s *stage) tokenConfig(token string) api.Config {
	config := api.NewConfig()
	config.Clusters["local"] = &api.Cluster{Server: strings.TrimSuffix(s.cluster.Config.Host, "/"), CertificateAuthorityData: s.cluster.Config.CAData}
	config.AuthInfos["roster"] = &api.AuthInfo{Token: token}
	config.Contexts["local"] = &api.Context{Cluster: "local", AuthInfo: "roster"}
	config.CurrentContext = "local"
	return *config
}

func (s *stage) readyFile() string { return filepath.Join(s.dir, "ready") }

// stayUp says how to go on, and waits for Ctrl-C.
func (s *stage) stayUp(ctx context.Context) error {
	if err := os.WriteFile(s.readyFile(), []byte(time.Now().UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return err
	}
	say("Roster is up. To go on:")
	fmt.Printf(`    export KUBECONFIG=%s           # you are the platform team
    .dev/kubectl get roster -n acme             # everything in the tenant
    .dev/kubectl get users ana -n acme -o yaml

    http://%s    the mails that went out; open a link in one to accept

    http://%s    decisions; ask as a service account that may:
    curl -s http://%s/access/v1/evaluation -H "Authorization: Bearer $(.dev/kubectl create token dashboard -n acme)" \
      -H 'Content-Type: application/json' -d '{"subject":{"type":"user","id":"ana@acme.example"},
      "action":{"name":"update"},"resource":{"type":"orders","id":"4711","properties":{"site":"DE"}}}'

  Ctrl-C ends everything.
`, s.kubeconfig, at(s.ports.mailbox), at(s.ports.decisions), at(s.ports.decisions))
	select {
	case <-ctx.Done():
		say("Ending everything")
		return nil
	case err := <-s.ended:
		return err
	}
}

// close ends every process, in the reverse order of starting.
func (s *stage) close() {
	s.notReady()
	for _, p := range slices.Backward(s.programs) {
		complain(p.end())
	}
	complain(s.cluster.Stop())
}

// end asks the program to end, and insists after a while.
func (p *program) end() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return nil //nolint:nilerr // it has ended already, and was waited for
	}
	select {
	case <-p.gone:
		return nil
	case <-time.After(10 * time.Second):
		return p.command.Process.Kill()
	}
}

func (s *stage) notReady() { complain(os.RemoveAll(s.readyFile())) }

// complain tells of what went wrong in clearing up, which changes nothing about how the demo went.
func complain(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: could not clear up:", err)
	}
}
