package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TenantState says whether a tenant's users have any access.
// +kubebuilder:validation:Enum=Active;Suspended
type TenantState string

const (
	// TenantActive is the ordinary state.
	TenantActive TenantState = "Active"
	// TenantSuspended takes everybody's access away at once and keeps everything else.
	TenantSuspended TenantState = "Suspended"
)

// RemovalPolicy says what becomes of something when its owner is removed.
// +kubebuilder:validation:Enum=Delete;Retain
type RemovalPolicy string

const (
	// RemovalDelete lets it be deleted.
	RemovalDelete RemovalPolicy = "Delete"
	// RemovalRetain keeps it.
	RemovalRetain RemovalPolicy = "Retain"
)

// OnboardingMode says how a user becomes active.
// +kubebuilder:validation:Enum=Invitation;None
type OnboardingMode string

const (
	// OnboardingInvitation asks by mail; the user is active once he has accepted.
	OnboardingInvitation OnboardingMode = "Invitation"
	// OnboardingNone makes users active at once: single sign-on elsewhere decides who they are.
	OnboardingNone OnboardingMode = "None"
)

// TenantSpec is one customer organisation.
// +kubebuilder:validation:XValidation:rule="has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)",message="namespace cannot be changed: make a new tenant"
type TenantSpec struct {
	// displayName is the organisation's title; it is shown in mails and on pages, at most 128 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// catalogRef names the ResourceCatalog of the application that this tenant uses.
	// +required
	CatalogRef Reference `json:"catalogRef,omitzero"`

	// namespace that holds the tenant's objects; created when missing, immutable. Omitted: the tenant's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Namespace string `json:"namespace,omitempty"`

	// state is Active (default) or Suspended: then nobody in the tenant has any access.
	// +optional
	// +default="Active"
	State TenantState `json:"state,omitempty"`

	// managedBy names the partner tenant whose administrators administer this one too. Omitted: none.
	// +optional
	ManagedBy *Reference `json:"managedBy,omitempty"`

	// allowedEmailDomains lists the domains of the addresses that users may have: a domain exactly, or "*." and a
	// domain for every sub-domain of it. At most 64; omitted: any domain.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +kubebuilder:validation:items:Pattern=`^([*][.])?[^@*\s.]+([.][^@*\s.]+)+$`
	AllowedEmailDomains []string `json:"allowedEmailDomains,omitempty"`

	// dimensions are what can narrow access in this tenant, at most 16. Omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Dimensions []TenantDimension `json:"dimensions,omitempty"`

	// defaultAccess is what every active user of the tenant has, everywhere. At most 32 rules; omitted: nothing.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	DefaultAccess []Rule `json:"defaultAccess,omitempty"`

	// entitledRoles lists the Entitled roles of the catalog that this tenant has. At most 128; omitted: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	EntitledRoles []string `json:"entitledRoles,omitempty"`

	// onboarding says how users become active. Omitted: by invitation, with the defaults.
	// +optional
	Onboarding Onboarding `json:"onboarding,omitzero"`

	// userRemoval is Delete (default) or Retain: then a user who has accepted may be deactivated, not deleted.
	// +optional
	// +default="Delete"
	UserRemoval RemovalPolicy `json:"userRemoval,omitempty"`

	// deletionPolicy says what deleting the tenant does to a namespace that Roster created: Retain (default) or Delete.
	// +optional
	// +default="Retain"
	DeletionPolicy RemovalPolicy `json:"deletionPolicy,omitempty"`
}

// RestrictionsMode says who writes the restrictions of a dimension.
// +kubebuilder:validation:Enum=Synced;Manual
type RestrictionsMode string

const (
	// RestrictionsSynced keeps one Restriction per value.
	RestrictionsSynced RestrictionsMode = "Synced"
	// RestrictionsManual leaves the Restrictions to the team.
	RestrictionsManual RestrictionsMode = "Manual"
)

// TenantDimension is one dimension that can narrow access.
// +kubebuilder:validation:XValidation:rule="!(has(self.values) && has(self.valuesFrom))",message="values and valuesFrom exclude each other"
// +kubebuilder:validation:XValidation:rule="!has(self.restrictions) || self.restrictions != 'Synced' || has(self.values) || has(self.valuesFrom)",message="a Synced dimension needs values or valuesFrom"
type TenantDimension struct {
	// name of the dimension, for example site: lower case letters, digits and '-', at most 63 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// values that the dimension has, at most 1024. Omitted: valuesFrom says, or any value is fine.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=1024
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	Values []string `json:"values,omitempty"`

	// valuesFrom reads the values from elsewhere. Omitted: values says.
	// +optional
	ValuesFrom *DimensionSource `json:"valuesFrom,omitempty"`

	// restrictions is Manual (default: the team writes them) or Synced: then Roster keeps one Restriction per value,
	// named "<dimension>.<value in lower case>".
	// +optional
	// +default="Manual"
	Restrictions RestrictionsMode `json:"restrictions,omitempty"`
}

