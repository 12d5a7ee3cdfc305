package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// InvitationState is where an invitation stands. Accepted, Expired, Superseded, Cancelled and Failed are final.
// +kubebuilder:validation:Enum=Pending;Sending;Sent;Accepted;Expired;Superseded;Cancelled;Failed
type InvitationState string

const (
	// InvitationPending: recorded, nothing sent yet.
	InvitationPending InvitationState = "Pending"
	// InvitationSending: an attempt has been recorded; the mail may be on its way.
	InvitationSending InvitationState = "Sending"
	// InvitationSent: the mail server took the mail.
	InvitationSent InvitationState = "Sent"
	// InvitationAccepted: the person accepted.
	InvitationAccepted InvitationState = "Accepted"
	// InvitationExpired: the link's time ran out.
	InvitationExpired InvitationState = "Expired"
	// InvitationSuperseded: a newer invitation of the same user took its place.
	InvitationSuperseded InvitationState = "Superseded"
	// InvitationCancelled: somebody withdrew it, or the user no longer needs it.
	InvitationCancelled InvitationState = "Cancelled"
	// InvitationFailed: the mail server refused the mail for good.
	InvitationFailed InvitationState = "Failed"
)

// InvitationSpec is one request to one user. It cannot be changed, but for cancel.
// +kubebuilder:validation:XValidation:rule="self.userRef.name == oldSelf.userRef.name && has(self.validSeconds) == has(oldSelf.validSeconds) && (!has(self.validSeconds) || self.validSeconds == oldSelf.validSeconds) && has(self.requestedBy) == has(oldSelf.requestedBy) && (!has(self.requestedBy) || self.requestedBy == oldSelf.requestedBy)",message="an invitation cannot be changed: create another, or set cancel"
// +kubebuilder:validation:XValidation:rule="!(has(oldSelf.cancel) && oldSelf.cancel) || (has(self.cancel) && self.cancel)",message="a cancelled invitation stays cancelled: create another"
type InvitationSpec struct {
	// userRef names the User who is asked.
	// +required
	UserRef Reference `json:"userRef,omitzero"`

	// validSeconds is how long the link works, counted from the first attempt: 1 hour to 30 days. Omitted: the tenant's.
	// +optional
	// +kubebuilder:validation:Minimum=3600
	// +kubebuilder:validation:Maximum=2592000
	ValidSeconds int32 `json:"validSeconds,omitempty"`

	// requestedBy is who asked for it, at most 253 characters. Omitted: Roster itself, because the user needs it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	RequestedBy string `json:"requestedBy,omitempty"`

	// cancel withdraws the invitation; it can be set and never unset. Omitted: false.
	// +optional
	Cancel *bool `json:"cancel,omitempty"`
}

// InvitationStatus is what Roster found and did.
type InvitationStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, Delivered; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// state is where the invitation stands.
	// +optional
	State InvitationState `json:"state,omitempty"`

	// email is the canonical address that is asked.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=150
	Email string `json:"email,omitempty"`

	// attempt is the number of attempts to hand the mail over, counted before each is made.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Attempt int32 `json:"attempt,omitempty"`

	// firstAttemptAt is the mail's Date; validity counts from it.
	// +optional
	FirstAttemptAt *metav1.Time `json:"firstAttemptAt,omitempty"`

	// nextAttemptAt is when a deferred mail is tried again, or when one that waits for its turn goes out; absent: no attempt
	// is planned.
	// +optional
	NextAttemptAt *metav1.Time `json:"nextAttemptAt,omitempty"`

	// sentAt is when the mail server took the mail.
	// +optional
	SentAt *metav1.Time `json:"sentAt,omitempty"`

	// expiresAt is when the link stops working.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// acceptedAt is when the person accepted.
	// +optional
	AcceptedAt *metav1.Time `json:"acceptedAt,omitempty"`

	// messageID of the mail; every attempt carries the same.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	MessageID string `json:"messageID,omitempty"`

	// wrongAddress counts wrong addresses typed on the page; too many lock the link for a while.
	// +optional
	WrongAddress *WrongAddress `json:"wrongAddress,omitempty"`
}

// WrongAddress counts wrong addresses typed on the acceptance page.
type WrongAddress struct {
	// count of wrong addresses since the window began.
	// +required
	// +kubebuilder:validation:Minimum=1
	Count int32 `json:"count,omitempty"`

	// since is when the window began; the wrong address that locks the link begins it anew.
	// +required
	Since metav1.Time `json:"since,omitzero"`
}

// Invitation is one mail asking one user to join: the record and the outbox entry.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=inv
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.userRef.name`
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.status.email`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.expiresAt`
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.status.attempt`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Invitation struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the request; it cannot be changed, but for cancel.
	// +required
	Spec InvitationSpec `json:"spec,omitzero"`

	// status is what became of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status InvitationStatus `json:"status,omitzero"`
}

// InvitationList is a list of Invitations.
// +kubebuilder:object:root=true
type InvitationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Invitation `json:"items"`
}

// Final reports whether nothing more will happen in this state.
func (s InvitationState) Final() bool {
	switch s {
	case InvitationAccepted, InvitationExpired, InvitationSuperseded, InvitationCancelled, InvitationFailed:
		return true
	default:
		return false
	}
}
