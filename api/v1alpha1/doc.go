// Package v1alpha1 holds the kinds with which Roster manages who may do what in business applications.
//
// A ResourceCatalog is the vocabulary of one application: its services, their resources, the actions on them, and
// predefined roles. A Tenant is one customer organisation using that application; it owns one namespace, and the
// namespace is the boundary: no reference in any kind carries a namespace. In it live Users, UserGroups that join
// members to roles, Roles that are named sets of rules, Restrictions that narrow what a group's grants reach, and
// Vendors that bring their own groups. An Invitation is one mail asking one user to join: the record and the outbox
// entry at once.
//
// Writers state intent in spec; Roster answers in status and never writes the spec of anybody's object. A user's
// effective access stands in User.status with the reason for each entry.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=access.roster.dev
package v1alpha1
