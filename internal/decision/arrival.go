package decision

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// arrival is a user, and what takes long to find out of him and needs no lock.
type arrival struct {
	*accessv1.User
	names   [kinds]string
	content content
	digest  digest
}

func (i *Index) arriving(user *accessv1.User) arrival {
	i.lock.RLock()
	catalog := ""
	if s, ok := i.spaces[user.Namespace]; ok {
		catalog = s.catalog()
	}
	i.lock.RUnlock()
	c := contentOf(catalog, &user.Status)
	key, _ := digestOf(c)
	return arrival{user, namesOf(user), c, key}
}

// chunk is how many users are replaced in one hold of the lock, for which decisions may have to wait.
const chunk = 64

// ReplaceUsers makes these all the users that there are. Until it returns, some are as they were before.
func (i *Index) ReplaceUsers(users []*accessv1.User) {
	here := make(map[types.NamespacedName]bool, len(users))
	come := make([]arrival, 0, chunk)
	for some := range slices.Chunk(users, chunk) {
		come = come[:0]
		for _, user := range some {
			here[types.NamespacedName{Namespace: user.Namespace, Name: user.Name}] = true
			come = append(come, i.arriving(user))
		}
		i.put(come)
	}
	for some := range slices.Chunk(i.others(here), chunk) {
		i.drop(some)
	}
	defer i.write()()
	i.sweep()
}

func (i *Index) put(users []arrival) {
	defer i.write()()
	for at := range users {
		i.putUser(&users[at])
	}
}

// others are the users that there are and that are not here.
func (i *Index) others(here map[types.NamespacedName]bool) []types.NamespacedName {
	i.lock.RLock()
	defer i.lock.RUnlock()
	var out []types.NamespacedName
	for namespace, s := range i.spaces {
		for _, n := range s.members {
			if name := (types.NamespacedName{Namespace: namespace, Name: string(i.record(n).id(byName))}); !here[name] {
				out = append(out, name)
			}
		}
	}
	return out
}

func (i *Index) drop(users []types.NamespacedName) {
	defer i.write()()
	for _, user := range users {
		if s, ok := i.spaces[user.Namespace]; ok {
			if n, ok := i.find(s, byName, user.Name); ok {
				i.dropUser(n)
			}
		}
	}
}
