package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/textproto"
	"slices"

	gomail "github.com/wneessen/go-mail"
)

// All that is ever said about a failed mail. Conditions and logs show these sentences, so they are
// stable: the same trouble has the same words.
const (
	sentenceStopped      = "sending was stopped before the mail server took the mail: it is sent again"
	sentenceSlow         = "the mail server did not answer in time: the mail is sent again later"
	sentenceUnreachable  = "the mail server cannot be reached: the mail is sent again later"
	sentenceUnknownHost  = "the name of the mail server is unknown: check the SMTP host"
	sentenceNoLookup     = "the name of the mail server cannot be looked up now: the mail is sent again later"
	sentenceBroken       = "the connection to the mail server broke off: the mail is sent again later"
	sentenceLater        = "the mail server asks to try again later"
	sentenceNotSMTP      = "what answers at the SMTP host and port does not speak SMTP: check both, and the TLS mode"
	sentenceNoService    = "the mail server refuses to talk to Roster: check the SMTP host, and whether it lets Roster in"
	sentenceNoStartTLS   = "the mail server does not offer STARTTLS, and nothing was sent in the clear: check the port, or the TLS mode"
	sentenceNotTLS       = "the mail server does not speak TLS at this port: check the port, or use TLS mode starttls"
	sentenceTLSRefused   = "the mail server refuses STARTTLS: check its TLS settings, or the TLS mode"
	sentenceTLSTrouble   = "no TLS connection to the mail server came about: the mail is sent again later"
	sentenceOtherName    = "the mail server's certificate is for another name: use the name in it as the SMTP host"
	sentenceUntrusted    = "the mail server's certificate is from an unknown authority: add its CA certificate"
	sentenceExpired      = "the mail server's certificate has expired or is not valid yet: renew it"
	sentenceBadCert      = "the mail server's certificate is not valid for a server: replace it"
	sentenceNoPassword   = "the SMTP password cannot be read: check the Secret"
	sentenceNoMechanism  = "the mail server offers no sign-in by password: check the port, or leave the user name out"
	sentenceBadPassword  = "the mail server refuses the user name or the password: check the Secret"
	sentenceNotSigned    = "the mail cannot be signed: check the DKIM key"
	sentenceBadSender    = "the mail server does not let Roster send from this address: check the from address and the sign-in"
	sentenceNoRelay      = "the mail server does not let Roster send to other servers: check the sign-in and the relay settings"
	sentenceBadRecipient = "the mail server refuses the recipient: check the address"
	sentenceBadContent   = "the mail server refuses the mail: ask its operator why"
)

// phase is a step of the conversation and what a permanent refusal there means.
type phase struct {
	class   Class
	refused string
	// trouble is what is said when something other than a reply goes wrong.
	trouble string
}

var (
	greeting  = phase{Misconfigured, sentenceNoService, sentenceBroken}
	handshake = phase{Misconfigured, sentenceTLSRefused, sentenceTLSTrouble}
	signingIn = phase{Misconfigured, sentenceBadPassword, sentenceBroken}
	naming    = phase{Misconfigured, sentenceBadSender, sentenceBroken}
	addressed = phase{Rejected, sentenceBadRecipient, sentenceBroken}
	handover  = phase{Rejected, sentenceBadContent, sentenceBroken}
)

var phases = map[gomail.SendErrReason]phase{
	gomail.ErrSMTPMailFrom:  naming,
	gomail.ErrSMTPRcptTo:    addressed,
	gomail.ErrSMTPData:      handover,
	gomail.ErrWriteContent:  handover,
	gomail.ErrSMTPDataClose: handover,
}

// failure judges an error from before the mail was begun.
func (p phase) failure(err error) error {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return p.reply(reply.Code, "")
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return failed(Misconfigured, sentenceNotSMTP)
	}
	if sentence, ok := certificateFault(err); ok {
		return failed(Misconfigured, sentence)
	}
	if timedOut(err) {
		return failed(Deferred, sentenceSlow)
	}
	return failed(Deferred, p.trouble)
}

// reply judges an answer of the server. 4xx is for later wherever it is said.
func (p phase) reply(code int, status string) *Error {
	result := &Error{Class: p.class, Code: code, Status: status, sentence: p.refused}
	switch {
	case code >= 400 && code < 500:
		result.Class, result.sentence = Deferred, sentenceLater
	case code < 400 || code > 599:
		return failed(Misconfigured, sentenceNotSMTP)
	}
	return result
}

// sendFailure judges what the library says about a mail that was not taken.
func sendFailure(err error) error {
	sendErr, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return failed(Deferred, sentenceBroken)
	}
	p, known := phases[sendErr.Reason]
	if !known || sendErr.ErrorCode() == 0 {
		// Also when the connection ends after the last dot: the server may have taken the mail, and
		// a second one with the same Message-ID is better than none.
		return failed(Deferred, sentenceBroken)
	}
	result := p.reply(sendErr.ErrorCode(), sendErr.EnhancedStatusCode())
	if p == addressed && result.Class == Rejected && deniesRelay(result.Code, result.Status) {
		result.Class, result.sentence = Misconfigured, sentenceNoRelay
	}
	return result
}

// deniesRelay tells "you may not send through me", which every mail would meet, from "there is no
// such person". Servers say it in answer to RCPT.
func deniesRelay(code int, status string) bool {
	return slices.Contains([]int{530, 534, 535, 538}, code) ||
		slices.Contains([]string{"5.7.0", "5.7.1", "5.7.3", "5.7.8", "5.7.9", "5.7.64"}, status)
}

func connectFailure(err error) error {
	if dnsErr, ok := errors.AsType[*net.DNSError](err); ok {
		if dnsErr.IsNotFound {
			return failed(Misconfigured, sentenceUnknownHost)
		}
		return failed(Deferred, sentenceNoLookup)
	}
	if timedOut(err) {
		return failed(Deferred, sentenceSlow)
	}
	return failed(Deferred, sentenceUnreachable)
}

func interrupted(cause error) error {
	if errors.Is(cause, context.DeadlineExceeded) {
		return failed(Deferred, sentenceSlow)
	}
	return failed(Deferred, sentenceStopped)
}

func certificateFault(err error) (sentence string, found bool) {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return sentenceNotTLS, true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return sentenceOtherName, true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return sentenceUntrusted, true
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return sentenceExpired, true
	}
	_, bad := errors.AsType[*tls.CertificateVerificationError](err)
	return sentenceBadCert, bad
}

func timedOut(err error) bool {
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout()
}
