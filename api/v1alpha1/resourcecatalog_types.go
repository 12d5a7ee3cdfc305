package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ResourceCatalogSpec is the vocabulary of one application. A resource name that stands twice is ambiguous: it grants
// nothing, and status.problems names it.
type ResourceCatalogSpec struct {
	// displayName is the application's title, at most 128 characters; omitted: the object's name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// services of the application, at most 32. Omitted: the catalog knows no resource.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Services []CatalogService `json:"services,omitempty"`

	// roles are the predefined roles, copied into every tenant of this catalog. At most 128; omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Roles []CatalogRole `json:"roles,omitempty"`

	// administrationResource is the resource whose Manage level makes somebody an administrator of the tenant's users.
	// Default: users-and-groups.
	// +optional
	// +default="users-and-groups"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	AdministrationResource string `json:"administrationResource,omitempty"`
}

// CatalogService groups resources that belong together.
type CatalogService struct {
	// name of the service, unique in the catalog: lower case letters, digits, '-' and '.', at most 63 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// displayName is the service's title, at most 128 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// resources of the service, at most 64; their names are unique over the whole catalog. Omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Resources []CatalogResource `json:"resources,omitempty"`
}

// CatalogResource is one kind of thing that the application protects.
type CatalogResource struct {
	// name of the resource, unique in the catalog: lower case letters, digits, '-' and '.', at most 63 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// displayName is the resource's title, at most 128 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// restrictedBy lists the dimensions that can narrow grants on this resource, at most 16: lower case letters,
	// digits and '-'. Omitted: never narrowed.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	RestrictedBy []string `json:"restrictedBy,omitempty"`

	// actions declares actions beyond read, create, update and delete, at most 32: lower case letters, digits and '-'.
	// Omitted: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self.all(a, !(a in ['read', 'create', 'update', 'delete']))",message="read, create, update and delete are there without being declared"
	Actions []string `json:"actions,omitempty"`

	// identifiedBy is the dimension whose values are this resource's own ids (the resource sites by the dimension
	// site). Omitted: its ids are no dimension's values.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	IdentifiedBy string `json:"identifiedBy,omitempty"`

	// requires says what one also needs to use this resource sensibly, at most 2 (one a level). It is advice that
	// shows in UserGroup.status, never enforced. Omitted: nothing.
	// +optional
	// +listType=map
	// +listMapKey=level
	// +kubebuilder:validation:MaxItems=2
	Requires []CatalogRequirement `json:"requires,omitempty"`
}

// CatalogRequirement says what a holder of a level on a resource also needs.
// +kubebuilder:validation:XValidation:rule="has(self.read) || has(self.manage)",message="name at least one of read and manage"
type CatalogRequirement struct {
	// level on the resource from which on the requirement counts.
	// +required
	Level Level `json:"level,omitempty"`

	// read lists resources that one also needs to read, at most 64. Omitted: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Read []string `json:"read,omitempty"`

	// manage lists resources that one also needs to manage, at most 64. Omitted: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Manage []string `json:"manage,omitempty"`
}

// RoleVisibility says into which tenants a predefined role is copied.
// +kubebuilder:validation:Enum=Everyone;Entitled
type RoleVisibility string

const (
	// VisibilityEveryone copies the role into every tenant of the catalog.
	VisibilityEveryone RoleVisibility = "Everyone"
	// VisibilityEntitled copies the role only into tenants whose entitledRoles list it.
	VisibilityEntitled RoleVisibility = "Entitled"
)

// CatalogRole is a predefined role.
// +kubebuilder:validation:XValidation:rule="!has(self.options) || (has(self.vendor) && self.vendor)",message="only a vendor role can have options"
type CatalogRole struct {
	// name of the role and of its copies: lower case letters, digits, '-' and '.', at most 63 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	Name string `json:"name,omitempty"`

	// displayName is the role's title, at most 128 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// description says in a sentence what the role is for, at most 1024 characters. Omitted: none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// vendor says that every Vendor gets one group with this role. Omitted: false.
	// +optional
	Vendor *bool `json:"vendor,omitempty"`

	// rules of the role, at most 64. Omitted: the role grants nothing.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Rules []Rule `json:"rules,omitempty"`

	// options are extras that a Vendor may switch on for this role, and nothing else may. At most 16; omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Options []CatalogRoleOption `json:"options,omitempty"`

	// protection is Tenant (default) or Platform: then only the platform may assign the role.
	// +optional
	// +default="Tenant"
	Protection Protection `json:"protection,omitempty"`

	// visibility is Everyone (default) or Entitled: then the role is only copied into tenants that list it.
	// +optional
	// +default="Everyone"
	Visibility RoleVisibility `json:"visibility,omitempty"`

	// userTypes lists who may hold the role. Omitted: anyone.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	UserTypes []UserType `json:"userTypes,omitempty"`
}

// CatalogRoleOption is a set of rules that a Vendor may switch on.
type CatalogRoleOption struct {
	// name of the option: lower case letters, digits and '-', at most 63 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// rules that the option adds, at most 16.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Rules []Rule `json:"rules,omitempty"`
}

// ResourceCatalogStatus is what Roster found in the catalog.
type ResourceCatalogStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// services is the number of services.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Services *int32 `json:"services,omitempty"`

	// resources is the number of resources over all services.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Resources *int32 `json:"resources,omitempty"`

	// roles is the number of predefined roles.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Roles *int32 `json:"roles,omitempty"`

	// problems are sentences about what in the catalog names nothing, sorted; at most 32.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	Problems []string `json:"problems,omitempty"`
}

// ResourceCatalog is the vocabulary of one application: services, resources, actions, predefined roles.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=roster,shortName=rcat
// +kubebuilder:printcolumn:name="Services",type=integer,JSONPath=`.status.services`
// +kubebuilder:printcolumn:name="Resources",type=integer,JSONPath=`.status.resources`
// +kubebuilder:printcolumn:name="Roles",type=integer,JSONPath=`.status.roles`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ResourceCatalog struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the vocabulary.
	// +required
	Spec ResourceCatalogSpec `json:"spec,omitzero"`

	// status is what Roster found in it.
	// +optional
	// +default={"observedGeneration":-1}
	Status ResourceCatalogStatus `json:"status,omitzero"`
}

// ResourceCatalogList is a list of ResourceCatalogs.
// +kubebuilder:object:root=true
type ResourceCatalogList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ResourceCatalog `json:"items"`
}
