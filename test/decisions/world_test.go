package decisions_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
	"github.com/roster-dev/roster/test/worlds"
)

// seeds are those of the random worlds that the API server is given: as many as WORLDS says from SEED on, the same few in
// the ordinary run.
func seeds() []int {
	first, count := number("SEED", 1), number("WORLDS", 6)
	out := make([]int, count)
	for i := range out {
		out[i] = first + i
	}
	return out
}

// number is what an environment variable says, or what it should be without one.
func number(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return otherwise
}

// The ends of memberships in a world, moved so far apart that it does not matter when the test runs.
var (
	longAgo  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	farAhead = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// tried is a world that the API server holds, as one tenant.
type tried struct {
	worlds.Oracle
	name string
	// cuts has by user the rules of his application, nil for all that he may do, and clients its client ID.
	cuts    map[string][]access.Rule
	clients map[string]string
}

// storable is a world as objects can say it: lists that are sets are sets, a rule says where and what, and a user is in a
// group once on each side. Vendors make their groups themselves and are told elsewhere: here there are none, and a group
// that claims one gives nothing, in one world of four.
func storable(w worlds.World) worlds.World {
	w.Vendors = nil
	for i := range w.Catalog.Resources {
		r := &w.Catalog.Resources[i]
		r.RestrictedBy, r.Actions = set(r.RestrictedBy), set(r.Actions)
	}
	w.Tenant.Dimensions, w.Tenant.DefaultAccess = set(w.Tenant.Dimensions), storableRules(w.Tenant.DefaultAccess)
	for i := range w.Roles {
		r := &w.Roles[i]
		r.Rules, r.UserTypes, r.Options = storableRules(r.Rules), set(r.UserTypes), nil
	}
	for i := range w.Restrictions {
		w.Restrictions[i].Values = set(w.Restrictions[i].Values)
	}
	for i := range w.Groups {
		g := &w.Groups[i]
		g.Roles, g.Restrictions, g.Rules, g.Members = set(g.Roles), set(g.Restrictions), storableRules(g.Rules), storableMembers(g.Members)
		if w.Seed%4 != 0 {
			g.VendorName = ""
		}
	}
	for i := range w.Users {
		u := &w.Users[i]
		u.Groups = storableMembers(u.Groups)
		for name, values := range u.Attributes {
			u.Attributes[name] = set(values)
		}
	}
	return w
}

func set(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func storableRules(rules []access.Rule) []access.Rule {
	var out []access.Rule
	for _, r := range rules {
		r.Services, r.Resources, r.Actions = set(r.Services), set(r.Resources), set(r.Actions)
		if len(r.Services)+len(r.Resources) > 0 && (r.Level != access.None || len(r.Actions) > 0) {
			out = append(out, r)
		}
	}
	return out
}

func storableMembers(members []worlds.Member) []worlds.Member {
	var out []worlds.Member
	for _, m := range members {
		switch {
		case slices.ContainsFunc(out, func(other worlds.Member) bool { return other.Name == m.Name }):
			continue
		case m.Until.IsZero():
		case m.Until.Equal(worlds.DayTwo):
			m.Until = farAhead
		default:
			m.Until = longAgo
		}
		out = append(out, m)
	}
	return out
}

// tenantValues are what a tenant itself knows of a dimension: not all that its restrictions do.
func tenantValues(dimension string) []string { return worlds.ValuesOf[dimension][:1] }

// apply stores a world as the objects of one tenant of that name.
func apply(ctx context.Context, name string, w worlds.World) *tried {
	w.Tenant.Name = name
	tenant := tenantOf(name, name)
	if !w.Tenant.Active {
		tenant.Spec.State = accessv1.TenantSuspended
	}
	for _, d := range w.Tenant.Dimensions {
		tenant.Spec.Dimensions = append(tenant.Spec.Dimensions, accessv1.TenantDimension{
			Name: d, Values: tenantValues(d), Restrictions: accessv1.RestrictionsManual,
		})
	}
	tenant.Spec.DefaultAccess = rulesOf(w.Tenant.DefaultAccess)
	cluster.ExpectApplied(ctx, catalogOf(name, w.Catalog), tenant)
	env.ExpectEventually(ctx, cluster, tenant, env.HaveCondition(accessv1.ConditionNamespaceReady, metav1.ConditionTrue, accessv1.ReasonSucceeded))
	for _, r := range w.Roles {
		role := &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: r.Name}, Spec: accessv1.RoleSpec{DisplayName: r.Name, Rules: rulesOf(r.Rules)}}
		for _, t := range r.UserTypes {
			role.Spec.UserTypes = append(role.Spec.UserTypes, accessv1.UserType(t))
		}
		cluster.ExpectApplied(ctx, role)
	}
	for _, r := range w.Restrictions {
		cluster.ExpectApplied(ctx, restrictionOf(name, r))
	}
	for _, g := range w.Groups {
		cluster.ExpectApplied(ctx, worldGroup(name, g))
	}
	for _, u := range w.Users {
		cluster.ExpectApplied(ctx, worldUser(name, u))
	}
	out := &tried{worlds.Oracle{World: w}, name, map[string][]access.Rule{}, map[string]string{}}
	for i, u := range w.Users {
		if i < len(w.Roles) {
			out.cuts[u.Name] = w.Roles[i].Rules
		}
		out.clients[u.Name] = applyCredential(ctx, name, u.Name, out.cuts[u.Name])
	}
	return out
}

