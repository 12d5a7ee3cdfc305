package main

import "slices"

// Several engines have no notion of a role that counts on some sites only. For these it is a role of its own for each
// site, and one more for all that sites do not matter to; they know it by the names that these functions give.

func onSite(role, site string) string { return role + "@" + site }

func nowhere(role string) string { return role + "@open" }

// placesOf are the names of all roles that a user has through his groups, sorted, each once.
func (w *world) placesOf(t tenant, u user) []string {
	var names []string
	for _, n := range u.groups {
		g := t.groups[n]
		r := w.roles[g.role].name
		if len(g.sites) == 0 {
			names = append(names, r)
			continue
		}
		names = append(names, nowhere(r))
		for _, s := range g.sites {
			names = append(names, onSite(r, s))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// places are the names under which the role counts for a thing of the resource on the site.
func (r role) places(of resource, site string) []string {
	if of.sited {
		return []string{r.name, onSite(r.name, site)}
	}
	return []string{r.name, nowhere(r.name)}
}

func (r role) holds(action string, on resource) bool {
	return slices.Contains(r.levels[on.name].actions(), action)
}
