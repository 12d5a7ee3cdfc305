package mail

import (
	"errors"
	"fmt"
)

// Class says what happens next with a mail that was not taken.
type Class string

const (
	// Deferred means: try the same mail again later; nobody has to act.
	Deferred Class = "Deferred"
	// Rejected means: this mail is refused for good; others are not affected.
	Rejected Class = "Rejected"
	// Misconfigured means: no mail goes out until somebody mends the configuration or the server.
	Misconfigured Class = "Misconfigured"
)

// Error is every error of a Sender. Its text is one of this package's sentences and, where a mail
// server refused, the reply codes; never what the server wrote.
type Error struct {
	Class Class
	// Code is the SMTP reply code, 400 to 599; 0 when it was not a reply.
	Code int
	// Status is the enhanced status code of RFC 3463, such as 5.1.1; empty when there was none.
	Status   string
	sentence string
}

// Error returns the sentence and the codes.
func (e *Error) Error() string {
	switch {
	case e.Code == 0:
		return e.sentence
	case e.Status == "":
		return fmt.Sprintf("%s (SMTP %d)", e.sentence, e.Code)
	}
	return fmt.Sprintf("%s (SMTP %d %s)", e.sentence, e.Code, e.Status)
}

// ClassOf returns what happens next after err. An error that no Sender made is Deferred: unknown is
// never final.
func ClassOf(err error) Class {
	if mailErr, ok := errors.AsType[*Error](err); ok {
		return mailErr.Class
	}
	return Deferred
}

func failed(class Class, sentence string) *Error {
	return &Error{Class: class, sentence: sentence}
}
