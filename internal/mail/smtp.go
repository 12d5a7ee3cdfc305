package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/roster-dev/roster/internal/address"
)

// TLSMode says how the connection to the mail server is protected. No mode falls back to another.
type TLSMode string

const (
	// TLSNone sends in the clear, and never a password.
	TLSNone TLSMode = "none"
	// TLSStart upgrades the connection with STARTTLS before anything is sent. It is the default.
	TLSStart TLSMode = "starttls"
	// TLSImplicit speaks TLS from the first byte.
	TLSImplicit TLSMode = "implicit"
)

const (
	defaultConnectTimeout = 10 * time.Second
	defaultTimeout        = time.Minute
)

var defaultPorts = map[TLSMode]int{TLSNone: 25, TLSStart: 587, TLSImplicit: 465}

// SMTPConfig says which server takes the mails and as whom to speak.
type SMTPConfig struct {
	// Host is the server's name or network address; its certificate must be for it.
	Host string
	// Port is the server's port; 0: 587 with starttls, 465 with implicit, 25 with none.
	Port int
	// TLS is the mode; empty: starttls.
	TLS TLSMode
	// RootCAs signs the server's certificate; nil: the system's authorities.
	RootCAs *x509.CertPool
	// Username signs in; empty: nobody does. It needs TLS.
	Username string
	// Password is asked for at every mail, so that a changed Secret works at once. Required with Username.
	Password func(context.Context) (string, error)
	// From is who mails come from when they do not say. FromName is shown beside every sender.
	From     address.Address
	FromName string
	// ReplyTo is who gets the answers to mails that do not say; zero: From.
	ReplyTo address.Address
	// DKIM signs mails; nil: they are not signed.
	DKIM *DKIM
	// HelloName is the name to introduce oneself by; empty: the domain of From.
	HelloName string
	// ConnectTimeout bounds the connection, Timeout the whole mail with it; 0: 10 s and 1 min.
	ConnectTimeout, Timeout time.Duration
}

// SMTP sends each mail over a connection of its own. It is safe for concurrent use.
type SMTP struct {
	config SMTPConfig
	client *gomail.Client
}

var _ Sender = (*SMTP)(nil)

// NewSMTP checks the configuration; it does not connect. The error names the field that is wrong.
func NewSMTP(config SMTPConfig) (*SMTP, error) {
	config.TLS = cmp.Or(config.TLS, TLSStart)
	config.Port = cmp.Or(config.Port, defaultPorts[config.TLS])
	config.HelloName = cmp.Or(config.HelloName, config.From.Domain())
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, defaultConnectTimeout)
	config.Timeout = cmp.Or(config.Timeout, defaultTimeout)
	if err := errors.Join(config.checkServer(), config.checkSender()); err != nil {
		return nil, err
	}
	// The connection is opened here and not by the library, which would leave it open when the
	// server refuses the greeting, TLS or the password. RSET and NOOP serve no purpose on a
	// connection that carries one mail.
	client, err := gomail.NewClient(config.Host,
		gomail.WithTimeout(config.Timeout), gomail.WithoutNoop(), gomail.WithoutRset())
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	return &SMTP{config: config, client: client}, nil
}

func (c SMTPConfig) checkServer() error {
	var errs []error
	if c.Host == "" || strings.ContainsFunc(c.Host, noHostRune) {
		errs = append(errs, fmt.Errorf("smtp host: %q is no host name or network address", c.Host))
	}
	if _, err := netip.ParseAddr(c.Host); err != nil && strings.Contains(c.Host, ":") {
		errs = append(errs, fmt.Errorf("smtp host: %q is no host name or network address: leave the port out, it is given apart", c.Host))
	}
	if _, known := defaultPorts[c.TLS]; !known {
		errs = append(errs, fmt.Errorf("smtp tls: %q is none of none, starttls, implicit", c.TLS))
	} else if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("smtp port: %d is not between 1 and 65535", c.Port))
	}
	if c.Username != "" && c.TLS == TLSNone {
		errs = append(errs, errors.New("smtp tls: none would send the password in the clear: use starttls or implicit, or leave the user name out"))
	}
	if (c.Username != "") != (c.Password != nil) {
		errs = append(errs, errors.New("smtp password: a user name and a password come together: give both or neither"))
	}
	if c.ConnectTimeout < 0 || c.Timeout < 0 {
		errs = append(errs, errors.New("smtp timeout: cannot be negative"))
	}
	return errors.Join(errs...)
}

func (c SMTPConfig) checkSender() error {
	if c.From.IsZero() {
		return errors.New("smtp from: give the address that mails come from")
	}
	if strings.ContainsFunc(c.HelloName, noHostRune) {
		return fmt.Errorf("smtp hello name: %q is no host name", c.HelloName)
	}
	if c.DKIM != nil {
		return c.DKIM.check(c.From)
	}
	return nil
}

// noHostRune keeps URLs, paths and second lines out of what must be a host.
func noHostRune(r rune) bool { return r <= ' ' || r == '/' || r >= 0x7f }

// Send implements Sender.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	err = s.deliver(ctx, msg)
	if mailErr, ok := errors.AsType[*Error](err); ok && mailErr.Code == 0 && ctx.Err() != nil {
		// Closing the connection is how the context reaches the library, so what it said then is
		// about the closing and not about the server.
		return interrupted(ctx.Err())
	}
	return err
}

// deliver returns nil exactly when the server has acknowledged the mail.
func (s *SMTP) deliver(ctx context.Context, msg *gomail.Msg) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return connectFailure(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	client, err := s.open(ctx, conn)
	if err != nil {
		return err
	}
	err = s.client.SendWithSMTPClient(client, msg)
	if err != nil && !msg.IsDelivered() {
		return sendFailure(err)
	}
	hangUp(client)
	return nil
}

func (s *SMTP) connect(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: s.config.ConnectTimeout}
	return dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
}

func (s *SMTP) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, RootCAs: s.config.RootCAs, MinVersion: tls.VersionTLS12}
}
