package e2e_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/roster-dev/roster/test/suite"
)

// atATime is how many worlds are under way at once.
const atATime = 8

// allOrders, set to anything, tries every permutation of the files, and every object alone first, which takes a quarter of
// an hour (go test -timeout 60m).
const allOrders = "ROSTER_ALL_ORDERS"

var _ = Describe("The commerce sample", Ordered, func() {
	var (
		reference map[string]string
		worlds    []*world
	)
	expectReference := func(ctx context.Context, w *world, story string) {
		GinkgoHelper()
		Eventually(func() string { return cmp.Diff(reference, w.state(ctx)) }, "60s", "300ms").Should(BeEmpty(), story)
	}

	It("arrives at a state in which everything is Ready and people have access", func(ctx context.Context) {
		w := newWorld()
		w.applyNamespaces(ctx)
		w.apply(ctx, w.objects(files...)...)
		w.observed(ctx, w.objects(files...)...)
		for _, namespace := range w.namespaces() {
			cluster.ExpectSettled(ctx, namespace.GetName())
			cluster.ExpectSoundStatuses(ctx, namespace.GetName())
		}
		reference, worlds = w.state(ctx), append(worlds, w)
		for title, state := range reference {
			if strings.HasPrefix(title, "Namespace") {
				continue
			}
			Expect(state).NotTo(Or(ContainSubstring(`"Reconciling"`), ContainSubstring(`"Stalled"`)), title)
		}
		for _, user := range atOnce {
			Expect(reference["User acme/"+user]).To(And(ContainSubstring("effectiveAccess"), ContainSubstring(`"state": "Active"`)))
		}
		Expect(w.mails(manager)).To(Equal(map[string]int{
			"ben@acme.example": 1, "jo@acme.example": 1, "vera@abc.example": 1, "mia@globex.example": 1,
		}))
	})

	It("arrives there in whatever order its files are applied", func(ctx context.Context) {
		orders := covering()
		if os.Getenv(allOrders) != "" {
			orders = permutations(files)
		}
		GinkgoWriter.Println(len(orders), "orders of files")
		worlds = append(worlds, each(orders, func(w *world, order []string) {
			w.applyNamespaces(ctx)
			for _, file := range order {
				w.apply(ctx, w.objects(file)...)
				w.observed(ctx, w.objects(file)...)
			}
			expectReference(ctx, w, strings.Join(order, ", "))
		})...)
	})

	It("arrives there whatever kind of object comes alone first, the others after it or long after it", func(ctx context.Context) {
		var firsts []int
		seen := map[string]bool{}
		for i, object := range newWorld().objects(files...) {
			kind := object.GetKind() + strings.TrimRight(object.GetNamespace(), "-w0123456789x")
			if !seen[kind] || os.Getenv(allOrders) != "" {
				firsts = append(firsts, i)
			}
			seen[kind] = true
		}
		worlds = append(worlds, each(firsts, func(w *world, first int) {
			objects := w.objects(files...)
			w.applyNamespaces(ctx)
			w.apply(ctx, objects[first])
			w.observed(ctx, objects[first])
			rest := slices.Delete(slices.Clone(objects), first, first+1)
			slices.Reverse(rest)
			w.apply(ctx, rest...)
			expectReference(ctx, w, titleOf(objects[first])+" first")
		})...)
	})

	It("mails each person once, whatever the order", func() {
		want := worlds[0].mails(manager)
		for _, w := range worlds {
			Expect(w.mails(manager)).To(Equal(want))
		}
	})

	It("is not written once it is there, by a manager that looks at everything anew either", func(ctx context.Context) {
		versions := func() map[string]string {
			out := map[string]string{}
			for _, w := range worlds {
				for title, version := range w.versions(ctx) {
					out[title] = version
				}
			}
			return out
		}
		before := versions()
		suite.Restart(cluster, manager)

		By("applying a last world, which comes to its end behind all others")
		w := newWorld()
		w.applyNamespaces(ctx)
		w.apply(ctx, w.objects(files...)...)
		expectReference(ctx, w, "the last world")
		Expect(cmp.Diff(before, versions())).To(BeEmpty())
	})

	It("arrives there again after it was deleted and applied anew", func(ctx context.Context) {
		reversed := slices.Clone(files)
		slices.Reverse(reversed)
		type way struct {
			world            *world
			deleted, applied []string
			withNamespaces   bool
		}
		ways := []way{
			{worlds[0], files, files, false}, {worlds[1], reversed, files, false},
			{worlds[2], files, reversed, false}, {worlds[3], reversed, reversed, true},
		}
		var group sync.WaitGroup
		for _, way := range ways {
			group.Go(func() {
				defer GinkgoRecover()
				w := way.world
				w.delete(ctx, w.objects(way.deleted...)...)
				if way.withNamespaces {
					w.delete(ctx, w.namespaces()...)
				}
				w.applyNamespaces(ctx)
				w.apply(ctx, w.objects(way.applied...)...)
				expectReference(ctx, w, "deleted "+strings.Join(way.deleted, ", ")+"; applied "+strings.Join(way.applied, ", "))
			})
		}
		group.Wait()
	})
})

// each runs a story for every item, each in a world of its own, a few at a time, and returns the worlds.
func each[T any](items []T, story func(w *world, item T)) []*world {
	var group sync.WaitGroup
	slots := make(chan struct{}, atATime)
	worlds := make([]*world, len(items))
	for i, item := range items {
		worlds[i] = newWorld()
		group.Go(func() {
			defer GinkgoRecover()
			slots <- struct{}{}
			defer func() { <-slots }()
			story(worlds[i], item)
		})
	}
	group.Wait()
	return worlds
}

func permutations(of []string) [][]string {
	if len(of) == 0 {
		return [][]string{nil}
	}
	var out [][]string
	for i := range of {
		rest := slices.Delete(slices.Clone(of), i, i+1)
		for _, tail := range permutations(rest) {
			out = append(out, append([]string{of[i]}, tail...))
		}
	}
	return out
}

// covering are a few permutations in which each file comes first at least once, and any three come in any of their six
// orders.
func covering() [][]string {
	all := permutations(files)
	open := map[[3]string]bool{}
	for _, order := range all {
		for _, t := range triples(order) {
			open[t] = true
		}
	}
	news := func(order []string) int {
		n := 0
		for _, t := range triples(order) {
			if open[t] {
				n++
			}
		}
		return n
	}
	var out [][]string
	for len(open) > 0 {
		best := slices.MaxFunc(all, func(a, b []string) int { return news(a) - news(b) })
		for _, t := range triples(best) {
			delete(open, t)
		}
		out = append(out, best)
	}
	return out
}

// triples are what an order covers: its first file, and any three in their order.
func triples(order []string) [][3]string {
	out := [][3]string{{order[0]}}
	for i := range order {
		for j := i + 1; j < len(order); j++ {
			for k := j + 1; k < len(order); k++ {
				out = append(out, [3]string{order[i], order[j], order[k]})
			}
		}
	}
	return out
}
