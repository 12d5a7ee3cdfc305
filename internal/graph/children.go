package graph

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// PredefinedRole is a tenant's copy of a role of its catalog, without ownership.
func PredefinedRole(namespace string, role *accessv1.CatalogRole) *accessv1.Role {
	role = role.DeepCopy()
	return &accessv1.Role{
		ObjectMeta: metav1.ObjectMeta{
			Name: role.Name, Namespace: namespace, Labels: map[string]string{accessv1.LabelPredefined: "true"},
		},
		Spec: accessv1.RoleSpec{
			DisplayName: role.DisplayName, Description: role.Description, Rules: role.Rules,
			Protection: role.Protection, UserTypes: role.UserTypes,
		},
	}
}

// SyncedRestriction is the restriction to one value of a Synced dimension, without ownership. It is named
// "<dimension>.<value in lower case>", which may be no name.
func SyncedRestriction(namespace, dimension, value string) *accessv1.Restriction {
	return &accessv1.Restriction{
		ObjectMeta: metav1.ObjectMeta{
			Name: dimension + "." + strings.ToLower(value), Namespace: namespace,
			Labels: map[string]string{accessv1.LabelDimension: dimension},
		},
		Spec: accessv1.RestrictionSpec{DisplayName: value, Dimension: dimension, Values: &[]string{value}},
	}
}
