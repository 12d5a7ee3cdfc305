// Package gains draws random tenants, random writes to them and people who ask for these, and has a second opinion of what
// becomes of each write. The guard is held against it, in both directions: what it lets through nobody may gain by, beyond
// what the requester holds, and what it refuses there has to be a reason for.
//
// The second opinion is written from the design and shares nothing with the guard, nor with the packages that the guard
// judges with, but the types of the objects. What anybody may do is a set of points, each of which is one action on one
// resource at one entity; there are few enough of them for a machine word, so that a world is judged in microseconds.
//
// The tests here are that proof, in a hundredth of the worlds of `make prove`, and show that it finds faults that are seeded
// into the guard.
//
// A world follows from its seed: what a run complains of can be looked at again by that number.
package gains
