package web

import (
	"context"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/link"
)

var invitations = accessv1.SchemeGroupVersion.WithResource("invitations").GroupResource()

func schemeOf(t testing.TB) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := accessv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return scheme
}

// objectsOf are the objects of a record as a cluster holds them.
func objectsOf(r record) []client.Object {
	r.tenant.Spec.CatalogRef.Name = "commerce"
	catalog := &accessv1.ResourceCatalog{Spec: accessv1.ResourceCatalogSpec{DisplayName: "Commerce Suite"}}
	catalog.Name = "commerce"
	return []client.Object{r.user, r.tenant, catalog, r.invitation}
}

// cluster is a client in memory, which stands in for the cache and for the API server.
func cluster(t testing.TB, functions interceptor.Funcs, objects ...client.Object) client.WithWatch {
	t.Helper()
	builder := fake.NewClientBuilder().WithScheme(schemeOf(t)).WithObjects(objects...).
		WithStatusSubresource(&accessv1.Invitation{}, &accessv1.PasswordReset{}).WithInterceptorFuncs(functions)
	for _, i := range index.All() {
		builder = builder.WithIndex(i.Object, i.Key, i.Extract)
	}
	return builder.Build()
}

func standingOf(t testing.TB, got Invite, err error, want Standing) {
	t.Helper()
	if err != nil || got.Standing != want {
		t.Errorf("standing %d, %v; want %d", got.Standing, err, want)
	}
}

func statusOf(t testing.TB, c client.Client) accessv1.InvitationStatus {
	t.Helper()
	var stored accessv1.Invitation
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "acme", Name: "ana-3fz8k2"}, &stored); err != nil {
		t.Fatal(err)
	}
	return stored.Status
}

func TestTheStoreFindsAndAccepts(t *testing.T) {
	r := invited()
	r.tenant.Spec.Onboarding.ProductName = ""
	c := cluster(t, interceptor.Funcs{}, objectsOf(r)...)
	s := NewStore(c, c, nil)
	invite, err := s.Find(t.Context(), link.Invitation, uid, noon)
	standingOf(t, invite, err, Open)
	if invite.Product != "Commerce Suite" || invite.Tenant != "Acme GmbH" || invite.FirstName != "Ana" {
		t.Errorf("shows %+v", invite)
	}
	invite, err = s.Accept(t.Context(), link.Invitation, uid, Answer{Email: "bo@acme.example"}, noon)
	standingOf(t, invite, err, Wrong)
	if got := statusOf(t, c).WrongAddress; got == nil || got.Count != 1 || !got.Since.Time.Equal(noon) {
		t.Errorf("counted %+v", got)
	}
	invite, err = s.Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon)
	standingOf(t, invite, err, Joined)
	if got := statusOf(t, c); got.State != accessv1.InvitationAccepted || !got.AcceptedAt.Time.Equal(noon) || got.Email != email {
		t.Errorf("stored %+v", got)
	}
}

func TestTheStoreKnowsNoOtherInvitation(t *testing.T) {
	c := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
	for _, unknown := range []string{"", "ana-3fz8k2", "00000000-0000-4000-8000-000000000000"} {
		invite, err := NewStore(c, c, nil).Find(t.Context(), link.Invitation, unknown, noon)
		standingOf(t, invite, err, Dead)
		invite, err = NewStore(c, c, nil).Accept(t.Context(), link.Invitation, unknown, Answer{Email: email}, noon)
		standingOf(t, invite, err, Dead)
	}
}

func TestTheStoreBelievesTheAPIServerAndNotTheCache(t *testing.T) {
	for name, spoil := range deadLinks() {
		now := invited()
		spoil(&now)
		objects := present(now)
		live := cluster(t, interceptor.Funcs{}, objects...)
		stale := cluster(t, interceptor.Funcs{SubResourcePatch: refuseWrite(t)}, objectsOf(invited())...)
		invite, err := NewStore(stale, live, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon)
		if standingOf(t, invite, err, Dead); t.Failed() {
			t.Fatal(name)
		}
	}
}

// present are the objects of a record that exist. One that is being deleted has a finalizer, or it
// would be gone.
func present(r record) []client.Object {
	var out []client.Object
	add := func(exists bool, o client.Object) {
		if !exists {
			return
		}
		if o.GetDeletionTimestamp() != nil {
			o.SetFinalizers([]string{accessv1.FinalizerCleanup})
		}
		out = append(out, o)
	}
	add(r.invitation != nil, r.invitation)
	add(r.user != nil, r.user)
	add(r.tenant != nil, r.tenant)
	return out
}

type writeFunc = func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error

func refuseWrite(t testing.TB) writeFunc {
	return func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
		t.Error("a status was written")
		return errBroken
	}
}

func TestALinkWorksBeforeTheCacheHasHeardOfItsMail(t *testing.T) {
	old := invited()
	old.invitation.Status = accessv1.InvitationStatus{State: accessv1.InvitationPending}
	stale := cluster(t, interceptor.Funcs{}, objectsOf(old)...)
	live := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
	invite, err := NewStore(writingTo(stale, live), live, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon)
	standingOf(t, invite, err, Joined)
}

// writingTo reads from one client and writes to another, as one does that reads from a cache.
func writingTo(reads client.WithWatch, writes client.Client) client.Client {
	return interceptor.NewClient(reads, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, _ client.Client, _ string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			return writes.Status().Patch(ctx, o, patch, options...)
		},
	})
}

