package main

import (
	"encoding/json"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// write is one write, who asks for it, and what is expected of it.
type write struct {
	name, by string
	was, is  client.Object
	allowed  bool
	// large says that it touches ten thousand users or a thousand groups.
	large bool
}

func (w write) target() time.Duration {
	if w.large {
		return 250 * time.Millisecond
	}
	return 5 * time.Millisecond
}

func (w write) rounds(short bool) int {
	rounds := 5_000
	if w.large {
		rounds = 100
	}
	if short {
		rounds /= 10
	}
	return rounds
}

// writes are those that are measured.
func writes(s size, objects []client.Object) []write {
	anybody, clerk := pick[*accessv1.User](objects, userName(7)), pick[*accessv1.Role](objects, "clerk")
	joins := func(group string) func(*accessv1.User) {
		return func(u *accessv1.User) {
			u.Spec.Groups = append(u.Spec.Groups[:len(u.Spec.Groups):len(u.Spec.Groups)], accessv1.GroupMembership{Name: group})
		}
	}
	enter := func(g *accessv1.UserGroup) { g.Spec.Members = everybody(s) }
	leaves := func(g *accessv1.UserGroup) { g.Spec.Members = g.Spec.Members[1:] }
	wider := func(r *accessv1.Role) { r.Spec.Rules = rules(accessv1.LevelManage, "*") }
	of := func(name string) *accessv1.UserGroup { return pick[*accessv1.UserGroup](objects, name) }
	gives := func(g *accessv1.UserGroup) { g.Spec.Roles = refs("clerk", "owner") }
	rows := []write{
		changed("one user joins a group, let through", admin, anybody, true, joins(large)),
		changed("one user joins a group, refused", nobody, anybody, false, joins(owners)),
		changed("one user gets another name", nobody, anybody, true, func(u *accessv1.User) { u.Spec.FirstName = "Kim" }),
		{name: "one user is created", by: admin, is: user("new", large, crowdName(3)), allowed: true},
		{name: "one user is deleted", by: admin, was: anybody, allowed: true},
		changed("one joins a crowd's group by its list", admin, of(crowdName(3)), true, func(g *accessv1.UserGroup) {
			g.Spec.Members = append(g.Spec.Members[:len(g.Spec.Members):len(g.Spec.Members)], accessv1.GroupMember{Name: userName(7)})
		}),
	}
	many := []write{
		changed("10,000 join what the requester holds", admin, of(large), true, enter),
		changed("10,000 join what they hold already, and he does not", nobody, of(large), true, enter),
		changed("10,000 join what neither holds, refused", nobody, of(owners), false, enter),
		changed("one leaves a group of 10,000", nobody, of(full), true, leaves),
		changed("one leaves a group of 10,000 who read everything", admin, of(viewers), true, leaves),
		changed("a group of 10,000 gets a role", admin, of(full), true, gives),
		changed("a group of 10,000 gets a role, refused", nobody, of(full), false, gives),
		{name: "a group of 10,000 is deleted", by: admin, was: of(viewers), allowed: true},
		changed("a role of 1,000 groups and 10,000 users gives more", admin, clerk, true, wider),
		changed("a role of 1,000 groups and 10,000 users gives more, refused", nobody, clerk, false, wider),
		{name: "a role of 1,000 groups is deleted", by: nobody, was: clerk, allowed: true},
		{name: "a restriction of 1,000 groups is deleted", by: nobody, was: pick[*accessv1.Restriction](objects, "site.de"), allowed: true},
		changed("a restriction of 1,000 groups is loosened", admin, pick[*accessv1.Restriction](objects, "site.de"), true, func(r *accessv1.Restriction) {
			r.Spec.Values = &[]string{"DE", "FR"}
		}),
		{name: "a vendor of 10,000 is deleted", by: nobody, was: pick[*accessv1.Vendor](objects, "abc"), allowed: true},
		changed("10,000 leave a vendor's group", nobody, of("abc.vendor.editor"), true, func(g *accessv1.UserGroup) { g.Spec.Members = nil }),
	}
	for _, w := range many {
		w.large = true
		rows = append(rows, w)
	}
	return rows
}

func changed[T client.Object](name, by string, object T, allowed bool, change func(T)) write {
	is, _ := object.DeepCopyObject().(T)
	change(is)
	return write{name: name, by: by, was: object, is: is, allowed: allowed}
}

func pick[T client.Object](objects []client.Object, name string) T {
	for _, object := range objects {
		if typed, ok := object.(T); ok && object.GetName() == name {
			return typed
		}
	}
	panic("nothing is called " + name)
}

// request is the write as the API server sends it.
func (w write) request() (admission.Request, error) {
	object, operation := w.is, admissionv1.Update
	switch {
	case w.was == nil:
		operation = admissionv1.Create
	case w.is == nil:
		object, operation = w.was, admissionv1.Delete
	}
	out := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: operation, UserInfo: authenticationv1.UserInfo{Username: w.by}, Name: object.GetName(), Namespace: object.GetNamespace(),
		Kind:     metav1.GroupVersionKind(accessv1.SchemeGroupVersion.WithKind(kindOf(object))),
		Resource: metav1.GroupVersionResource(accessv1.SchemeGroupVersion.WithResource(pluralOf(object))),
	}}
	for side, into := range map[client.Object]*runtime.RawExtension{w.was: &out.OldObject, w.is: &out.Object} {
		if side == nil {
			continue
		}
		raw, err := json.Marshal(side)
		if err != nil {
			return out, err
		}
		into.Raw = raw
	}
	return out, nil
}
