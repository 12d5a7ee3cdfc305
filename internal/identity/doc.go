// Package identity keeps the passwords of people whom Roster let in, in a sign-in server that somebody else runs: Dex,
// whose password store is objects of kind Password in one namespace.
//
// # One address, one sign-in
//
// A sign-in belongs to an address, over all tenants: Dex knows no others. The same person in two tenants has one password.
// The first User to accept gives it his UID, which is what the tokens of Dex carry; a second one who accepts at the same
// address proves that the mailbox is his and chooses no password, so that no invitation of one tenant ever changes how
// somebody signs in to another. The sign-in stays as long as any of its users may come in; it is handed to the next one
// when the first may no longer.
//
// # Invariants
//
// What Roster did not make it neither changes nor deletes. Every write names the version that was read. A password is
// stored as its bcrypt hash in that one object, and appears nowhere else: in no log, event, status or error. Nor
// does an error spell an address: the names of objects that it holds are masked.
package identity
