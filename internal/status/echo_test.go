package status

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// TestOnlyTheEchoIsUnheard writes a user's status, lets the watch bring something, and tells whether it is looked at.
func TestOnlyTheEchoIsUnheard(t *testing.T) {
	t.Parallel()
	orders := []accessv1.AccessEntry{{Resources: []string{"orders"}, Level: accessv1.LevelRead}}
	written := func(changes ...func(*accessv1.User)) *accessv1.User {
		user := &accessv1.User{
			ObjectMeta: metav1.ObjectMeta{Name: "ana", UID: "uid", Generation: 3},
			Status:     accessv1.UserStatus{State: accessv1.UserActive, ObservedGeneration: 3, EffectiveAccess: orders},
		}
		for _, change := range changes {
			change(user)
		}
		return user
	}
	for sentence, c := range map[string]struct {
		comes *accessv1.User
		heard bool
	}{
		"the status that was written, at a later version": {written(func(u *accessv1.User) { u.ResourceVersion = "9" }), false},
		"the same with another label":                     {written(func(u *accessv1.User) { u.Labels = map[string]string{"colour": "red"} }), false},
		"a later generation":                              {written(func(u *accessv1.User) { u.Generation = 4 }), true},
		"another state":                                   {written(func(u *accessv1.User) { u.Status.State = accessv1.UserInactive }), true},
		"less access":                                     {written(func(u *accessv1.User) { u.Status.EffectiveAccess = nil }), true},
		"a later user of that name":                       {written(func(u *accessv1.User) { u.UID = "another" }), true},
	} {
		for _, form := range []string{"whole", "slim"} {
			e, comes := &Echoes{}, c.comes.DeepCopy()
			if form == "slim" {
				if _, err := Slim(comes); err != nil {
					t.Fatal(err)
				}
			}
			e.Expect(written())
			if heard := e.Unheard().Update(event.UpdateEvent{ObjectOld: written(), ObjectNew: comes}); heard != c.heard {
				t.Errorf("%s, %s: heard %v", sentence, form, heard)
			}
		}
	}
}

func TestAnEchoIsExpectedOnce(t *testing.T) {
	t.Parallel()
	user := &accessv1.User{ObjectMeta: metav1.ObjectMeta{UID: "uid"}}
	update := event.UpdateEvent{ObjectOld: user, ObjectNew: user}
	for sentence, before := range map[string]func(*Echoes){
		"nothing was written":  func(*Echoes) {},
		"it has come already":  func(e *Echoes) { e.Expect(user); e.Unheard().Update(update) },
		"the write has failed": func(e *Echoes) { e.Expect(user); e.Take(client.ObjectKeyFromObject(user)) },
	} {
		e := &Echoes{}
		before(e)
		if !e.Unheard().Update(update) {
			t.Errorf("%s: not heard", sentence)
		}
		if len(e.expected) != 0 {
			t.Errorf("%s: still expected", sentence)
		}
	}
}
