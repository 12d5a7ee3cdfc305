package guard_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// row is one write and what becomes of it: refused is part of the refusal, empty where the write goes through.
type row struct {
	by      string
	was, is client.Object
	refused string
	// more are objects that are stored beside the usual ones, or instead of those of their name.
	more []client.Object
}

func change[T client.Object](object T, changes ...func(T)) (was, is client.Object) {
	copied := object.DeepCopyObject().(T)
	for _, c := range changes {
		c(copied)
	}
	return object, copied
}

func changed[T client.Object](by, name, refused string, changes ...func(T)) row {
	was, is := change(find[T](name), changes...)
	return row{by: by, was: was, is: is, refused: refused}
}

func deleted[T client.Object](by, name, refused string) row {
	return row{by: by, was: find[T](name), refused: refused}
}

func created(by string, object client.Object, refused string) row {
	return row{by: by, is: object, refused: refused}
}

func (r row) beside(more ...client.Object) row {
	r.more = more
	return r
}

func (r row) run(t *testing.T) {
	objects := r.more
	for _, object := range stored() {
		if !contains(r.more, object) {
			objects = append(objects, object)
		}
	}
	response := newGuard(t, objects...).Handle(context.Background(), ask(t, r.by, r.was, r.is))
	switch message := response.Result.Message; {
	case r.refused == "" && !response.Allowed:
		t.Errorf("refused: %s", message)
	case r.refused != "" && response.Allowed:
		t.Errorf("allowed, and not refused with %q", r.refused)
	case r.refused != "" && response.Result.Code != http.StatusForbidden:
		t.Errorf("answered with %d: %s", response.Result.Code, message)
	case r.refused != "" && !strings.Contains(message, r.refused):
		t.Errorf("refused with %q, which says nothing of %q", message, r.refused)
	}
}

func contains(objects []client.Object, wanted client.Object) bool {
	for _, o := range objects {
		if o.GetName() == wanted.GetName() && o.GetNamespace() == wanted.GetNamespace() && kindOf(o) == kindOf(wanted) {
			return true
		}
	}
	return false
}

func run(t *testing.T, rows map[string]row) {
	for sentence, r := range rows {
		t.Run(sentence, r.run)
	}
}

func join(groups ...string) func(*accessv1.User) { return of(groups...) }

