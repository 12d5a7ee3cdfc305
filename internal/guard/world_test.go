package guard_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/guard"
	"github.com/roster-dev/roster/test/gains"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func in(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(d)} }

const year = 365 * 24 * time.Hour

// Who asks. The users are in Tenant acme, but for paul, who administers its partner, and faye, who administers a tenant
// that has nothing to do with it.
const (
	self     = "system:serviceaccount:roster-system:roster-manager"
	cleaner  = "system:serviceaccount:kube-system:generic-garbage-collector"
	pipeline = "system:serviceaccount:flux-system:flux" // has escalate
	robot    = "system:serviceaccount:acme:robot"       // has no verb
	platform = "platform"                               // has escalate and bind
	ana      = "oidc:ana@acme.example"                  // everything but publish, everywhere
	dee      = "oidc:dee@acme.example"                  // orders in DE, and administers
	ted      = "oidc:ted@acme.example"                  // as ana, until next year
	vic      = "oidc:vic@acme.example"                  // reads everything
	ivy      = "oidc:ivy@acme.example"                  // as ana, but has not accepted yet
	ole      = "oidc:ole@acme.example"                  // as ana, but deactivated
	paul     = "oidc:paul@agency.example"
	fay      = "oidc:fay@bakery.example"
)

func rule(level accessv1.Level, resources ...string) accessv1.Rule {
	return accessv1.Rule{Resources: resources, Level: level}
}

func catalog() *accessv1.ResourceCatalog {
	narrowed := []string{"site", "vendor"}
	publish := accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}}
	return &accessv1.ResourceCatalog{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: accessv1.ResourceCatalogSpec{
			AdministrationResource: "users-and-groups",
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
				{Name: "orders", RestrictedBy: narrowed},
				{Name: "products", RestrictedBy: narrowed, Actions: []string{"publish"}},
				{Name: "tax"}, {Name: "users-and-groups"},
			}}},
			Roles: []accessv1.CatalogRole{
				{Name: "owner", Rules: []accessv1.Rule{rule(accessv1.LevelManage, "*")}},
				{Name: "viewer", Rules: []accessv1.Rule{rule(accessv1.LevelRead, "*")}},
				{Name: "partner-admin", Protection: accessv1.ProtectionPlatform, Rules: []accessv1.Rule{rule(accessv1.LevelManage, "tax")}},
				{
					Name: "vendor.editor", Vendor: ptr.To(true), Rules: []accessv1.Rule{rule(accessv1.LevelManage, "products")},
					Options: []accessv1.CatalogRoleOption{{Name: "publishing", Rules: []accessv1.Rule{publish}}},
				},
			},
		},
	}
}

func tenant(name string, change ...func(*accessv1.Tenant)) *accessv1.Tenant {
	t := &accessv1.Tenant{
		ObjectMeta: meta("", name),
		Spec: accessv1.TenantSpec{
			CatalogRef: accessv1.Reference{Name: "shop"}, AllowedEmailDomains: []string{name + ".example"},
			Dimensions: []accessv1.TenantDimension{{Name: "site"}, {Name: "vendor"}},
			Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
		},
	}
	for _, c := range change {
		c(t)
	}
	return t
}

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID("uid-" + namespace + "-" + name), Generation: 1,
		CreationTimestamp: metav1.Time{Time: now.Add(-time.Hour)},
	}
}

func user(name string, change ...func(*accessv1.User)) *accessv1.User {
	return userIn("acme", name, change...)
}

func userIn(tenant, name string, change ...func(*accessv1.User)) *accessv1.User {
	u := &accessv1.User{ObjectMeta: meta(tenant, name), Spec: accessv1.UserSpec{
		Email: name + "@" + tenant + ".example", Type: accessv1.UserTypeEmployee, State: accessv1.AccountActive,
	}}
	for _, c := range change {
		c(u)
	}
	return u
}

func of(groups ...string) func(*accessv1.User) {
	return func(u *accessv1.User) {
		for _, g := range groups {
			u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: g})
		}
	}
}

func until(group string, end *metav1.Time) func(*accessv1.User) {
	return func(u *accessv1.User) {
		u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: group, Until: end})
	}
}

