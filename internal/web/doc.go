// Package web serves the pages behind the links in Roster's mails: the one on which a person accepts an
// Invitation, and the one on which a PasswordReset is answered with a new password.
//
// A request goes through the same four layers whatever the page: protection (headers, origin, rate,
// body), the signature of the link, the standing of the link, and rendering. The standing is
// decided by pure functions over a record of the objects (standing.go); Store reads the record from
// the cluster and writes the answer back.
//
// # Invariants
//
// GET and HEAD change nothing, however often and by whomever they are sent: mail scanners fetch
// links, and some press buttons. Only a POST with the invited address accepts.
//
// A link that does not work says so in one way. Unknown, forged, expired, cancelled, superseded,
// or of a user or tenant who is gone: the page is the same to the byte, the status code too, and
// all of them take the same look-up in the cache. Objects are read from the API server for links
// with a good signature only, which nobody can guess.
//
// Whether a link works is decided by what the API server says at the time of the answer, and
// written under the resource version that was read. However many answers come at once, one of them
// accepts and the others find it accepted. The package writes the status of what the link leads to and,
// where Roster keeps passwords, the one that was chosen; everything that follows is the controllers' work.
//
// A password is stored before its acceptance is written, and in place of what was there while the link was
// open: one link sets one password. A link to an invitation never changes the password that its address
// has in another tenant. Hashing is slow on purpose; only a live link with the right address gets that far,
// and few at once.
//
// The page never shows the invited address, since typing it is the proof that link and mailbox
// belong together. Five wrong addresses in fifteen minutes lock the link for fifteen more; the
// count stands in the object and so survives a restart.
//
// Names, titles and what was typed can hold anything and change nothing but their own text. The
// token is never logged, stored or shown.
package web
