package gains

import (
	"math/rand/v2"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// dice draw worlds in which names are few, so that they meet.
type dice struct {
	*rand.Rand
	// drawn counts what was drawn: no two objects have one generation, as no two versions of a stored object have.
	drawn int64
}

// The names that meet. The last of users, groups, roles and restrictions is not stored: it is named before it is there.
var (
	userNames        = []string{"u0", "u1", "u2", "u3", "u4"}
	partnerNames     = []string{"p0", "p1"}
	groupNames       = []string{"g0", "g1", "g2", "g3", "g4"}
	vendorNames      = []string{"v0", "v1"}
	vendorGroups     = []string{"v0.vendor.editor", "v1.vendor.editor"}
	roleNamesDrawn   = []string{"r0", "r1", "owner", "partner", "r2"}
	restrictionNames = []string{"x0", "x1", "x2"}
	// rostersNames are restrictions that Roster makes.
	rostersNames = []string{"site.de", "v0.vendor", "v1.vendor"}
)

func (d *dice) oneIn(n int) bool { return d.IntN(n) == 0 }

func one[T any](d *dice, of ...T) T { return of[d.IntN(len(of))] }

// some has each with a chance of one in n.
func some(d *dice, n int, of ...string) []string {
	var out []string
	for _, each := range of {
		if d.oneIn(n) {
			out = append(out, each)
		}
	}
	return out
}

// world draws what is stored. The write is drawn after it.
func (d *dice) world() *world {
	w := &world{
		acme:   &space{tenant: d.tenant("acme", "acme.example"), catalog: catalogs[0]},
		agency: &space{tenant: d.tenant("agency", "agency.example"), catalog: catalogs[0]},
	}
	if d.oneIn(3) {
		w.acme.tenant.Spec.ManagedBy = &accessv1.Reference{Name: "agency"}
	}
	switch d.IntN(16) {
	case 0:
		w.agency.setCatalog(catalogs[1])
	case 1:
		w.acme.setCatalog(catalogs[1])
	case 2:
		w.acme.setCatalog(nil)
	case 3:
		w.acme.setCatalog(catalogs[2])
	}
	d.fill(w.acme, userNames[:4], groupNames[:4])
	d.fill(w.agency, partnerNames, groupNames[:1])
	d.addVendor(w.acme, vendorNames[0])
	if !d.oneIn(3) {
		d.addVendor(w.acme, vendorNames[1])
	}
	return w
}

func (s *space) setCatalog(catalog *accessv1.ResourceCatalog) {
	s.catalog = catalog
	s.tenant.Spec.CatalogRef.Name = "lost"
	if catalog != nil {
		s.tenant.Spec.CatalogRef.Name = catalog.Name
	}
}

// fill draws what is in a namespace, but for vendors.
func (d *dice) fill(s *space, users, groups []string) {
	for _, name := range users {
		s.users = append(s.users, d.dying(d.user(s, name)).(*accessv1.User))
	}
	for _, name := range groups {
		s.groups = append(s.groups, d.dying(d.group(s, name)).(*accessv1.UserGroup))
	}
	for _, name := range roleNamesDrawn[:2] {
		s.roles = append(s.roles, d.dying(d.role(s, name)).(*accessv1.Role))
	}
	for _, name := range restrictionNames[:2] {
		s.restrictions = append(s.restrictions, d.dying(d.restriction(s, name)).(*accessv1.Restriction))
	}
	for i := range catalogs[0].Spec.Roles {
		d.addRole(s, &catalogs[0].Spec.Roles[i])
	}
	for _, restriction := range synced(s.tenant) {
		if !d.oneIn(6) {
			owners := d.owned(restriction.OwnerReferences)
			restriction.ObjectMeta = d.meta(s, restriction.Name)
			restriction.OwnerReferences = owners
			s.restrictions = append(s.restrictions, d.dying(restriction).(*accessv1.Restriction))
		}
	}
}

// addRole adds a tenant's copy of a role of the catalog. It may not be made yet, or somebody else may have had the name
// before the catalog.
func (d *dice) addRole(s *space, of *accessv1.CatalogRole) {
	switch d.IntN(24) {
	case 0, 1:
	case 2:
		s.roles = append(s.roles, d.role(s, of.Name))
	default:
		role := copyOf(s.tenant, of)
		owners := role.OwnerReferences
		role.ObjectMeta = d.meta(s, of.Name)
		role.OwnerReferences = owners
		s.roles = append(s.roles, d.dying(role).(*accessv1.Role))
	}
}

// owned are the owners of what Roster makes; now and then it is somebody else's object.
func (d *dice) owned(by []metav1.OwnerReference) []metav1.OwnerReference {
	if d.oneIn(12) {
		return nil
	}
	return by
}

// dying marks one object in many as being deleted.
func (d *dice) dying(object client.Object) client.Object {
	if d.oneIn(40) {
		goes(object)
	}
	return object
}

func goes(object client.Object) {
	object.SetDeletionTimestamp(&metav1.Time{Time: Now.Add(-time.Minute)})
	object.SetFinalizers([]string{"test.example/wait"})
}

func (d *dice) meta(s *space, name string) metav1.ObjectMeta {
	d.drawn++
	namespace := ""
	if s != nil {
		namespace = s.tenant.Name
	}
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID(namespace + "-" + name), Generation: d.drawn,
		CreationTimestamp: metav1.Time{Time: Now.Add(-time.Duration(d.IntN(3)) * time.Hour)},
	}
}

