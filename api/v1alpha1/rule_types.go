package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Level is the coarse part of what a rule grants.
// +kubebuilder:validation:Enum=Read;Manage
type Level string

const (
	// LevelRead is the action read.
	LevelRead Level = "Read"
	// LevelManage is the actions read, create, update and delete; it does not include actions that a catalog declares.
	LevelManage Level = "Manage"
)

// Rule grants a level, named actions, or both, on resources of the tenant's catalog. A rule that names a service,
// resource or action which the catalog does not know grants nothing at all until it is mended; other rules stay in
// force.
// +kubebuilder:validation:XValidation:rule="has(self.services) || has(self.resources)",message="name at least one of services and resources"
// +kubebuilder:validation:XValidation:rule="has(self.level) || has(self.actions)",message="name at least one of level and actions"
type Rule struct {
	// services reaches every resource of these services. At most 64; omitted: only resources counts.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Services []string `json:"services,omitempty"`

	// resources reaches these resources; "*" is every resource of the catalog, now and later. At most 256; omitted:
	// only services counts.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Resources []string `json:"resources,omitempty"`

	// level is Read (the action read) or Manage (read, create, update and delete). Omitted: only actions counts.
	// +optional
	Level Level `json:"level,omitempty"`

	// actions grants single actions: any of the four, or one that the catalog declares for the resource. At most 32;
	// omitted: only level counts.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Actions []string `json:"actions,omitempty"`
}

// UserType says what kind of user somebody is.
// +kubebuilder:validation:Enum=Employee;SelfService;Robot
type UserType string

const (
	// UserTypeEmployee is a person working for the tenant.
	UserTypeEmployee UserType = "Employee"
	// UserTypeSelfService is a person whom the tenant serves.
	UserTypeSelfService UserType = "SelfService"
	// UserTypeRobot is a program; it needs no address and is never invited.
	UserTypeRobot UserType = "Robot"
)

// Protection says who may assign a role.
// +kubebuilder:validation:Enum=Tenant;Platform
type Protection string

const (
	// ProtectionTenant lets tenant administrators assign the role.
	ProtectionTenant Protection = "Tenant"
	// ProtectionPlatform lets only the platform assign the role.
	ProtectionPlatform Protection = "Platform"
)

// Reference names an object of the same namespace, or a cluster-scoped one.
type Reference struct {
	// name of the object, at most 253 characters. An object that does not exist (yet) is not an error: the reference
	// grants nothing, a condition names it, and it takes effect when the object appears.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// AccessEntry is one entry of effective access: what is allowed on which resources, where, until when, and why.
type AccessEntry struct {
	// resources that this entry is about, sorted.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4096
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Resources []string `json:"resources,omitempty"`

	// level is Manage when all four actions are held, else Read when read is held, else absent.
	// +optional
	Level Level `json:"level,omitempty"`

	// actions held beyond the level, sorted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Actions []string `json:"actions,omitempty"`

	// restrictedTo narrows the entry: an entity must bear one of the values in every dimension listed. Sorted by
	// dimension; absent: everywhere.
	// +optional
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=16
	RestrictedTo []DimensionValues `json:"restrictedTo,omitempty"`

	// until is when the entry ends; absent: never.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`

	// via lists where the entry comes from, sorted.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4096
	Via []AccessSource `json:"via,omitempty"`
}

// DimensionValues is one dimension of a scope.
type DimensionValues struct {
	// dimension is what narrows, for example site.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Dimension string `json:"dimension,omitempty"`

	// values that are inside, sorted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=4096
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Values []string `json:"values,omitempty"`

	// userAttributes whose values each member adds, sorted. Only in a group's compiled access, never in a user's.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	UserAttributes []string `json:"userAttributes,omitempty"`
}

// AccessSource is one reason for an entry: a group with the role that gave it, or the tenant's default access.
// +kubebuilder:validation:MinProperties=1
type AccessSource struct {
	// tenant whose default access gives the entry; absent when a group gives it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Tenant string `json:"tenant,omitempty"`

	// group that gives the entry; absent when the tenant gives it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Group string `json:"group,omitempty"`

	// role of the group that gives the entry; absent: the group's own rules.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Role string `json:"role,omitempty"`
}