// applyCredential lets an application act for a user, and returns its client ID.
func applyCredential(ctx context.Context, tenant, user string, cut []access.Rule) string {
	c := &accessv1.ApplicationCredential{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: "app-of-" + user}}
	c.Spec.UserRef.Name, c.Spec.Access = user, rulesOf(cut)
	cluster.ExpectApplied(ctx, c)
	return string(env.ExpectEventually(ctx, cluster, c, env.HaveCondition(accessv1.ConditionSecretWritten, metav1.ConditionTrue, accessv1.ReasonSucceeded)).UID)
}

func catalogOf(name string, c access.Catalog) *accessv1.ResourceCatalog {
	out := &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: accessv1.ResourceCatalogSpec{DisplayName: c.Name}}
	for _, r := range c.Resources {
		at := slices.IndexFunc(out.Spec.Services, func(s accessv1.CatalogService) bool { return s.Name == r.Service })
		if at < 0 {
			at = len(out.Spec.Services)
			out.Spec.Services = append(out.Spec.Services, accessv1.CatalogService{Name: r.Service})
		}
		out.Spec.Services[at].Resources = append(out.Spec.Services[at].Resources, accessv1.CatalogResource{
			Name: r.Name, RestrictedBy: r.RestrictedBy, Actions: r.Actions, IdentifiedBy: r.IdentifiedBy,
		})
	}
	return out
}

func rulesOf(rules []access.Rule) []accessv1.Rule {
	var out []accessv1.Rule
	for _, r := range rules {
		out = append(out, accessv1.Rule{Services: r.Services, Resources: r.Resources, Level: accessv1.Level(r.Level), Actions: r.Actions})
	}
	return out
}

func restrictionOf(tenant string, r access.Restriction) *accessv1.Restriction {
	out := &accessv1.Restriction{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: r.Name}, Spec: accessv1.RestrictionSpec{Dimension: r.Dimension}}
	if r.UserAttribute != "" {
		out.Spec.ValuesFrom = &accessv1.RestrictionSource{UserAttribute: r.UserAttribute}
	} else {
		values := append([]string{}, r.Values...)
		out.Spec.Values = &values
	}
	return out
}

func worldGroup(tenant string, g worlds.Group) *accessv1.UserGroup {
	out := groupIn(tenant, g.Name, rulesOf(g.Rules), g.Restrictions...)
	out.Spec.DisplayName = g.Name
	for _, role := range g.Roles {
		out.Spec.Roles = append(out.Spec.Roles, accessv1.Reference{Name: role})
	}
	for _, m := range g.Members {
		out.Spec.Members = append(out.Spec.Members, accessv1.GroupMember{Name: m.Name, Until: end(m.Until)})
	}
	if g.VendorName != "" {
		out.Spec.VendorRef = &accessv1.Reference{Name: g.VendorName}
	}
	return out
}

func worldUser(tenant string, u worlds.User) *accessv1.User {
	out := userIn(tenant, u.Name)
	out.Spec.Type = accessv1.UserType(u.Type)
	if !u.Active {
		out.Spec.State = accessv1.AccountInactive
	}
	for _, m := range u.Groups {
		out.Spec.Groups = append(out.Spec.Groups, accessv1.GroupMembership{Name: m.Name, Until: end(m.Until)})
	}
	for name, values := range u.Attributes {
		out.Spec.Attributes = append(out.Spec.Attributes, accessv1.UserAttribute{Name: name, Values: values})
	}
	return out
}

func end(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}
