package mail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/roster-dev/roster/internal/address"
)

// messageID is narrower than RFC 5322: what needs neither quoting nor folding.
var messageID = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,120}@[A-Za-z0-9.-]{1,120}$`)

// compose writes the message by way of the library, which encodes every header. It refuses what
// would not come out as it went in.
func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	if sentence := m.fault(); sentence != "" {
		return nil, failed(Rejected, sentence)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8),
		gomail.WithEncoding(gomail.EncodingQP), gomail.WithBoundary(boundary(m)))
	from := cmp.Or(m.From, s.config.From)
	msg.FromMailAddress(&mail.Address{Name: headerText(s.config.FromName), Address: from.String()})
	msg.ToMailAddress(bare(m.To))
	if replyTo := cmp.Or(m.ReplyTo, s.config.ReplyTo); !replyTo.IsZero() {
		msg.ReplyToMailAddress(bare(replyTo))
	}
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.Date.UTC())
	msg.Subject(headerText(m.Subject))
	// RFC 3834: holiday notices and the like are not sent in answer.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	if s.config.DKIM != nil {
		return msg, s.config.DKIM.sign(msg, m.Date)
	}
	return msg, nil
}

// fault says why a message cannot be sent by anybody; empty: it can.
func (m Message) fault() string {
	switch {
	case m.To.IsZero():
		return "the mail has no recipient"
	case !messageID.MatchString(m.MessageID):
		return "the mail has no usable Message-ID"
	case m.Date.IsZero():
		return "the mail has no date"
	case strings.TrimSpace(m.Text) == "":
		return "the mail has no text"
	}
	return ""
}

func bare(a address.Address) *mail.Address { return &mail.Address{Address: a.String()} }

// boundary parts the alternatives. It depends on all that it encloses, so that the same mail has
// the same one and no text can hold its own.
func boundary(m Message) string {
	sum := sha256.Sum256([]byte(m.MessageID + "\x00" + m.Text + "\x00" + m.HTML))
	return "roster-" + hex.EncodeToString(sum[:16])
}
