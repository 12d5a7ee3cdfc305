package vendor

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func vendorOf(name, title string, options ...string) *accessv1.Vendor {
	return &accessv1.Vendor{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name},
		Spec:       accessv1.VendorSpec{DisplayName: title, Options: options},
	}
}

func tenantWith(entitled ...string) *accessv1.Tenant {
	return &accessv1.Tenant{Spec: accessv1.TenantSpec{EntitledRoles: entitled}}
}

func catalogOf(roles ...accessv1.CatalogRole) *accessv1.ResourceCatalog {
	return &accessv1.ResourceCatalog{Spec: accessv1.ResourceCatalogSpec{Roles: roles}}
}

func vendorRole(name, title string, options ...string) accessv1.CatalogRole {
	role := accessv1.CatalogRole{Name: name, DisplayName: title, Vendor: ptr.To(true)}
	for _, option := range options {
		role.Options = append(role.Options, accessv1.CatalogRoleOption{Name: option})
	}
	return role
}

func group(vendor, role, title string) *accessv1.UserGroup {
	return &accessv1.UserGroup{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "acme", Name: vendor + "." + role, Labels: map[string]string{accessv1.LabelVendor: vendor},
		},
		Spec: accessv1.UserGroupSpec{
			DisplayName: title, Roles: []accessv1.Reference{{Name: role}},
			Restrictions: []accessv1.Reference{{Name: vendor + ".vendor"}}, VendorRef: &accessv1.Reference{Name: vendor},
		},
	}
}

func TestAVendorHasItsRestrictionAndAGroupForEachVendorRoleOfTheTenant(t *testing.T) {
	entitled := vendorRole("payer", "Payer")
	entitled.Visibility = accessv1.VisibilityEntitled
	notAny := accessv1.CatalogRole{Name: "viewer", Vendor: ptr.To(false)}
	long := strings.Repeat("é", 128)
	tests := map[string]struct {
		vendor *accessv1.Vendor
		tenant *accessv1.Tenant
		roles  []accessv1.CatalogRole
		title  string
		groups []*accessv1.UserGroup
	}{
		"titles are joined": {
			vendor: vendorOf("abc", "ABC Company"), tenant: tenantWith(), roles: []accessv1.CatalogRole{vendorRole("seller", "Seller"), vendorRole("buyer", "Buyer")},
			title: "ABC Company", groups: []*accessv1.UserGroup{group("abc", "seller", "ABC Company Seller"), group("abc", "buyer", "ABC Company Buyer")},
		},
		"names stand in for titles": {
			vendor: vendorOf("abc", ""), tenant: tenantWith(), roles: []accessv1.CatalogRole{vendorRole("order.seller", "")},
			title: "abc", groups: []*accessv1.UserGroup{group("abc", "order.seller", "abc order.seller")},
		},
		"a name with dots": {
			vendor: vendorOf("abc.de", "ABC"), tenant: tenantWith(), roles: []accessv1.CatalogRole{vendorRole("seller", "Seller")},
			title: "ABC", groups: []*accessv1.UserGroup{group("abc.de", "seller", "ABC Seller")},
		},
		"only roles that are for vendors": {
			vendor: vendorOf("abc", "ABC"), tenant: tenantWith(), roles: []accessv1.CatalogRole{{Name: "viewer"}, notAny}, title: "ABC",
		},
		"an Entitled role that the tenant does not list": {
			vendor: vendorOf("abc", "ABC"), tenant: tenantWith("buyer"), roles: []accessv1.CatalogRole{entitled}, title: "ABC",
		},
		"an Entitled role that the tenant lists": {
			vendor: vendorOf("abc", "ABC"), tenant: tenantWith("payer"), roles: []accessv1.CatalogRole{entitled},
			title: "ABC", groups: []*accessv1.UserGroup{group("abc", "payer", "ABC Payer")},
		},
		"options change nothing: they are the role's": {
			vendor: vendorOf("abc", "ABC", "publishing"), tenant: tenantWith(), roles: []accessv1.CatalogRole{vendorRole("seller", "Seller", "publishing")},
			title: "ABC", groups: []*accessv1.UserGroup{group("abc", "seller", "ABC Seller")},
		},
		"titles that fill their room are cut to what a group takes": {
			vendor: vendorOf("abc", long), tenant: tenantWith(), roles: []accessv1.CatalogRole{vendorRole("seller", long)},
			title: long, groups: []*accessv1.UserGroup{group("abc", "seller", long+" "+strings.Repeat("é", 126)+"…")},
		},
		"titles that just fit are left": {
			vendor: vendorOf("abc", long[:len(long)-2]), tenant: tenantWith(), roles: []accessv1.CatalogRole{vendorRole("seller", long)},
			title: long[:len(long)-2], groups: []*accessv1.UserGroup{group("abc", "seller", long[:len(long)-2]+" "+long)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := Children{
				Restriction: &accessv1.Restriction{
					ObjectMeta: metav1.ObjectMeta{
						Namespace: "acme", Name: test.vendor.Name + ".vendor", Labels: map[string]string{accessv1.LabelVendor: test.vendor.Name},
					},
					Spec: accessv1.RestrictionSpec{DisplayName: test.title, Dimension: "vendor", Values: &[]string{test.vendor.Name}},
				},
				Groups: test.groups,
			}
			got := ChildrenOf(test.vendor, test.tenant, catalogOf(test.roles...))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("other children (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheOptionsThatNoRoleHasAreUnknown(t *testing.T) {
	tests := map[string]struct {
		options []string
		roles   []accessv1.CatalogRole
		want    []string
	}{
		"no options":                 {nil, []accessv1.CatalogRole{vendorRole("seller", "", "publishing")}, nil},
		"one that a role has":        {[]string{"publishing"}, []accessv1.CatalogRole{vendorRole("buyer", ""), vendorRole("seller", "", "publishing")}, nil},
		"some that none has":         {[]string{"pricing", "publishing", "advertising"}, []accessv1.CatalogRole{vendorRole("seller", "", "publishing")}, []string{"pricing", "advertising"}},
		"a catalog without any role": {[]string{"publishing"}, nil, []string{"publishing"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, UnknownOptions(vendorOf("abc", "ABC", test.options...), catalogOf(test.roles...))); diff != "" {
				t.Errorf("other options (-want +got):\n%s", diff)
			}
		})
	}
}
