package main

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

const (
	groupCount = 12 // of a tenant: each of the six roles everywhere, and again narrowed to sites
	mostGroups = 4  // of a user
	siteCount  = 4  // that groups are narrowed to; a question may be about one more, which is nobody's
	mostSites  = 2  // of a narrowed group
)

// level is what a role gives on a resource.
type level string

const (
	none   level = ""
	read   level = "Read"
	manage level = "Manage"
)

var actions = []string{"read", "create", "update", "delete"}

// actions are those that the level holds.
func (l level) actions() []string {
	switch l {
	case read:
		return actions[:1]
	case manage:
		return actions
	default:
		return nil
	}
}

// world is the workload, as plain data: every engine is filled from it, and so is the oracle.
type world struct {
	resources []resource
	roles     []role
	tenants   []tenant
}

// resource is one of 31; on six of them, sites count.
type resource struct {
	name  string
	sited bool
}

type role struct {
	name   string
	levels map[string]level // by resource
}

type tenant struct {
	name   string
	groups []group
	users  []user
}

// group has one role. With sites, what the role gives on a narrowed resource counts on these sites only.
type group struct {
	name  string
	role  int
	sites []string
}

type user struct {
	address string // the same persons are in every tenant, in other groups
	groups  []int
}

// sitedResources are those on which sites count.
var sitedResources = []string{"companies", "customers", "quotes", "orders", "returns", "coupons"}

func siteName(n int) string { return fmt.Sprintf("site-%d", n) }

// newWorld makes the workload; the same numbers make the same one.
func newWorld(tenants, usersEach int) (*world, error) {
	w := &world{}
	if err := w.readRoles(); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(5, uint64(tenants)))
	for t := range tenants {
		w.tenants = append(w.tenants, w.newTenant(random, fmt.Sprintf("tenant-%03d", t), usersEach))
	}
	return w, nil
}

func (w *world) newTenant(random *rand.Rand, name string, users int) tenant {
	t := tenant{name: name}
	for n := range groupCount {
		g := group{name: fmt.Sprintf("group-%02d", n), role: n % len(w.roles)}
		if n >= len(w.roles) {
			for _, s := range random.Perm(siteCount)[:1+random.IntN(mostSites)] {
				g.sites = append(g.sites, siteName(s))
			}
		}
		t.groups = append(t.groups, g)
	}
	for n := range users {
		t.users = append(t.users, user{
			address: fmt.Sprintf("user-%04d@example.com", n), groups: random.Perm(groupCount)[:1+random.IntN(mostGroups)],
		})
	}
	return t
}

// readRoles takes resources and roles from the role matrix that the stories use too.
func (w *world) readRoles() error {
	_, here, _, _ := runtime.Caller(0)
	file, err := os.Open(filepath.Join(filepath.Dir(here), "..", "..", "data", "role-matrix.csv"))
	if err != nil {
		return err
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return err
	}
	const firstRole = 3 // after service, resource and title
	for _, name := range lines[0][firstRole:] {
		w.roles = append(w.roles, role{name: name, levels: map[string]level{}})
	}
	for _, line := range lines[1:] {
		name := line[1]
		w.resources = append(w.resources, resource{name: name, sited: slices.Contains(sitedResources, name)})
		for n, given := range line[firstRole:] {
			w.roles[n].levels[name] = level(given)
		}
	}
	return nil
}

// resourcesOf are those on which a role gives just this level.
func (w *world) resourcesOf(role int, l level) []string {
	var names []string
	for _, r := range w.resources {
		if w.roles[role].levels[r.name] == l {
			names = append(names, r.name)
		}
	}
	return names
}

// sited says whether sites count on the resource.
func (w *world) sited(name string) bool {
	return slices.ContainsFunc(w.resources, func(r resource) bool { return r.name == name && r.sited })
}
