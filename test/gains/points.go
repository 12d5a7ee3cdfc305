package gains

import (
	"fmt"
	"strings"
)

// points is a set of things that somebody may do, a bit for each.
type points uint64

// point is one action on one resource at one entity. An empty value is an entity that bears none of the dimension.
type point struct{ action, resource, site, vendor string }

func (p point) String() string {
	return fmt.Sprintf("%s %s at site=%q vendor=%q", p.action, p.resource, p.site, p.vendor)
}

// brought is the site that only a member brings along by his attribute: nobody else's list has it.
const brought = "(the member's sites)"

// administrated is the resource whose managers administer the tenant.
const administrated = "users-and-groups"

// narrowing has the dimensions that narrow each resource, as the catalogs say it.
var narrowing = map[string][]string{
	"orders": {"site"}, "products": {"site", "vendor"}, "tax": nil, administrated: {"site"},
}

// resources and actions are in an order of their own, so that a point is the same in every run. Manage stands for all of
// creating, updating and deleting.
var (
	resources = []string{"orders", "products", "tax", administrated}
	actions   = []string{"read", "manage", "publish"}
	valuesOf  = map[string][]string{"site": {"DE", "FR"}, "vendor": {"v0", "v1"}, "weekday": {"Monday"}, "lost": {"DE"}}
)

// universe has every point, and sets of them by what they are about.
var universe = newTables()

type tables struct {
	all []point
	// by has the points of an action on a resource.
	by map[[2]string]points
	// at has the points of a value of a dimension, and of everything that the dimension does not narrow.
	at map[[2]string]points
	// free has the points of what a dimension does not narrow; under "" that which nothing narrows.
	free map[string]points
}

func newTables() *tables {
	t := &tables{by: map[[2]string]points{}, at: map[[2]string]points{}, free: map[string]points{}}
	for _, resource := range resources {
		for _, action := range actions {
			if action == "publish" && resource != "products" {
				continue
			}
			t.addAll(action, resource)
		}
	}
	return t
}

func (t *tables) addAll(action, resource string) {
	sites, vendors := []string{""}, []string{""}
	for _, dimension := range narrowing[resource] {
		if dimension == "site" {
			sites = append(valuesOf[dimension], brought, "")
		} else {
			vendors = append(valuesOf[dimension], "")
		}
	}
	for _, site := range sites {
		for _, vendor := range vendors {
			t.add(point{action, resource, site, vendor})
		}
	}
}

func (t *tables) add(p point) {
	bit := points(1) << len(t.all)
	t.all = append(t.all, p)
	t.by[[2]string{p.action, p.resource}] |= bit
	narrowed := false
	for dimension, value := range map[string]string{"site": p.site, "vendor": p.vendor} {
		if !contains(narrowing[p.resource], dimension) {
			t.free[dimension] |= bit
			continue
		}
		narrowed = true
		if value != "" {
			t.at[[2]string{dimension, value}] |= bit
		}
	}
	if !narrowed {
		t.free[""] |= bit
	}
}

func (p points) String() string {
	var texts []string
	for i := range universe.all {
		if p&(1<<i) != 0 {
			texts = append(texts, universe.all[i].String())
		}
	}
	return strings.Join(texts, ", ")
}

// contains is for lists of a few names.
func contains[T comparable](list []T, wanted T) bool {
	for _, each := range list {
		if each == wanted {
			return true
		}
	}
	return false
}
