package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// question is what is asked: may this user of that tenant do this to a thing of that resource on that site.
type question struct {
	tenant, user, action, resource, site string
}

func (q question) read() int { return letters(q.tenant, q.user, q.action, q.resource, q.site) }

// asked is a question with its right answer.
type asked struct {
	question
	allowed bool
}

// allows is the oracle: it goes through everything that the user has, and knows no shortcut.
func (w *world) allows(q question) bool {
	for _, t := range w.tenants {
		if t.name != q.tenant {
			continue
		}
		for _, u := range t.users {
			if u.address != q.user {
				continue
			}
			for _, g := range u.groups {
				if w.gives(t.groups[g], q) {
					return true
				}
			}
		}
	}
	return false
}

func (w *world) gives(g group, q question) bool {
	if !slices.Contains(w.roles[g.role].levels[q.resource].actions(), q.action) {
		return false
	}
	for _, r := range w.resources {
		if r.name == q.resource && r.sited && len(g.sites) > 0 {
			return slices.Contains(g.sites, q.site)
		}
	}
	return true
}

// questions draws at random until there are so many, half of which are allowed.
func (w *world) questions(count int) []asked {
	random := rand.New(rand.NewPCG(7, 8))
	list := make([]asked, 0, count)
	for len(list) < count {
		t := &w.tenants[random.IntN(len(w.tenants))]
		q := question{
			tenant: t.name, user: t.users[random.IntN(len(t.users))].address,
			action:   actions[random.IntN(len(actions))],
			resource: w.resources[random.IntN(len(w.resources))].name,
			site:     siteName(random.IntN(siteCount + 1)),
		}
		if allowed := w.allows(q); allowed == (len(list)%2 == 0) {
			list = append(list, asked{q, allowed})
		}
	}
	random.Shuffle(count, func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list
}

// verify holds every answer of an engine against the oracle's.
func verify(name string, list []asked, form []prepared) error {
	wrong, first := 0, ""
	for i, a := range list {
		allowed, err := form[i].decide()
		if err != nil {
			return fmt.Errorf("%s: %+v: %w", name, a.question, err)
		}
		if allowed != a.allowed {
			if wrong++; wrong == 1 {
				first = fmt.Sprintf("%+v: got %t, want %t", a.question, allowed, a.allowed)
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d of %d answers are wrong; %s", name, wrong, len(list), first)
	}
	return nil
}
