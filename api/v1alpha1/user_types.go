package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AccountState says whether a user may have access at all.
// +kubebuilder:validation:Enum=Active;Inactive
type AccountState string

const (
	// AccountActive lets the user in once he has accepted.
	AccountActive AccountState = "Active"
	// AccountInactive takes all access away and keeps everything else.
	AccountInactive AccountState = "Inactive"
)

// UserState is where a user stands.
// +kubebuilder:validation:Enum=Pending;Invited;Active;Inactive
type UserState string

const (
	// UserPending: something is missing before the user can be invited; a condition says what.
	UserPending UserState = "Pending"
	// UserInvited: an invitation is on its way or waits for the person.
	UserInvited UserState = "Invited"
	// UserActive: the user has the access that his groups give.
	UserActive UserState = "Active"
	// UserInactive: the user has been deactivated.
	UserInactive UserState = "Inactive"
)

// UserSpec is one person or robot in one tenant.
// +kubebuilder:validation:XValidation:rule="has(self.email) || (has(self.type) && self.type == 'Robot')",message="email is required: only a user of type Robot can do without"
type UserSpec struct {
	// email is one plain address of at most 150 bytes, unique in the tenant. Required unless type is Robot.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=150
	// +kubebuilder:validation:XValidation:rule="size(bytes(self)) <= 150",message="an address has at most 150 bytes"
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'^[^\s@<>()\[\]\\,;:"]+@[^\s@<>()\[\]\\,;:"]+[.。．｡][^\s@<>()\[\]\\,;:."。．｡]+$')`,message="write one plain address such as ana@acme.example: no name, quotes, comments or spaces"
	Email string `json:"email,omitempty"`

	// firstName is the person's first name, at most 128 characters. Omitted: mails greet without it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	FirstName string `json:"firstName,omitempty"`

	// lastName is the person's last name, at most 128 characters. Omitted: none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	LastName string `json:"lastName,omitempty"`

	// department that the person works in, at most 128 characters; restrictions can read it. Omitted: none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Department string `json:"department,omitempty"`

	// type is Employee (default), SelfService or Robot.
	// +optional
	// +default="Employee"
	Type UserType `json:"type,omitempty"`

	// state is Active (default) or Inactive: then the user has no access and everything else is kept.
	// +optional
	// +default="Active"
	State AccountState `json:"state,omitempty"`

	// groups that the user is a member of, at most 1000; a group's own list of members counts as well. Omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=1000
	Groups []GroupMembership `json:"groups,omitempty"`

	// attributes that restrictions can read, at most 32. Omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Attributes []UserAttribute `json:"attributes,omitempty"`

	// onboarding overrides the tenant's mode for this user. Omitted: the tenant's.
	// +optional
	Onboarding OnboardingMode `json:"onboarding,omitempty"`
}

// GroupMembership puts a user into a group.
type GroupMembership struct {
	// name of the UserGroup, at most 253 characters. A group that does not exist (yet) gives nothing.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// until is when the membership ends. Omitted: never.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
}

// UserAttribute is a named list of values of one user.
type UserAttribute struct {
	// name of the attribute, at most 63 characters; email, name and department are there without being listed.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="!(self in ['email', 'name', 'department'])",message="email, name and department are attributes without being listed: set the field instead"
	Name string `json:"name,omitempty"`

	// values of the attribute, at most 256. Omitted: none, and a restriction that reads it lets nothing through.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	Values []string `json:"values,omitempty"`
}

// MembershipSource says on which side a membership is written down.
// +kubebuilder:validation:Enum=User;UserGroup;Both
type MembershipSource string

// EffectiveMembership is a membership in force.
type EffectiveMembership struct {
	// name of the UserGroup.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// until is when the membership ends; absent: never.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`

	// from is the side on which it is written down.
	// +required
	From MembershipSource `json:"from,omitempty"`

	// access is what this membership alone gives, which counts for a user who acts in this group only. Absent: it is
	// what the entries of effectiveAccess give that came via the group.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4096
	Access []AccessEntry `json:"access,omitempty"`
}

// UserInvitation is the newest invitation of a user, as the user's controller last saw it.
type UserInvitation struct {
	// name of the Invitation.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// email is the address that was asked.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=150
	Email string `json:"email,omitempty"`

	// state of the Invitation.
	// +optional
	State InvitationState `json:"state,omitempty"`

	// expiresAt is when its link stops working; absent until the first attempt to send it.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

// UserStatus is what Roster found and did.
type UserStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, EmailAllowed, EmailUnique, InvitationAccepted, AccessResolved; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// state is where the user stands.
	// +optional
	State UserState `json:"state,omitempty"`

	// invitation is the newest invitation; absent: none was ever needed.
	// +optional
	Invitation *UserInvitation `json:"invitation,omitempty"`

	// acceptedAt is when the user accepted; absent: not yet.
	// +optional
	AcceptedAt *metav1.Time `json:"acceptedAt,omitempty"`

	// acceptedEmail is the address that was accepted, in its canonical form. Changing spec.email asks for a new
	// acceptance.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=150
	AcceptedEmail string `json:"acceptedEmail,omitempty"`

	// groups are the memberships in force, sorted.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=2048
	Groups []EffectiveMembership `json:"groups,omitempty"`

	// effectiveAccess is everything that the user may do, in its one canonical form; empty unless state is Active.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4096
	EffectiveAccess []AccessEntry `json:"effectiveAccess,omitempty"`

	// accessSummary counts the resources by the best level held on them, for example "manage 8, read 23".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	AccessSummary string `json:"accessSummary,omitempty"`

	// administration is what the user may do, everywhere, with the catalog's administrationResource: at level Manage he is an
	// administrator of the tenant, at level Read he may look on. Absent: neither.
	// +optional
	Administration Level `json:"administration,omitempty"`
}

// User is one person or robot in one tenant; its status carries the effective access.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=ruser
// +kubebuilder:selectablefield:JSONPath=`.spec.email`
// +kubebuilder:selectablefield:JSONPath=`.spec.firstName`
// +kubebuilder:selectablefield:JSONPath=`.spec.lastName`
// +kubebuilder:selectablefield:JSONPath=`.spec.department`
// +kubebuilder:selectablefield:JSONPath=`.spec.type`
// +kubebuilder:selectablefield:JSONPath=`.spec.state`
// +kubebuilder:selectablefield:JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.email`
// +kubebuilder:printcolumn:name="First name",type=string,JSONPath=`.spec.firstName`
// +kubebuilder:printcolumn:name="Last name",type=string,JSONPath=`.spec.lastName`
// +kubebuilder:printcolumn:name="Department",type=string,JSONPath=`.spec.department`,priority=1
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Access",type=string,JSONPath=`.status.accessSummary`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type User struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is who the user is, and which groups he is in.
	// +required
	Spec UserSpec `json:"spec,omitzero"`

	// status is where the user stands, and what he may do.
	// +optional
	// +default={"observedGeneration":-1}
	Status UserStatus `json:"status,omitzero"`
}

// UserList is a list of Users.
// +kubebuilder:object:root=true
type UserList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []User `json:"items"`
}
