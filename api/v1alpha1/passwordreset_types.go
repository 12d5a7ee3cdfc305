package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PasswordResetSpec asks one user to choose a new password. It cannot be changed, but for cancel.
// +kubebuilder:validation:XValidation:rule="self.userRef.name == oldSelf.userRef.name && has(self.validSeconds) == has(oldSelf.validSeconds) && (!has(self.validSeconds) || self.validSeconds == oldSelf.validSeconds) && has(self.requestedBy) == has(oldSelf.requestedBy) && (!has(self.requestedBy) || self.requestedBy == oldSelf.requestedBy)",message="a password reset cannot be changed: create another, or set cancel"
// +kubebuilder:validation:XValidation:rule="!(has(oldSelf.cancel) && oldSelf.cancel) || (has(self.cancel) && self.cancel)",message="a cancelled password reset stays cancelled: create another"
type PasswordResetSpec struct {
	// userRef names the User who is asked; he has to be Active.
	// +required
	UserRef Reference `json:"userRef,omitzero"`

	// validSeconds is how long the link works, counted from the first attempt: 5 minutes to 1 day. Omitted: 1 hour.
	// +optional
	// +kubebuilder:validation:Minimum=300
	// +kubebuilder:validation:Maximum=86400
	ValidSeconds int32 `json:"validSeconds,omitempty"`

	// requestedBy is who asked for it, at most 253 characters. Omitted: nobody is named.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	RequestedBy string `json:"requestedBy,omitempty"`

	// cancel withdraws the reset; it can be set and never unset. Omitted: false.
	// +optional
	Cancel *bool `json:"cancel,omitempty"`
}

// PasswordResetStatus is what Roster found and did: the status of an Invitation, with the same states. A reset is
// Accepted when the person has set a password.
type PasswordResetStatus struct {
	InvitationStatus `json:",inline"`
}

// PasswordReset is one mail asking one Active user to choose a new password: the record and the outbox entry.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=pwr
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.userRef.name`
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.status.email`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.expiresAt`
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.status.attempt`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PasswordReset struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the request; it cannot be changed, but for cancel.
	// +required
	Spec PasswordResetSpec `json:"spec,omitzero"`

	// status is what became of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status PasswordResetStatus `json:"status,omitzero"`
}

// PasswordResetList is a list of PasswordResets.
// +kubebuilder:object:root=true
type PasswordResetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []PasswordReset `json:"items"`
}