func group(name string, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
	return groupIn("acme", name, change...)
}

func groupIn(tenant, name string, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
	g := &accessv1.UserGroup{ObjectMeta: meta(tenant, name)}
	for _, c := range change {
		c(g)
	}
	return g
}

func roles(names ...string) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) {
		for _, n := range names {
			g.Spec.Roles = append(g.Spec.Roles, accessv1.Reference{Name: n})
		}
	}
}

func rules(rules ...accessv1.Rule) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) { g.Spec.Access = append(g.Spec.Access, rules...) }
}

func restricted(names ...string) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) {
		for _, n := range names {
			g.Spec.Restrictions = append(g.Spec.Restrictions, accessv1.Reference{Name: n})
		}
	}
}

func members(names ...string) func(*accessv1.UserGroup) {
	return func(g *accessv1.UserGroup) {
		for _, n := range names {
			g.Spec.Members = append(g.Spec.Members, accessv1.GroupMember{Name: n})
		}
	}
}

func role(name string, rules ...accessv1.Rule) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: meta("acme", name), Spec: accessv1.RoleSpec{Rules: rules, Protection: accessv1.ProtectionTenant}}
}

// copied is the tenant's copy of a role of the catalog.
func copied(tenant *accessv1.Tenant, name string) *accessv1.Role {
	for _, r := range catalog().Spec.Roles {
		if r.Name == name {
			out := &accessv1.Role{ObjectMeta: meta(tenant.Name, name), Spec: accessv1.RoleSpec{
				Rules: r.Rules, Protection: r.Protection, UserTypes: r.UserTypes,
			}}
			out.Labels = map[string]string{accessv1.LabelPredefined: "true"}
			return ownedBy(tenant, "Tenant", out)
		}
	}
	panic("no role " + name)
}

func ownedBy[T client.Object](owner client.Object, kind string, child T) T {
	child.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, accessv1.SchemeGroupVersion.WithKind(kind))})
	return child
}

func restriction(name, dimension string, values ...string) *accessv1.Restriction {
	return &accessv1.Restriction{ObjectMeta: meta("acme", name), Spec: accessv1.RestrictionSpec{Dimension: dimension, Values: &values}}
}

func fromAttribute(name, dimension, attribute string) *accessv1.Restriction {
	return &accessv1.Restriction{ObjectMeta: meta("acme", name), Spec: accessv1.RestrictionSpec{
		Dimension: dimension, ValuesFrom: &accessv1.RestrictionSource{UserAttribute: attribute},
	}}
}

func vendor(name string, options ...string) *accessv1.Vendor {
	return &accessv1.Vendor{ObjectMeta: meta("acme", name), Spec: accessv1.VendorSpec{Options: options}}
}

// vendorGroup is the group of a vendor's editors.
func vendorGroup(of *accessv1.Vendor, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
	g := group(of.Name+".vendor.editor", roles("vendor.editor"), restricted(of.Name+".vendor"))
	g.Spec.VendorRef = &accessv1.Reference{Name: of.Name}
	for _, c := range change {
		c(g)
	}
	return ownedBy(of, "Vendor", g)
}

func invitation(name, of string) *accessv1.Invitation {
	return &accessv1.Invitation{ObjectMeta: meta("acme", name), Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: of}}}
}

func reset(name, of string) *accessv1.PasswordReset {
	return &accessv1.PasswordReset{ObjectMeta: meta("acme", name), Spec: accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: of}}}
}

