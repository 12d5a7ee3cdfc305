// Package guard is admission: it lets a write to Roster's objects through when nobody gains by it what the requester does
// not hold.
//
// # The judgement
//
// A write turns one world into another: the cached objects with the written one as it was, and the same with the written
// one as it will be. What each user and each group has in either is computed by the packages that the controllers use
// (graph, access); the guard only compares. Two things count as had: what a user has now, and what he comes to have
// without anybody's leave, by accepting an invitation or when a conflict ends by itself.
//
// Only those are compared whom the write can touch: a written user himself and who shares his address; a written group as
// a unit, which stands for all its members; the members who come, stay longer or leave; the groups that have a written
// role, restriction or vendor.
//
// In a tenant that looks after others, holding what makes its administrators is not enough to give it: they administer those
// others, too.
//
// # Invariants
//
//   - "No" is a value; an error means that nobody could tell, and is answered with 503: refused, and worth another try.
//   - Nothing is read from a status but what a person has accepted, which Roster alone writes.
//   - Verbs are asked of the API server each time, never remembered.
//   - The guard writes nothing: a dry run is judged as the real thing.
package guard
