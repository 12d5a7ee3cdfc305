// Package child runs a part of a test as a process of its own, which can be killed: the program of the tests once more.
package child

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

// variable is set in the environment of a child.
const variable = "ROSTER_TEST_CHILD"

// Main runs the tests, or serves the task that Start wrote, if Start began this process. It does not return. A child does
// not outlive who started it: its context ends with its standard input.
func Main[T any](m *testing.M, serve func(ctx context.Context, task T) error) {
	if os.Getenv(variable) == "" {
		os.Exit(m.Run())
	}
	if err := run(serve); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run[T any](serve func(context.Context, T) error) error {
	var task T
	if err := json.NewDecoder(os.Stdin).Decode(&task); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) //nolint:errcheck // however it ends, it ends
		stop()
	}()
	return serve(ctx, task)
}

// Process is a child.
type Process struct {
	command *exec.Cmd
	// input is open as long as the child is wanted.
	input io.Closer
}

// Start starts a child with a task, which must survive JSON, and further variables of its environment. What it says goes to
// the log.
func Start(task any, log *Log, environment ...string) (*Process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program)
	command.Env = append(append(os.Environ(), variable+"=1"), environment...)
	command.Stdout, command.Stderr = log, log
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &Process{command, input}, json.NewEncoder(input).Encode(task)
}

// Kill ends the child at once. It fails where the child has ended by itself.
func (p *Process) Kill() error {
	signalled := p.command.Process.Kill()
	err := p.command.Wait()
	var killed *exec.ExitError
	if signalled != nil || !errors.As(err, &killed) || killed.Exited() {
		return fmt.Errorf("it has ended by itself: %w", errors.Join(signalled, err))
	}
	return nil
}

// Stop asks the child to end: its context does.
func (p *Process) Stop() error { return p.input.Close() }

// Signal sends a signal.
func (p *Process) Signal(s syscall.Signal) error { return p.command.Process.Signal(s) }

// Wait waits until the child has ended by itself, and returns its exit code.
func (p *Process) Wait() int {
	_ = p.command.Wait() //nolint:errcheck // the code says what became of it
	return p.command.ProcessState.ExitCode()
}

// Log is what processes have said, while they go on.
type Log struct {
	lock sync.Mutex
	text bytes.Buffer
}

// Write adds to it.
func (l *Log) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(text)
}

// String is all of it so far.
func (l *Log) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.String()
}
