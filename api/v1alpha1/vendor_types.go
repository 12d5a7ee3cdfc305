package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VendorSpec is a marketplace vendor.
type VendorSpec struct {
	// displayName is the vendor's title; the titles of its groups begin with it, at most 128 characters; omitted: the name is shown.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// options switched on for this vendor, by the names that the catalog's vendor roles give them. At most 16; omitted: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Options []string `json:"options,omitempty"`
}

// VendorStatus is what Roster found and did.
type VendorStatus struct {
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

	// groups that Roster keeps for this vendor, sorted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Groups []string `json:"groups,omitempty"`

	// restriction that Roster keeps for this vendor.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Restriction string `json:"restriction,omitempty"`
}

// Vendor is a marketplace vendor; it brings its restriction and its groups.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=roster,shortName=vnd
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="a vendor's name has at most 63 characters: it is the value of a label"
// +kubebuilder:printcolumn:name="Title",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="Options",type=string,JSONPath=`.spec.options`
// +kubebuilder:printcolumn:name="Restriction",type=string,JSONPath=`.status.restriction`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Vendor struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the vendor.
	// +required
	Spec VendorSpec `json:"spec,omitzero"`

	// status is what Roster keeps for it.
	// +optional
	// +default={"observedGeneration":-1}
	Status VendorStatus `json:"status,omitzero"`
}

// VendorList is a list of Vendors.
// +kubebuilder:object:root=true
type VendorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Vendor `json:"items"`
}
