// Package link makes and checks the signed part of the links in Roster's mails. It reads no clock,
// no randomness and no cluster.
//
// A token is base64url(payload) "." base64url(HMAC-SHA256(key, payload)). The payload has one
// length: a version byte, the number of the signing key, the UID of the object that the link is
// for, and the second at which it expires. The HMAC key is derived from the numbered key for one
// Purpose, so that a token for one page is nothing to another.
//
// # Invariants
//
// One object has one link for good: nothing in a token counts attempts, and signing again with the
// same keys gives the same token. A new link is a new object.
//
// A token has one spelling. Verify takes what Sign wrote and no other text for the same bytes.
//
// Verify says no in one way, ErrInvalid, whatever is wrong: nobody learns from it whether the
// signature, the key, the purpose or the time was at fault.
//
// A token says which object it is for, and nothing of whether the link still works: that stands in
// the object and is for the caller to look up. Tokens are bearer secrets: they belong in the mail
// and nowhere else, in no status, event, log, metric or trace.
//
// # Keys
//
// Keys stand in a Secret as k1, k2 and so on, 32 random bytes each. The highest number signs and
// all of them verify. Adding a key rotates; removing one kills the links that it signed.
package link