func (d *dice) tenant(name, domain string) *accessv1.Tenant {
	t := &accessv1.Tenant{ObjectMeta: d.meta(nil, name), Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: catalogs[0].Name},
		Dimensions: []accessv1.TenantDimension{{Name: "site"}, {Name: "vendor"}},
		Onboarding: accessv1.Onboarding{Mode: one(d, accessv1.OnboardingNone, accessv1.OnboardingNone, accessv1.OnboardingInvitation)},
	}}
	t.Spec.Dimensions[0].Values = valuesOf["site"]
	if d.oneIn(3) {
		t.Spec.Dimensions[0].Restrictions = accessv1.RestrictionsSynced
	}
	if d.oneIn(2) {
		t.Spec.AllowedEmailDomains = []string{domain}
	}
	if d.oneIn(4) {
		t.Spec.Dimensions = append(t.Spec.Dimensions, accessv1.TenantDimension{Name: "weekday"})
	}
	if d.oneIn(4) {
		t.Spec.DefaultAccess = []accessv1.Rule{d.rule("orders", "tax", "products")}
	}
	if d.oneIn(4) {
		t.Spec.UserRemoval = accessv1.RemovalRetain
	}
	switch d.IntN(40) {
	case 0:
		t.Spec.State = accessv1.TenantSuspended
	case 1:
		t.DeletionTimestamp, t.Finalizers = &metav1.Time{Time: Now}, []string{"test.example/wait"}
	}
	return t
}

// addClient lets the tenant that is written in look after another, now and then. It comes last, so that all else is drawn
// as it is without.
func (d *dice) addClient(w *world) {
	if d.oneIn(4) {
		w.client = d.tenant("client", "client.example")
		w.client.Spec.ManagedBy = &accessv1.Reference{Name: w.acme.tenant.Name}
	}
}

func (d *dice) user(s *space, name string) *accessv1.User {
	u := &accessv1.User{ObjectMeta: d.meta(s, name)}
	u.Spec.Groups = d.joined()
	u.Spec.Type = one(d, accessv1.UserTypeEmployee, accessv1.UserTypeEmployee, accessv1.UserTypeSelfService, accessv1.UserTypeRobot)
	u.Spec.State = one(d, accessv1.AccountActive, accessv1.AccountActive, accessv1.AccountActive, accessv1.AccountInactive)
	u.Spec.Onboarding = one(d, "", "", accessv1.OnboardingNone, accessv1.OnboardingInvitation)
	u.Spec.Attributes = d.attributes()
	u.Spec.Email = d.email(s, name)
	if d.oneIn(2) {
		u.Status.AcceptedEmail = u.Spec.Email
	}
	if name == "u0" || name == "p0" { // who asks most is somebody, most of the time
		u.Spec.Email, u.Spec.State, u.Status.AcceptedEmail = name+"@"+s.tenant.Name+".example", accessv1.AccountActive, name+"@"+s.tenant.Name+".example"
	}
	return u
}

// email is mostly one's own, sometimes another's, spelled otherwise, of a foreign domain, or none.
func (d *dice) email(s *space, name string) string {
	own := name + "@" + s.tenant.Name + ".example"
	switch d.IntN(24) {
	case 0, 1:
		return one(d, "u1", "u2", "new") + "@" + s.tenant.Name + ".example"
	case 2:
		return one(d, "U1", "U2") + "@" + s.tenant.Name + ".example"
	case 3:
		return name + "@elsewhere.example"
	case 4:
		return ""
	default:
		return own
	}
}

func (d *dice) attributes() []accessv1.UserAttribute {
	if d.oneIn(2) {
		return nil
	}
	return []accessv1.UserAttribute{{Name: "sites", Values: some(d, 2, "DE", "FR")}}
}

func (d *dice) joined() []accessv1.GroupMembership {
	var out []accessv1.GroupMembership
	for _, name := range append(some(d, 3, groupNames...), some(d, 5, vendorGroups...)...) {
		out = append(out, accessv1.GroupMembership{Name: name, Until: d.end()})
	}
	return out
}

func (d *dice) members() []accessv1.GroupMember {
	var out []accessv1.GroupMember
	for _, name := range some(d, 4, userNames...) {
		out = append(out, accessv1.GroupMember{Name: name, Until: d.end()})
	}
	return out
}

// end is mostly never, and sometimes past.
func (d *dice) end() *metav1.Time {
	switch d.IntN(8) {
	case 0:
		return &metav1.Time{Time: Now.Add(-time.Hour)}
	case 1:
		return &metav1.Time{Time: eras[1]}
	case 2:
		return &metav1.Time{Time: eras[2]}
	default:
		return nil
	}
}

