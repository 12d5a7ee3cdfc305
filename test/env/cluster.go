// Package env gives tests, the demo and the benchmarks a real API server with Roster's kinds in it, a manager to run
// against it, and a vocabulary in which tests are sentences.
package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/roster-dev/roster/internal/manager"
)

// Cluster is etcd and kube-apiserver as processes of this machine, on loopback, with Roster's CRDs installed.
type Cluster struct {
	// Config is a cluster administrator's.
	Config *rest.Config
	// Client reads and writes past every cache, as a cluster administrator.
	Client client.Client
	Scheme *kruntime.Scheme
	// ChangeGuard changes how the next manager serves a guarded cluster's webhooks; nil: as the API server expects it.
	ChangeGuard func(*manager.GuardOptions)

	assets      string
	environment *envtest.Environment
	processes   []*exec.Cmd
	// starters is the directory with what starts etcd and the API server; resumed has those that were started again.
	starters string
	resumed  map[string]*exec.Cmd
}

// Start starts a cluster. Stop ends it.
func Start(changes ...func(*envtest.Environment)) (*Cluster, error) {
	assets, err := Assets()
	if err != nil {
		return nil, err
	}
	scheme, err := manager.Scheme()
	if err != nil {
		return nil, err
	}
	environment := &envtest.Environment{
		Scheme:                   scheme,
		CRDDirectoryPaths:        []string{filepath.Join(Root(), "config", "crd", "bases")},
		ErrorIfCRDPathMissing:    true,
		BinaryAssetsDirectory:    assets,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	for _, change := range changes {
		change(environment)
	}
	c := &Cluster{Scheme: scheme, assets: assets, environment: environment, resumed: map[string]*exec.Cmd{}}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if c.Config, err = environment.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("could not start the local control plane: %w", err), os.RemoveAll(c.starters))
	}
	c.Config.QPS = -1
	if c.Client, err = client.New(c.Config, client.Options{Scheme: scheme}); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// Stop ends every process that the cluster started.
func (c *Cluster) Stop() error {
	var errs []error
	for _, p := range c.processes {
		errs = append(errs, p.Process.Kill())
		if _, err := p.Process.Wait(); err != nil {
			errs = append(errs, err)
		}
	}
	for _, command := range c.resumed {
		errs = append(errs, end(command))
	}
	return errors.Join(append(errs, c.environment.Stop(), os.RemoveAll(c.starters))...)
}

// Assets is the directory with etcd, kube-apiserver, kube-controller-manager and kubectl.
func Assets() (string, error) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		output, err := exec.Command(filepath.Join(Root(), "hack", "controlplane", "build.sh"), "dir").Output()
		if err != nil {
			return "", fmt.Errorf("could not find the local control plane: %w", err)
		}
		dir = string(output[:max(len(output)-1, 0)])
	}
	for _, tool := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"} {
		if _, err := os.Stat(filepath.Join(dir, tool)); err != nil {
			return "", fmt.Errorf("%s is missing in %s: run make controlplane", tool, dir)
		}
	}
	return dir, nil
}

// Root is the top of the checkout that this was built from.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// EtcdURL is where the cluster's etcd listens, for those who fill a cluster faster than the API server takes objects.
func (c *Cluster) EtcdURL() string { return c.environment.ControlPlane.Etcd.URL.String() }

// Tool is the path of one of the control plane's programs, such as kubectl.
func (c *Cluster) Tool(name string) string { return filepath.Join(c.assets, name) }

// Kubeconfig is a kubeconfig file's content for a user with client certificates.
func (c *Cluster) Kubeconfig(name string, groups ...string) ([]byte, error) {
	user, err := c.environment.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		return nil, fmt.Errorf("could not make the cluster's user %s: %w", name, err)
	}
	return user.KubeConfig()
}

// StartControllerManager starts kube-controller-manager with what a cluster needs to clean up after itself: garbage
// collection by owner references, deletion of namespaces, and service accounts. Its files and log go into dir.
func (c *Cluster) StartControllerManager(ctx context.Context, dir string) error {
	kubeconfig, err := c.Kubeconfig("system:kube-controller-manager", "system:masters")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "controller-manager.kubeconfig")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "controller-manager.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.CommandContext(ctx, c.Tool("kube-controller-manager"),
		"--kubeconfig="+path, "--leader-elect=false", "--secure-port=0",
		"--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller",
		"--concurrent-gc-syncs=5", "--kube-api-qps=200", "--kube-api-burst=400")
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return fmt.Errorf("could not start kube-controller-manager: %w", err)
	}
	c.processes = append(c.processes, command)
	return nil
}
