// Package decision answers whether a user may do something, over OpenID AuthZEN Authorization API 1.0, from the effective
// access in User.status and nothing else.
//
// # Index
//
// An Index is fed by watches of Users, Tenants, ResourceCatalogs and Restrictions and holds of them only what a decision
// needs. Users with equal access share one compiled form of it: a set of bits, one for each action on each resource, for
// what is held everywhere and for ever, and entries with a scope or an end beside it. The answer is always that of
// access.Decide over the same entries.
//
// # What counts at once
//
// A user that is Inactive or being deleted, a tenant that is suspended or being deleted, and an end that has passed deny
// as soon as the watch delivers them (or the clock does), before any status follows. Everything else comes from the
// status as it is, whatever generation it speaks of. There is no cache of decisions.
package decision
