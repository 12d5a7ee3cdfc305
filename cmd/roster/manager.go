package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/roster-dev/roster/internal/manager"
)

func managerCommand() *cobra.Command {
	options := manager.Defaults()
	level := "info"
	command := &cobra.Command{
		Use:   "manager",
		Short: "Run the controllers and the acceptance pages",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := setLogger(level); err != nil {
				return err
			}
			return manager.Run(command.Context(), options, clusterConfig)
		},
	}
	flags := command.Flags()
	flags.StringVar(&level, "log-level", level, "debug, info or error")
	serverFlags(flags, &options)
	guardFlags(flags, &options.Guard)
	mailFlags(flags, &options)
	return command
}

func serverFlags(flags *pflag.FlagSet, o *manager.Options) {
	flags.StringVar(&o.Namespace, "namespace", o.Namespace, "namespace that Roster itself runs in")
	flags.StringVar(&o.PublicURL, "public-url", o.PublicURL, "web address at which people reach the pages; links in mails begin with it")
	flags.StringVar(&o.WebAddress, "web-bind-address", o.WebAddress, "address that serves the pages")
	flags.StringSliceVar(&o.TrustedProxies, "trusted-proxy", o.TrustedProxies, "network whose X-Forwarded-For is believed; may be repeated")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", o.MetricsAddress, "address that serves metrics, behind authentication; 0 is off")
	flags.StringVar(&o.HealthAddress, "health-probe-bind-address", o.HealthAddress, "address that serves /healthz and /readyz; 0 is off")
	flags.StringVar((*string)(&o.Identity), "identity", string(o.Identity), "who keeps what people sign in with: none (somebody else) or dex")
	flags.StringVar(&o.DexNamespace, "dex-namespace", o.DexNamespace, "namespace in which Dex keeps its objects")
	flags.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect, "let one of several replicas work at a time")
}

func guardFlags(flags *pflag.FlagSet, o *manager.GuardOptions) {
	flags.StringVar(&o.Address, "guard-bind-address", o.Address, "address that serves the webhooks that guard writes; 0 is off")
	flags.StringVar(&o.CertDir, "guard-cert-dir", o.CertDir, "directory with tls.crt and tls.key for them")
	flags.BoolVar(&o.Rotate, "guard-rotate-certs", o.Rotate, "keep their certificates in the Secret that is mounted there; off: somebody else does, such as cert-manager")
	flags.StringVar(&o.UsernamePrefix, "username-prefix", o.UsernamePrefix, "what the API server puts before the address of somebody who signs in")
	flags.StringVar(&o.ServiceAccount, "service-account", o.ServiceAccount, "username under which Roster itself writes; empty: roster-manager in --namespace")
	flags.StringSliceVar(&o.Cleaners, "cleanup-user", o.Cleaners, "username under which the cluster deletes what has lost its owner or its namespace; may be repeated")
}

func mailFlags(flags *pflag.FlagSet, o *manager.Options) {
	flags.StringVar((*string)(&o.Transport), "mail", string(o.Transport), "how mails leave: smtp, mailbox (for development) or none")
	flags.StringVar(&o.Templates, "mail-templates", o.Templates, "directory with templates that stand in for the built-in ones, such as a mounted ConfigMap; read again when it changes")
	flags.StringVar(&o.SMTP.Host, "smtp-host", o.SMTP.Host, "mail server")
	flags.IntVar(&o.SMTP.Port, "smtp-port", o.SMTP.Port, "its port; 0: 587 with starttls, 465 with implicit, 25 with none")
	flags.StringVar(&o.SMTP.TLS, "smtp-tls", o.SMTP.TLS, "starttls, implicit or none; there is no fallback")
	flags.StringVar(&o.SMTP.Username, "smtp-username", o.SMTP.Username, "user name at the mail server")
	flags.StringVar(&o.SMTP.PasswordFile, "smtp-password-file", o.SMTP.PasswordFile, "file with the password, read at every mail")
	flags.StringVar(&o.SMTP.From, "smtp-from", o.SMTP.From, "address that mails come from")
	flags.StringVar(&o.SMTP.FromName, "smtp-from-name", o.SMTP.FromName, "name that mails come from")
	flags.StringVar(&o.SMTP.ReplyTo, "smtp-reply-to", o.SMTP.ReplyTo, "address that answers go to")
	flags.StringVar(&o.SMTP.DKIMSelector, "dkim-selector", o.SMTP.DKIMSelector, "sign mails with DKIM: the name of the key in the DNS, before ._domainkey")
	flags.StringVar(&o.SMTP.DKIMKeyFile, "dkim-key-file", o.SMTP.DKIMKeyFile, "file with the private key for that, in PEM: RSA or Ed25519; read at the start")
	flags.StringVar(&o.SMTP.DKIMDomain, "dkim-domain", o.SMTP.DKIMDomain, "domain that signs; empty: that of --smtp-from")
	flags.DurationVar(&o.SMTP.ConnectTimeout, "smtp-connect-timeout", o.SMTP.ConnectTimeout, "longest time until the mail server answers the connection")
	flags.DurationVar(&o.SMTP.Timeout, "smtp-timeout", o.SMTP.Timeout, "longest time for one mail")
	flags.IntVar(&o.Limits.UserTenMinutes, "mails-per-user-10m", o.Limits.UserTenMinutes, "how many mails may go to one address of a tenant in 10 minutes")
	flags.IntVar(&o.Limits.UserDay, "mails-per-user-day", o.Limits.UserDay, "how many in 24 hours")
	flags.IntVar(&o.Limits.TenantHour, "mails-per-tenant-hour", o.Limits.TenantHour, "how many may go to all addresses of a tenant in an hour by the clock; 900 at most")
	flags.StringVar(&o.MailboxSMTPAddress, "mailbox-smtp-address", o.MailboxSMTPAddress, "address at which the mailbox takes mails; loopback only")
	flags.StringVar(&o.MailboxPageAddress, "mailbox-page-address", o.MailboxPageAddress, "address at which the mailbox shows them; loopback only")
}

// clusterConfig is that of the pod where there is one, else of KUBECONFIG or ~/.kube/config.
func clusterConfig() (*rest.Config, error) {
	if inside, err := rest.InClusterConfig(); err == nil {
		return inside, nil
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("no cluster to work on: set KUBECONFIG to a kubeconfig file, or run inside a cluster")
	}
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	return config, nil
}
