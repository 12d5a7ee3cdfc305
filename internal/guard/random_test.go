package guard_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// worldsAtOnce is how many worlds one check looks at, so that few checks are many worlds.
const worldsAtOnce = 20

// TestNobodyGainsWhatTheRequesterDoesNotHold asks the guard about random writes to random worlds. What it lets through is
// compared with everything that anybody may do, computed anew from all objects: now, later, and once all have accepted.
func TestNobodyGainsWhatTheRequesterDoesNotHold(t *testing.T) {
	judge := newGuard(t)
	judge.Reviews = verbs{}
	allowed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		for i := range uint64(worldsAtOnce) {
			r := random{rand.New(rand.NewPCG(seed, i))}
			before := r.world()
			was, is := r.write(before)
			reader := newMemory(before)
			judge.Reader, judge.Graph = reader, graph.New(reader, reader)
			if !judge.Handle(context.Background(), ask(t, "oidc:u0@acme.example", was, is)).Allowed {
				refused++
				continue
			}
			allowed++
			if wrong := violation(before, applied(before, was, is)); wrong != "" {
				t.Fatalf("world %d of seed %d: %s\nby %+v\n-> %+v", i, seed, wrong, was, is)
			}
		}
	})
	if allowed < refused/20 || refused < allowed/20 {
		t.Errorf("%d were allowed and %d refused: too few of one to prove anything", allowed, refused)
	}
	t.Logf("%d writes let through, %d refused", allowed, refused)
}

// applied is the world after a write.
func applied(before []client.Object, was, is client.Object) []client.Object {
	var after []client.Object
	for _, object := range before {
		if object != was {
			after = append(after, object)
		}
	}
	if is != nil {
		is.SetGeneration(2)
		after = append(after, is)
	}
	return after
}

// violation names something that somebody may do after and not before, and that the requester could not do before.
func violation(before, after []client.Object) string {
	left, right := newSight(before), newSight(after)
	for _, at := range []time.Time{now, now.Add(48 * time.Hour)} {
		held := left.may(at, false)["u0@acme.example"]
		for _, accepted := range []bool{false, true} {
			was, is := left.may(at, accepted), right.may(at, accepted)
			for person, points := range is {
				for point := range points {
					if !was[person][point] && !held[point] {
						return fmt.Sprintf("%s may %s at %s (as if accepted: %v)", person, point, at, accepted)
					}
				}
			}
		}
	}
	return ""
}

// sight looks at a whole world.
type sight struct {
	objects []client.Object
	graph   *graph.Graph
	tenancy *graph.Tenancy
}

func newSight(objects []client.Object) sight {
	reader := newMemory(objects)
	g := graph.New(reader, reader)
	return sight{objects, g, must(g.Tenancy(context.Background(), "acme"))}
}

