package gains

import (
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	case w.write.by == self:
		return ""
	case w.write.by == cleaner && (w.write.is == nil || w.means() == ""):
		return ""
	case w.write.forged:
		return "it claims what only Roster writes"
	}
	if why := w.rostersOwn(); why != "" || w.means() == "" {
		return why
	}
	after, by := w.acme.after(w.write), w.requester()
	escalates := contains(w.write.verbs, "escalate")
	if why := w.userRule(after); why != "" {
		return why
	}
	if role := w.protectedRole(after); role != "" {
		return "role " + role + " takes the verb bind"
	}
	if !w.acme.problem() {
		if why := w.selfRule(by, after); why != "" && !escalates {
			return why
		}
		if w.acme.hasAdministrator() && !after.hasAdministrator() {
			return "nobody would administer the tenant"
		}
	}
	switch {
	case escalates:
		return ""
	case w.acme.problem():
		return "nobody holds anything in this tenant"
	}
	if _, ok := w.write.object().(*accessv1.Invitation); ok {
		return w.invitationRule(by)
	}
	return w.escalation(by, after)
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
	default:
		return ""
	}
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
	case w.means() == "":
		return ""
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
func (w *world) protectedRole(after *space) string {
	var names []string
	switch object := w.write.object().(type) {
	case *accessv1.User:
		was, is := w.sidesOfUser()
		for _, g := range after.groups {
			if is != nil && lasts(w.acme, after, was, is, g.Name) {
				names = append(names, roleNames(g)...)
			}
		}
	case *accessv1.UserGroup:
		if w.write.is != nil {
			names = roleNames(object)
			if was, ok := w.write.was.(*accessv1.UserGroup); ok {
				names = append(names, roleNames(was)...)
			}
		}
	case *accessv1.Role:
		if w.write.was != nil {
			names = []string{object.Name}
		}
	}
	for _, name := range names {
		if w.acme.protects(name) && !contains(w.write.verbs, "bind") && !contains(w.write.verbs, "bind "+name) {
			return name
		}
	}
	return ""
}

func roleNames(g *accessv1.UserGroup) []string {
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
func (w *world) selfRule(by requester, after *space) string {
	if by.user == nil {
		return ""
	}
	me := named(after.users, by.user.Name)
	switch {
	case me == nil, me.Spec.State == accessv1.AccountInactive && w.write.object().GetName() == me.Name && isUser(w.write.object()):
		return "nobody removes himself"
	case by.administers && !after.administers(after.standing(me).does[0][0]):
		return "nobody gives his own administration up"
	default:
		return ""
	}
}

func isUser(object client.Object) bool {
	_, ok := object.(*accessv1.User)
	return ok
}

func (s *space) hasAdministrator() bool {
	return slices.ContainsFunc(s.users, func(u *accessv1.User) bool { return s.administers(s.standing(u).does[0][0]) })
}

func (w *world) invitationRule(by requester) string {
	invitation, _ := w.write.object().(*accessv1.Invitation)
	if by.administers || by.user != nil && by.user.Name == invitation.Spec.UserRef.Name {
		return ""
	}
	return "invitations of others are for administrators"
}

// escalation is what anybody gains and the requester does not hold: a user; whoever may become a member of a group; and
// whoever may get a role by a group without restrictions.
func (w *world) escalation(by requester, after *space) string {
	for _, is := range after.users {
		was := named(w.acme.users, is.Name)
		if written, ok := w.write.is.(*accessv1.User); ok && written == is {
			was, _ = w.sidesOfUser()
		}
		before, now := w.acme.standing(was), after.standing(is)
		for _, gained := range []reach{
			now.does.without(before.does), now.once.without(before.once), now.ever.without(before.ever),
		} {
			if lacking := gained.without(by.holds); !lacking.empty() {
				return "user " + is.Name + " would gain " + (lacking[0] | lacking[1] | lacking[2]).String()
			}
		}
	}
	held := by.holds[forever]
	for _, userType := range userTypes {
		for _, is := range after.groups {
			was := named(w.acme.groups, is.Name)
			gained := after.gives(is, userType, anyMember) &^ w.acme.gives(was, userType, anyMember)
			if lacking := gained &^ held; lacking != 0 {
				return "members of group " + is.Name + " would gain " + lacking.String()
			}
		}
		if lacking := w.gainedByRole(after, userType) &^ held; lacking != 0 {
			return "who has the role would gain " + lacking.String()
		}
	}
	return ""
}

var userTypes = []accessv1.UserType{accessv1.UserTypeEmployee, accessv1.UserTypeSelfService, accessv1.UserTypeRobot}

func (w *world) gainedByRole(after *space, userType accessv1.UserType) points {
	is, ok := w.write.is.(*accessv1.Role)
	if !ok || is.DeletionTimestamp != nil {
		return 0
	}
	gained := after.roleGives(is, userType, nil)
	if was := living(w.acme.roles, is.Name); was != nil {
		gained &^= w.acme.roleGives(was, userType, nil)
	}
	return gained
}
