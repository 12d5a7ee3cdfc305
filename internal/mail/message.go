package mail

import (
	"context"
	"time"

	"github.com/roster-dev/roster/internal/address"
)

// Sender hands mails over to whoever delivers them.
type Sender interface {
	// Send returns nil once the mail has been taken, and an *Error otherwise. Sending the same
	// Message again is safe: it is the same mail, byte for byte.
	Send(ctx context.Context, m Message) error
}

// Message is one mail to one person.
type Message struct {
	// From is who the mail comes from; zero: the Sender's own address and name.
	From address.Address
	// ReplyTo is who gets the answers; zero: the Sender's own, which may be none.
	ReplyTo address.Address
	// To is the one recipient, in RCPT and in the header.
	To address.Address
	// MessageID names the mail for good, without angle brackets, such as 3fz8k2.1@roster.example.
	MessageID string
	// Date is when the first attempt to send it was made; it stays when the attempt is repeated.
	Date time.Time
	// Subject is one line; line breaks and control characters in it become spaces.
	Subject string
	// Text and HTML say the same; HTML may be empty.
	Text, HTML string
}
