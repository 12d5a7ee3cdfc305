package decision

import (
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func restrictionTo(name, site string) *accessv1.Restriction {
	r := &accessv1.Restriction{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "acme"}}
	r.Spec.Dimension, r.Spec.Values = "site", &[]string{site}
	return r
}

// Whoever searches while the restrictions are read anew finds the values that all the lists have.
func TestRestrictionsAreReplacedAtOnce(t *testing.T) {
	i := knowing()
	list := []*accessv1.Restriction{restrictionTo("east", "DE"), restrictionTo("west", "FR")}
	i.ReplaceRestrictions(list)
	var done atomic.Bool
	searched := make(chan struct{})
	go func() {
		defer close(searched)
		for !done.Load() {
			i.lock.RLock()
			found := i.spaces["acme"].known("site")
			i.lock.RUnlock()
			if len(found) != 2 {
				t.Error(found)
				return
			}
		}
	}()
	for range 3000 {
		i.ReplaceRestrictions(list)
	}
	done.Store(true)
	<-searched
	i.ReplaceRestrictions(list[1:])
	if found := i.spaces["acme"].known("site"); len(found) != 1 || found[0] != "FR" {
		t.Error(found)
	}
}

func TestARestrictionThatGoesLeavesNoNamespace(t *testing.T) {
	i := NewIndex()
	if i.DropRestriction("nowhere", "gone"); len(i.spaces) != 0 {
		t.Error("a namespace came to be by what has gone from it")
	}
}
