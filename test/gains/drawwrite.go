package gains

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// ask draws who writes what.
func (d *dice) ask(w *world) {
	w.write.was, w.write.is = d.change(w.acme)
	w.write.by = d.requester()
	if d.oneIn(12) {
		w.write.verbs = some(d, 2, "escalate", "bind", "bind partner", "bind r0")
	}
	switch d.IntN(64) {
	case 0, 1:
		d.forge(w)
	case 2:
		d.own(w.write)
	}
}

func (d *dice) requester() string {
	switch d.IntN(40) {
	case 0:
		return self
	case 1:
		return cleaner
	case 2:
		return account
	case 3:
		return one(d, "u0@acme.example", "oidc:OIDC:u0@acme.example", "oidc:", "system:anonymous", "oidc:nobody@acme.example")
	case 4, 5, 6:
		return usernamePrefix + one(d, partnerNames...) + "@agency.example"
	case 7, 8, 9, 10:
		return usernamePrefix + one(d, userNames...) + "@acme.example"
	case 11:
		return usernamePrefix + "U0@ACME.example"
	default:
		return usernamePrefix + "u0@acme.example"
	}
}

// change draws both sides of a write: one object is drawn anew, one thing of it changes, or it is deleted. What is not
// there is created.
func (d *dice) change(s *space) (was, is client.Object) {
	switch d.IntN(20) {
	case 0, 1, 2, 3, 4, 5, 6:
		name := one(d, userNames...)
		return changed(d, named(s.users, name), d.user(s, name), d.tweakUser)
	case 7, 8, 9, 10, 11, 12:
		name := one(d, groupNames...)
		if d.oneIn(3) {
			name = one(d, vendorGroups...)
		}
		return changed(d, named(s.groups, name), d.group(s, name), d.tweakGroup)
	case 13, 14:
		name := one(d, "r0", "r1", "r2", "r0", "r1", "r2", "owner", "vendor.editor")
		return changed(d, named(s.roles, name), d.role(s, name), d.tweakRole)
	case 15, 16:
		name := one(d, "x0", "x1", "x2", "x0", "x1", "x2", "v0.vendor", "v1.vendor", "site.de")
		return changed(d, named(s.restrictions, name), d.restriction(s, name), tweakRestriction)
	case 17, 18:
		name := one(d, vendorNames...)
		return changed(d, named(s.vendors, name), d.vendor(s, name), nil)
	default:
		name := one(d, userNames...)
		invitation := &accessv1.Invitation{ObjectMeta: d.meta(s, "asked"), Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: name}}}
		if d.oneIn(2) {
			return invitation, nil
		}
		return nil, invitation
	}
}

// changed makes the sides of a write from the stored object and one that is drawn anew, of which a tweak takes one field.
func changed[T any, P interface {
	*T
	client.Object
}](d *dice, stored, drawn P, tweak func(of, from P)) (was, is client.Object) {
	if stored == nil {
		drawn.SetCreationTimestamp(metav1.Time{Time: Now})
		return nil, drawn
	}
	switch {
	case d.oneIn(6):
		return stored, nil
	case d.oneIn(24):
		same := *stored // nothing that anything depends on
		P(&same).SetAnnotations(map[string]string{"team": "shop"})
		return stored, P(&same)
	case tweak != nil && !d.oneIn(4):
		same := *stored
		tweak(P(&same), drawn)
		return stored, P(&same)
	}
	drawn.SetUID(stored.GetUID())
	drawn.SetCreationTimestamp(stored.GetCreationTimestamp())
	drawn.SetDeletionTimestamp(stored.GetDeletionTimestamp())
	drawn.SetOwnerReferences(stored.GetOwnerReferences())
	return stored, keepStatus(stored, drawn)
}

// keepStatus: a status is not written with its object.
func keepStatus(stored, drawn client.Object) client.Object {
	if was, ok := stored.(*accessv1.User); ok {
		if is, ok := drawn.(*accessv1.User); ok {
			is.Status = was.Status
		}
	}
	return drawn
}