// may is everything that anybody may do, by the person's address.
func (s sight) may(at time.Time, accepted bool) map[string]map[string]bool {
	ctx, g, tenancy := context.Background(), s.graph, s.tenancy
	out := map[string]map[string]bool{}
	for _, object := range s.objects {
		user, ok := object.(*accessv1.User)
		if !ok {
			continue
		}
		if accepted {
			user = user.DeepCopy()
			user.Status.AcceptedEmail = user.Spec.Email
		}
		model := graph.ModelUser(user, must(g.Active(ctx, tenancy, user)))
		grants := access.Resolve(tenancy.Access, model, must(g.Memberships(ctx, tenancy, user)), at).Grants
		points := out[user.Spec.Email] // an address that two users have is one person's
		if points == nil {
			points = map[string]bool{}
		}
		for _, resource := range []string{"orders", "products", "tax", "users-and-groups"} {
			for _, action := range []string{"read", "update", "publish"} {
				for _, site := range []string{"DE", "FR", ""} {
					query := access.Query{Action: action, Resource: resource, Entity: access.Entity{Properties: map[string][]string{"site": {site}, "vendor": {"v0"}}}}
					if access.Decide(access.Effective{Vocabulary: tenancy.Vocabulary, Grants: grants}, query, at).Allowed {
						points[action+" "+resource+" at "+site] = true
					}
				}
			}
		}
		out[user.Spec.Email] = points
	}
	return out
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// random draws small worlds in which names are few, so that they meet.
type random struct{ *rand.Rand }

func (r random) one(of ...string) string { return of[r.IntN(len(of))] }

func (r random) some(of ...string) []string {
	var out []string
	for _, each := range of {
		if r.IntN(3) == 0 {
			out = append(out, each)
		}
	}
	return out
}

func (r random) end() *metav1.Time {
	if r.IntN(3) > 0 {
		return nil
	}
	return in(24 * time.Hour)
}

func (r random) rules() []accessv1.Rule {
	var out []accessv1.Rule
	for range r.IntN(3) {
		level := accessv1.Level(r.one("Read", "Manage"))
		out = append(out, rule(level, r.one("orders", "products", "tax", "users-and-groups", "*")))
	}
	return out
}

func (r random) world() []client.Object {
	out := []client.Object{catalog(), tenant("acme")}
	for i := range 4 {
		out = append(out, r.user(fmt.Sprintf("u%d", i)), r.group(fmt.Sprintf("g%d", i)))
	}
	for _, name := range []string{"r0", "r1"} {
		out = append(out, r.role(name))
	}
	for _, name := range []string{"x0", "x1"} {
		out = append(out, r.restriction(name))
	}
	for _, name := range []string{"v0", "v1"} {
		v := vendor(name, r.some("publishing")...)
		g := vendorGroup(v, members(r.some("u1", "u2")...))
		out = append(out, v, g, ownedBy(v, "Vendor", restriction(name+".vendor", "vendor", "v0")))
	}
	return append(out, copied(tenant("acme"), "vendor.editor"))
}

func (r random) user(name string) *accessv1.User {
	return user(name, func(u *accessv1.User) {
		for _, g := range r.some("g0", "g1", "g2", "g3", "g4", "v0.vendor.editor", "v1.vendor.editor") {
			u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: g, Until: r.end()})
		}
		u.Spec.State = accessv1.AccountState(r.one("Active", "Active", "Inactive"))
		u.Spec.Type = accessv1.UserType(r.one("Employee", "SelfService", "Robot"))
		u.Spec.Onboarding = accessv1.OnboardingMode(r.one("", "", "Invitation"))
		u.Spec.Attributes = []accessv1.UserAttribute{{Name: "sites", Values: r.some("DE", "FR")}}
		if r.IntN(8) == 0 {
			u.Spec.Email = r.one("u1", "u2", "new") + "@acme.example"
		}
		if name == "u0" { // who asks is somebody, most of the time
			u.Spec.Email, u.Spec.State, u.Spec.Onboarding = "u0@acme.example", accessv1.AccountActive, ""
		}
	})
}

func (r random) group(name string) *accessv1.UserGroup {
	return group(name, roles(r.some("r0", "r1", "r2")...), rules(r.rules()...), restricted(r.some("x0", "x1", "x2")...), func(g *accessv1.UserGroup) {
		for _, m := range r.some("u0", "u1", "u2", "u3", "u4") {
			g.Spec.Members = append(g.Spec.Members, accessv1.GroupMember{Name: m, Until: r.end()})
		}
	})
}

func (r random) role(name string) *accessv1.Role {
	out := role(name, r.rules()...)
	if r.IntN(3) == 0 {
		out.Spec.UserTypes = []accessv1.UserType{accessv1.UserType(r.one("Employee", "Robot"))}
	}
	return out
}

func (r random) restriction(name string) *accessv1.Restriction {
	if r.IntN(4) == 0 {
		return fromAttribute(name, "site", "sites")
	}
	return restriction(name, r.one("site", "site", "vendor", "lost"), r.some("DE", "FR", "v0")...)
}

// write changes, deletes or creates one object.
func (r random) write(objects []client.Object) (was, is client.Object) {
	kinds := map[string]func(string) client.Object{
		"u": func(n string) client.Object { return r.user(n) }, "g": func(n string) client.Object { return r.group(n) },
		"r": func(n string) client.Object { return r.role(n) }, "x": func(n string) client.Object { return r.restriction(n) },
		"v": func(n string) client.Object { return vendor(n, r.some("publishing")...) },
	}
	name := r.one("u0", "u1", "u2", "u3", "u4", "g0", "g1", "g2", "g3", "g4", "r0", "r1", "r2", "x0", "x1", "x2", "v0", "v1")
	drawn := kinds[name[:1]](name)
	for _, object := range objects {
		if object.GetName() == name && kindOf(object) == kindOf(drawn) {
			was = object
		}
	}
	if was == nil || r.IntN(6) > 0 {
		is = drawn
	}
	if g, ok := is.(*accessv1.UserGroup); ok && was != nil && r.IntN(2) == 0 {
		kept, _ := was.DeepCopyObject().(*accessv1.UserGroup) // only the members change
		kept.Spec.Members = g.Spec.Members
		is = kept
	}
	return was, is
}