func TestUsers(t *testing.T) {
	attribute := func(values ...string) func(*accessv1.User) {
		return func(u *accessv1.User) { u.Spec.Attributes = []accessv1.UserAttribute{{Name: "sites", Values: values}} }
	}
	address := func(email string) func(*accessv1.User) { return func(u *accessv1.User) { u.Spec.Email = email } }
	state := func(s accessv1.AccountState) func(*accessv1.User) { return func(u *accessv1.User) { u.Spec.State = s } }
	kind := func(k accessv1.UserType) func(*accessv1.User) { return func(u *accessv1.User) { u.Spec.Type = k } }
	mode := func(m accessv1.OnboardingMode) func(*accessv1.User) {
		return func(u *accessv1.User) { u.Spec.Onboarding = m }
	}
	title := func(u *accessv1.User) { u.Spec.FirstName = "Ben" }
	accepted := user("kim", func(u *accessv1.User) { u.Status.AcceptedEmail = "kim@acme.example" })
	retains := tenant("acme", func(t *accessv1.Tenant) { t.Spec.UserRemoval = accessv1.RemovalRetain })
	suspended := tenant("acme", func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
	nothing := "user ben would gain"

	run(t, map[string]row{
		"an administrator puts somebody into a group that gives what he has": changed(ana, "ben", "", join("owners")),
		"a viewer puts himself into one that gives more":                     changed(vic, "vic", "user vic would gain create, delete, update on", join("owners")),
		"a viewer puts somebody else into one":                               changed(vic, "ben", nothing, join("owners")),
		"a viewer puts somebody where he is himself":                         changed(vic, "ben", "", join("viewers")),
		"who holds DE gives DE":                                              changed(dee, "ben", "", join("de-admins")),
		"who holds DE gives all of it":                                       changed(dee, "ben", nothing, join("owners")),
		"who holds it until next year gives it for as long":                  changed(ted, "ben", "", until("owners", in(year))),
		"who holds it until next year gives it for longer":                   changed(ted, "ben", nothing, until("owners", in(year+time.Minute))),
		"who holds it until next year gives it for ever":                     changed(ted, "ben", nothing, join("owners")),
		"who has not accepted yet holds nothing":                             changed(ivy, "ben", nothing, join("viewers")),
		"who is deactivated holds nothing":                                   changed(ole, "ben", nothing, join("viewers")),
		"a service account holds nothing":                                    changed(robot, "ben", nothing, join("viewers")),
		"a service account with escalate needs to hold nothing":              changed(pipeline, "ben", "", join("owners")),
		"nobody at all": changed("system:anonymous", "ben", nothing, join("viewers")),
		"an address without the prefix is nobody's":                   changed("ana@acme.example", "ben", nothing, join("viewers")),
		"the partner's administrator is one here":                     changed(paul, "ben", "", join("owners")),
		"the partner's others hold nothing here":                      changed("oidc:pia@agency.example", "ben", nothing, join("viewers")),
		"another tenant's users hold nothing here":                    changed(fay, "ben", nothing, join("viewers")),
		"anybody may change what gives nothing":                       changed(vic, "ben", "", title),
		"a group that does not exist gives nothing":                   changed(vic, "ben", "", join("nowhere")),
		"taking away is no gain":                                      changed(vic, "dee", "", func(u *accessv1.User) { u.Spec.Groups = u.Spec.Groups[1:] }),
		"creating somebody with what one has":                         created(ana, user("new", join("owners")), ""),
		"creating somebody with more":                                 created(vic, user("new", join("owners")), "user new would gain"),
		"creating somebody who is named by a group already":           created(vic, user("new"), "user new would gain").beside(group("owners", roles("owner"), members("new"))),
		"creating somebody who has to accept first, with more":        created(vic, user("new", join("owners"), mode(accessv1.OnboardingInvitation)), "user new would gain"),
		"reactivating somebody who had more":                          changed(dee, "ole", "user ole would gain", state(accessv1.AccountActive)),
		"reactivating somebody who had no more":                       changed(ana, "ole", "", state(accessv1.AccountActive)),
		"raising the end of a membership":                             changed(vic, "ted", "user ted would gain", func(u *accessv1.User) { u.Spec.Groups[0].Until = in(2 * year) }),
		"leaving out the end of a membership":                         changed(vic, "ted", "user ted would gain", func(u *accessv1.User) { u.Spec.Groups[0].Until = nil }),
		"adding a value to an attribute that one's restriction reads": changed(dee, "rob", "user rob would gain", attribute("FR")),
		"adding a value that one holds oneself":                       changed(ana, "rob", "", attribute("FR")),
		"making an administrator's address one's own":                 changed(vic, "ana", "user ana would gain", address("vic2@acme.example")),
		"making it a robot to skip the invitation":                    changed(vic, "ivy", "user ivy would gain", kind(accessv1.UserTypeRobot)),
		"skipping the invitation by the mode":                         changed(vic, "ivy", "user ivy would gain", mode(accessv1.OnboardingNone)),
		"an administrator may skip it for somebody who has no more":   changed(ana, "ivy", "", mode(accessv1.OnboardingNone)),
		"an address of another domain":                                changed(ana, "ben", "none of the allowedEmailDomains of Tenant acme: acme.example", address("ben@evil.example")),
		"an address of another domain, by a pipeline":                 changed(pipeline, "ben", "allowedEmailDomains", address("ben@evil.example")),
		"an address that somebody has":                                changed(ana, "ben", "user vic has the address", address("VIC@acme.example")),
		"a new user with an address that somebody has":                created(ana, user("new", address("vic@acme.example")), "user vic has the address"),
		"nobody deletes himself":                                      deleted[*accessv1.User](ana, "ana", "nobody deletes himself"),
		"nobody deactivates himself":                                  changed(ana, "ana", "nobody deactivates himself", state(accessv1.AccountInactive)),
		"an administrator stays one":                                  changed(ana, "ana", "nobody takes that away from himself", func(u *accessv1.User) { u.Spec.Groups = nil }),
		"an administrator may take it from another":                   changed(ana, "dee", "", func(u *accessv1.User) { u.Spec.Groups = nil }),
		"who is no administrator may leave a group":                   changed(vic, "vic", "", title),
		"deleting somebody":                                           deleted[*accessv1.User](ana, "ben", ""),
		"deleting somebody who has accepted, where users are kept":    row{by: platform, was: accepted, refused: "deactivate user kim"}.beside(accepted, retains),
		"deleting somebody who has not, where users are kept":         deleted[*accessv1.User](platform, "ben", "").beside(retains),
		"the cluster cleans up whom it will":                          row{by: cleaner, was: accepted}.beside(accepted, retains),
		"the cluster gives nothing":                                   changed(cleaner, "ben", nothing, join("owners")),
		"a suspended tenant's administrator":                          changed(ana, "ben", "Tenant acme is suspended", join("owners")).beside(suspended),
		"a suspended tenant's pipeline":                               changed(pipeline, "ben", "", join("owners")).beside(suspended),
		"assigning a protected role to somebody":                      changed(ana, "ben", "role partner-admin is protected by the platform", join("partners")),
		"assigning a protected role with escalate alone":              changed(pipeline, "ben", "needs the verb bind", join("partners")),
		"assigning a protected role with bind":                        changed(platform, "ben", "", join("partners")),
		"a partner's administrator makes no partner's administrator":  changed(paul, "ben", "role partner-admin is protected", join("partners")),
		"a label of Roster's":                                         changed(ana, "ben", "labels that begin with", func(u *accessv1.User) { u.Labels = map[string]string{accessv1.LabelManagedBy: "me"} }),
		"another type, for which a protected role is": func() row {
			self := user("kim", join("keepers"), kind(accessv1.UserTypeSelfService))
			was, is := change(self, kind(accessv1.UserTypeEmployee))
			return row{by: ana, was: was, is: is, refused: "role keeper is protected by the platform"}.beside(self, group("keepers", roles("keeper")), keeper())
		}(),
		"any other label":         changed(vic, "ana", "", func(u *accessv1.User) { u.Labels = map[string]string{"team": "shop"} }),
		"a finalizer of Roster's": changed(pipeline, "ana", "finalizers that begin with access.roster.dev/ are Roster's", func(u *accessv1.User) { u.Finalizers = []string{accessv1.FinalizerCleanup} }),
		"an owner taken away, to outlive it": func() row {
			before := user("kim", func(u *accessv1.User) {
				ownedBy(catalog(), "Other", u)
				u.OwnerReferences[0].APIVersion = "v1"
			})
			was, is := change(before, func(u *accessv1.User) { u.OwnerReferences = nil })
			return row{by: vic, was: was, is: is, refused: "metadata.ownerReferences"}.beside(before)
		}(),
		"an owner that is none in its place, so that the cluster deletes it": renamedOwner(vic, "nothing", "v1", "metadata.ownerReferences"),
		"an owner that cannot be found in its place, to outlive it":          renamedOwner(vic, "shop", "nowhere.example/v1", "metadata.ownerReferences"),
		"the cluster's cleaner no longer waits for an owner":                 unblockedOwner(cleaner, ""),
		"anybody else waits as before":                                       unblockedOwner(vic, "metadata.ownerReferences"),
		"an owner, so that the cluster deletes it":                           changed(vic, "ana", "metadata.ownerReferences", func(u *accessv1.User) { ownedBy(catalog(), "Other", u); u.OwnerReferences[0].APIVersion = "v1" }),
		"a child of one of Roster's":                                         changed(pipeline, "ana", "only Roster makes an object the child", func(u *accessv1.User) { ownedBy(find[*accessv1.Vendor]("abc"), "Vendor", u) }),
		"ending a conflict between two vendors by leaving one":               changed(vic, "zoe", "user zoe would gain", func(u *accessv1.User) { u.Spec.Groups = u.Spec.Groups[:1] }),
		"beginning a conflict that can end by itself":                        changed(vic, "ben", nothing, until("abc.vendor.editor", in(year)), join("xyz.vendor.editor")),
	})
}

// owned is a user with an owner that is none of Roster's.
func owned(name, version string) *accessv1.User {
	return user("kim", func(u *accessv1.User) {
		ownedBy(catalog(), "Other", u)
		u.OwnerReferences[0].Name, u.OwnerReferences[0].APIVersion = name, version
	})
}

func renamedOwner(by, name, version, refused string) row {
	was := owned("shop", "v1")
	return row{by: by, was: was, is: owned(name, version), refused: refused}.beside(was)
}

func unblockedOwner(by, refused string) row {
	was, is := change(owned("shop", "v1"), func(u *accessv1.User) { u.OwnerReferences[0].BlockOwnerDeletion = nil })
	return row{by: by, was: was, is: is, refused: refused}.beside(was)
}

// keeper is a protected role for some.
func keeper() *accessv1.Role {
	r := role("keeper", rule(accessv1.LevelRead, "tax"))
	r.Spec.Protection, r.Spec.UserTypes = accessv1.ProtectionPlatform, []accessv1.UserType{accessv1.UserTypeEmployee}
	return r
}

func TestTheOlderOfTwoWithOneAddressGoes(t *testing.T) {
	older := user("older", func(u *accessv1.User) { u.Spec.Email = "twin@acme.example"; u.CreationTimestamp.Time = now.Add(-year) })
	younger := user("younger", join("owners"), func(u *accessv1.User) { u.Spec.Email = "twin@acme.example" })
	run(t, map[string]row{
		"by who holds less than the younger": row{by: vic, was: older, refused: "user younger would gain"}.beside(older, younger),
		"by who holds as much":               row{by: ana, was: older}.beside(older, younger),
	})
}

func TestGroups(t *testing.T) {
	everything, publish := rule(accessv1.LevelManage, "*"), accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}}
	enter := members
	run(t, map[string]row{
		"creating one that gives what one has":              created(ana, group("new", rules(everything)), ""),
		"creating one that gives more, without members":     created(ana, group("new", rules(everything, publish)), "does not hold publish on products"),
		"creating one in somebody else's tenant":            created(fay, group("new", rules(everything)), "group new would gain"),
		"creating one inside one's restriction":             created(dee, group("new", rules(rule(accessv1.LevelManage, "orders")), restricted("site.de")), ""),
		"creating one outside of it":                        created(dee, group("new", rules(rule(accessv1.LevelManage, "orders")), restricted("site.fr")), "would gain Manage on orders at site=FR, which oidc:dee@acme.example does not hold"),
		"creating one narrowed by what members bring along": created(dee, group("new", rules(rule(accessv1.LevelManage, "orders")), restricted("own-sites")), "group new would gain"),
		"adding a role":                              changed(dee, "staff", "group staff would gain", roles("owner")),
		"adding a role that does not exist":          changed(vic, "staff", "", roles("lost")),
		"adding rules":                               changed(vic, "staff", "group staff would gain", rules(everything)),
		"removing the restriction":                   changed(dee, "de-admins", "group de-admins would gain Manage on orders", func(g *accessv1.UserGroup) { g.Spec.Restrictions = nil }),
		"loosening the restriction":                  changed(dee, "de-admins", "would gain Manage on orders at site=FR, which oidc:dee@acme.example does not hold", restricted("site.fr")),
		"removing a restriction that does not exist": changed(dee, "gone-restriction", "group gone-restriction would gain", func(g *accessv1.UserGroup) { g.Spec.Restrictions = nil }),
		"adding a member":                            changed(ana, "owners", "", enter("ben")),
		"adding oneself as a member":                 changed(vic, "owners", "user vic would gain", enter("vic")),
		"adding a member who has it all already":     changed(vic, "owners", "", enter("ana")),
		"adding a member who does not exist":         changed(vic, "owners", "", enter("nobody-yet")),
		"adding a member who has not accepted yet":   changed(robot, "clerks", "user ivy would gain", enter("ivy")).beside(user("ivy", func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation })),
		"raising a member's end": func() row {
			before := group("clerks", roles("clerk"), func(g *accessv1.UserGroup) {
				g.Spec.Members = []accessv1.GroupMember{{Name: "ben", Until: in(year)}}
			})
			was, is := change(before, func(g *accessv1.UserGroup) { g.Spec.Members[0].Until = nil })
			return row{by: robot, was: was, is: is, refused: "user ben would gain"}.beside(before)
		}(),
		"removing a member": changed(vic, "viewers", "", func(g *accessv1.UserGroup) { g.Spec.Members = nil }),
		"deleting one":      deleted[*accessv1.UserGroup](vic, "clerks", ""),
		"deleting the last administrators' group":    deleted[*accessv1.UserGroup](platform, "user-admins", "would have no active user any more who administers it").beside(group("owners"), group("own-site")),
		"deleting one of several administrators'":    deleted[*accessv1.UserGroup](platform, "user-admins", ""),
		"taking one's own administration by a group": changed(dee, "user-admins", "nobody takes that away from himself", func(g *accessv1.UserGroup) { g.Spec.Access = nil }),
		"creating one again that users still name":   created(vic, group("owners", roles("owner")), "group owners would gain").beside(group("other")),
		"editing one with a protected role":          changed(ana, "partners", "role partner-admin is protected", enter("ben")),
		"giving one a protected role":                changed(ana, "staff", "role partner-admin is protected", roles("partner-admin")),
		"making one for a vendor":                    created(pipeline, group("new", func(g *accessv1.UserGroup) { g.Spec.VendorRef = &accessv1.Reference{Name: "abc"} }), "only Roster makes groups of a Vendor"),
		"adding a member to a vendor's":              changed(ana, "abc.vendor.editor", "", enter("ben")),
		"adding more than one holds to a vendor's":   changed(vic, "abc.vendor.editor", "user ben would gain", enter("ben")),
		"adding a role to a vendor's":                changed(platform, "abc.vendor.editor", "is kept by Roster", roles("owner")),
		"taking the restriction from a vendor's":     changed(pipeline, "abc.vendor.editor", "is kept by Roster", func(g *accessv1.UserGroup) { g.Spec.Restrictions = nil }),
		"freeing one from its vendor":                changed(pipeline, "abc.vendor.editor", "is kept by Roster", func(g *accessv1.UserGroup) { g.OwnerReferences = nil }),
		"deleting a vendor's":                        deleted[*accessv1.UserGroup](platform, "abc.vendor.editor", "is kept by Roster"),
		"the cluster deletes a vendor's":             deleted[*accessv1.UserGroup](cleaner, "abc.vendor.editor", ""),
		"Roster changes a vendor's":                  changed(self, "abc.vendor.editor", "", func(g *accessv1.UserGroup) { g.Spec.DisplayName = "ABC" }),
		"taking the label that the controller reads": changed(ana, "staff", "labels that begin with", func(g *accessv1.UserGroup) { g.Labels = map[string]string{accessv1.LabelVendor: "abc"} }),
		"a change to one that is being deleted": func() row {
			going := group("staff", func(g *accessv1.UserGroup) { g.DeletionTimestamp, g.Finalizers = in(0), []string{"a/b"} })
			was, is := change(going, roles("owner"))
			return row{by: vic, was: was, is: is, refused: "group staff would gain"}.beside(going)
		}(),
		"freeing a name that a vendor's group waits for": func() row {
			mine := group("new.vendor.editor")
			return row{by: vic, was: mine, refused: "group new.vendor.editor would gain"}.beside(mine, vendor("new"))
		}(),
		"naming a role that the tenant does not have yet": changed(vic, "staff", "group staff would gain", roles("later")).beside(withRole("later")),
		"leaving a vendor's group ends a conflict": func() row {
			before := vendorGroup(find[*accessv1.Vendor]("abc"), members("ben"))
			other := user("ben", join("xyz.vendor.editor"))
			was, is := change(before, func(g *accessv1.UserGroup) { g.Spec.Members = nil })
			return row{by: vic, was: was, is: is, refused: "user ben would gain"}.beside(before, other)
		}(),
	})
}

