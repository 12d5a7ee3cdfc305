package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UserGroupSpec joins members to what they may do.
// +kubebuilder:validation:XValidation:rule="has(self.vendorRef) == has(oldSelf.vendorRef) && (!has(self.vendorRef) || self.vendorRef.name == oldSelf.vendorRef.name)",message="vendorRef cannot be changed: a group belongs to its vendor, or to none, for good"
type UserGroupSpec struct {
	// displayName is the group's title, at most 256 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	DisplayName string `json:"displayName,omitempty"`

	// description says in a sentence what it is for, at most 1024 characters. Omitted: none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// roles that members hold, at most 128. Omitted: only access counts.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Roles []Reference `json:"roles,omitempty"`

	// access is the group's own rules, beside or instead of roles. At most 64; omitted: only roles count.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Access []Rule `json:"access,omitempty"`

	// restrictions narrow what this group gives: those of one dimension are united, different dimensions must all
	// hold. At most 128; omitted: everywhere. A restriction that does not exist closes what it might have narrowed.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Restrictions []Reference `json:"restrictions,omitempty"`

	// members by the name of their User, at most 10000; a user's own list of groups counts as well. Omitted: none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=10000
	Members []GroupMember `json:"members,omitempty"`

	// vendorRef names the Vendor that the group belongs to; set by Roster, immutable. Omitted: an ordinary group.
	// +optional
	VendorRef *Reference `json:"vendorRef,omitempty"`
}

// GroupMember puts a user into the group.
type GroupMember struct {
	// name of the User, at most 253 characters. A user that does not exist (yet) is no error.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// until is when the membership ends. Omitted: never.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
}

// UserGroupStatus is what Roster found and did.
type UserGroupStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, RolesResolved, RestrictionsResolved, DependenciesMet; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// members is the number of existing users who are members now, by either side's list.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Members *int32 `json:"members,omitempty"`

	// access is what the group gives, before the members' own attributes are filled in.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4096
	Access []AccessEntry `json:"access,omitempty"`
}

// UserGroup is members, roles, own rules and restrictions.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=ugroup
// +kubebuilder:printcolumn:name="Title",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Vendor",type=string,JSONPath=`.spec.vendorRef.name`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type UserGroup struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is who is in it and what it gives.
	// +required
	Spec UserGroupSpec `json:"spec,omitzero"`

	// status is what Roster made of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status UserGroupStatus `json:"status,omitzero"`
}

// UserGroupList is a list of UserGroups.
// +kubebuilder:object:root=true
type UserGroupList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []UserGroup `json:"items"`
}
