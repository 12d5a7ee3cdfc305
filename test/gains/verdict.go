package gains

import (
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Usernames that are nobody's User.
const (
	self    = "system:serviceaccount:roster-system:roster-manager"
	cleaner = "system:serviceaccount:kube-system:generic-garbage-collector"
	account = "system:serviceaccount:acme:robot"
)

// refusal is why a write has to be refused; empty: it has to be let through.
func (w *world) refusal() string {
	switch {
	case w.write.by == self, w.write.by == cleaner && w.cleans():
		return ""
	case w.write.forged:
		return "it claims what only Roster writes"
	}
	if why := w.rostersOwn(); why != "" || w.means() == "" {
		return why
	}
	return w.staying().refusalTo(w.requester())
}

// refusalTo is why somebody who writes what means something is refused.
func (w *world) refusalTo(by requester) string {
	after := w.acme.after(w.write)
	if why := w.userRule(after); why != "" {
		return why
	}
	vendor, _ := w.write.is.(*accessv1.Vendor)
	finally, afterwards := w.acme.settled(vendor), after.settled(vendor)
	if why := w.refusalAnyway(by, w.acme, after); why != "" {
		return why
	}
	if why := w.refusalAnyway(by, finally, afterwards); why != "" {
		return "in the end " + why
	}
	if contains(w.write.verbs, "escalate") {
		return ""
	}
	if why := w.refusalWithoutVerb(by); why != "" || w.isLetter() {
		return why
	}
	if why := w.escalation(by, w.acme, after); why != "" {
		return why
	}
	if why := w.escalation(by, finally, afterwards); why != "" {
		return "in the end " + why
	}
	return ""
}

// refusalAnyway is why holding everything does not help.
func (w *world) refusalAnyway(by requester, before, after *space) string {
	if role := w.protectedRole(before, after); role != "" {
		return "role " + role + " takes the verb bind"
	}
	if w.acme.problem() {
		return ""
	}
	if why := w.selfRule(by, before, after); why != "" && !contains(w.write.verbs, "escalate") {
		return why
	}
	if before.hasAdministrator() && !after.hasAdministrator() {
		return "nobody would administer the tenant"
	}
	return ""
}

func (w *world) isLetter() bool {
	_, ok := w.write.object().(*accessv1.Invitation)
	return ok
}

// refusalWithoutVerb is why it takes the verb escalate, whatever anybody gains.
func (w *world) refusalWithoutVerb(by requester) string {
	if w.acme.problem() {
		return "nobody holds anything in this tenant"
	}
	if w.write.is != nil && !sameOwners(w.write) {
		return "an owner decides when the cluster deletes"
	}
	if w.isLetter() {
		return w.invitationRule(by)
	}
	return ""
}

// cleans tells whether a write deletes, lets go of what holds a deletion up, or drops owners that are gone. What it says of
// those that stay is its affair.
func (w *world) cleans() bool {
	if w.write.is == nil || w.means() == "" {
		return true
	}
	if w.write.was == nil || !reflect.DeepEqual(spec(w.write.was), spec(w.write.is)) {
		return false
	}
	left := map[types.UID]bool{}
	for _, owner := range w.write.was.GetOwnerReferences() {
		left[owner.UID] = true
	}
	for _, owner := range w.write.is.GetOwnerReferences() {
		if !left[owner.UID] {
			return false
		}
	}
	return true
}

// means says what the write changes that anything depends on; empty: nothing.
func (w *world) means() string {
	switch {
	case w.write.was == nil:
		return "it is created"
	case w.write.is == nil:
		return "it is deleted"
	case !reflect.DeepEqual(spec(w.write.was), spec(w.write.is)):
		return "its spec changes"
	case !sameOwners(w.write):
		return "its owners change"
	default:
		return ""
	}
}

// sameOwners tells whether nobody becomes an owner by a write, nobody ceases to be one, and nothing else is said of one.
func sameOwners(w write) bool {
	var were []metav1.OwnerReference
	if w.was != nil {
		were = w.was.GetOwnerReferences()
	}
	are := w.is.GetOwnerReferences()
	return len(were) == len(are) && (len(are) == 0 || reflect.DeepEqual(were, are))
}

func spec(object client.Object) any {
	return reflect.ValueOf(object).Elem().FieldByName("Spec").Interface()
}

// rostersOwn keeps Roster's own objects, and the names of those that it will make.
func (w *world) rostersOwn() string {
	if w.write.was == nil {
		switch object := w.write.is.(type) {
		case *accessv1.UserGroup:
			if object.Spec.VendorRef != nil {
				return "only Roster makes groups of vendors"
			}
		case *accessv1.Role:
			if w.acme.predefined(object.Name) != nil {
				return "the name is a predefined role's"
			}
		}
		return ""
	}
	if metav1.GetControllerOf(w.write.was) == nil {
		return ""
	}
	was, isGroup := w.write.was.(*accessv1.UserGroup)
	is, stays := w.write.is.(*accessv1.UserGroup)
	switch {
	case w.write.is != nil && reflect.DeepEqual(spec(w.write.was), spec(w.write.is)):
		return "" // its owners are somebody else's affair
	case isGroup && stays:
		rest := is.Spec
		rest.Members, rest.Description = was.Spec.Members, was.Spec.Description
		if reflect.DeepEqual(was.Spec, rest) {
			return ""
		}
	}
	return "only Roster changes it"
}

// userRule is what holds for accounts, whoever asks.
func (w *world) userRule(after *space) string {
	was, _ := w.write.was.(*accessv1.User)
	is, _ := w.write.is.(*accessv1.User)
	switch {
	case was != nil && is == nil:
		if w.acme.tenant.Spec.UserRemoval == accessv1.RemovalRetain && was.Status.AcceptedEmail != "" {
			return "the tenant retains who has accepted"
		}
	case is == nil, is.Spec.Email == "", was != nil && key(was.Spec.Email) == key(is.Spec.Email):
		return ""
	case !after.allows(is.Spec.Email):
		return "the tenant does not allow the domain"
	default:
		for _, u := range after.users {
			if u.Name != is.Name && u.DeletionTimestamp == nil && key(u.Spec.Email) == key(is.Spec.Email) {
				return "somebody has the address"
			}
		}
	}
	return ""
}

// protectedRole is a role that the write assigns or touches, and that takes a verb which the requester lacks.
func (w *world) protectedRole(before, after *space) string {
	for _, name := range w.rolesTouched(before, after) {
		if before.protects(name) && !contains(w.write.verbs, "bind") && !contains(w.write.verbs, "bind "+name) {
			return name
		}
	}
	return ""
}

// rolesTouched are those of the groups that a user joins, those of a changed group, or of one in its place, a changed role,
// and those of the groups of a new vendor.
func (w *world) rolesTouched(before, after *space) []string {
	var names []string
	switch object := w.write.object().(type) {
	case *accessv1.User:
		names = w.rolesJoined(before, after)
	case *accessv1.UserGroup:
		if is := named(after.groups, object.Name); is != nil {
			names = append(roleNames(is), roleNames(named(before.groups, object.Name))...)
		}
	case *accessv1.Role:
		if w.write.was != nil {
			names = []string{object.Name}
		}
	case *accessv1.Vendor:
		if w.write.was == nil && w.acme.catalog != nil {
			group, _ := children(object)
			names = roleNames(group)
		}
	}
	return names
}

func (w *world) rolesJoined(before, after *space) []string {
	var names []string
	was, is := w.sidesOfUser()
	for _, g := range after.groups {
		retyped := was != nil && is != nil && was.Spec.Type != is.Spec.Type && after.listsFor(is, g.Name, Now) > 0
		if is != nil && (retyped || lasts(before, after, was, is, g.Name)) {
			names = append(names, roleNames(g)...)
		}
	}
	return names
}

// roleNames are a group's; nil has none.
func roleNames(g *accessv1.UserGroup) []string {
	if g == nil {
		return nil
	}
	var out []string
	for i := range g.Spec.Roles {
		out = append(out, g.Spec.Roles[i].Name)
	}
	return out
}

func (s *space) protects(name string) bool {
	role, of := named(s.roles, name), s.predefined(name)
	return role != nil && role.Spec.Protection == accessv1.ProtectionPlatform ||
		of != nil && of.Protection == accessv1.ProtectionPlatform
}

// sidesOfUser are the written user before and after; before, he is nobody if he had another address: who gets somebody's
// place gains all that he has.
func (w *world) sidesOfUser() (was, is *accessv1.User) {
	was, _ = w.write.was.(*accessv1.User)
	is, _ = w.write.is.(*accessv1.User)
	if was != nil && is != nil && key(was.Spec.Email) != key(is.Spec.Email) {
		was = nil
	}
	return was, is
}

// selfRule keeps people from harming themselves.
func (w *world) selfRule(by requester, before, after *space) string {
	if by.user == nil {
		return ""
	}
	me := named(after.users, by.user.Name)
	switch {
	case me == nil, me.Spec.State == accessv1.AccountInactive && w.write.object().GetName() == me.Name && isUser(w.write.object()):
		return "nobody removes himself"
	case before.hasAdministratorNamed(me.Name) && !after.hasAdministratorNamed(me.Name):
		return "nobody gives his own administration up"
	default:
		return ""
	}
}

func isUser(object client.Object) bool {
	_, ok := object.(*accessv1.User)
	return ok
}

func (s *space) hasAdministrator() bool { return slices.ContainsFunc(s.users, s.isAdministrator) }

func (s *space) hasAdministratorNamed(name string) bool {
	return s.isAdministrator(named(s.users, name))
}

func (s *space) isAdministrator(u *accessv1.User) bool {
	return s.administers(s.standing(u).does[0][0])
}

func (w *world) invitationRule(by requester) string {
	invitation, _ := w.write.object().(*accessv1.Invitation)
	if by.administers || by.user != nil && by.user.Name == invitation.Spec.UserRef.Name {
		return ""
	}
	return "invitations of others are for administrators"
}

// escalation is what anybody gains from one state of the namespace to another and the requester does not hold: a user;
// whoever may become a member of a group; and whoever may get a role by a group without restrictions.
func (w *world) escalation(by requester, before, after *space) string {
	gives := w.gives(by)
	for _, is := range after.users {
		was := named(before.users, is.Name)
		if written, ok := w.write.is.(*accessv1.User); ok && written == is {
			was, _ = w.sidesOfUser()
		}
		had, has := before.standing(was), after.standing(is)
		for _, gained := range []reach{
			has.does.without(had.does), has.once.without(had.once), has.ever.without(had.ever),
		} {
			if lacking := gained.without(gives); !lacking.empty() {
				return "user " + is.Name + " would gain " + (lacking[0] | lacking[1] | lacking[2]).String()
			}
		}
	}
	for _, userType := range userTypes {
		if why := w.escalationOf(userType, gives[forever], before, after); why != "" {
			return why
		}
	}
	return ""
}

// gives is what of his own somebody may give. Who manages users in a tenant that looks after another manages them in that one,
// too, and makes nobody else his like.
func (w *world) gives(by requester) reach {
	out := by.holds
	if w.client != nil {
		for era := range out {
			out[era] &^= universe.by[[2]string{"manage", administrated}]
		}
	}
	return out
}

// escalationOf is what those of a type would gain who may yet become members.
func (w *world) escalationOf(userType accessv1.UserType, held points, before, after *space) string {
	for _, is := range after.groups {
		was := named(before.groups, is.Name)
		gained := after.gives(is, userType, anyMember) &^ before.gives(was, userType, anyMember)
		if lacking := gained &^ held; lacking != 0 {
			return "members of group " + is.Name + " would gain " + lacking.String()
		}
	}
	if lacking := w.gainedByRole(userType, before, after) &^ held; lacking != 0 {
		return "who has the role would gain " + lacking.String()
	}
	return ""
}

var userTypes = []accessv1.UserType{accessv1.UserTypeEmployee, accessv1.UserTypeSelfService, accessv1.UserTypeRobot}

// gainedByRole asks what has a written role's name: when somebody's goes, Roster's may come.
func (w *world) gainedByRole(userType accessv1.UserType, before, after *space) points {
	written, ok := w.write.object().(*accessv1.Role)
	if !ok {
		return 0
	}
	is := living(after.roles, written.Name)
	if is == nil {
		return 0
	}
	gained := after.roleGives(is, userType, nil)
	if was := living(before.roles, written.Name); was != nil {
		gained &^= before.roleGives(was, userType, nil)
	}
	return gained
}