func (d *dice) rule(of ...string) accessv1.Rule {
	rule := accessv1.Rule{Level: one(d, accessv1.LevelRead, accessv1.LevelManage), Resources: []string{one(d, of...)}}
	if d.oneIn(8) {
		rule.Actions = []string{"publish"}
	}
	return rule
}

func (d *dice) rules() []accessv1.Rule {
	var out []accessv1.Rule
	for range d.IntN(3) {
		out = append(out, d.rule("orders", "products", "tax", administrated, administrated, "*", "nothing"))
	}
	return out
}

func (d *dice) group(s *space, name string) *accessv1.UserGroup {
	g := &accessv1.UserGroup{ObjectMeta: d.meta(s, name)}
	g.Spec.Access, g.Spec.Members = d.rules(), d.members()
	g.Spec.Roles, g.Spec.Restrictions = refs(some(d, 4, roleNamesDrawn...)), refs(append(some(d, 5, restrictionNames...), some(d, 8, rostersNames...)...))
	return g
}

func refs(names []string) []accessv1.Reference {
	out := make([]accessv1.Reference, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

func (d *dice) role(s *space, name string) *accessv1.Role {
	r := &accessv1.Role{ObjectMeta: d.meta(s, name), Spec: accessv1.RoleSpec{Rules: d.rules(), Protection: accessv1.ProtectionTenant}}
	if d.oneIn(3) {
		r.Spec.UserTypes = []accessv1.UserType{one(d, accessv1.UserTypeEmployee, accessv1.UserTypeRobot)}
	}
	if d.oneIn(12) {
		r.Spec.Protection = accessv1.ProtectionPlatform
	}
	return r
}

func (d *dice) restriction(s *space, name string) *accessv1.Restriction {
	r := &accessv1.Restriction{ObjectMeta: d.meta(s, name)}
	r.Spec.Dimension = one(d, "site", "site", "site", "vendor", "weekday", "lost")
	if r.Spec.Dimension == "site" && d.oneIn(3) {
		r.Spec.ValuesFrom = &accessv1.RestrictionSource{UserAttribute: "sites"}
		return r
	}
	values := some(d, 2, valuesOf[r.Spec.Dimension]...)
	r.Spec.Values = &values
	return r
}

// addVendor adds a vendor with its children, now and then without some of the three, or with something else by the name of
// a child, or with what an earlier vendor of its name left.
func (d *dice) addVendor(s *space, name string) {
	vendor := d.vendor(s, name)
	group, restriction := children(vendor)
	group.Generation, restriction.Generation = d.drawn, d.drawn
	group.Spec.Members = d.members()
	switch d.IntN(16) {
	case 0:
		goes(vendor)
		s.vendors = append(s.vendors, vendor)
	case 1: // it went before its children
	default:
		s.vendors = append(s.vendors, d.dying(vendor).(*accessv1.Vendor))
	}
	if !d.oneIn(8) {
		restriction.OwnerReferences = d.owned(d.left(restriction.OwnerReferences))
		s.restrictions = append(s.restrictions, d.dying(restriction).(*accessv1.Restriction))
	}
	switch d.IntN(16) {
	case 0:
		group = d.group(s, group.Name)
	case 1, 2:
		return
	}
	group.OwnerReferences = d.left(group.OwnerReferences)
	s.groups = append(s.groups, d.dying(group).(*accessv1.UserGroup))
}

// left are the owners of what Roster makes; now and then it was made for an earlier one of the name.
func (d *dice) left(by []metav1.OwnerReference) []metav1.OwnerReference {
	if len(by) > 0 && d.oneIn(16) {
		by = slices.Clone(by)
		by[0].UID = "another"
	}
	return by
}

func (d *dice) vendor(s *space, name string) *accessv1.Vendor {
	return &accessv1.Vendor{ObjectMeta: d.meta(s, name), Spec: accessv1.VendorSpec{Options: some(d, 3, "publishing")}}
}

// children are the group and the restriction that Roster makes for a vendor.
func children(of *accessv1.Vendor) (*accessv1.UserGroup, *accessv1.Restriction) {
	owner := ownedBy(of, "Vendor")
	meta := func(suffix string) metav1.ObjectMeta {
		name := of.Name + suffix
		return metav1.ObjectMeta{Namespace: of.Namespace, Name: name, UID: types.UID(of.Namespace + "-" + name), OwnerReferences: owner}
	}
	group := &accessv1.UserGroup{ObjectMeta: meta(".vendor.editor"), Spec: accessv1.UserGroupSpec{
		Roles: refs([]string{"vendor.editor"}), Restrictions: refs([]string{of.Name + ".vendor"}), VendorRef: &accessv1.Reference{Name: of.Name},
	}}
	values := []string{of.Name}
	return group, &accessv1.Restriction{ObjectMeta: meta(".vendor"), Spec: accessv1.RestrictionSpec{Dimension: "vendor", Values: &values}}
}