func (d *dice) tweakUser(u, from *accessv1.User) {
	switch d.IntN(9) {
	case 0:
		u.Spec.Type = from.Spec.Type
	case 1:
		u.Spec.State = from.Spec.State
	case 2:
		u.Spec.Onboarding = from.Spec.Onboarding
	case 3:
		u.Spec.Attributes = from.Spec.Attributes
	case 4:
		u.Spec.Email = from.Spec.Email
	case 5:
		u.Spec.FirstName = "Kim"
	case 6: // one end changes
		u.Spec.Groups = append([]accessv1.GroupMembership(nil), u.Spec.Groups...)
		if n := len(u.Spec.Groups); n > 0 {
			u.Spec.Groups[d.IntN(n)].Until = d.end()
		}
	default:
		u.Spec.Groups = from.Spec.Groups
	}
}

func (d *dice) tweakGroup(g, from *accessv1.UserGroup) {
	switch d.IntN(8) {
	case 0:
		g.Spec.Access = from.Spec.Access
	case 1:
		g.Spec.Roles = from.Spec.Roles
	case 2:
		g.Spec.Restrictions = from.Spec.Restrictions
	case 3:
		g.Spec.Description = "ours"
	case 4: // one end changes
		g.Spec.Members = append([]accessv1.GroupMember(nil), g.Spec.Members...)
		if n := len(g.Spec.Members); n > 0 {
			g.Spec.Members[d.IntN(n)].Until = d.end()
		}
	default:
		g.Spec.Members = from.Spec.Members
	}
}

func (d *dice) tweakRole(r, from *accessv1.Role) {
	switch d.IntN(4) {
	case 0:
		r.Spec.Protection = from.Spec.Protection
	case 1:
		r.Spec.UserTypes = from.Spec.UserTypes
	default:
		r.Spec.Rules = from.Spec.Rules
	}
}

func tweakRestriction(r, from *accessv1.Restriction) {
	if r.Spec.Dimension == from.Spec.Dimension {
		r.Spec.Values, r.Spec.ValuesFrom = from.Spec.Values, from.Spec.ValuesFrom
	}
}

// own lets an object get an owner that is none of Roster's kinds, lose one, or say something else of one.
func (d *dice) own(w write) {
	if w.is == nil {
		return
	}
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "shop", UID: "shop"}
	other := owner
	switch d.IntN(4) {
	case 0:
		other.Name = "nothing"
	case 1:
		other.APIVersion = "nowhere.example/v1"
	case 2:
		addOwner(w.is, owner)
		return
	default:
		if w.was != nil {
			addOwner(w.was, owner)
		}
		return
	}
	addOwner(w.is, other)
	if w.was != nil {
		addOwner(w.was, owner)
	}
}

func addOwner(object client.Object, owner metav1.OwnerReference) {
	owners := object.GetOwnerReferences()
	object.SetOwnerReferences(append(owners[:len(owners):len(owners)], owner))
}

// forge claims something of Roster's: a label, a finalizer that comes or goes, or an owner. It is drawn for what somebody
// creates or changes.
func (d *dice) forge(w *world) {
	object := w.write.is
	if _, invitation := object.(*accessv1.Invitation); object == nil || invitation || w.write.by == self || w.write.by == cleaner {
		return
	}
	w.write.forged = true
	switch d.IntN(3) {
	case 0:
		object.SetLabels(map[string]string{accessv1.LabelPredefined: "true"})
	case 1:
		if w.write.was != nil && d.oneIn(2) {
			object = w.write.was
		}
		object.SetFinalizers(append(object.GetFinalizers()[:len(object.GetFinalizers()):len(object.GetFinalizers())], "access.roster.dev/held"))
	default:
		of := d.vendor(w.acme, "v0")
		object.SetOwnerReferences(append(object.GetOwnerReferences()[:len(object.GetOwnerReferences()):len(object.GetOwnerReferences())],
			*metav1.NewControllerRef(of, accessv1.SchemeGroupVersion.WithKind("Vendor"))))
	}
}
