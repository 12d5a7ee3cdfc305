package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// SchemeGroupVersion is the group and version of every kind in this package.
var SchemeGroupVersion = schema.GroupVersion{Group: "access.roster.dev", Version: "v1alpha1"}

// AddToScheme makes the kinds of this package known to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion,
		&ResourceCatalog{}, &ResourceCatalogList{},
		&Tenant{}, &TenantList{},
		&User{}, &UserList{},
		&UserGroup{}, &UserGroupList{},
		&Role{}, &RoleList{},
		&Restriction{}, &RestrictionList{},
		&Vendor{}, &VendorList{},
		&Invitation{}, &InvitationList{},
		&PasswordReset{}, &PasswordResetList{},
		&ApplicationCredential{}, &ApplicationCredentialList{},
	)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
