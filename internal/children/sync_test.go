package children

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

var roles = schema.GroupResource{Group: accessv1.SchemeGroupVersion.Group, Resource: "roles"}

func invalid(name string) error {
	kind := schema.GroupKind{Group: accessv1.SchemeGroupVersion.Group, Kind: "Role"}
	return apierrors.NewInvalid(kind, name, field.ErrorList{field.Required(field.NewPath("spec"), "")})
}

func forbidden(name string) error {
	return apierrors.NewForbidden(roles, name, errors.New("exceeded quota"))
}

func goingNamespace(name string) error {
	err := apierrors.NewForbidden(roles, name, errors.New("the namespace is being terminated"))
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	return err
}

// recorder is a client over stored roles that notes every write, and fails those of a role with an answer for it.
type recorder struct {
	client.Client
	writes  []string
	answers map[string]error
}

func newRecorder(t *testing.T, answers map[string]error, stored ...client.Object) *recorder {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	r := &recorder{answers: answers}
	note := func(verb string, object client.Object, details ...string) error {
		r.writes = append(r.writes, strings.Join(append([]string{verb, object.GetName()}, details...), " "))
		return r.answers[object.GetName()]
	}
	r.Client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(stored...).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			var all client.CreateOptions
			all.ApplyOptions(options)
			if err := note("create", object, "as", all.FieldManager); err != nil {
				return err
			}
			return c.Create(ctx, object, options...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			var all client.PatchOptions
			all.ApplyOptions(options)
			data, err := patch.Data(object)
			if err := errors.Join(err, note("patch", object, "as", all.FieldManager, string(data))); err != nil {
				return err
			}
			return c.Patch(ctx, object, patch, options...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.DeleteOption) error {
			var all client.DeleteOptions
			all.ApplyOptions(options)
			if err := note("delete", object, "of", string(*all.Preconditions.UID)); err != nil {
				return err
			}
			return c.Delete(ctx, object, options...)
		},
	}).Build()
	return r
}

func identified(uid string) func(*accessv1.Role) {
	return func(r *accessv1.Role) { r.UID, r.ResourceVersion = types.UID(uid), "7" }
}

