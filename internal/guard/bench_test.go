package guard_test

import (
	"context"
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/test/gains"
)

// crowd is tenant acme with many users, each in four of many groups, two by either side's list.
func crowd(users, groups int) []client.Object {
	out := stored()
	made := make([]*accessv1.UserGroup, groups)
	for i := range made {
		made[i] = group(fmt.Sprintf("crowd-%d", i), roles("clerk"), restricted("site.de"))
		out = append(out, made[i])
	}
	for i := range users {
		name := fmt.Sprintf("user-%d", i)
		out = append(out, user(name, of(fmt.Sprintf("crowd-%d", i%groups), fmt.Sprintf("crowd-%d", (i+1)%groups))))
		for _, at := range []int{(i + 2) % groups, (i + 3) % groups} {
			made[at].Spec.Members = append(made[at].Spec.Members, accessv1.GroupMember{Name: name})
		}
	}
	return out
}

func benchmarkRow(b *testing.B, objects []client.Object, r row, allowed bool) {
	b.Helper()
	g := newGuard(b)
	g.Reader = gains.NewMemory(objects)
	g.Graph = graph.New(g.Reader, g.Reader)
	request := ask(b, r.by, r.was, r.is)
	b.ReportAllocs()
	for b.Loop() {
		if response := g.Handle(context.Background(), request); response.Allowed != allowed {
			b.Fatal(response.Result.Message)
		}
	}
}

func BenchmarkUser(b *testing.B) {
	for _, users := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			benchmarkRow(b, crowd(users, max(users/10, 10)), changed(robot, "ben", "", join("crowd-7")), false)
		})
	}
}

func BenchmarkMembers(b *testing.B) {
	large := group("large", roles("clerk"))
	objects := append(crowd(10_000, 1_000), large)
	was, is := change(large, func(g *accessv1.UserGroup) {
		for i := range 10_000 {
			g.Spec.Members = append(g.Spec.Members, accessv1.GroupMember{Name: fmt.Sprintf("user-%d", i)})
		}
	})
	b.Run("10000 join what the requester holds", func(b *testing.B) {
		benchmarkRow(b, objects, row{by: ana, was: was, is: is}, true)
	})
	b.Run("10000 join what he does not hold", func(b *testing.B) {
		benchmarkRow(b, objects, row{by: robot, was: was, is: is}, false)
	})
	b.Run("one leaves 10000", func(b *testing.B) {
		full, _ := is.(*accessv1.UserGroup)
		stays, leaves := change(full, func(g *accessv1.UserGroup) { g.Spec.Members = g.Spec.Members[1:] })
		benchmarkRow(b, append(crowd(10_000, 1_000), full), row{by: robot, was: stays, is: leaves}, true)
	})
}
