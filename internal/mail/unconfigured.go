package mail

import "context"

// Unconfigured is the Sender of a Roster that was given no mail server. Mails wait until it has one.
type Unconfigured struct{}

// Send never takes the mail.
func (Unconfigured) Send(context.Context, Message) error {
	return failed(Misconfigured, "no mail server is configured: start Roster with --mail=smtp and the server's --smtp-… settings")
}