// DimensionSource is where a dimension's values stand.
type DimensionSource struct {
	// configMapKeyRef points at a ConfigMap in the tenant's namespace; the values stand there one per line.
	// +required
	ConfigMapKeyRef ConfigMapKeyReference `json:"configMapKeyRef,omitzero"`
}

// ConfigMapKeyReference is one key of a ConfigMap.
type ConfigMapKeyReference struct {
	// name of the ConfigMap, at most 253 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// key in the ConfigMap, at most 253 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`
}

// Onboarding says how users become active.
// +kubebuilder:validation:MinProperties=1
type Onboarding struct {
	// mode is Invitation (default) or None: then users are active at once.
	// +optional
	// +default="Invitation"
	Mode OnboardingMode `json:"mode,omitempty"`

	// validSeconds is how long an invitation works: 1 hour to 30 days. Default: 604800, 7 days.
	// +optional
	// +default=604800
	// +kubebuilder:validation:Minimum=3600
	// +kubebuilder:validation:Maximum=2592000
	ValidSeconds int32 `json:"validSeconds,omitempty"`

	// productName is the application's name in mails and on pages, at most 128 characters. Omitted: the catalog's title.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	ProductName string `json:"productName,omitempty"`

	// supportEmail is the address that mails and pages name for questions, at most 150 characters. Omitted: none is named.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=150
	// +kubebuilder:validation:Format=email
	SupportEmail string `json:"supportEmail,omitempty"`

	// locale of mails and pages: en, de, fr or es. Omitted: en in mails, the browser's language on pages.
	// +optional
	// +kubebuilder:validation:Enum=en;de;fr;es
	Locale string `json:"locale,omitempty"`

	// continueURL is where the page leads on after acceptance: an https URL of at most 2048 characters. Omitted: nowhere.
	// +optional
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^https://[^\s"<>]+$`
	ContinueURL string `json:"continueURL,omitempty"`
}

// TenantUsers counts a tenant's users.
// +kubebuilder:validation:MinProperties=1
type TenantUsers struct {
	// total number of users.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Total *int32 `json:"total,omitempty"`

	// active users are in state Active; they have access unless the tenant is suspended.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Active *int32 `json:"active,omitempty"`

	// invited users have been asked and have not accepted yet.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Invited *int32 `json:"invited,omitempty"`

	// inactive users have been deactivated.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Inactive *int32 `json:"inactive,omitempty"`
}

// TenantStatus is what Roster found and did.
type TenantStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, NamespaceReady, RolesSynced, RestrictionsSynced; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// namespace that holds the tenant's objects, once it is there and the tenant's own.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// users counts the users by state.
	// +optional
	Users TenantUsers `json:"users,omitzero"`

	// groups is the number of user groups.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Groups *int32 `json:"groups,omitempty"`

	// vendors is the number of vendors.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Vendors *int32 `json:"vendors,omitempty"`
}

// Tenant is one customer organisation; it owns one namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=roster,shortName=tn
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="a tenant's name has at most 63 characters: it is the value of a label"
// +kubebuilder:validation:XValidation:rule="has(self.spec.__namespace__) || !self.metadata.name.contains('.')",message="a tenant whose name has a dot needs spec.namespace: the name of a namespace has none"
// +kubebuilder:printcolumn:name="Title",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="Namespace",type=string,JSONPath=`.status.namespace`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.spec.state`
// +kubebuilder:printcolumn:name="Users",type=integer,JSONPath=`.status.users.total`
// +kubebuilder:printcolumn:name="Active",type=integer,JSONPath=`.status.users.active`
// +kubebuilder:printcolumn:name="Groups",type=integer,JSONPath=`.status.groups`,priority=1
// +kubebuilder:printcolumn:name="Vendors",type=integer,JSONPath=`.status.vendors`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Tenant struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the organisation.
	// +required
	Spec TenantSpec `json:"spec,omitzero"`

	// status is what Roster found and did.
	// +optional
	// +default={"observedGeneration":-1}
	Status TenantStatus `json:"status,omitzero"`
}

// TenantList is a list of Tenants.
// +kubebuilder:object:root=true
type TenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Tenant `json:"items"`
}

// TargetNamespace is the namespace that the tenant asks for.
func (t *Tenant) TargetNamespace() string {
	if t.Spec.Namespace != "" {
		return t.Spec.Namespace
	}
	return t.Name
}