// before runs something once, right before the first status is written.
func before(first func(client.Client) error) interceptor.Funcs {
	done := false
	return interceptor.Funcs{SubResourcePatch: func(ctx context.Context, c client.Client, _ string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
		if !done {
			done = true
			if err := first(c); err != nil {
				return err
			}
		}
		return c.Status().Patch(ctx, o, patch, options...)
	}}
}

func TestAnAnswerIsDecidedAgainWhenSomebodyWroteFirst(t *testing.T) {
	state := func(s accessv1.InvitationState) func(client.Client) error {
		return func(c client.Client) error {
			stored := &accessv1.Invitation{}
			key := client.ObjectKey{Namespace: "acme", Name: "ana-3fz8k2"}
			if err := c.Get(t.Context(), key, stored); err != nil {
				return err
			}
			stored.Status.State = s
			return c.Status().Update(t.Context(), stored)
		}
	}
	remove := func(c client.Client) error { return c.Delete(t.Context(), invited().invitation) }
	tests := map[string]struct {
		first func(client.Client) error
		want  Standing
	}{
		"another answer accepted":   {state(accessv1.InvitationAccepted), Joined},
		"the mail was taken":        {state(accessv1.InvitationSent), Joined},
		"a newer one supersedes it": {state(accessv1.InvitationSuperseded), Dead},
		"it was cancelled":          {state(accessv1.InvitationCancelled), Dead},
		"it was deleted":            {remove, Dead},
		"it is not found any more": {func(c client.Client) error {
			return errors.Join(remove(c), apierrors.NewNotFound(invitations, "ana-3fz8k2"))
		}, Dead},
	}
	for name, tt := range tests {
		r := invited()
		r.invitation.Status.State = accessv1.InvitationSending
		c := cluster(t, before(tt.first), objectsOf(r)...)
		invite, err := NewStore(c, c, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon)
		if standingOf(t, invite, err, tt.want); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestTheStoreDoesNotTryForEver(t *testing.T) {
	tries := 0
	c := cluster(t, interceptor.Funcs{SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
		tries++
		return apierrors.NewConflict(invitations, "ana-3fz8k2", errBroken)
	}}, objectsOf(invited())...)
	if invite, err := NewStore(c, c, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon); err == nil || invite.Standing != Dead || tries != maxWrites {
		t.Errorf("standing %d, %v after %d tries", invite.Standing, err, tries)
	}
}

func TestTheStoreSaysWhenItCouldNotFindOut(t *testing.T) {
	broken := func(kind client.Object) interceptor.Funcs {
		return interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
			if schemeKind(t, o) == schemeKind(t, kind) {
				return errBroken
			}
			return c.Get(ctx, key, o)
		}}
	}
	tests := map[string]interceptor.Funcs{
		"the invitation": broken(&accessv1.Invitation{}),
		"the user":       broken(&accessv1.User{}),
		"the tenant":     broken(&accessv1.Tenant{}),
		"the index": {List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
			return errBroken
		}},
		"the write": {SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
			return errBroken
		}},
	}
	for name, functions := range tests {
		c := cluster(t, functions, objectsOf(invited())...)
		if invite, err := NewStore(c, c, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon); !errors.Is(err, errBroken) || invite != (Invite{}) {
			t.Errorf("%s: %+v, %v", name, invite, err)
		}
	}
}

func schemeKind(t testing.TB, o client.Object) string {
	t.Helper()
	kinds, _, err := schemeOf(t).ObjectKinds(o)
	if err != nil {
		t.Fatal(err)
	}
	return kinds[0].Kind
}

func TestAnInvitationMadeAgainUnderItsNameIsAnother(t *testing.T) {
	again := invited()
	again.invitation.UID = "00000000-0000-4000-8000-000000000000"
	live := cluster(t, interceptor.Funcs{}, objectsOf(again)...)
	stale := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
	invite, err := NewStore(stale, live, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon)
	standingOf(t, invite, err, Dead)
}

func TestATenantMadeAgainUnderItsNameIsAnother(t *testing.T) {
	again := invited()
	again.tenant.UID, again.tenant.Spec.Namespace = "later", "elsewhere"
	live := cluster(t, interceptor.Funcs{}, objectsOf(again)...)
	stale := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
	invite, err := NewStore(stale, live, nil).Accept(t.Context(), link.Invitation, uid, Answer{Email: email}, noon)
	standingOf(t, invite, err, Dead)
}

func TestTheOlderOfTwoTenantsInvites(t *testing.T) {
	r := invited()
	r.tenant.CreationTimestamp.Time = noon.Add(-time.Hour)
	younger := r.tenant.DeepCopy()
	younger.Name, younger.UID, younger.Spec.Namespace, younger.Spec.DisplayName = "aaa", "younger", "acme", "Younger"
	younger.CreationTimestamp.Time = noon
	c := cluster(t, interceptor.Funcs{}, append(objectsOf(r), younger)...)
	invite, err := NewStore(c, c, nil).Find(t.Context(), link.Invitation, uid, noon)
	standingOf(t, invite, err, Open)
	if invite.Tenant != "Acme GmbH" {
		t.Errorf("%s invites", invite.Tenant)
	}
}
