package binding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

// newBinder is one over a cluster in memory, with tenant acme, its partner agency, and the users given.
func newBinder(t *testing.T, users ...client.Object) *Binder {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(append(users, tenant("acme", "agency"), tenant("agency", ""),
		&accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}})...)
	for _, i := range index.All() {
		builder = builder.WithIndex(i.Object, i.Key, i.Extract)
	}
	c := builder.Build()
	return &Binder{Graph: graph.New(c, c), UsernamePrefix: "oidc:", Guarded: true}
}

func tenant(name, partner string) *accessv1.Tenant {
	out := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: accessv1.TenantSpec{
		CatalogRef: accessv1.Reference{Name: "shop"}, Onboarding: accessv1.Onboarding{Mode: accessv1.OnboardingNone},
	}}
	if partner != "" {
		out.Spec.ManagedBy = &accessv1.Reference{Name: partner}
	}
	return out
}

// user is one whose status speaks of him as he is.
func user(namespace, name string, level accessv1.Level, changes ...func(*accessv1.User)) *accessv1.User {
	out := &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Generation: 1},
		Spec:       accessv1.UserSpec{Email: name + "@" + namespace + ".example"},
		Status:     accessv1.UserStatus{ObservedGeneration: 1, Administration: level},
	}
	for _, change := range changes {
		change(out)
	}
	return out
}

func changed(u *accessv1.User) { u.Generation++ }

func spelled(email string) func(*accessv1.User) {
	return func(u *accessv1.User) { u.Spec.Email = email }
}

func (b *Binder) of(t *testing.T) People {
	t.Helper()
	tenancy, err := b.Graph.Tenancy(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	users, err := b.Graph.Users(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	people, err := b.People(t.Context(), tenancy, users)
	if err != nil {
		t.Fatal(err)
	}
	return people
}

func TestWhoIsBound(t *testing.T) {
	t.Parallel()
	const manage, read = accessv1.LevelManage, accessv1.LevelRead
	for name, c := range map[string]struct {
		users []client.Object
		want  People
	}{
		"nobody": {nil, People{Administrators: []string{}, Viewers: []string{}}},
		"administrators of both, in order, and viewers of one's own only": {
			[]client.Object{
				user("acme", "zoe", manage), user("acme", "vic", read), user("acme", "ben", ""),
				user("agency", "pia", manage), user("agency", "rita", read),
			},
			People{Administrators: []string{"oidc:pia@agency.example", "oidc:zoe@acme.example"}, Viewers: []string{"oidc:vic@acme.example"}},
		},
		"with capitals in the address, as it is written and as Roster's own sign-in says it": {
			[]client.Object{
				user("acme", "jo", manage, spelled("Jo.Doe@ACME.example")), user("acme", "vic", read, spelled("Vic@acme.example")),
				user("agency", "pia", manage, spelled("PIA@agency.example")),
			},
			People{
				Administrators: []string{"oidc:Jo.Doe@acme.example", "oidc:PIA@agency.example", "oidc:jo.doe@acme.example", "oidc:pia@agency.example"},
				Viewers:        []string{"oidc:Vic@acme.example", "oidc:vic@acme.example"},
			},
		},
		"no robot, and nobody whose address is none": {
			[]client.Object{
				user("acme", "robot", manage, func(u *accessv1.User) { u.Spec.Type = accessv1.UserTypeRobot }),
				user("acme", "odd", manage, func(u *accessv1.User) { u.Spec.Email = "system:masters" }),
				user("acme", "none", read, func(u *accessv1.User) { u.Spec.Email = "" }),
			},
			People{Administrators: []string{}, Viewers: []string{}},
		},
		"nobody who has been changed so that he is out, before his status says so": {
			[]client.Object{
				user("acme", "idle", manage, changed, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }),
				user("acme", "moved", manage, changed, func(u *accessv1.User) { u.Spec.Onboarding = accessv1.OnboardingInvitation }),
				user("acme", "busy", manage, changed),
				user("agency", "gone", manage, changed, func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive }),
			},
			People{Administrators: []string{"oidc:busy@acme.example"}, Viewers: []string{}},
		},
		"no partner's whose address somebody here has": {
			[]client.Object{
				user("agency", "pia", manage), user("agency", "paul", manage),
				user("acme", "namesake", "", func(u *accessv1.User) { u.Spec.Email = "PIA@agency.example" }),
			},
			People{Administrators: []string{"oidc:paul@agency.example"}, Viewers: []string{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, newBinder(t, c.users...).of(t)); diff != "" {
				t.Errorf("bound are others (-want +got):\n%s", diff)
			}
		})
	}
}

