package status

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// server stands for the API server: it notes what is applied and patched, and answers as it is told.
type server struct {
	applied []map[string]any
	patched []string
	// answer changes what the server says is stored after an apply.
	answer func(stored map[string]any)
	err    error
}

func (s *server) client() client.Client {
	return interceptor.NewClient(nil, interceptor.Funcs{
		SubResourcePatch: func(_ context.Context, _ client.Client, _ string, object client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
			data, err := patch.Data(object)
			if err != nil {
				return err
			}
			if patch.Type() != types.ApplyYAMLPatchType {
				s.patched = append(s.patched, string(patch.Type())+" "+string(data))
				return nil
			}
			return s.apply(data, object)
		},
	})
}

func (s *server) apply(data []byte, into client.Object) error {
	sent := map[string]any{}
	if err := json.Unmarshal(data, &sent); err != nil {
		return err
	}
	s.applied = append(s.applied, sent)
	if s.err != nil {
		return s.err
	}
	stored := runtime.DeepCopyJSON(sent)
	stored["metadata"].(map[string]any)["resourceVersion"] = "8"
	if s.answer != nil {
		s.answer(stored)
	}
	encoded, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, into)
}

func stored() *accessv1.User {
	return &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{
			Name: "ana", Namespace: "acme", UID: "uid", ResourceVersion: "7", Generation: 3,
			Labels: map[string]string{"a": "b"}, ManagedFields: []metav1.ManagedFieldsEntry{{Operation: cached, Manager: emptyHash}},
			CreationTimestamp: metav1.NewTime(now),
		},
		Spec:   accessv1.UserSpec{Email: "ana@acme.example", Groups: []accessv1.GroupMembership{{Name: "viewers"}}},
		Status: accessv1.UserStatus{ObservedGeneration: 3, State: accessv1.UserPending},
	}
}

func TestWhatIsAppliedIsTheIdentityAndTheStatus(t *testing.T) {
	t.Parallel()
	status := map[string]any{"observedGeneration": 3.0, "state": "Pending"}
	for _, c := range []struct {
		sentence string
		write    func(Writer, context.Context, client.Object) error
		metadata map[string]any
	}{
		{"as it is", Writer.Write, map[string]any{"name": "ana", "namespace": "acme", "uid": "uid"}},
		{"locked", Writer.WriteLocked, map[string]any{"name": "ana", "namespace": "acme", "uid": "uid", "resourceVersion": "7"}},
	} {
		s := &server{}
		if err := c.write(Writer{Client: s.client()}, t.Context(), stored()); err != nil {
			t.Fatal(err)
		}
		want := []map[string]any{{"apiVersion": "access.roster.dev/v1alpha1", "kind": "User", "metadata": c.metadata, "status": status}}
		if diff := cmp.Diff(want, s.applied); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
		if s.patched != nil {
			t.Errorf("%s: there was nothing left to take away, and yet %v", c.sentence, s.patched)
		}
	}
}

func TestEveryKindWithAStatusCanBeWritten(t *testing.T) {
	t.Parallel()
	for kind, object := range map[string]client.Object{
		"ResourceCatalog": &accessv1.ResourceCatalog{}, "Tenant": &accessv1.Tenant{}, "User": &accessv1.User{},
		"UserGroup": &accessv1.UserGroup{}, "Role": &accessv1.Role{}, "Restriction": &accessv1.Restriction{},
		"Vendor": &accessv1.Vendor{}, "Invitation": &accessv1.Invitation{}, "PasswordReset": &accessv1.PasswordReset{},
	} {
		s := &server{}
		if err := (Writer{Client: s.client()}).Write(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		if got := s.applied[0]["kind"]; got != kind {
			t.Errorf("%s was applied as %v", kind, got)
		}
	}
	if err := (Writer{}).Write(t.Context(), &corev1.Pod{}); err == nil {
		t.Error("a Pod's status is not Roster's to write")
	}
}

func TestWhatOthersAddedIsTakenAway(t *testing.T) {
	t.Parallel()
	for sentence, owner := range map[string]map[string]any{
		"under another name":                 {"manager": "kubectl-edit", "operation": "Update", "subresource": "status"},
		"applied under another name":         {"manager": "somebody", "operation": "Apply", "subresource": "status"},
		"under Roster's name, not by apply":  {"manager": accessv1.FieldOwner, "operation": "Update", "subresource": "status"},
		"before anything was applied at all": {"manager": "before-first-apply", "operation": "Update"},
	} {
		s := &server{answer: func(stored map[string]any) {
			stored["status"].(map[string]any)["accessSummary"] = "manage 999"
			stored["metadata"].(map[string]any)["managedFields"] = []any{
				map[string]any{"manager": accessv1.FieldOwner, "operation": "Apply", "subresource": "status"}, owner,
			}
		}}
		if err := (Writer{Client: s.client()}).Write(t.Context(), stored()); err != nil {
			t.Fatal(err)
		}
		want := []string{`application/json-patch+json [{"op":"replace","path":"/metadata/resourceVersion","value":"8"},` +
			`{"op":"replace","path":"/status","value":{"observedGeneration":3,"state":"Pending"}}]`}
		if diff := cmp.Diff(want, s.patched); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sentence, diff)
		}
	}
}

var (
	users    = schema.GroupResource{Group: "access.roster.dev", Resource: "users"}
	gone     = apierrors.NewNotFound(users, "ana")
	conflict = apierrors.NewConflict(users, "ana", errors.New("changed"))
	errOther = errors.New("broken")
)

func TestErrorsOfAWrite(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]error{nil: nil, gone: nil, conflict: conflict, errOther: errOther} {
		s := &server{err: err}
		if got := (Writer{Client: s.client()}).Write(t.Context(), stored()); !errors.Is(got, want) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestConflictsAreSilent(t *testing.T) {
	t.Parallel()
	later := reconcile.Result{RequeueAfter: time.Hour}
	exists := apierrors.NewAlreadyExists(users, "ana")
	for _, c := range []struct {
		err     error
		want    reconcile.Result
		wantErr error
	}{
		{nil, later, nil},
		{conflict, reconcile.Result{RequeueAfter: conflictPause}, nil},
		{exists, reconcile.Result{RequeueAfter: conflictPause}, nil},
		{errOther, later, errOther},
	} {
		inner := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return later, c.err })
		got, err := Quiet(inner).Reconcile(t.Context(), reconcile.Request{})
		if got != c.want || !errors.Is(err, c.wantErr) {
			t.Errorf("%v became %v, %v", c.err, got, err)
		}
	}
}
