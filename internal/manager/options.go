// Package manager builds the program that runs the controllers, the acceptance pages and, for development, the mailbox.
package manager

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/roster-dev/roster/internal/ledger"
	"github.com/roster-dev/roster/internal/mail"
)

// Transport says how mails leave.
type Transport string

const (
	// TransportSMTP hands mails to a mail server.
	TransportSMTP Transport = "smtp"
	// TransportMailbox keeps them in a mail server inside the process, with a page that lists them: for development.
	TransportMailbox Transport = "mailbox"
	// TransportNone sends nothing: every invitation that needs a mail says so and waits.
	TransportNone Transport = "none"
)

// Identity says who keeps what people sign in with.
type Identity string

const (
	// IdentityNone: somebody else does; Roster's pages ask for no password.
	IdentityNone Identity = "none"
	// IdentityDex: Roster does, in the objects of kind Password that Dex reads.
	IdentityDex Identity = "dex"
)

// Options are what the program can be told. New checks them.
type Options struct {
	// Namespace is where Roster itself runs; the Secret with the link keys and the leader's lease are there.
	Namespace string
	// PublicURL is where people reach the pages; links in mails begin with it.
	PublicURL string
	// WebAddress is where the pages are served.
	WebAddress string
	// TrustedProxies are networks whose X-Forwarded-For is believed.
	TrustedProxies []string
	// MetricsAddress and HealthAddress serve metrics (behind authentication) and probes; "0" is off.
	MetricsAddress string
	HealthAddress  string
	// LeaderElect lets one of several replicas work at a time.
	LeaderElect bool
	// LeaseDuration is how long the others wait for a leader who says nothing. He gives up after two thirds of it.
	LeaseDuration time.Duration

	// Identity says who keeps what people sign in with, and DexNamespace where Dex keeps its objects.
	Identity     Identity
	DexNamespace string

	Guard     GuardOptions
	Limits    MailLimits
	Transport Transport
	SMTP      SMTPOptions
	// Templates is a directory with mail templates that stand in for built-in ones; empty: there are none.
	Templates string
	// MailboxSMTPAddress and MailboxPageAddress are the mailbox's; loopback only.
	MailboxSMTPAddress string
	MailboxPageAddress string
}

// SMTPOptions describe the mail server, in the words of the flags.
type SMTPOptions struct {
	Host     string
	Port     int
	TLS      string
	Username string
	// PasswordFile is read at every mail, so that a rotated Secret counts at once.
	PasswordFile string
	From         string
	FromName     string
	ReplyTo      string
	// ConnectTimeout bounds the connection, Timeout the whole mail with it.
	ConnectTimeout, Timeout time.Duration
	// DKIMSelector and DKIMKeyFile go together: mails are signed. DKIMDomain is that of From where it is empty.
	DKIMSelector, DKIMDomain, DKIMKeyFile string
}

// defaultFrom belongs to nobody: a mail server is given another.
const defaultFrom = "roster@roster.example"

// Defaults are the options of a program that was told nothing.
func Defaults() Options {
	return Options{
		Namespace:      "roster-system",
		PublicURL:      "http://127.0.0.1:8080",
		WebAddress:     "127.0.0.1:8080",
		MetricsAddress: "0", HealthAddress: "0",
		LeaseDuration: 15 * time.Second,
		Identity:      IdentityNone, DexNamespace: "dex",
		Guard:     guardDefaults(),
		Limits:    MailLimits{UserTenMinutes: 3, UserDay: 10, TenantHour: 500},
		Transport: TransportNone,
		SMTP: SMTPOptions{
			TLS: string(mail.TLSStart), From: defaultFrom, FromName: "Roster", ConnectTimeout: 10 * time.Second, Timeout: time.Minute,
		},
		MailboxSMTPAddress: "127.0.0.1:1025", MailboxPageAddress: "127.0.0.1:8025",
	}
}

// checked is what options come to, as far as that can be told without a cluster.
type checked struct {
	publicURL string
	// signIns is the namespace in which Dex keeps passwords; empty: sign-in is somebody else's.
	signIns string
	limits  ledger.Limits
	post    *post
}

func (o Options) check() (c checked, err error) {
	if err := o.Guard.check(); err != nil {
		return c, err
	}
	if c.publicURL, err = o.publicURL(); err != nil {
		return c, err
	}
	if c.signIns, err = o.signIns(); err != nil {
		return c, err
	}
	if c.limits, err = o.Limits.Check(); err != nil {
		return c, err
	}
	c.post, err = newPost(o)
	return c, err
}

// publicURL is the checked and normalised base of all links.
func (o Options) publicURL() (string, error) {
	parsed, err := url.Parse(o.PublicURL)
	switch {
	case err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http"):
		return "", fmt.Errorf("--public-url %q is no web address: give the one at which people reach the pages, such as https://roster.example", o.PublicURL)
	case parsed.RawQuery != "" || parsed.Fragment != "" || (parsed.Path != "" && parsed.Path != "/"):
		return "", fmt.Errorf("--public-url %q has more than scheme and host: the pages are served at the root", o.PublicURL)
	}
	return parsed.Scheme + "://" + parsed.Host, nil
}

func (o Options) trustedProxies() ([]netip.Prefix, error) {
	out := make([]netip.Prefix, len(o.TrustedProxies))
	for i, text := range o.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q is no network: write it as 10.0.0.0/8", text)
		}
		out[i] = prefix
	}
	return out, nil
}

// signIns is the namespace in which Dex keeps passwords; empty: sign-in is somebody else's.
func (o Options) signIns() (string, error) {
	switch {
	case o.Identity == IdentityNone:
		return "", nil
	case o.Identity != IdentityDex:
		return "", fmt.Errorf("--identity %q is none of none, dex", o.Identity)
	case o.DexNamespace == "":
		return "", errors.New("--dex-namespace is empty: name the namespace in which Dex keeps its objects")
	default:
		return o.DexNamespace, nil
	}
}

// MailLimits are how many mails may go out, invitations and password resets together.
type MailLimits struct {
	// UserTenMinutes and UserDay count what goes to one address of a tenant.
	UserTenMinutes, UserDay int
	// TenantHour counts what goes to everybody of a tenant.
	TenantHour int
}

// maxTenantHour keeps the mails of 24 hours, which touch 25 hours by the clock, within what one ConfigMap can hold.
const maxTenantHour = 900

// Check returns the limits, or says which setting cannot be.
func (l MailLimits) Check() (ledger.Limits, error) {
	if l.UserTenMinutes < 1 || l.UserDay < 1 || l.TenantHour < 1 || l.TenantHour > maxTenantHour {
		return ledger.Limits{}, fmt.Errorf("--mails-per-user-10m, --mails-per-user-day and --mails-per-tenant-hour have to be 1 at least, and the last one at most %d", maxTenantHour)
	}
	return ledger.Limits{
		User:   []ledger.Limit{{Mails: l.UserTenMinutes, In: 10 * time.Minute}, {Mails: l.UserDay, In: 24 * time.Hour}},
		Tenant: ledger.Limit{Mails: l.TenantHour, In: time.Hour},
	}, nil
}
