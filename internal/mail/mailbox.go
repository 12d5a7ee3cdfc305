package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

const (
	defaultMailboxSMTP = "127.0.0.1:1025"
	defaultMailboxPage = "127.0.0.1:8025"
	// mailboxSize is how many mails are kept; the oldest goes first.
	mailboxSize        = 200
	mailboxConnections = 32
	mailboxPatience    = 30 * time.Second
	mailboxGrace       = 2 * time.Second
)

// MailboxConfig says where the mailbox listens. Both addresses must be on loopback, since the page
// shows every mail, and with it every invitation link, to whoever can reach it.
type MailboxConfig struct {
	// SMTPAddress takes mails; empty: 127.0.0.1:1025. Port 0 picks a free one.
	SMTPAddress string
	// PageAddress shows them; empty: 127.0.0.1:8025. Port 0 picks a free one.
	PageAddress string
}

// Mailbox is the mail server for development: it takes every mail, delivers none, and shows the
// newest 200 on a page and as JSON. It keeps them in memory only.
type Mailbox struct {
	smtpListener, pageListener net.Listener

	lock sync.RWMutex
	// mails are the newest ones, oldest first; at most mailboxSize.
	mails []storedMail
	// taken counts all mails ever taken; it is the ID of the newest.
	taken int
}

// NewMailbox opens both addresses, so that they are known and mails wait from here on. Run serves
// and closes them.
func NewMailbox(config MailboxConfig) (*Mailbox, error) {
	smtpListener, err := listenLoopback("SMTP", cmp.Or(config.SMTPAddress, defaultMailboxSMTP))
	if err != nil {
		return nil, err
	}
	pageListener, err := listenLoopback("page", cmp.Or(config.PageAddress, defaultMailboxPage))
	if err != nil {
		smtpListener.Close()
		return nil, err
	}
	return &Mailbox{smtpListener: smtpListener, pageListener: pageListener}, nil
}

// SMTPAddress returns the address and port that take mails.
func (m *Mailbox) SMTPAddress() netip.AddrPort {
	return netip.MustParseAddrPort(m.smtpListener.Addr().String())
}

// URL returns where the page is, without a slash at the end.
func (m *Mailbox) URL() string { return "http://" + m.pageListener.Addr().String() }

// Run takes and shows mails until ctx ends, which is no error.
func (m *Mailbox) Run(ctx context.Context) error {
	smtpServer, pageServer := m.smtpServer(), m.pageServer()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := smtpServer.Serve(netutil.LimitListener(m.smtpListener, mailboxConnections)); err != nil && ctx.Err() == nil {
			return fmt.Errorf("mailbox SMTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		err := pageServer.Serve(netutil.LimitListener(m.pageListener, mailboxConnections))
		if err != nil && !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
			return fmt.Errorf("mailbox page: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		m.stop(ctx, smtpServer, pageServer)
		return nil
	})
	return group.Wait()
}

// stop closes the listeners itself as well, in case a server has not come to know its own yet.
func (m *Mailbox) stop(ctx context.Context, smtpServer *smtp.Server, pageServer *http.Server) {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailboxGrace)
	defer cancel()
	smtpServer.Close()
	m.smtpListener.Close()
	if pageServer.Shutdown(grace) != nil {
		pageServer.Close()
	}
	m.pageListener.Close()
}

func listenLoopback(what, listenAddress string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(listenAddress)
	if err != nil {
		return nil, fmt.Errorf("mailbox %s address: %q is not host:port, such as 127.0.0.1:1025", what, listenAddress)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("mailbox %s address: %q is not on loopback, and the mailbox shows every invitation link to whoever reaches it: use 127.0.0.1:%s and a port-forward", what, listenAddress, port)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("mailbox %s address: %s is in use: stop what listens there, or choose another port", what, listenAddress)
	case err != nil:
		return nil, fmt.Errorf("mailbox %s address: %w", what, err)
	}
	return listener, nil
}

// keep adds a mail and lets the oldest go when there are too many.
func (m *Mailbox) keep(mail storedMail) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.taken++
	mail.ID = m.taken
	if len(m.mails) == mailboxSize {
		m.mails = append(m.mails[:0], m.mails[1:]...)
	}
	m.mails = append(m.mails, mail)
}

// newestFirst returns a copy of what is kept.
func (m *Mailbox) newestFirst() []storedMail {
	m.lock.RLock()
	defer m.lock.RUnlock()
	result := make([]storedMail, 0, len(m.mails))
	for i := len(m.mails) - 1; i >= 0; i-- {
		result = append(result, m.mails[i])
	}
	return result
}

// find returns the mail with the given ID unless it has gone.
func (m *Mailbox) find(id int) (storedMail, bool) {
	m.lock.RLock()
	defer m.lock.RUnlock()
	for _, mail := range m.mails {
		if mail.ID == id {
			return mail, true
		}
	}
	return storedMail{}, false
}