// A RoleBinding is full of usernames, not of users.
func TestBothSpellingsTakeRoom(t *testing.T) {
	t.Parallel()
	users := crowd(maxSubjects, accessv1.LevelRead)
	b := newBinder(t, append(users[1:], user("acme", "jo", accessv1.LevelRead, spelled("Jo@acme.example")))...)
	people := b.of(t)
	if reason, _ := b.Problem(people); reason != accessv1.ReasonTooManySubjects || len(b.Bindings("acme", people)[1].Subjects) != 0 {
		t.Errorf("%d usernames, and it says %q", len(people.Viewers), reason)
	}
}

func crowd(n int, level accessv1.Level) []client.Object {
	out := make([]client.Object, n)
	for i := range out {
		out[i] = user("acme", fmt.Sprintf("user-%05d", i), level)
	}
	return out
}

func TestTooManyAreNotBoundAtAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		users   int
		level   accessv1.Level
		bound   [2]int
		reason  string
		message string
	}{
		{maxSubjects, accessv1.LevelRead, [2]int{0, maxSubjects}, "", ""},
		{maxSubjects + 1, accessv1.LevelRead, [2]int{0, 0}, accessv1.ReasonTooManySubjects,
			"More than 5000 usernames would be bound by roster-viewers, so nobody is: give the ClusterRole roster-tenant-viewer to a group of your identity provider"},
		{maxSubjects + 1, accessv1.LevelManage, [2]int{0, 0}, accessv1.ReasonTooManySubjects,
			"More than 5000 usernames would be bound by roster-administrators, so nobody is: give the ClusterRole roster-tenant-admin to a group of your identity provider"},
	} {
		b := newBinder(t, crowd(c.users, c.level)...)
		people := b.of(t)
		bindings := b.Bindings("acme", people)
		if got := [2]int{len(bindings[0].Subjects), len(bindings[1].Subjects)}; got != c.bound {
			t.Errorf("%d with %s: %v are bound, not %v", c.users, c.level, got, c.bound)
		}
		if reason, message := b.Problem(people); reason != c.reason || message != c.message {
			t.Errorf("%d with %s: it says %s: %s", c.users, c.level, reason, message)
		}
	}
}

// TestTheLargestBindingFitsIntoEtcd takes the longest addresses and the longest prefix.
func TestTheLargestBindingFitsIntoEtcd(t *testing.T) {
	t.Parallel()
	const etcd, longest = 1536 << 10, 150 + MaxPrefix
	usernames := make([]string, maxSubjects)
	for i := range usernames {
		usernames[i] = fmt.Sprintf("%0*d", longest, i)
	}
	if size := bindingOf("acme", administratorsName, administratorRole, usernames).Size(); size > etcd || size < etcd/2 {
		t.Errorf("it has %d bytes, and etcd takes %d", size, etcd)
	}
}

func TestOnlyAManagerThatGuardsBindsAdministrators(t *testing.T) {
	t.Parallel()
	b := newBinder(t, user("acme", "ana", accessv1.LevelManage), user("acme", "vic", accessv1.LevelRead))
	b.Guarded = false
	people := b.of(t)
	bindings := b.Bindings("acme", people)
	if len(bindings[0].Subjects) != 0 || len(bindings[1].Subjects) != 1 {
		t.Errorf("bound are %v and %v", bindings[0].Subjects, bindings[1].Subjects)
	}
	if reason, message := b.Problem(people); reason != accessv1.ReasonGuardOff || !strings.Contains(message, "--guard-bind-address") {
		t.Errorf("it says %s: %s", reason, message)
	}
	if reason, _ := b.Problem(People{Viewers: people.Viewers}); reason != "" {
		t.Errorf("nobody is left out, and it says %s", reason)
	}
}

func TestOfOtherBindingsTheCacheKeepsTheIdentityOnly(t *testing.T) {
	t.Parallel()
	full := func(name string) *rbacv1.RoleBinding {
		b := bindingOf("acme", name, administratorRole, []string{"ana"})
		b.Labels, b.Annotations = map[string]string{"a": "b"}, map[string]string{"c": "d"}
		b.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
		return b
	}
	for name, subjects := range map[string]int{administratorsName: 1, viewersName: 1, "somebody-elses": 0} {
		object, err := Slim(full(name))
		slim, ok := object.(*rbacv1.RoleBinding)
		if err != nil || !ok {
			t.Fatalf("%s became %T (%v)", name, object, err)
		}
		if slim.Name != name || len(slim.Subjects) != subjects || len(slim.Labels) != subjects || slim.ManagedFields != nil {
			t.Errorf("%s became %v", name, slim)
		}
	}
}
