package access_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/roster-dev/roster/internal/access"
)

// roleMatrix is the role matrix of a commerce dashboard: a service and a resource, and what each role may do there.
const roleMatrix = `service,resource,viewer,manager,administrator,catalog-manager,pricing-manager,order-fulfillment-manager
customer-management,companies,Read,Manage,Manage,,,
customer-management,customers,Read,Manage,Manage,,,Read
customer-management,coupons,Read,Manage,Manage,,,
quotes,quotes,Read,Manage,Manage,,,
quotes,status-quotes,Read,Manage,Manage,,,
orders,orders,Read,Manage,Manage,,,Manage
orders,sepa,Read,Manage,Manage,,,Manage
orders,returns,Read,Manage,Manage,,,Manage
catalogs,catalogs,Read,Manage,Manage,Manage,Read,
catalogs,categories,Read,Manage,Manage,Manage,Read,
products,products,Read,Manage,Manage,Manage,Manage,
products,product-templates,Read,Manage,Manage,Manage,Read,
products,labels,Read,Manage,Manage,Manage,,
products,suppliers,Read,Manage,Manage,Manage,,
products,brands,Read,Manage,Manage,Manage,,
pricing,price-models,Read,Manage,Manage,,Manage,
pricing,price-lists,Read,Manage,Manage,,Manage,
settings,sites,Read,Manage,Manage,,,Read
settings,delivery-methods,Read,Manage,Manage,,,
settings,delivery-times,Read,Manage,Manage,,,
settings,units,Read,Manage,Manage,,Manage,
settings,tax,Read,Manage,Manage,,Manage,
settings,countries,Read,Manage,Manage,,Manage,
settings,currencies,Read,Manage,Manage,,Manage,
settings,languages,Read,Manage,Manage,,,
settings,system-preferences,Read,Manage,Manage,,,
settings,mixin-schemas,Read,Manage,Manage,,,
extensions,site-settings,Read,Manage,Manage,,,
administration,users-and-groups,Read,Read,Manage,,Read,
administration,webhooks,Read,Manage,Manage,Manage,,
administration,extensions,Read,Read,Manage,,,
`

// commerce returns the catalog and the roles of the matrix. What a site or a vendor can own is restriction-aware.
func commerce(tb testing.TB) (access.Catalog, map[string]access.RoleRef) {
	tb.Helper()
	rows, err := csv.NewReader(strings.NewReader(roleMatrix)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	catalog := access.Catalog{Name: "commerce"}
	roles := map[string]access.RoleRef{}
	for column, name := range rows[0][2:] {
		var rules []access.Rule
		for _, row := range rows[1:] {
			if level := access.Level(row[column+2]); level != access.None {
				rules = append(rules, access.Rule{Resources: []string{row[1]}, Level: level})
			}
		}
		roles[name] = role(name, rules...)
	}
	for _, row := range rows[1:] {
		r := access.Resource{Service: row[0], Name: row[1]}
		switch r.Service {
		case "orders", "customer-management", "quotes":
			r.RestrictedBy = []string{"site"}
		case "products", "pricing":
			r.RestrictedBy = []string{"site", "vendor"}
		}
		catalog.Resources = append(catalog.Resources, r)
	}
	return catalog, roles
}

// staff returns a tenant and the memberships of one user in four of its groups, two of them restricted to sites.
func staff(tb testing.TB) (*access.CompiledTenant, []access.Membership) {
	tb.Helper()
	catalog, roles := commerce(tb)
	v := access.NewVocabulary(catalog)
	groups := []access.Group{
		group("viewers", roles["viewer"]),
		group("pricing", roles["pricing-manager"]),
		within(group("de-orders", roles["order-fulfillment-manager"]), listed("site.de", "site", "DE")),
		within(group("fr-catalog", roles["catalog-manager"]), listed("site.fr", "site", "FR")),
	}
	var memberships []access.Membership
	for _, g := range groups {
		memberships = append(memberships, access.Membership{Name: g.Name, Group: access.Compile(v, []string{"site"}, g)})
	}
	return access.CompileTenant(v, access.Tenant{Name: "acme", Active: true}), memberships
}

// BenchmarkResolve resolves one user in four compiled groups over 31 resources.
func BenchmarkResolve(b *testing.B) {
	tenant, memberships := staff(b)
	ana := person("ana")
	b.ReportAllocs()
	for b.Loop() {
		access.Resolve(tenant, ana, memberships, noon)
	}
}

func BenchmarkDecide(b *testing.B) {
	tenant, memberships := staff(b)
	e := access.Effective{
		Vocabulary: tenant.Vocabulary(),
		Grants:     access.Resolve(tenant, person("ana"), memberships, noon).Grants,
	}
	for _, asks := range []string{"update orders site=DE", "update orders site=NL", "read mixin-schemas"} {
		b.Run(strings.ReplaceAll(asks, " ", "-"), func(b *testing.B) {
			q := query(asks)
			b.ReportAllocs()
			for b.Loop() {
				access.Decide(e, q, noon)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	catalog, roles := commerce(b)
	v := access.NewVocabulary(catalog)
	g := within(group("de", roles["manager"], roles["catalog-manager"]), listed("site.de", "site", "DE"))
	b.ReportAllocs()
	for b.Loop() {
		access.Compile(v, nil, g)
	}
}

// BenchmarkGained compares two wide scopes: thirty sites and thirty vendors that overlap in part.
func BenchmarkGained(b *testing.B) {
	var names []string
	for i := range 60 {
		names = append(names, fmt.Sprintf("n%02d", i))
	}
	before := []access.Grant{
		grant("Manage", "orders", dim("site", names[:20]...), dim("vendor", names[10:40]...)),
		grant("Manage", "orders", dim("site", names[10:30]...)),
	}
	after := []access.Grant{grant("Manage", "orders", dim("site", names[:30]...), dim("vendor", names[:30]...))}
	b.ReportAllocs()
	for b.Loop() {
		access.Gained(before, after)
	}
}

func TestDecideDoesNotAllocateWhenItAllows(t *testing.T) {
	tenant, memberships := staff(t)
	grants := access.Resolve(tenant, person("ana"), memberships, noon).Grants
	e, q := access.Effective{Vocabulary: tenant.Vocabulary(), Grants: grants}, query("update orders site=DE")
	if n := testing.AllocsPerRun(100, func() { access.Decide(e, q, noon) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