// stored is what every row starts from.
func stored() []client.Object {
	acme := tenant("acme", func(t *accessv1.Tenant) { t.Spec.ManagedBy = &accessv1.Reference{Name: "agency"} })
	agency, bakery := tenant("agency"), tenant("bakery")
	abc, xyz := vendor("abc"), vendor("xyz")
	late := user("ivy", of("owners"), func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation })
	off := user("ole", of("owners"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
	return []client.Object{
		catalog(), acme, agency, bakery,
		copied(acme, "owner"), copied(acme, "viewer"), copied(acme, "partner-admin"), copied(acme, "vendor.editor"), copied(agency, "owner"),
		role("clerk", rule(accessv1.LevelRead, "orders")),
		role("unused", rule(accessv1.LevelRead, "tax")),
		restriction("site.de", "site", "DE"), restriction("site.fr", "site", "FR"), fromAttribute("own-sites", "site", "sites"),
		group("owners", roles("owner")), group("viewers", roles("viewer"), members("vic")),
		group("clerks", roles("clerk"), restricted("site.de")), group("staff"),
		group("gone-role", roles("lost"), members("vic")), group("gone-restriction", roles("owner"), restricted("site.lost")),
		group("own-site", roles("owner"), restricted("own-sites")),
		group("de-admins", rules(rule(accessv1.LevelManage, "orders")), restricted("site.de")),
		group("user-admins", rules(rule(accessv1.LevelManage, "users-and-groups"))),
		group("partners", roles("partner-admin")),
		abc, xyz, vendorGroup(abc), vendorGroup(xyz),
		ownedBy(abc, "Vendor", restriction("abc.vendor", "vendor", "abc")), ownedBy(xyz, "Vendor", restriction("xyz.vendor", "vendor", "xyz")),
		user("ana", of("owners")), user("dee", of("de-admins", "user-admins")), user("ted", until("owners", in(year))), user("vic"), late, off,
		user("ben"), user("rob", of("own-site")),
		user("zoe", of("abc.vendor.editor", "xyz.vendor.editor")),
		groupIn("agency", "owners", roles("owner")), userIn("agency", "paul", of("owners")), userIn("agency", "pia"),
		userIn("bakery", "fay"), reset("reset-ben", "ben"), invitation("for-ben", "ben"), invitation("for-vic", "vic"),
	}
}

// find is a copy of a stored object.
func find[T client.Object](name string) T {
	for _, object := range stored() {
		if typed, ok := object.(T); ok && object.GetName() == name && object.GetNamespace() == "acme" {
			return typed
		}
	}
	panic("nothing is called " + name)
}

// verbs is the API server's authorization: who has which verb on which role, or any.
type verbs map[string][]string

func (v verbs) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	review := object.(*authorizationv1.SubjectAccessReview)
	asked := review.Spec.ResourceAttributes
	held := v[review.Spec.User]
	review.Status.Allowed = asked.Group == "access.roster.dev" && asked.Resource == "roles" && asked.Namespace == "acme" &&
		(slices.Contains(held, asked.Verb) || slices.Contains(held, asked.Verb+" "+asked.Name))
	return nil
}

func newGuard(tb testing.TB, objects ...client.Object) *guard.Guard {
	tb.Helper()
	reader := gains.NewMemory(objects)
	return &guard.Guard{
		Reader: reader, Graph: graph.New(reader, reader), Clock: clocktesting.NewFakePassiveClock(now),
		Reviews:        verbs{pipeline: {"escalate"}, platform: {"escalate", "bind"}},
		UsernamePrefix: "oidc:", Self: self, Cleaners: []string{cleaner},
	}
}

// fataler is a test of whatever kind.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// ask is a request as the API server sends it.
func ask(tb fataler, by string, was, is client.Object) admission.Request {
	tb.Helper()
	request := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: admissionv1.Update, UserInfo: authenticationv1.UserInfo{Username: by},
		OldObject: encode(tb, was), Object: encode(tb, is),
	}}
	either := is
	switch {
	case was == nil:
		request.Operation = admissionv1.Create
	case is == nil:
		request.Operation, either = admissionv1.Delete, was
	}
	kind := reflect.TypeOf(either).Elem().Name()
	request.Name, request.Namespace = either.GetName(), either.GetNamespace()
	request.Kind = metav1.GroupVersionKind(accessv1.SchemeGroupVersion.WithKind(kind))
	request.Resource = metav1.GroupVersionResource(accessv1.SchemeGroupVersion.WithResource(strings.ToLower(kind) + "s"))
	return request
}

func encode(tb fataler, object client.Object) runtime.RawExtension {
	tb.Helper()
	if object == nil {
		return runtime.RawExtension{}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		tb.Fatal(err)
	}
	return runtime.RawExtension{Raw: raw}
}
