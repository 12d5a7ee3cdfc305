// Package mail writes Roster's mails and hands them to a mail server. It knows no Kubernetes kinds.
//
// Templates turn the facts of an invitation or a password reset into a subject, a text and an HTML part in one of four
// languages. A Sender takes one Message and either hands it over or says what happens next. SMTP is
// the Sender for real servers; the Mailbox is a server of its own, for development, which keeps
// what it is sent and shows it on a page.
//
// # Invariants
//
// Names and titles can hold anything and change nothing but their own text: they are reduced to one
// line of visible characters, mail programs find no link in them, and neither a header nor an
// element can come out of them. Beside what a template's author wrote into it, the only link in a mail is the
// one that Render was given.
//
// Templates can be replaced, and promise the same then: they may do so little that every mail they can write,
// but for the names in it, is tried before they come into force.
//
// The same Message gives the same bytes. A mail repeated after a crash carries the same Message-ID,
// Date and MIME boundary, so that receivers can recognise it.
//
// RCPT is the canonical address that the allow-list judged; nothing reads it again on the way.
//
// Every error of a Sender is an *Error: its Class says what happens next, and its sentence is one
// of this package's own. What a server or a network library said is never repeated, since it could
// hold anything, addresses and credentials included; only the three-digit reply code and the
// enhanced status code are kept.
//
// TLS never falls back. With starttls or implicit nothing but the greeting and EHLO is said in the
// clear, and credentials are sent over verified TLS or not at all.
//
// Once the server has acknowledged the mail, Send succeeds, whatever becomes of the connection.
package mail
