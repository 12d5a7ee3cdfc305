package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"

	"github.com/roster-dev/roster/test/bench/report"
)

// computeTarget is what one user may cost.
const computeTarget = 10 * time.Microsecond

// person is what one user's resolution starts from.
type person struct {
	user        access.User
	memberships []access.Membership
}

// compute resolves users whose groups are compiled: one, many of a small tenant, and many of a large one.
func (b *bench) compute(context.Context) error {
	c, err := catalog()
	if err != nil {
		return err
	}
	vocabulary := access.NewVocabulary(graph.Catalog(c))
	tenant := access.CompileTenant(vocabulary, access.Tenant{Name: tenantName, Active: true, Dimensions: []string{"site"}})
	one := measureResolve(tenant, people(vocabulary, c, 1))
	b.reportCompute("compute", "resolve one user: 4 groups, 31 resources", one)
	small, large := 1_000, b.options.userCount(100_000, 10_000)
	few := measureResolve(tenant, people(vocabulary, c, small))
	many := measureResolve(tenant, people(vocabulary, c, large))
	b.reportCompute("compute, small", fmt.Sprintf("resolve any of %d users in %d groups", small, groupCount(small)), few)
	b.reportCompute("compute, large", fmt.Sprintf("resolve any of %d users in %d groups", large, groupCount(large)), many)
	growth := float64(many.NsPerOp()) / float64(few.NsPerOp())
	b.report.Note(report.Row{
		Name: "compute, growth", What: "the large tenant against the small one; what grows is the distance to memory",
		Reached: fmt.Sprintf("%.2f", growth), Target: "1",
		Values: map[string]float64{"ratio": growth},
	})
	return nil
}

func (b *bench) reportCompute(name, what string, r testing.BenchmarkResult) {
	took := time.Duration(r.NsPerOp())
	b.report.Limit(report.Row{
		Name: name, What: what,
		Reached: fmt.Sprintf("%.1f µs (%.1f µs of CPU), %d B in %d allocations",
			took.Seconds()*1e6, cpuOf(r).Seconds()*1e6, r.AllocedBytesPerOp(), r.AllocsPerOp()),
		Target: "≤ 10 µs",
		Values: map[string]float64{"nanoseconds": float64(took.Nanoseconds()), "bytes": float64(r.AllocedBytesPerOp())},
	}, took <= computeTarget)
}

// attempts are how often each measurement is made; the fastest counts, because whoever shares the machine only ever adds.
const attempts = 5

func measureResolve(tenant *access.CompiledTenant, people []person) testing.BenchmarkResult {
	now := time.Now()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same order in every run
	order := random.Perm(len(people))
	resolve := func(b *testing.B) {
		b.ReportAllocs()
		before := cpuTime()
		for i := 0; b.Loop(); i++ {
			p := &people[order[i%len(order)]]
			access.Resolve(tenant, p.user, p.memberships, now)
		}
		b.ReportMetric(float64(cpuTime()-before)/float64(b.N), cpuMetric)
	}
	best := testing.Benchmark(resolve)
	for range attempts - 1 {
		if again := testing.Benchmark(resolve); again.NsPerOp() < best.NsPerOp() {
			best = again
		}
	}
	return best
}

// cpuMetric is the time that all cores worked for one operation, the collection of garbage beside it included.
const cpuMetric = "cpu-ns/op"

func cpuOf(r testing.BenchmarkResult) time.Duration { return time.Duration(r.Extra[cpuMetric]) }

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func groupCount(users int) int { return 3 + (users+teamSize-1)/teamSize }

// people are in four groups each: everybody is in three of them, and every 25 have one of their own. Two are restricted.
func people(v *access.Vocabulary, c *accessv1.ResourceCatalog, n int) []person {
	roles := map[string]access.RoleRef{}
	for i := range c.Spec.Roles {
		roles[c.Spec.Roles[i].Name] = roleRef(&c.Spec.Roles[i])
	}
	compile := func(name, role string, sites ...string) access.Membership {
		g := access.Group{Name: name, Roles: []access.RoleRef{roles[role]}}
		if len(sites) > 0 {
			restriction := &access.Restriction{Name: name, Dimension: "site", Values: sites}
			g.Restrictions = []access.RestrictionRef{{Name: name, Restriction: restriction}}
		}
		return access.Membership{Name: name, Group: access.Compile(v, []string{"site"}, g), From: access.FromGroup}
	}
	viewers, prices, french := compile("viewers", "viewer"), compile("prices", "pricing-manager"), compile("fr", "catalog-manager", "FR")
	out := make([]person, n)
	var team access.Membership
	for i := range out {
		if i%teamSize == 0 {
			team = compile(teamName(i), "order-fulfillment-manager", "DE")
		}
		out[i] = person{
			user:        access.User{Name: userName(i), Type: string(accessv1.UserTypeEmployee), Active: true},
			memberships: []access.Membership{viewers, prices, french, team},
		}
	}
	return out
}

func roleRef(role *accessv1.CatalogRole) access.RoleRef {
	out := &access.Role{Name: role.Name}
	for _, r := range role.Rules {
		out.Rules = append(out.Rules, access.Rule{Resources: r.Resources, Level: access.Level(r.Level)})
	}
	return access.RoleRef{Name: role.Name, Role: out}
}