// withRole is the catalog with a role that gives everything, and of which no tenant has a copy.
func withRole(name string) *accessv1.ResourceCatalog {
	with := catalog()
	with.Spec.Roles = append(with.Spec.Roles, accessv1.CatalogRole{Name: name, Rules: []accessv1.Rule{rule(accessv1.LevelManage, "*")}})
	return with
}

func TestRoles(t *testing.T) {
	widen := func(r *accessv1.Role) { r.Spec.Rules = append(r.Spec.Rules, rule(accessv1.LevelManage, "tax")) }
	protected := role("clerk", rule(accessv1.LevelRead, "orders"))
	protected.Spec.Protection = accessv1.ProtectionPlatform
	limited := role("clerk", rule(accessv1.LevelRead, "orders"))
	limited.Spec.UserTypes = []accessv1.UserType{accessv1.UserTypeEmployee}
	unlimited := func(r *accessv1.Role) { r.Spec.UserTypes = nil }
	wasLimited, isLimited := change(limited, unlimited)
	loosened, loose := change(protected, func(r *accessv1.Role) { r.Spec.Protection = accessv1.ProtectionTenant })
	run(t, map[string]row{
		"widening one that others hold":                   changed(dee, "clerk", "would gain Manage on tax", widen),
		"widening one by what one holds":                  changed(ana, "clerk", "", widen),
		"widening one that nobody has":                    changed(vic, "unused", "any group with role unused would gain create, delete, update on tax", widen),
		"creating one with what one holds":                created(vic, role("new", rule(accessv1.LevelRead, "tax")), ""),
		"creating one with more":                          created(vic, role("new", rule(accessv1.LevelManage, "tax")), "any group with role new would gain"),
		"creating one that a group names already":         created(vic, role("lost", rule(accessv1.LevelManage, "tax")), "role lost would gain"),
		"letting other types of users hold it":            row{by: robot, was: wasLimited, is: isLimited, refused: "would gain Read on orders"}.beside(limited),
		"narrowing one":                                   changed(vic, "clerk", "", func(r *accessv1.Role) { r.Spec.Rules = nil }),
		"deleting one":                                    deleted[*accessv1.Role](vic, "clerk", ""),
		"creating one with a predefined role's name":      created(platform, role("owner"), "belongs to a predefined role").beside(role("other")),
		"changing a predefined one":                       changed(platform, "viewer", "role viewer is kept by Roster", widen),
		"deleting a predefined one":                       deleted[*accessv1.Role](platform, "viewer", "is kept by Roster"),
		"freeing a predefined one":                        changed(platform, "viewer", "is kept by Roster", func(r *accessv1.Role) { r.OwnerReferences = nil }),
		"taking a predefined one's label":                 changed(platform, "viewer", "is kept by Roster", func(r *accessv1.Role) { r.Labels = nil }),
		"another label on a predefined one":               changed(ana, "viewer", "", func(r *accessv1.Role) { r.Labels["team"] = "shop" }),
		"Roster changes a predefined one":                 changed(self, "viewer", "", widen),
		"calling one predefined":                          changed(pipeline, "clerk", "labels that begin with", func(r *accessv1.Role) { r.Labels = map[string]string{accessv1.LabelPredefined: "true"} }),
		"taking a role's protection off":                  row{by: ana, was: loosened, is: loose, refused: "is protected by the platform"}.beside(protected),
		"taking a role's protection off, as the platform": row{by: platform, was: loosened, is: loose}.beside(protected),
		"deleting a protected role":                       row{by: ana, was: protected, refused: "is protected by the platform"}.beside(protected),
	})
}

