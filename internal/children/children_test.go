package children

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func tenantOf(uid string) *accessv1.Tenant {
	return &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: types.UID(uid)}}
}

func ownedBy(uid string, controller bool) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "Tenant", Name: "acme", UID: types.UID(uid),
		Controller: ptr.To(controller), BlockOwnerDeletion: ptr.To(true),
	}
}

// role has a title; changes make it another.
func role(name, title string, changes ...func(*accessv1.Role)) *accessv1.Role {
	out := &accessv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name}, Spec: accessv1.RoleSpec{DisplayName: title}}
	for _, change := range changes {
		change(out)
	}
	return out
}

func owned(owners ...metav1.OwnerReference) func(*accessv1.Role) {
	return func(r *accessv1.Role) { r.OwnerReferences = owners }
}

func labelled(labels map[string]string) func(*accessv1.Role) {
	return func(r *accessv1.Role) { r.Labels = labels }
}

func described(r *accessv1.Role) { r.Spec.Description = "People's own." }

func terminating(r *accessv1.Role) {
	r.DeletionTimestamp, r.Finalizers = ptr.To(metav1.Unix(1, 0)), []string{"test.example/hold"}
}

// bringTitle owns the title and nothing else.
func bringTitle(to, wanted *accessv1.Role) { to.Spec.DisplayName = wanted.Spec.DisplayName }

// summary is a plan in names, and in what changed children become.
type summary struct {
	Create, Keep, Conflicts, Delete []string
	Change                          []*accessv1.Role
}

func summarise(p plan[*accessv1.Role]) summary {
	out := summary{Keep: p.keep, Conflicts: p.conflicts}
	for _, r := range p.create {
		out.Create = append(out.Create, r.Name)
	}
	for _, c := range p.change {
		out.Change = append(out.Change, c.to)
	}
	for _, r := range p.remove {
		out.Delete = append(out.Delete, r.Name)
	}
	return out
}

func TestThePlanMakesTheStoredChildrenTheWantedOnes(t *testing.T) {
	ours, another, notController := owned(ownedBy("1", true)), owned(ownedBy("2", true)), owned(ownedBy("1", false))
	mark := map[string]string{"kept": "yes"}
	tests := map[string]struct {
		wanted, stored []*accessv1.Role
		want           summary
	}{
		"nothing wanted, nothing there": {},
		"missing ones are created, in the order of their names": {
			wanted: []*accessv1.Role{role("b", "B"), role("a", "A")},
			want:   summary{Create: []string{"a", "b"}},
		},
		"what is as wanted is kept": {
			wanted: []*accessv1.Role{role("a", "A", labelled(mark))}, stored: []*accessv1.Role{role("a", "A", ours, labelled(mark))},
			want: summary{Keep: []string{"a"}},
		},
		"what is not Roster's in a child is left alone": {
			wanted: []*accessv1.Role{role("a", "A", labelled(mark))},
			stored: []*accessv1.Role{role("a", "A", ours, described, labelled(map[string]string{"kept": "yes", "team": "shop"}))},
			want:   summary{Keep: []string{"a"}},
		},
		"drift in the spec is reverted, and what is not Roster's stays": {
			wanted: []*accessv1.Role{role("a", "A")}, stored: []*accessv1.Role{role("a", "Drifted", ours, described, labelled(map[string]string{"team": "shop"}))},
			want: summary{Change: []*accessv1.Role{role("a", "A", ours, described, labelled(map[string]string{"team": "shop"}))}},
		},
		"drift in a label is reverted, and other labels stay": {
			wanted: []*accessv1.Role{role("a", "A", labelled(mark))}, stored: []*accessv1.Role{role("a", "A", ours, labelled(map[string]string{"kept": "no", "team": "shop"}))},
			want: summary{Change: []*accessv1.Role{role("a", "A", ours, labelled(map[string]string{"kept": "yes", "team": "shop"}))}},
		},
		"labels that are gone come back": {
			wanted: []*accessv1.Role{role("a", "A", labelled(mark))}, stored: []*accessv1.Role{role("a", "A", ours)},
			want: summary{Change: []*accessv1.Role{role("a", "A", ours, labelled(mark))}},
		},
		"children that nobody wants are deleted": {
			stored: []*accessv1.Role{role("b", "B", ours), role("a", "A", ours)},
			want:   summary{Delete: []string{"a", "b"}},
		},
		"children on their way out are not deleted again": {
			stored: []*accessv1.Role{role("a", "A", ours, terminating)},
		},
		"somebody else's objects are left alone": {
			stored: []*accessv1.Role{role("a", "A"), role("b", "B", another), role("c", "C", notController)},
		},
		"somebody else's object under a wanted name is a conflict": {
			wanted: []*accessv1.Role{role("c", "C"), role("b", "B"), role("a", "A"), role("d", "D")},
			stored: []*accessv1.Role{role("a", "A"), role("b", "B", another), role("c", "C", notController)},
			want:   summary{Create: []string{"d"}, Conflicts: []string{"a", "b", "c"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := []any{copies(test.wanted), copies(test.stored)}
			got := planFor(tenantOf("1"), test.wanted, test.stored, bringTitle)
			if diff := cmp.Diff(test.want, summarise(got)); diff != "" {
				t.Errorf("another plan (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, []any{test.wanted, test.stored}); diff != "" {
				t.Errorf("planning changed what it was given (-before +after):\n%s", diff)
			}
		})
	}
}

func copies(roles []*accessv1.Role) []*accessv1.Role {
	var out []*accessv1.Role
	for _, r := range roles {
		out = append(out, r.DeepCopy())
	}
	return out
}
