package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/roster-dev/roster/internal/manager"
)

func decisionsCommand() *cobra.Command {
	options := manager.DecisionDefaults()
	level := "info"
	command := &cobra.Command{
		Use:   "decisions",
		Short: "Answer who may do what, over the AuthZEN Authorization API 1.0",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := setLogger(level, everyLine); err != nil {
				return err
			}
			cluster, err := clusterConfig()
			if err != nil {
				return err
			}
			return manager.RunDecisions(command.Context(), cluster, options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&level, "log-level", level, "debug, info or error")
	decisionFlags(flags, &options)
	return command
}

func decisionFlags(flags *pflag.FlagSet, o *manager.DecisionOptions) {
	flags.StringVar(&o.Address, "bind-address", o.Address, "address that serves decisions")
	flags.StringVar(&o.PublicURL, "public-url", o.PublicURL, "web address at which callers reach it, for the discovery document; empty: what their requests say")
	flags.StringVar(&o.CertFile, "tls-cert-file", o.CertFile, "certificate to serve with; empty: in the clear, behind something that terminates TLS")
	flags.StringVar(&o.KeyFile, "tls-key-file", o.KeyFile, "its key")
	flags.StringVar(&o.TokenAudience, "token-audience", o.TokenAudience, "whom callers' tokens have to be for, such as roster-decisions; empty: the API server, which can then be asked with them too")
	flags.StringVar(&o.ClientCAFile, "client-ca-file", o.ClientCAFile, "authorities whose client certificates count beside bearer tokens; empty: none")
	flags.StringVar(&o.ExtAuthzAddress, "ext-authz-bind-address", o.ExtAuthzAddress, "address that serves Envoy's ext_authz filter over gRPC, with the same certificates; 0 is off")
	flags.StringVar(&o.ExtAuthzRoutes, "ext-authz-routes", o.ExtAuthzRoutes, "file with the routes that say what a request asks, read at the start")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", o.MetricsAddress, "address that serves metrics, behind authentication; 0 is off")
	flags.StringVar(&o.HealthAddress, "health-probe-bind-address", o.HealthAddress, "address that serves /healthz and /readyz; 0 is off")
	flags.DurationVar(&o.MaxStale, "max-stale", o.MaxStale, "how long to answer from memory while the API server is out of reach")
	flags.DurationVar(&o.MaxWait, "max-wait", o.MaxWait, "how long a request waits for the version that it asks for")
	flags.IntVar(&o.Rate, "caller-rate", o.Rate, "evaluations a second that each caller may ask for; 0 is any number")
	flags.IntVar(&o.AllowSample, "audit-allow-sample", o.AllowSample, "log every n-th allowed decision; 0 is none. Denials are all logged")
}
