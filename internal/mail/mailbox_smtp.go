package mail

import (
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	messagemail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
)

const (
	mailboxMailBytes  = 256 << 10
	mailboxRecipients = 10
	mailboxParts      = 20
)

// httpLink is a link in a text, up to what cannot be part of one.
var httpLink = regexp.MustCompile(`https?://[^\s<>"'\x60]+`)

// storedMail is a mail as the page and GET /mails.json show it.
type storedMail struct {
	// ID counts the mails taken, from 1; it is never used again.
	ID int `json:"id"`
	// To is the RCPT address; several are parted by a comma and a space.
	To        string `json:"to"`
	From      string `json:"from"`
	Subject   string `json:"subject"`
	MessageID string `json:"messageID"`
	// Date is the Date header in UTC; the zero time when there is none.
	Date time.Time `json:"date,omitzero"`
	Text string    `json:"text"`
	HTML string    `json:"html,omitempty"`
	// Links are the http and https URLs in the text, each once, in order; never null.
	Links []string `json:"links"`
}

func (m *Mailbox) smtpServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &mailboxSession{mailbox: m}, nil
	}))
	server.Domain = "mailbox.localhost"
	server.MaxMessageBytes = mailboxMailBytes
	server.MaxRecipients = mailboxRecipients
	server.ReadTimeout = mailboxPatience
	server.WriteTimeout = mailboxPatience
	// The sender hears of every failure and reports it; the server has nothing to add.
	server.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

// mailboxSession takes the mails of one connection.
type mailboxSession struct {
	mailbox    *Mailbox
	from       string
	recipients []string
}

// Mail implements smtp.Session.
func (s *mailboxSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *mailboxSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.recipients = append(s.recipients, to)
	return nil
}

// Data implements smtp.Session. Whatever cannot be read as a mail is refused.
func (s *mailboxSession) Data(r io.Reader) error {
	mail, err := readMail(r)
	if smtpErr, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return smtpErr
	}
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "This is not a well-formed mail"}
	}
	mail.From, mail.To = s.from, strings.Join(s.recipients, ", ")
	s.mailbox.keep(mail)
	return nil
}

// Reset implements smtp.Session.
func (s *mailboxSession) Reset() { s.from, s.recipients = "", nil }

// Logout implements smtp.Session.
func (s *mailboxSession) Logout() error { return nil }

func readMail(r io.Reader) (storedMail, error) {
	reader, err := messagemail.CreateReader(r)
	if err != nil && !message.IsUnknownCharset(err) {
		return storedMail{}, err
	}
	mail := storedMail{Subject: headerField(reader.Header, "Subject")}
	if id, err := reader.Header.MessageID(); err == nil {
		mail.MessageID = id
	}
	if date, err := reader.Header.Date(); err == nil {
		mail.Date = date.UTC()
	}
	if err := mail.readParts(reader); err != nil {
		return storedMail{}, err
	}
	mail.Links = linksIn(mail.Text)
	return mail, nil
}

// readParts keeps the first text and the first HTML part; attachments are not for this mailbox.
func (m *storedMail) readParts(reader *messagemail.Reader) error {
	for range mailboxParts {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return err
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		content := strings.ReplaceAll(strings.ToValidUTF8(string(body), "\ufffd"), "\r\n", "\n")
		switch kind := mediaType(part.Header.Get("Content-Type")); {
		case kind == "text/html" && m.HTML == "":
			m.HTML = content
		case kind == "text/plain" && m.Text == "":
			m.Text = content
		}
	}
	return fmt.Errorf("more than %d parts", mailboxParts)
}

// mediaType reads a Content-Type; a missing or unreadable one is plain text, as RFC 2045 has it.
func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "text/plain"
	}
	return kind
}

// headerField decodes a header, and gives it as it stands when that fails.
func headerField(header messagemail.Header, name string) string {
	if text, err := header.Text(name); err == nil {
		return oneLine(text)
	}
	return oneLine(header.Get(name))
}

func linksIn(text string) []string {
	links := []string{}
	for _, found := range httpLink.FindAllString(text, -1) {
		if link := strings.TrimRight(found, ".,;:!?)]}"); !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	return links
}
