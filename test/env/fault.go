package env

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// The programs of a cluster that can be killed and resumed.
const (
	Etcd      = "etcd"
	APIServer = "kube-apiserver"
)

// starter starts a program of the control plane in its own place, and notes which process it is and what it was told:
// envtest tells neither, and both are needed to kill and resume it.
const starter = `#!/bin/sh
echo $$ > "$0.pid"
printf '%%s\n' "$@" > "$0.arguments"
exec '%s' "$@"
`

// prepare lets etcd and the API server be started by starters, which stand in a directory of their own.
func (c *Cluster) prepare() error {
	var err error
	if c.starters, err = os.MkdirTemp("", "roster-env-"); err != nil {
		return err
	}
	for _, program := range []string{Etcd, APIServer} {
		script := fmt.Sprintf(starter, c.Tool(program))
		if err := os.WriteFile(c.starter(program), []byte(script), 0o700); err != nil {
			return err
		}
	}
	c.environment.ControlPlane.Etcd = &envtest.Etcd{Path: c.starter(Etcd)}
	c.environment.ControlPlane.GetAPIServer().Path = c.starter(APIServer)
	return nil
}

func (c *Cluster) starter(program string) string { return filepath.Join(c.starters, program) }

// Kill ends Etcd or APIServer at once, as a machine that fails does. Resume starts it again.
func (c *Cluster) Kill(program string) error {
	if command, ok := c.resumed[program]; ok {
		delete(c.resumed, program)
		return end(command)
	}
	text, err := os.ReadFile(c.starter(program) + ".pid")
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Kill(); err != nil {
		return fmt.Errorf("could not kill %s: %w", program, err)
	}
	for process.Signal(syscall.Signal(0)) == nil { // envtest waits for it, so we can only look
		<-time.After(time.Millisecond)
	}
	return nil
}

// end kills a process that was resumed, and waits until it is gone.
func end(command *exec.Cmd) error {
	if err := command.Process.Kill(); err != nil {
		return err
	}
	var killed *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &killed) {
		return err
	}
	return nil
}

// Resume starts a program that was killed, with what it was started with, and does not wait until it is ready.
func (c *Cluster) Resume(program string) error {
	text, err := os.ReadFile(c.starter(program) + ".arguments")
	if err != nil {
		return err
	}
	command := exec.Command(c.Tool(program), strings.Split(strings.TrimSpace(string(text)), "\n")...)
	if err := command.Start(); err != nil {
		return fmt.Errorf("could not resume %s: %w", program, err)
	}
	c.resumed[program] = command
	return nil
}
