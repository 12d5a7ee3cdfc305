// Command demo shows Roster at work on a local control plane: the manager under its own service account with the shipped
// permissions, the commerce story, an invitation accepted over HTTP. It is what `make demo` runs, and everything that it
// shows is done with kubectl and a web client, as a person would.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/roster-dev/roster/test/env"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctrl.SetLogger(logr.Discard()) // the control plane's own chatter is of no interest here
	ports, err := readPorts()
	if err != nil {
		return err
	}
	dir := filepath.Join(env.Root(), ".dev")
	stage, err := newStage(ctx, dir, ports)
	if err != nil {
		return err
	}
	defer stage.close()
	if err := tour(ctx, stage); err != nil {
		return fmt.Errorf("%w (logs are in %s)", err, filepath.Join(".dev", "*.log"))
	}
	if os.Getenv("DEMO_ONCE") == "1" {
		say("Every step held.")
		return nil
	}
	return stage.stayUp(ctx)
}

// say prints a line of the demo's own voice.
func say(format string, arguments ...any) { fmt.Printf("\n▸ "+format+"\n", arguments...) }
