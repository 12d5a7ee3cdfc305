package decision

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

func someone(name string, state accessv1.AccountState) *accessv1.User {
	u := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "acme", UID: types.UID("uid-of-" + name)}}
	u.Spec.Email, u.Spec.State = name+"@acme.example", state
	u.Status.State = accessv1.UserActive
	u.Status.EffectiveAccess = []accessv1.AccessEntry{{Resources: []string{"tax"}, Level: accessv1.LevelRead}}
	return u
}

func organisation(name string, state accessv1.TenantState) *accessv1.Tenant {
	t := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}}
	t.Spec.CatalogRef.Name, t.Spec.State = "shop", state
	return t
}

// Ana's tenant is active only while she is not. Ben is always allowed, whoever else comes and goes, and in both forms of
// the catalog.
func TestWhoeverReadsWhileSomebodyWritesSeesWhatWasTrue(t *testing.T) {
	i := NewIndex()
	i.PutCatalog(catalogs2()[0])
	i.PutTenant(organisation("acme", accessv1.TenantSuspended))
	i.PutUser(someone("ana", accessv1.AccountActive))
	i.PutTenant(organisation("globex", accessv1.TenantActive))
	ben := someone("ben", accessv1.AccountActive)
	ben.Namespace = "globex"
	i.PutUser(ben)

	var done atomic.Bool
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !done.Load() {
				q := access.Query{Action: "read", Resource: "tax"}
				if d := i.Decide(Subject{"acme", "ana@acme.example"}, &q, noon); d.Allowed {
					t.Error("Ana was allowed something, and never could be")
					return
				}
				if d := i.Decide(Subject{"globex", "ben@acme.example"}, &q, noon); !d.Allowed {
					t.Error("Ben was denied:", d.Reason)
					return
				}
			}
		})
	}
	for round := range 1000 {
		i.PutUser(someone("ana", accessv1.AccountInactive))
		i.PutTenant(organisation("acme", accessv1.TenantActive))
		name := fmt.Sprint("guest-", round)
		i.PutUser(someone(name, accessv1.AccountActive))
		i.PutCatalog(catalogs2()[round%2])
		i.PutTenant(organisation("acme", accessv1.TenantSuspended))
		i.PutUser(someone("ana", accessv1.AccountActive))
		if round%3 > 0 {
			i.DropUser("acme", name)
		}
	}
	done.Store(true)
	readers.Wait()
}

func TestNamesOfAnyLengthAreFound(t *testing.T) {
	i := NewIndex()
	i.PutCatalog(catalogs2()[0])
	i.PutTenant(organisation("acme", accessv1.TenantActive))
	for length := range 200 {
		u := someone(fmt.Sprintf("%0*d", length+1, 0), accessv1.AccountActive)
		i.PutUser(u)
		for _, id := range []string{u.Name, u.Spec.Email} {
			q := access.Query{Action: "read", Resource: "tax"}
			if d := i.Decide(Subject{"acme", id}, &q, noon); !d.Allowed && (id == u.Name || length < 60) {
				t.Errorf("%s: %s", id, d.Reason)
			}
		}
	}
}

// The two forms of the catalog number their resources differently: who reads one with the numbers of the other finds what
// nobody has. Both know what Ben may do, and as what.
func TestWhoeverSearchesWhileACatalogChangesReadsOneForm(t *testing.T) {
	i := NewIndex()
	i.PutCatalog(catalogs2()[0])
	for _, name := range []string{"acme", "globex", "initech"} {
		i.PutTenant(organisation(name, accessv1.TenantActive))
		ben := someone("ben", accessv1.AccountActive)
		ben.Namespace = name
		ben.Status.EffectiveAccess[0].Resources = []string{"orders"}
		ben.Status.EffectiveAccess[0].RestrictedTo = []accessv1.DimensionValues{{Dimension: "site", Values: []string{"DE"}}}
		i.PutUser(ben)
	}
	ben := &asked{
		Subject: &entity{Type: ptr.To(typeUser), ID: ptr.To("ben"), Properties: properties{tenantProperty: "globex"}},
		Action:  &action{Name: ptr.To("read")}, Resource: &entity{Type: ptr.To("orders"), Properties: properties{"site": []string{"DE"}}},
	}
	anybody := *ben
	anybody.Subject = &entity{Type: ptr.To(typeUser), Properties: properties{tenantProperty: "globex"}}

	var done atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			l := &look{Index: i, now: noon}
			for !done.Load() {
				actions, _ := l.actions(ben)
				scopes, _ := l.resources(ben)
				people, _ := l.subjects(&anybody)
				if len(actions.Results) != 1 || len(scopes.Context.Scopes) != 1 || len(people.Results) != 1 {
					t.Errorf("Ben may read at one place: %+v, %+v, %+v", actions, scopes, people)
					return
				}
			}
		})
	}
	for round := range 3000 {
		i.PutCatalog(catalogs2()[round%2])
	}
	done.Store(true)
	readers.Wait()
}
