package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RestrictionSpec narrows a group's grants in one dimension.
// +kubebuilder:validation:XValidation:rule="has(self.values) != has(self.valuesFrom)",message="write exactly one of values and valuesFrom"
type RestrictionSpec struct {
	// displayName is the restriction's title, at most 256 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	DisplayName string `json:"displayName,omitempty"`

	// dimension that is narrowed, for example site, at most 63 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Dimension string `json:"dimension,omitempty"`

	// values that are inside, at most 512; an empty list lets nothing through. Exactly one of values and valuesFrom.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Values *[]string `json:"values,omitempty"`

	// valuesFrom narrows each member to his own values. Exactly one of values and valuesFrom.
	// +optional
	ValuesFrom *RestrictionSource `json:"valuesFrom,omitempty"`
}

// RestrictionSource is where a restriction's values come from.
type RestrictionSource struct {
	// userAttribute names an attribute of the member: one of spec.attributes, or email, name or department. A member
	// without it gets nothing where the dimension counts.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	UserAttribute string `json:"userAttribute,omitempty"`
}

// RestrictionStatus is what Roster found and did.
type RestrictionStatus struct {
	// observedGeneration is the generation that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, ValuesKnown; Reconciling and Stalled only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// groups is the number of user groups that have this restriction.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Groups *int32 `json:"groups,omitempty"`
}

// Restriction is values of one dimension that narrow what a group's grants reach.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=rst
// +kubebuilder:printcolumn:name="Dimension",type=string,JSONPath=`.spec.dimension`
// +kubebuilder:printcolumn:name="Values",type=string,JSONPath=`.spec.values`
// +kubebuilder:printcolumn:name="Attribute",type=string,JSONPath=`.spec.valuesFrom.userAttribute`
// +kubebuilder:printcolumn:name="Groups",type=integer,JSONPath=`.status.groups`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Restriction struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the dimension and its values.
	// +required
	Spec RestrictionSpec `json:"spec,omitzero"`

	// status is what Roster made of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status RestrictionStatus `json:"status,omitzero"`
}

// RestrictionList is a list of Restrictions.
// +kubebuilder:object:root=true
type RestrictionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Restriction `json:"items"`
}
