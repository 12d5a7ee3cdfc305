package gains

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// catalogs are the one that both tenants have, most of the time, one that knows less, and one whose vendors' role is
// protected.
var catalogs = []*accessv1.ResourceCatalog{catalog("shop", "tax"), catalog("shop-untaxed"), protective(catalog("shop-protective", "tax"))}

func protective(of *accessv1.ResourceCatalog) *accessv1.ResourceCatalog {
	for i := range of.Spec.Roles {
		if of.Spec.Roles[i].Vendor != nil {
			of.Spec.Roles[i].Protection = accessv1.ProtectionPlatform
		}
	}
	return of
}

func catalog(name string, more ...string) *accessv1.ResourceCatalog {
	service := accessv1.CatalogService{Name: "shop"}
	for _, resource := range append([]string{"orders", "products", administrated}, more...) {
		r := accessv1.CatalogResource{Name: resource, RestrictedBy: narrowing[resource]}
		if resource == "products" {
			r.Actions = []string{"publish"}
		}
		service.Resources = append(service.Resources, r)
	}
	publish := accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}}
	manage := func(resource string) []accessv1.Rule {
		return []accessv1.Rule{{Resources: []string{resource}, Level: accessv1.LevelManage}}
	}
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Generation: 1},
		Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: administrated, Services: []accessv1.CatalogService{service},
			Roles: []accessv1.CatalogRole{
				{Name: "owner", Rules: manage("*")},
				{Name: "partner", Protection: accessv1.ProtectionPlatform, Rules: manage("orders")},
				{Name: "vendor.editor", Vendor: ptr.To(true), Rules: manage("products"), Options: []accessv1.CatalogRoleOption{
					{Name: "publishing", Rules: []accessv1.Rule{publish}},
				}},
			},
		},
	}
}
