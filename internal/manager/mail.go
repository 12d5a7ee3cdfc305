package manager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/mail"
)

// post is everything that has to do with mail: who hands it over, what is in it, what stands behind Message-IDs, and the mailbox where
// one is used.
type post struct {
	sender    mail.Sender
	templates *mail.Templates
	domain    string
	mailbox   *mail.Mailbox
}

func newPost(o Options) (*post, error) {
	from, err := address.Parse(o.SMTP.From)
	if err != nil {
		return nil, fmt.Errorf("--smtp-from: %w", err)
	}
	p := &post{templates: mail.BuiltIn(), domain: from.Domain()}
	switch o.Transport {
	case TransportNone:
		p.sender = mail.Unconfigured{}
	case TransportSMTP:
		p.sender, err = o.SMTP.sender(from)
	case TransportMailbox:
		err = p.open(o, from)
	default:
		err = fmt.Errorf("--mail %q is none of smtp, mailbox, none", o.Transport)
	}
	return p, err
}

// open starts listening; the mailbox serves once the program runs.
func (p *post) open(o Options, from address.Address) error {
	mailbox, err := mail.NewMailbox(mail.MailboxConfig{SMTPAddress: o.MailboxSMTPAddress, PageAddress: o.MailboxPageAddress})
	if err != nil {
		return err
	}
	p.mailbox = mailbox
	at := mailbox.SMTPAddress()
	p.sender, err = mail.NewSMTP(mail.SMTPConfig{
		Host: at.Addr().String(), Port: int(at.Port()), TLS: mail.TLSNone, From: from, FromName: o.SMTP.FromName,
	})
	return err
}

func (o SMTPOptions) sender(from address.Address) (mail.Sender, error) {
	if o.Host == "" {
		return nil, errors.New("--smtp-host is missing: name the mail server, or leave --mail=smtp out")
	}
	config := mail.SMTPConfig{
		Host: o.Host, Port: o.Port, TLS: mail.TLSMode(o.TLS), Username: o.Username, From: from, FromName: o.FromName, Timeout: o.Timeout,
	}
	if o.PasswordFile != "" {
		config.Password = func(context.Context) (string, error) {
			content, err := os.ReadFile(o.PasswordFile)
			return strings.TrimSpace(string(content)), err
		}
	}
	if o.ReplyTo != "" {
		replyTo, err := address.Parse(o.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("--smtp-reply-to: %w", err)
		}
		config.ReplyTo = replyTo
	}
	return mail.NewSMTP(config)
}
