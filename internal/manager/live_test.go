package manager

import (
	"context"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// settling is what looking at every user of a tenant allocates, where each is in a group of his own.
func settling(t *testing.T, users int) float64 {
	t.Helper()
	c := &lists{users: users}
	state, err := live{client: c, clock: clock.RealClock{}}.Read(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	return testing.AllocsPerRun(2, func() {
		for _, u := range state.Users {
			if _, err := state.Settled(t.Context(), u.Name); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whoever searches among all users at a version has every one of them looked at.
func TestLookingAtEverybodyCostsAsMuchAsThereAreUsers(t *testing.T) {
	few, many := settling(t, 100), settling(t, 400)
	if many > 6*few {
		t.Errorf("%v allocations for 100 users, %v for 400", few, many)
	}
}

// lists is an API server with a tenant of so many users.
type lists struct {
	client.Reader
	users int
}

func (l *lists) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	into.SetResourceVersion("7")
	switch into := into.(type) {
	case *accessv1.TenantList:
		into.Items = []accessv1.Tenant{{
			ObjectMeta: metav1.ObjectMeta{Name: "acme", CreationTimestamp: metav1.NewTime(time.Unix(0, 0))},
			Spec:       accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: "shop"}},
		}}
	case *accessv1.ResourceCatalogList:
		into.Items = []accessv1.ResourceCatalog{{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
			Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{{Name: "tax"}}}},
		}}}
	case *accessv1.UserGroupList:
		for n := range l.users {
			into.Items = append(into.Items, accessv1.UserGroup{
				ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: fmt.Sprint("group-", n)},
				Spec:       accessv1.UserGroupSpec{Members: []accessv1.GroupMember{{Name: fmt.Sprint("user-", n)}}},
			})
		}
	case *accessv1.UserList:
		for n := range l.users {
			into.Items = append(into.Items, accessv1.User{
				ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: fmt.Sprint("user-", n)},
				Spec:       accessv1.UserSpec{Email: fmt.Sprintf("user-%d@acme.example", n)},
			})
		}
	}
	return nil
}