func TestAPlanIsCarriedOutAndWhatFailsDoesNotKeepTheRestFromHappening(t *testing.T) {
	ours := owned(ownedBy("1", true))
	full := func() plan[*accessv1.Role] {
		drifted := role("c", "Drifted", ours, identified("u-c"))
		mended := drifted.DeepCopy()
		mended.Spec.DisplayName = "C"
		return plan[*accessv1.Role]{
			create: []*accessv1.Role{role("a", "A"), role("b", "B")}, change: []change[*accessv1.Role]{{drifted, mended}},
			remove: []*accessv1.Role{role("d", "D", ours, identified("u-d"))}, keep: []string{"z"}, conflicts: []string{"y"},
		}
	}
	everything := []string{
		"create a as roster", "create b as roster",
		`patch c as roster {"metadata":{"resourceVersion":"7"},"spec":{"displayName":"C"}}`, "delete d of u-d",
	}
	tests := map[string]struct {
		answers map[string]error
		want    Outcome
		err     string
	}{
		"all goes well":                  {nil, Outcome{Kept: []string{"a", "b", "c", "z"}, Conflicts: []string{"y"}}, ""},
		"a child that breaks a rule":     {map[string]error{"a": invalid("a")}, Outcome{Kept: []string{"b", "c", "z"}, Conflicts: []string{"y"}, Refused: []string{invalid("a").Error()}}, ""},
		"a change that breaks a rule":    {map[string]error{"c": invalid("c")}, Outcome{Kept: []string{"a", "b", "z"}, Conflicts: []string{"y"}, Refused: []string{invalid("c").Error()}}, ""},
		"a quota or policy":              {map[string]error{"b": forbidden("b")}, Outcome{Kept: []string{"a", "c", "z"}, Conflicts: []string{"y"}, Refused: []string{forbidden("b").Error()}}, ""},
		"a namespace on its way out":     {map[string]error{"a": goingNamespace("a")}, Outcome{Kept: []string{"b", "c", "z"}, Conflicts: []string{"y"}}, "could not write a: "},
		"an API server that is down":     {map[string]error{"a": errors.New("connection refused")}, Outcome{Kept: []string{"b", "c", "z"}, Conflicts: []string{"y"}}, "could not write a: connection refused"},
		"somebody who was faster":        {map[string]error{"c": apierrors.NewConflict(roles, "c", nil)}, Outcome{Kept: []string{"a", "b", "z"}, Conflicts: []string{"y"}}, "could not write c: "},
		"a child that is gone already":   {map[string]error{"d": apierrors.NewNotFound(roles, "d")}, Outcome{Kept: []string{"a", "b", "c", "z"}, Conflicts: []string{"y"}}, ""},
		"a later child of the same name": {map[string]error{"d": apierrors.NewConflict(roles, "d", nil)}, Outcome{Kept: []string{"a", "b", "c", "z"}, Conflicts: []string{"y"}}, "could not write d: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := full()
			r := newRecorder(t, test.answers, p.change[0].from.DeepCopy(), p.remove[0].DeepCopy())
			got, err := carryOut(t.Context(), r, p)
			if (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("got the error %v, not %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("another outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(everything, r.writes); diff != "" {
				t.Errorf("other writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSyncLeavesTheWantedChildrenStoredAndTheSecondTimeWritesNothing(t *testing.T) {
	ours := owned(ownedBy("1", true))
	r := newRecorder(t, nil,
		role("drifted", "Drifted", ours, described), role("unwanted", "Unwanted", ours), role("spared", "Spared", ours),
		role("foreign", "Foreign"), role("elsewhere", "Elsewhere", ours, func(r *accessv1.Role) { r.Namespace = "globex" }))
	sync := func() (Outcome, error) {
		return Sync(t.Context(), client.Client(r.Client), Set[*accessv1.Role]{
			Owner: tenantOf("1"), Namespace: "acme", List: &accessv1.RoleList{}, Bring: bringTitle,
			Wanted: []*accessv1.Role{
				role("new", "New", labelled(map[string]string{"mark": "yes"})), role("drifted", "As wanted"), role("foreign", "Mine"),
			},
			Spare: func(r *accessv1.Role) bool { return r.Name == "spared" },
		})
	}
	want := Outcome{Kept: []string{"drifted", "new"}, Conflicts: []string{"foreign"}}
	for round, writes := range []int{3, 3} {
		got, err := sync()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d: another outcome (-want +got):\n%s", round+1, diff)
		}
		if len(r.writes) != writes {
			t.Errorf("round %d: there were %d writes until now, not %d: %v", round+1, len(r.writes), writes, r.writes)
		}
	}
	managed := map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster}
	marked := map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster, "mark": "yes"}
	wantStored := []*accessv1.Role{
		role("drifted", "As wanted", ours, described, labelled(managed)), role("foreign", "Foreign"),
		role("new", "New", ours, labelled(marked)), role("spared", "Spared", ours),
	}
	if diff := cmp.Diff(wantStored, storedIn(t, r, "acme")); diff != "" {
		t.Errorf("other roles are stored (-want +got):\n%s", diff)
	}
	if len(storedIn(t, r, "globex")) != 1 {
		t.Error("a role of another namespace is gone")
	}
}

func storedIn(t *testing.T, c client.Client, namespace string) []*accessv1.Role {
	t.Helper()
	list := &accessv1.RoleList{}
	if err := c.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	var out []*accessv1.Role
	for i := range list.Items {
		list.Items[i].ResourceVersion = ""
		out = append(out, &list.Items[i])
	}
	slices.SortFunc(out, func(a, b *accessv1.Role) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func TestAnOutcomeSaysWhatIsWrongAndWhenToLookAgain(t *testing.T) {
	tests := map[string]struct {
		one, other      Outcome
		reason, message string
		next            time.Duration
	}{
		"nothing is wrong": {one: Outcome{Kept: []string{"a"}}, other: Outcome{Kept: []string{"b"}}},
		"names of both, sorted": {
			one: Outcome{Conflicts: []string{"b"}}, other: Outcome{Conflicts: []string{"a"}}, reason: accessv1.ReasonNameConflict,
			message: "These objects were not made by Roster for this vendor, and are left alone: a, b; rename or delete them",
		},
		"what was refused": {
			one: Outcome{Refused: []string{"no"}}, other: Outcome{Refused: []string{"never"}}, reason: accessv1.ReasonRefused,
			message: "The API server refused: no; never", next: time.Minute,
		},
		"conflicts come first, and what was refused is tried again": {
			one: Outcome{Refused: []string{"no"}}, other: Outcome{Conflicts: []string{"a"}}, reason: accessv1.ReasonNameConflict,
			message: "These objects were not made by Roster for this vendor, and are left alone: a; rename or delete them", next: time.Minute,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			both := test.one.And(test.other)
			if reason, message := both.Problem("vendor"); reason != test.reason || message != test.message {
				t.Errorf("got %s: %s", reason, message)
			}
			if next := both.Next().RequeueAfter; next != test.next {
				t.Errorf("looks again after %s, not %s", next, test.next)
			}
		})
	}
}
