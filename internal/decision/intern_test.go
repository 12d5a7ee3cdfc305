package decision

import (
	"fmt"
	"strings"
	"testing"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// restrictedTo is someone who may read orders at many places of his own.
func restrictedTo(name string, round int) *accessv1.User {
	values := make([]string, 1000)
	for at := range values {
		values[at] = fmt.Sprintf("%s-%d-%d-%s", name, round, at, strings.Repeat("x", 100))
	}
	u := someone(name, accessv1.AccountActive)
	u.Status.EffectiveAccess = []accessv1.AccessEntry{{
		Resources: []string{"orders"}, Level: accessv1.LevelRead,
		RestrictedTo: []accessv1.DimensionValues{{Dimension: "site", Values: values}},
	}}
	return u
}

func TestLargeAccessThatNobodyHasAnyMoreIsForgotten(t *testing.T) {
	i := NewIndex()
	i.PutCatalog(catalogs2()[0])
	i.PutTenant(organisation("acme", accessv1.TenantActive))
	ben := restrictedTo("ben", 0)
	i.PutUser(ben)
	for round := range 200 {
		i.PutUser(restrictedTo("ana", round))
		if i.intern.bytes > leastSweep {
			t.Fatalf("Round %d: %d bytes are kept", round, i.intern.bytes)
		}
	}
	if n := len(i.intern.entitlements); n > 50 {
		t.Errorf("%d contents are kept, of which 2 are in use", n)
	}
	at := access.Entity{Properties: map[string][]string{"site": ben.Status.EffectiveAccess[0].RestrictedTo[0].Values[:1]}}
	q := access.Query{Action: "read", Resource: "orders", Entity: at}
	if d := i.Decide(Subject{"acme", "ben"}, &q, noon); !d.Allowed {
		t.Error("Ben was denied:", d.Reason)
	}
}

// What an index says that it keeps is what it keeps, whatever has come, gone and been compiled anew.
func TestWhatIsKeptIsCounted(t *testing.T) {
	i := NewIndex()
	i.PutTenant(organisation("acme", accessv1.TenantActive))
	for round := range 20 {
		i.PutUser(restrictedTo("ana", round%3))
		i.PutCatalog(catalogs2()[round%2])
		counted := i.intern.bytes
		if i.intern.count(); i.intern.bytes != counted {
			t.Fatalf("Round %d: %d bytes counted, %d there", round, counted, i.intern.bytes)
		}
	}
}
