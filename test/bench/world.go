package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// Names in the world. Those of users, teams and crowds are numbered in equal width.
const (
	tenantName = "bench"
	// someRole is what the k affected users depend on, baseRole what everybody does.
	someRole = "some"
	baseRole = "base"
	// someResource and baseResource are what those roles let manage, or only read.
	someResource = "companies"
	baseResource = "webhooks"
	emptyGroup   = "nobody"

	crowdSize = 10_000
	teamSize  = 25
	// creators is how many clients fill the world.
	creators = 16
)

func userName(i int) string  { return fmt.Sprintf("user-%06d", i) }
func crowdName(i int) string { return fmt.Sprintf("crowd-%02d", i/crowdSize) }
func teamName(i int) string  { return fmt.Sprintf("team-%04d", i/teamSize) }

// world is one tenant without onboarding, in which no mail is ever due: a commerce catalog with 31 resources, and users
// in three groups, or four:
//
//   - a crowd of up to 10,000, which lists its members and reads everything;
//   - a team of 25, which its members list, and which is restricted to one site;
//   - one group of price managers, which all users list;
//   - the first k users: the group "some", which lists them.
type world struct {
	client client.Client
	users  int
	// affected is k.
	affected int
	// someManage and baseManage are what the two roles give now.
	someManage, baseManage bool
}

// newWorld makes everything but the users. A manager has to run: the tenant's namespace and predefined roles come from it.
func newWorld(ctx context.Context, c *env.Cluster, users, affected int) (*world, error) {
	w := &world{client: c.Client, users: users, affected: affected}
	catalog, err := catalog()
	if err != nil {
		return nil, err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenantName}}
	objects := append([]client.Object{namespace, catalog, tenant()}, w.roles()...)
	for _, object := range append(objects, w.groups()...) {
		if err := w.client.Create(ctx, object); err != nil {
			return nil, fmt.Errorf("could not create %T %s: %w", object, object.GetName(), err)
		}
	}
	return w, nil
}

// catalog is the commerce catalog with its six predefined roles. What a site can own is restriction-aware.
func catalog() (*accessv1.ResourceCatalog, error) {
	file, err := os.Open(filepath.Join(env.Root(), "test", "data", "role-matrix.csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	out := &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: tenantName}}
	for _, line := range rows[1:] {
		services := &out.Spec.Services
		if n := len(*services); n == 0 || (*services)[n-1].Name != line[0] {
			*services = append(*services, accessv1.CatalogService{Name: line[0]})
		}
		last := &(*services)[len(*services)-1]
		last.Resources = append(last.Resources, accessv1.CatalogResource{Name: line[1], RestrictedBy: restrictedBy(line[0])})
	}
	for column, name := range rows[0] {
		if column > 2 {
			out.Spec.Roles = append(out.Spec.Roles, catalogRole(name, column, rows[1:]))
		}
	}
	return out, nil
}

func catalogRole(name string, column int, lines [][]string) accessv1.CatalogRole {
	role := accessv1.CatalogRole{Name: name}
	for _, line := range lines {
		if line[column] != "" {
			role.Rules = append(role.Rules, accessv1.Rule{Resources: []string{line[1]}, Level: accessv1.Level(line[column])})
		}
	}
	return role
}

func restrictedBy(service string) []string {
	switch service {
	case "orders", "quotes", "customer-management":
		return []string{"site"}
	default:
		return nil
	}
}

func tenant() *accessv1.Tenant {
	return &accessv1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: tenantName},
		Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: tenantName},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
			Dimensions: []accessv1.TenantDimension{{
				Name: "site", Values: []string{"DE", "FR"}, Restrictions: accessv1.RestrictionsSynced,
			}},
		},
	}
}

func (w *world) roles() []client.Object {
	return []client.Object{
		&accessv1.Role{ObjectMeta: w.named(someRole), Spec: accessv1.RoleSpec{Rules: rules("coupons", someResource, w.someManage)}},
		&accessv1.Role{ObjectMeta: w.named(baseRole), Spec: accessv1.RoleSpec{Rules: rules("tax", baseResource, w.baseManage)}},
	}
}

// rules let read one resource, and read or manage the other.
func rules(steady, moving string, manage bool) []accessv1.Rule {
	level := map[bool]accessv1.Level{true: accessv1.LevelManage, false: accessv1.LevelRead}[manage]
	return []accessv1.Rule{{Resources: []string{steady}, Level: accessv1.LevelRead}, {Resources: []string{moving}, Level: level}}
}

func (w *world) groups() []client.Object {
	out := []client.Object{
		w.group("prices", nil, nil, "pricing-manager"),
		w.group("some", w.members(0, w.affected), nil, someRole),
		w.group(emptyGroup, nil, nil, someRole),
	}
	for i := 0; i < w.users; i += crowdSize {
		out = append(out, w.group(crowdName(i), w.members(i, min(i+crowdSize, w.users)), nil, "viewer", baseRole))
	}
	for i := 0; i < w.users; i += teamSize {
		out = append(out, w.group(teamName(i), nil, []accessv1.Reference{{Name: "site.de"}}, "order-fulfillment-manager"))
	}
	return out
}

func (w *world) group(name string, members []accessv1.GroupMember, within []accessv1.Reference, roles ...string) client.Object {
	group := &accessv1.UserGroup{
		ObjectMeta: w.named(name), Spec: accessv1.UserGroupSpec{Members: members, Restrictions: within},
	}
	for _, role := range roles {
		group.Spec.Roles = append(group.Spec.Roles, accessv1.Reference{Name: role})
	}
	return group
}

func (w *world) members(from, to int) []accessv1.GroupMember {
	out := make([]accessv1.GroupMember, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, accessv1.GroupMember{Name: userName(i)})
	}
	return out
}

func (w *world) named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: tenantName}
}

func (w *world) user(i int) *accessv1.User {
	return &accessv1.User{ObjectMeta: w.named(userName(i)), Spec: accessv1.UserSpec{
		Email: userName(i) + "@bench.example", FirstName: "Ana", LastName: "Benchmark",
		Groups: []accessv1.GroupMembership{{Name: teamName(i)}, {Name: "prices"}},
	}}
}

// createUsers creates the first n users.
func (w *world) createUsers(ctx context.Context, n int) error {
	return each(ctx, n, func(ctx context.Context, i int) error {
		err := w.client.Create(ctx, w.user(i))
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	})
}

// each calls do for 0 to n-1, sixteen at a time.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(creators)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
