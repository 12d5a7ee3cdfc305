package decision

import (
	"testing"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// knowing is an index of acme with these users.
func knowing(users ...*accessv1.User) *Index {
	i := NewIndex()
	i.PutCatalog(catalogs2()[0])
	i.PutTenant(organisation("acme", accessv1.TenantActive))
	for _, u := range users {
		i.PutUser(u)
	}
	return i
}

func allows(i *Index, id string) bool {
	q := access.Query{Action: "read", Resource: "tax"}
	return i.Decide(Subject{"acme", id}, &q, noon).Allowed
}

// moved is somebody whose object has changed since his status was written, with this address.
func moved(name, address string) *accessv1.User {
	u := someone(name, accessv1.AccountActive)
	u.Spec.Email, u.Generation = address, 1
	return u
}

const fresh, old = "new@acme.example", "ana@acme.example"

func TestAnAddressCountsOnceItIsVetted(t *testing.T) {
	for what, c := range map[string]struct {
		before, now func(*accessv1.User)
		address     string
		allowed     bool
	}{
		"the one that he had":            {func(*accessv1.User) {}, func(u *accessv1.User) { u.Spec.Email = old }, old, true},
		"a new one":                      {func(*accessv1.User) {}, func(*accessv1.User) {}, fresh, false},
		"the old one after a new one":    {func(*accessv1.User) {}, func(*accessv1.User) {}, old, false},
		"a new one, accepted":            {func(*accessv1.User) {}, func(u *accessv1.User) { u.Status.AcceptedEmail = fresh }, fresh, true},
		"a new one, looked at":           {func(*accessv1.User) {}, func(u *accessv1.User) { u.Status.ObservedGeneration = 1 }, fresh, true},
		"of a user made anew":            {func(u *accessv1.User) { u.UID = "another" }, func(u *accessv1.User) { u.Spec.Email = old }, old, false},
		"a new one that he had unvetted": {func(u *accessv1.User) { u.Spec.Email, u.Generation = fresh, 1 }, func(*accessv1.User) {}, fresh, false},
	} {
		before, now := someone("ana", accessv1.AccountActive), moved("ana", fresh)
		c.before(before)
		c.now(now)
		if i := knowing(before, now); allows(i, c.address) != c.allowed || !allows(i, "ana") {
			t.Errorf("%s: by his address %v, by his name %v", what, allows(i, c.address), allows(i, "ana"))
		}
	}
	if allows(knowing(moved("ana", old)), old) {
		t.Error("an address counts that nobody has looked at since the list was read")
	}
}

func TestAnAddressOfTwoActiveUsersIsNobodys(t *testing.T) {
	ana, ben := someone("ana", accessv1.AccountActive), someone("ben", accessv1.AccountActive)
	ben.Spec.Email = ana.Spec.Email
	i := knowing(ana, ben)
	if allows(i, old) {
		t.Error("somebody is allowed something for an address that two have")
	}
	if !allows(i, "ana") || !allows(i, "ben") {
		t.Error("it takes from their names too")
	}
	tenant, kind, resource, read := "acme", typeUser, "tax", "read"
	body, err := (&look{Index: i, now: noon}).subjects(&asked{
		Subject: &entity{Type: &kind}, Resource: &entity{Type: &resource}, Action: &action{Name: &read}, Context: &requestContext{Tenant: &tenant},
	})
	if err != nil || len(body.Results) != 2 {
		t.Error("it takes from what a search finds:", body, err)
	}
	for what, change := range map[string]func(){
		"has gone":           func() { i.DropUser("acme", "ben") },
		"is inactive":        func() { ben.Spec.State = accessv1.AccountInactive; i.PutUser(ben) },
		"has another":        func() { i.PutUser(someone("ben", accessv1.AccountActive)) },
		"is not in the list": func() { i.ReplaceUsers([]*accessv1.User{ana}) },
	} {
		ben.Spec.State = accessv1.AccountActive
		if i.PutUser(ben); allows(i, old) {
			t.Errorf("before the other %s, it is both's", what)
		}
		if change(); !allows(i, old) {
			t.Errorf("the other %s, and it is still nobody's", what)
		}
	}
}
