package access

import "time"

// Level is the coarse part of what a rule or grant allows.
type Level string

const (
	// None is the absence of a level; only named actions are held.
	None Level = ""
	// Read is the action read.
	Read Level = "Read"
	// Manage is the four actions read, create, update and delete.
	Manage Level = "Manage"
)

// The four actions that every resource has. A catalog may declare more for a resource.
const (
	ActionRead   = "read"
	ActionCreate = "create"
	ActionUpdate = "update"
	ActionDelete = "delete"
)

// wildcard stands in Rule.Resources for every resource of the catalog, now and later.
const wildcard = "*"

// Names of the user attributes that every user has without listing them.
const (
	AttributeEmail      = "email"
	AttributeName       = "name"
	AttributeDepartment = "department"
)

// Catalog is the vocabulary of one application. Compile it with NewVocabulary before use.
type Catalog struct {
	Name      string
	Resources []Resource // any order; names are unique
}

// Resource is one kind of thing that the application protects.
type Resource struct {
	Name    string
	Service string
	// RestrictedBy lists the dimensions that can narrow grants on it; empty: never narrowed.
	RestrictedBy []string
	// Actions lists the declared actions beyond the four.
	Actions []string
	// IdentifiedBy is the dimension whose values are this resource's own ids; may be empty.
	IdentifiedBy string
	// Requires is what one also needs to use the resource sensibly: advice, never enforced.
	Requires []Requirement
}

// Requirement says what a holder of Level (or of Manage, when Level is Read) on a resource also needs.
type Requirement struct {
	Level  Level
	Read   []string
	Manage []string
}

// Rule grants a level, named actions, or both, on every resource of Services and on Resources.
type Rule struct {
	Services  []string
	Resources []string
	Level     Level
	Actions   []string
}

// Role is a named set of rules.
type Role struct {
	Name  string
	Rules []Rule
	// UserTypes lists who may hold it; empty: anyone.
	UserTypes []string
	// Options are extras that a vendor may switch on; they count in that vendor's groups only.
	Options []Option
}

// Option is a set of rules that a vendor may switch on for a role.
type Option struct {
	Name  string
	Rules []Rule
}

// Restriction narrows a group's grants in one dimension, to Values or to each member's own values of UserAttribute.
// Exactly one of the two is used: UserAttribute when it is not empty.
type Restriction struct {
	Name          string
	Dimension     string
	Values        []string
	UserAttribute string
}

// Vendor owns vendor groups and switches options on for their roles.
type Vendor struct {
	Name    string
	Options []string
}

// Group is a user group with its references followed. A reference that leads nowhere stays in the list with a nil
// target: it grants nothing and is reported, and a missing restriction closes what it might have narrowed.
type Group struct {
	Name         string
	Roles        []RoleRef
	Rules        []Rule // the group's own
	Restrictions []RestrictionRef
	// VendorName is set for a vendor's group. Such a group gives nothing while Vendor is nil.
	VendorName string
	Vendor     *Vendor
}

// RoleRef is a group's reference to a role; Role is nil when there is no such role.
type RoleRef struct {
	Name string
	Role *Role
}

// RestrictionRef is a group's reference to a restriction; Restriction is nil when there is no such restriction.
type RestrictionRef struct {
	Name        string
	Restriction *Restriction
}

// Tenant is what the tenant contributes to its users' access.
type Tenant struct {
	Name string
	// Active is false while the tenant is unknown, suspended or being deleted: then nobody has any access.
	Active bool
	// Dimensions are those that the tenant declares. A restriction whose dimension neither the tenant declares nor
	// any resource is restricted by cannot be resolved.
	Dimensions []string
	// DefaultAccess is what every active user has, everywhere.
	DefaultAccess []Rule
}

// User is one person or robot.
type User struct {
	Name   string
	Type   string
	Active bool
	// Attributes are read by restrictions with a UserAttribute; the caller puts the built-in ones
	// (AttributeEmail, AttributeName, AttributeDepartment) in as well.
	Attributes map[string][]string
}

// From says on which side a membership is written down.
type From string

const (
	FromUser  From = "User"
	FromGroup From = "UserGroup"
	FromBoth  From = "Both"
)

// Membership puts a user into a group until a time; the zero Until is for ever.
// Group is nil when there is no such group.
type Membership struct {
	Name  string
	Group *CompiledGroup
	Until time.Time
	From  From
}

// Scope is a conjunction of dimensions; the empty scope is everywhere. Canonical: sorted by dimension name, one entry
// a dimension, values sorted without duplicates.
type Scope []Dimension

// Dimension admits an entity that bears at least one of Values. In a compiled group, Attributes names the user
// attributes whose values will be added when a member is resolved; in a user's grants it is always empty.
type Dimension struct {
	Name       string
	Values     []string
	Attributes []string
}

// Via says where a grant comes from: a tenant's default access (Tenant), or a group with the role that gave it; an
// empty Role is the group's own rules.
type Via struct {
	Tenant string
	Group  string
	Role   string
}

// Grant is one entry of the canonical form: these resources, this level and these further actions, inside the scope,
// until a time (zero: for ever). All lists are sorted.
type Grant struct {
	Resources []string
	Level     Level
	Actions   []string
	Scope     Scope
	Until     time.Time
	Via       []Via
}

// Entity is one thing of a resource: its id and its properties by dimension.
type Entity struct {
	ID         string
	Properties map[string][]string
}
