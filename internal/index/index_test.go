package index

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func TestWhatEachIndexFinds(t *testing.T) {
	t.Parallel()
	named := metav1.ObjectMeta{Name: "acme", UID: "uid"}
	refs := []accessv1.Reference{{Name: "a"}, {Name: "b"}}
	tenant := &accessv1.Tenant{ObjectMeta: named, Spec: accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: "shop"}}}
	elsewhere := &accessv1.Tenant{ObjectMeta: named, Spec: accessv1.TenantSpec{Namespace: "other", ManagedBy: &accessv1.Reference{Name: "agency"}}}
	user := &accessv1.User{Spec: accessv1.UserSpec{
		Email: "Ana@BÜCHER.example", Groups: []accessv1.GroupMembership{{Name: "a"}, {Name: "b"}},
	}}
	group := &accessv1.UserGroup{Spec: accessv1.UserGroupSpec{
		Members: []accessv1.GroupMember{{Name: "ana"}, {Name: "ben"}}, Roles: refs, Restrictions: refs[:1],
		VendorRef: &accessv1.Reference{Name: "abc"},
	}}
	invitation := &accessv1.Invitation{ObjectMeta: named, Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: "ana"}}}
	reset := &accessv1.PasswordReset{ObjectMeta: named, Spec: accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: "ana"}}}
	extractors := map[string]client.IndexerFunc{}
	for _, i := range All() {
		if extractors[i.Key] != nil {
			t.Errorf("%s stands twice", i.Key)
		}
		extractors[i.Key] = i.Extract
	}
	tested := map[string]bool{}
	for _, c := range []struct {
		key    string
		object client.Object
		want   []string
	}{
		{TenantByNamespace, tenant, []string{"acme"}},
		{TenantByNamespace, elsewhere, []string{"other"}},
		{TenantByCatalog, tenant, []string{"shop"}},
		{TenantByCatalog, elsewhere, nil},
		{TenantByPartner, tenant, nil},
		{TenantByPartner, elsewhere, []string{"agency"}},
		{UserByEmail, user, []string{"ana@xn--bcher-kva.example"}},
		{UserByEmail, &accessv1.User{}, nil},
		{UserByEmail, &accessv1.User{Spec: accessv1.UserSpec{Email: "nonsense"}}, nil},
		{UserByGroup, user, []string{"a", "b"}},
		{UserByGroup, &accessv1.User{}, []string{}},
		{GroupByMember, group, []string{"ana", "ben"}},
		{GroupByRole, group, []string{"a", "b"}},
		{GroupByRestriction, group, []string{"a"}},
		{GroupByVendor, group, []string{"abc"}},
		{GroupByVendor, &accessv1.UserGroup{}, nil},
		{InvitationByUser, invitation, []string{"ana"}},
		{InvitationByUID, invitation, []string{"uid"}},
		{InvitationByUID, &accessv1.Invitation{}, nil},
		{PasswordResetByUser, reset, []string{"ana"}},
		{PasswordResetByUID, reset, []string{"uid"}},
	} {
		tested[c.key] = true
		if diff := cmp.Diff(c.want, extractors[c.key](c.object)); diff != "" {
			t.Errorf("%s of %T (-want +got):\n%s", c.key, c.object, diff)
		}
		if got := extractors[c.key](&accessv1.Role{}); got != nil {
			t.Errorf("%s of another kind: %v", c.key, got)
		}
	}
	if len(tested) != len(extractors) {
		t.Errorf("%d of %d indexes are tested", len(tested), len(extractors))
	}
}

func TestSpellingsOfOneAddressHaveOneKey(t *testing.T) {
	t.Parallel()
	for spelling, want := range map[string]string{
		"ana@acme.example": "ana@acme.example", "ANA@Acme.Example": "ana@acme.example",
		"ana@BÜCHER.example": "ana@xn--bcher-kva.example", "": "", "ana": "", "Ana <ana@acme.example>": "",
	} {
		if got := EmailKey(spelling); got != want {
			t.Errorf("EmailKey(%q) = %q", spelling, got)
		}
	}
}

type indexer struct {
	registered []string
	refuse     string
}

func (i *indexer) IndexField(_ context.Context, _ client.Object, key string, _ client.IndexerFunc) error {
	if key == i.refuse {
		return errors.New("refused")
	}
	i.registered = append(i.registered, key)
	return nil
}

func TestAllAreRegistered(t *testing.T) {
	t.Parallel()
	all := &indexer{}
	if err := Register(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if len(all.registered) != len(All()) {
		t.Errorf("registered: %v", all.registered)
	}
	if err := Register(t.Context(), &indexer{refuse: UserByEmail}); err == nil {
		t.Error("an index that is refused is no error")
	}
}
