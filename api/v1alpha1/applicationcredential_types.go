package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ApplicationCredentialSpec lets an application act for one user, with no more than his access.
// +kubebuilder:validation:XValidation:rule="self.userRef.name == oldSelf.userRef.name",message="the user of a credential cannot be changed: create another"
// +kubebuilder:validation:XValidation:rule="has(self.secretName) == has(oldSelf.secretName) && (!has(self.secretName) || self.secretName == oldSelf.secretName)",message="the secret's name cannot be changed: create another"
// +kubebuilder:validation:XValidation:rule="(has(self.rotation) ? self.rotation : 0) >= (has(oldSelf.rotation) ? oldSelf.rotation : 0)",message="rotation only goes up: raise it to get a new token"
type ApplicationCredentialSpec struct {
	// userRef names the User for whom the application acts. The credential's access ends with his.
	// +required
	UserRef Reference `json:"userRef,omitzero"`

	// access cuts the user's access down to what these rules name, at most 64 of them. Omitted: all that the user has.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Access []Rule `json:"access,omitempty"`

	// expiresAt is when the credential ends. Omitted: with its user.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// secretName is the Secret in the same namespace that Roster makes and writes the token to, at most 253 characters.
	// Omitted: the credential's own name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	SecretName string `json:"secretName,omitempty"`

	// rotation makes a new token each time it is raised, up to 1000000. Omitted: 0, the first token.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Rotation *int32 `json:"rotation,omitempty"`

	// overlapSeconds is how long the token before lives on after a rotation, at most 30 days. Omitted: 0, not at all.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2592000
	OverlapSeconds *int32 `json:"overlapSeconds,omitempty"`
}

// PreviousToken is the token before the present one, while it lives on.
type PreviousToken struct {
	// tokenHash is the SHA-256 of the token in 64 lower case hexadecimal digits.
	// +required
	// +kubebuilder:validation:MinLength=64
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	TokenHash string `json:"tokenHash,omitempty"`

	// until is when it ends.
	// +required
	Until metav1.Time `json:"until,omitzero"`
}

// PendingToken is a token that is on its way into the Secret. It is not in force.
type PendingToken struct {
	// tokenHash is the SHA-256 of the token in 64 lower case hexadecimal digits.
	// +required
	// +kubebuilder:validation:MinLength=64
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	TokenHash string `json:"tokenHash,omitempty"`

	// rotation is the spec's rotation that the token is made for.
	// +required
	// +kubebuilder:validation:Minimum=0
	Rotation *int32 `json:"rotation,omitempty"`
}

// ApplicationCredentialStatus is what Roster found and did. It never holds a token.
type ApplicationCredentialStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, RulesResolved, SecretWritten; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// clientID is the credential's name in front of applications: the id of the subject, the same in the Secret.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ClientID string `json:"clientID,omitempty"`

	// userUID is the UID of the User for whom the first token was made. A later User of the same name is somebody else: the
	// credential gives nothing in his name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UserUID string `json:"userUID,omitempty"`

	// userAddressHash tells the address that the User had then from every other, in 52 characters of lower case base32; one
	// for all that he might have while he was a Robot. A User with another address is somebody else as well.
	// +optional
	// +kubebuilder:validation:MinLength=52
	// +kubebuilder:validation:MaxLength=52
	// +kubebuilder:validation:Pattern=`^[a-z2-7]{52}$`
	UserAddressHash string `json:"userAddressHash,omitempty"`

	// tokenHash is the SHA-256 of the token in force, in 64 lower case hexadecimal digits; absent: no token was made yet.
	// +optional
	// +kubebuilder:validation:MinLength=64
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	TokenHash string `json:"tokenHash,omitempty"`

	// rotation is the spec's rotation that the token was made for.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Rotation *int32 `json:"rotation,omitempty"`

	// previous is the token before, while it lives on; absent: none does.
	// +optional
	Previous *PreviousToken `json:"previous,omitempty"`

	// pending is a token that Roster began to write and that is not in force yet; absent: none is.
	// +optional
	Pending *PendingToken `json:"pending,omitempty"`

	// effectiveAccess is what the credential may do: the user's effective access, cut to spec.access. Empty unless the
	// user is Active, a token was made and the credential has not expired.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4096
	EffectiveAccess []AccessEntry `json:"effectiveAccess,omitempty"`

	// accessSummary counts the resources by the best level held on them, for example "manage 8, read 23".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	AccessSummary string `json:"accessSummary,omitempty"`
}

// ApplicationCredential lets an application act for a user.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=appcred
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.userRef.name`
// +kubebuilder:printcolumn:name="Client ID",type=string,JSONPath=`.status.clientID`,priority=1
// +kubebuilder:printcolumn:name="Access",type=string,JSONPath=`.status.accessSummary`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.spec.expiresAt`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ApplicationCredential struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is for whom, for what and how long.
	// +required
	Spec ApplicationCredentialSpec `json:"spec,omitzero"`

	// status is what Roster made of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status ApplicationCredentialStatus `json:"status,omitzero"`
}

// ApplicationCredentialList is a list of ApplicationCredentials.
// +kubebuilder:object:root=true
type ApplicationCredentialList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ApplicationCredential `json:"items"`
}
