// Package status writes statuses: at most one server-side apply per reconcile, by one owner, and only when something
// changed. It also holds the way conditions are built, and the invariants that every status keeps.
package status

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Writer applies statuses through a client.
type Writer struct {
	Client client.Client
}

// Write applies the whole status of the object, as it stands in the value given. Its UID goes along, so that a status
// never lands on a later object of the same name.
func (w Writer) Write(ctx context.Context, object client.Object) error {
	return w.apply(ctx, object, "")
}

// WriteLocked is Write on the condition that the stored object is still the version that was read: for a status that
// more than one hand writes. It returns a conflict otherwise.
func (w Writer) WriteLocked(ctx context.Context, object client.Object) error {
	return w.apply(ctx, object, object.GetResourceVersion())
}

func (w Writer) apply(ctx context.Context, object client.Object, resourceVersion string) error {
	kind, state, stored := shapeOf(object)
	if kind == "" {
		return fmt.Errorf("%T has no status that Roster writes", object)
	}
	body, err := json.Marshal(application{
		APIVersion: accessv1.SchemeGroupVersion.String(), Kind: kind, Status: state,
		Metadata: identity{object.GetName(), object.GetNamespace(), object.GetUID(), resourceVersion},
	})
	if err != nil {
		return fmt.Errorf("could not encode the status of %s %s: %w", kind, object.GetName(), err)
	}
	stored.SetName(object.GetName())
	stored.SetNamespace(object.GetNamespace())
	// It is an apply, sent as a patch for the sake of its last option: without it the API server parses each status twice,
	// to warn of fields that it does not know.
	err = w.Client.Status().Patch(ctx, stored, client.RawPatch(types.ApplyYAMLPatchType, body),
		client.ForceOwnership, client.FieldOwner(accessv1.FieldOwner), client.FieldValidation(metav1.FieldValidationIgnore))
	if err == nil {
		err = w.cleanse(ctx, stored, state)
	}
	count(kind, err)
	if apierrors.IsNotFound(err) {
		return nil // the object is gone, and its status with it
	}
	return err
}

// application is what is sent: the object's identity, and its status.
type application struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   identity `json:"metadata"`
	Status     any      `json:"status"`
}

type identity struct {
	Name            string    `json:"name"`
	Namespace       string    `json:"namespace,omitempty"`
	UID             types.UID `json:"uid,omitempty"`
	ResourceVersion string    `json:"resourceVersion,omitempty"`
}

// foreign tells whether somebody else owns a part of the stored status. Whoever writes under Roster's name by other means
// than an apply is not Roster.
func foreign(stored client.Object) bool {
	return slices.ContainsFunc(stored.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		ours := e.Manager == accessv1.FieldOwner && e.Operation == metav1.ManagedFieldsOperationApply
		return !ours && (e.Subresource == "status" || e.Manager == "before-first-apply")
	})
}

// cleanse replaces the status as a whole when more is stored than was applied: applying leaves alone what another owner
// added, and a status has no other owner.
func (w Writer) cleanse(ctx context.Context, stored client.Object, wanted any) error {
	if _, state, _ := shapeOf(stored); !foreign(stored) || equality.Semantic.DeepEqual(state, wanted) {
		return nil
	}
	// The version goes along as a lock: a mismatch is a conflict.
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": stored.GetResourceVersion()},
		{"op": "replace", "path": "/status", "value": wanted},
	})
	if err != nil {
		return err
	}
	return w.Client.Status().Patch(ctx, stored, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(accessv1.FieldOwner))
}

// shapeOf is the kind's name, without asking a scheme (objects from the cache do not carry it), the status, and an object
// to read the stored one into; all empty for a kind whose status Roster does not write.
func shapeOf(object client.Object) (kind string, state any, stored client.Object) {
	switch o := object.(type) {
	case *accessv1.ResourceCatalog:
		return "ResourceCatalog", &o.Status, &accessv1.ResourceCatalog{}
	case *accessv1.Tenant:
		return "Tenant", &o.Status, &accessv1.Tenant{}
	case *accessv1.User:
		return "User", &o.Status, &accessv1.User{}
	case *accessv1.UserGroup:
		return "UserGroup", &o.Status, &accessv1.UserGroup{}
	case *accessv1.Role:
		return "Role", &o.Status, &accessv1.Role{}
	case *accessv1.Restriction:
		return "Restriction", &o.Status, &accessv1.Restriction{}
	case *accessv1.Vendor:
		return "Vendor", &o.Status, &accessv1.Vendor{}
	case *accessv1.Invitation:
		return "Invitation", &o.Status, &accessv1.Invitation{}
	case *accessv1.PasswordReset:
		return "PasswordReset", &o.Status, &accessv1.PasswordReset{}
	default:
		return "", nil, nil
	}
}

// Quiet makes conflicts silent: somebody else was faster, the newer version is on its way as an event, and trying again
// is all there is to do.
func Quiet(inner reconcile.Reconciler) reconcile.Reconciler { return quiet{inner} }

type quiet struct{ inner reconcile.Reconciler }

// Reconcile runs the inner reconciler and turns a conflict into another try without an error.
func (q quiet) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	result, err := q.inner.Reconcile(ctx, request)
	if isConflict(err) {
		return reconcile.Result{RequeueAfter: conflictPause}, nil
	}
	return result, err
}

func isConflict(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
}