func TestRestrictions(t *testing.T) {
	values := func(v ...string) func(*accessv1.Restriction) {
		return func(r *accessv1.Restriction) { r.Spec.Values = &v }
	}
	synced := ownedBy(tenant("acme"), "Tenant", restriction("site.nl", "site", "NL"))
	was, is := change(synced, values("NL", "DE"))
	run(t, map[string]row{
		"loosening one":                              changed(dee, "site.de", "would gain Read on orders at site=FR, which oidc:dee@acme.example does not hold", values("DE", "FR")),
		"loosening one by what one holds":            changed(ana, "site.de", "", values("DE", "FR")),
		"emptying one closes it":                     changed(vic, "site.de", "", values()),
		"deleting one closes what it narrowed":       deleted[*accessv1.Restriction](vic, "site.de", ""),
		"changing its dimension":                     changed(dee, "site.de", "group clerks would gain", func(r *accessv1.Restriction) { r.Spec.Dimension = "weekday" }).beside(withDimension("weekday")),
		"changing its dimension to one nobody knows": changed(dee, "site.de", "", func(r *accessv1.Restriction) { r.Spec.Dimension = "weekday" }),
		"taking its values from the members": changed(dee, "site.de", "group clerks would gain", func(r *accessv1.Restriction) {
			r.Spec.Values, r.Spec.ValuesFrom = nil, &accessv1.RestrictionSource{UserAttribute: "sites"}
		}),
		"creating one that a group waits for": created(dee, restriction("site.lost", "site", "FR"), "group gone-restriction would gain"),
		"creating one that nothing waits for": created(vic, restriction("new", "site", "FR"), ""),
		"freeing a name that a synced one waits for": func() row {
			mine := restriction("day.mon", "site")
			of := group("lates", roles("owner"), restricted("day.mon"))
			waiting := tenant("acme", func(t *accessv1.Tenant) {
				t.Spec.Dimensions = append(t.Spec.Dimensions, accessv1.TenantDimension{Name: "day", Values: []string{"Mon"}, Restrictions: accessv1.RestrictionsSynced})
			})
			return row{by: robot, was: mine, refused: "group lates would gain"}.beside(mine, of, waiting)
		}(),
		"changing a synced one": row{by: platform, was: was, is: is, refused: "is kept by Roster"}.beside(synced),
		"deleting a synced one": row{by: platform, was: synced, refused: "is kept by Roster"}.beside(synced),
		"changing a vendor's":   changed(platform, "abc.vendor", "is kept by Roster", values("abc", "xyz")),
		"deleting a vendor's":   deleted[*accessv1.Restriction](platform, "abc.vendor", "is kept by Roster"),
	})
}

func withDimension(name string) *accessv1.Tenant {
	return tenant("acme", func(t *accessv1.Tenant) {
		t.Spec.Dimensions = append(t.Spec.Dimensions, accessv1.TenantDimension{Name: name})
	})
}
