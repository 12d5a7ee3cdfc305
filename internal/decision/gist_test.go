package decision

import (
	"fmt"
	"testing"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// Four actions on a hundred resources are more than a record has bits for.
func TestALargeCatalogIsKnownToItsEnd(t *testing.T) {
	catalog := catalogs2()[0].DeepCopy()
	list := &catalog.Spec.Services[0].Resources
	*list = nil
	for n := range 100 {
		*list = append(*list, accessv1.CatalogResource{Name: fmt.Sprint("thing-", n), RestrictedBy: []string{"site"}})
	}
	i := NewIndex()
	i.PutCatalog(catalog)
	i.PutTenant(organisation("acme", accessv1.TenantActive))
	for n := range 100 {
		u := someone(fmt.Sprint("keeper-", n), accessv1.AccountActive)
		u.Status.EffectiveAccess = []accessv1.AccessEntry{
			{Resources: []string{fmt.Sprint("thing-", n)}, Level: accessv1.LevelManage},
			{Resources: []string{fmt.Sprint("thing-", (n+1)%100)}, Level: accessv1.LevelRead, RestrictedTo: []accessv1.DimensionValues{{Dimension: "site", Values: []string{"DE"}}}},
		}
		i.PutUser(u)
	}
	at := func(site string) access.Entity { return access.Entity{Properties: map[string][]string{"site": {site}}} }
	for n := range 100 {
		for about := range 100 {
			for _, site := range []string{"DE", "FR"} {
				q := access.Query{Action: "read", Resource: fmt.Sprint("thing-", about), Entity: at(site)}
				want := about == n || about == (n+1)%100 && site == "DE"
				if d := i.Decide(Subject{"acme", fmt.Sprint("keeper-", n)}, &q, noon); d.Allowed != want {
					t.Fatalf("Keeper %d reads thing %d at %s: %+v", n, about, site, d)
				}
			}
		}
	}
}
