package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// farewell bounds the QUIT after a mail that has been taken.
const farewell = 5 * time.Second

// open brings a connection to the point where a mail can be handed over: TLS, greeting, password.
func (s *SMTP) open(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, greeting.failure(err)
		}
	}
	if s.config.TLS == TLSImplicit {
		secured := tls.Client(conn, s.tlsConfig())
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, handshake.failure(err)
		}
		conn = secured
	}
	client, err := s.greet(conn)
	if err != nil {
		return nil, err
	}
	if s.config.TLS == TLSStart {
		if err := s.startTLS(client); err != nil {
			return nil, err
		}
	}
	if s.config.Username == "" {
		return client, nil
	}
	return client, s.signIn(ctx, client)
}

func (s *SMTP) greet(conn net.Conn) (*smtp.Client, error) {
	client, err := smtp.NewClient(conn, s.config.Host)
	if err != nil {
		return nil, greeting.failure(err)
	}
	// Addresses are ASCII, and asking for more than is needed can make a relay refuse the mail.
	client.SkipSMTPUTF8(true)
	if err := client.Hello(s.config.HelloName); err != nil {
		return nil, greeting.failure(err)
	}
	return client, nil
}

func (s *SMTP) startTLS(client *smtp.Client) error {
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return failed(Misconfigured, sentenceNoStartTLS)
	}
	if err := client.StartTLS(s.tlsConfig()); err != nil {
		return handshake.failure(err)
	}
	return nil
}

func (s *SMTP) signIn(ctx context.Context, client *smtp.Client) error {
	password, err := s.config.Password(ctx)
	if err != nil {
		return failed(Misconfigured, sentenceNoPassword)
	}
	auth := &chosenAuth{host: s.config.Host, username: s.config.Username, password: password}
	if err := client.Auth(auth); err != nil {
		if errors.Is(err, errNoMechanism) {
			return failed(Misconfigured, sentenceNoMechanism)
		}
		return signingIn.failure(err)
	}
	return nil
}

// hangUp says goodbye. Whether the server hears it no longer matters to the mail.
func hangUp(client *smtp.Client) {
	if client.UpdateDeadline(farewell) == nil {
		client.Quit() //nolint:errcheck // the mail has been taken, and the connection is closed next
	}
}

var errNoMechanism = errors.New("no known sign-in mechanism")

// chosenAuth signs in by the first mechanism that the server offers after TLS. Inside verified TLS
// the plain ones are as safe as the others and work with more servers.
type chosenAuth struct {
	smtp.Auth
	host, username, password string
}

// Start implements smtp.Auth.
func (a *chosenAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	offers := func(mechanism string) bool {
		return slices.ContainsFunc(server.Auth, func(o string) bool { return strings.EqualFold(o, mechanism) })
	}
	switch {
	case !server.TLS: // NewSMTP has refused it already; a password is worth looking twice
		return "", nil, errNoMechanism
	case offers("PLAIN"):
		a.Auth = smtp.PlainAuth("", a.username, a.password, a.host, false)
	case offers("LOGIN"):
		a.Auth = smtp.LoginAuth(a.username, a.password, a.host, false)
	case offers("SCRAM-SHA-256"):
		a.Auth = smtp.ScramSHA256Auth(a.username, a.password)
	default:
		return "", nil, errNoMechanism
	}
	return a.Auth.Start(server)
}
