// Command roster runs Roster's servers.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"
)

// version is set when the program is built.
var version = "unknown"

func main() {
	root := &cobra.Command{
		Use:           "roster",
		Short:         "Who may do what in business applications, as Kubernetes resources",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(managerCommand(), decisionsCommand(), mailTemplatesCommand())
	if err := root.ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "roster:", err)
		os.Exit(1)
	}
}
