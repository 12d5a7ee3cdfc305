// Package status writes statuses: at most one server-side apply per reconcile, by one owner, and only when something
// changed. It also holds the way conditions are built, and the invariants that every status keeps.
package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
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
	kind, state := shapeOf(object)
	if kind == "" {
		return fmt.Errorf("%T has no status that Roster writes", object)
	}
	encoded, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("could not encode the status of %s %s: %w", kind, object.GetName(), err)
	}
	applied := newApplication(kind, object, encoded)
	if resourceVersion != "" {
		applied.ResourceVersion = &resourceVersion
	}
	err = w.Client.Status().Apply(ctx, applied, client.ForceOwnership, client.FieldOwner(accessv1.FieldOwner))
	if err == nil {
		err = w.cleanse(ctx, object, applied, encoded)
	}
	count(kind, err)
	if apierrors.IsNotFound(err) {
		return nil // the object is gone, and its status with it
	}
	return err
}

// application is an apply configuration for any kind's status. It is encoded once, and of the answer only the metadata is
// decoded: an operator that brings thousands of statuses up to date spends most of its time on these two.
type application struct {
	APIVersion *string `json:"apiVersion"`
	Kind       *string `json:"kind"`
	identity   `json:"metadata"`
	Status     json.RawMessage `json:"status"`
}

// identity is the part of an object's metadata that is sent or looked at.
type identity struct {
	Name            *string    `json:"name"`
	Namespace       *string    `json:"namespace,omitempty"`
	UID             *types.UID `json:"uid,omitempty"`
	ResourceVersion *string    `json:"resourceVersion,omitempty"`
	// ManagedFields say whose the stored object is; never sent.
	ManagedFields []ownership `json:"managedFields,omitempty"`
}

type ownership struct {
	Manager     string                            `json:"manager"`
	Operation   metav1.ManagedFieldsOperationType `json:"operation"`
	Subresource string                            `json:"subresource"`
}

// ours is what applying under Roster's name leaves behind. Whoever writes under that name by other means is not Roster.
func (o ownership) ours() bool {
	return o.Manager == accessv1.FieldOwner && o.Operation == metav1.ManagedFieldsOperationApply
}

func newApplication(kind string, object client.Object, encoded json.RawMessage) *application {
	a := &application{APIVersion: ptr.To(accessv1.SchemeGroupVersion.String()), Kind: &kind, Status: encoded}
	a.Name, a.UID = ptr.To(object.GetName()), ptr.To(object.GetUID())
	if namespace := object.GetNamespace(); namespace != "" {
		a.Namespace = &namespace
	}
	return a
}

// IsApplyConfiguration marks the type for the client, which asks for the rest of the methods as well.
func (a *application) IsApplyConfiguration() {}

// GetAPIVersion is the group and version that is applied.
func (a *application) GetAPIVersion() *string { return a.APIVersion }

// GetKind is the kind that is applied.
func (a *application) GetKind() *string { return a.Kind }

// GetNamespace is where the object is.
func (a *application) GetNamespace() *string { return a.Namespace }

// GetName is the object's.
func (a *application) GetName() *string { return a.Name }

// foreign tells whether somebody else owns a part of the stored status.
func (a *application) foreign() bool {
	return slices.ContainsFunc(a.ManagedFields, func(o ownership) bool {
		return !o.ours() && (o.Subresource == "status" || o.Manager == "before-first-apply")
	})
}

// cleanse replaces the status as a whole when more is stored than was applied: applying leaves alone what another owner
// added, and a status has no other owner.
func (w Writer) cleanse(ctx context.Context, object client.Object, stored *application, wanted json.RawMessage) error {
	if !stored.foreign() {
		return nil
	}
	if same, err := sameJSON(stored.Status, wanted); err != nil || same {
		return err
	}
	// The version goes along as a lock: a mismatch is a conflict.
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": stored.ResourceVersion},
		{"op": "replace", "path": "/status", "value": wanted},
	})
	if err != nil {
		return err
	}
	target, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T is no object", object)
	}
	return w.Client.Status().Patch(ctx, target, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(accessv1.FieldOwner))
}

func sameJSON(a, b json.RawMessage) (bool, error) {
	var left, right any
	err := errors.Join(json.Unmarshal(a, &left), json.Unmarshal(b, &right))
	return reflect.DeepEqual(left, right), err
}

// shapeOf is the kind's name, without asking a scheme (objects from the cache do not carry it), and the status; both empty
// for a kind whose status Roster does not write.
func shapeOf(object client.Object) (kind string, state any) {
	switch o := object.(type) {
	case *accessv1.ResourceCatalog:
		return "ResourceCatalog", &o.Status
	case *accessv1.Tenant:
		return "Tenant", &o.Status
	case *accessv1.User:
		return "User", &o.Status
	case *accessv1.UserGroup:
		return "UserGroup", &o.Status
	case *accessv1.Role:
		return "Role", &o.Status
	case *accessv1.Restriction:
		return "Restriction", &o.Status
	case *accessv1.Vendor:
		return "Vendor", &o.Status
	case *accessv1.Invitation:
		return "Invitation", &o.Status
	default:
		return "", nil
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
