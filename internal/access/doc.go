// Package access decides who may do what. It takes values and returns values: it reads no clock, no cluster and no
// configuration, and everything that writes, checks or explains access in Roster calls it, so that there is no second
// opinion.
//
// # Model
//
// A Catalog lists the resources of an application, the actions that can be done to them, and the dimensions that can
// narrow them. A Rule gives actions on resources. Roles are named lists of rules; a Group has roles, rules of its own
// and restrictions; a Membership puts a user into a group until a time. What comes out is a list of grants: actions on
// resources, inside a scope, until a time, and where they come from.
//
// NewVocabulary compiles a catalog, CompileTenant and Compile what does not depend on a user, and Resolve puts a user's
// access together from them. Decide answers a single question from the result; Explain shows all the ways in which the
// answer could have come about. Contains and Gained compare what two lists of grants allow, Cut narrows one.
//
// # Invariants
//
//   - Grants add up and nothing subtracts. A restriction narrows the grants of its own group only.
//   - Only the dimensions in a resource's RestrictedBy narrow grants on it. Restrictions of one dimension are united;
//     different dimensions must all hold.
//   - Missing is never "all". What does not exist gives nothing; a restriction that does not exist or whose dimension is
//     unknown closes every resource that can be narrowed; a restriction without values matches nothing; an entity that
//     bears no value of a dimension is outside every scope of that dimension.
//   - A rule that names something unknown is void as a whole; the rules beside it stay in force.
//   - The result is in canonical form: a function of the set of what is granted. The order of inputs, repetitions in
//     them and their history do not show through.
//   - An end is exclusive: at the very instant of an until, the thing has ended.
//   - Inputs are never changed, and compiled values are immutable and safe for concurrent use.
//
// # Canonical form
//
// For each resource, grants of equal scope and end become one, with the actions and origins of all. A grant drops out of
// a resource when each of its actions is held there by others that are as wide and last as long. Then resources with
// equal entries share one.
//
// An entry says what its origins give together, and a grant that others cover does not show at all. Who acts in one of
// his groups (Query.Group) must neither gain by the one nor lose by the other: he has what that group gives by itself.
// For most groups that is the entries that came via it; Alone returns it for the others, and belongs beside the grants
// wherever they are kept.
package access
