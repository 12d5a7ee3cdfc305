package manager

import (
	"cmp"
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
	p := &post{domain: from.Domain()}
	if p.templates, err = mailTemplates(o.Templates); err != nil {
		return nil, err
	}
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
	config := mail.SMTPConfig{Host: at.Addr().String(), Port: int(at.Port()), TLS: mail.TLSNone, From: from, FromName: o.SMTP.FromName}
	if config.ReplyTo, err = o.SMTP.replyTo(); err != nil {
		return err
	}
	p.sender, err = mail.NewSMTP(config)
	return err
}

func (o SMTPOptions) sender(from address.Address) (mail.Sender, error) {
	if o.Host == "" {
		return nil, errors.New("--smtp-host is missing: name the mail server, or leave --mail=smtp out")
	}
	if o.From == defaultFrom {
		return nil, errors.New("--smtp-from is missing: give the address that mails come from")
	}
	config := mail.SMTPConfig{
		Host: o.Host, Port: o.Port, TLS: mail.TLSMode(o.TLS), Username: o.Username, From: from, FromName: o.FromName,
		ConnectTimeout: o.ConnectTimeout, Timeout: o.Timeout,
	}
	if o.PasswordFile != "" {
		config.Password = func(context.Context) (string, error) { return password(o.PasswordFile) }
	}
	var err error
	if config.ReplyTo, err = o.replyTo(); err != nil {
		return nil, err
	}
	if config.DKIM, err = o.dkim(from); err != nil {
		return nil, err
	}
	return mail.NewSMTP(config)
}

// password reads the file as it is now. A line end belongs to the file; anything else may be part of the password.
func password(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	out := strings.TrimRight(string(content), "\r\n")
	if out == "" {
		return "", errors.New("the file is empty")
	}
	return out, nil
}

func (o SMTPOptions) replyTo() (address.Address, error) {
	if o.ReplyTo == "" {
		return address.Address{}, nil
	}
	replyTo, err := address.Parse(o.ReplyTo)
	if err != nil {
		return address.Address{}, fmt.Errorf("--smtp-reply-to: %w", err)
	}
	return replyTo, nil
}

// dkim is nil where mails are not signed.
func (o SMTPOptions) dkim(from address.Address) (*mail.DKIM, error) {
	if o.DKIMSelector == "" && o.DKIMKeyFile == "" && o.DKIMDomain == "" {
		return nil, nil
	}
	if o.DKIMSelector == "" || o.DKIMKeyFile == "" {
		return nil, errors.New("--dkim-selector and --dkim-key-file come together: give both, or no --dkim flag at all")
	}
	content, err := os.ReadFile(o.DKIMKeyFile)
	if err != nil {
		return nil, fmt.Errorf("--dkim-key-file cannot be read: mount the Secret there: %w", err)
	}
	key, err := mail.DKIMKey(content)
	if err != nil {
		return nil, fmt.Errorf("--dkim-key-file %s: %w", o.DKIMKeyFile, err)
	}
	return &mail.DKIM{Domain: cmp.Or(o.DKIMDomain, from.Domain()), Selector: o.DKIMSelector, Key: key}, nil
}
