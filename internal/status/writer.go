// Package status writes statuses: at most one server-side apply per reconcile, by one owner, and only when something
// changed. It also holds the way conditions are built, and the invariants that every status keeps.
package status

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	accessv1ac "github.com/roster-dev/roster/api/v1alpha1/applyconfiguration/api/v1alpha1"
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
	kind, configuration := shapeOf(object)
	if configuration == nil {
		return fmt.Errorf("%T has no status that Roster writes", object)
	}
	if err := fill(configuration, kind, object, resourceVersion); err != nil {
		return fmt.Errorf("could not encode the status of %s %s: %w", kind, object.GetName(), err)
	}
	wanted, err := statusOf(configuration)
	if err != nil {
		return err
	}
	err = w.Client.Status().Apply(ctx, configuration, client.ForceOwnership, client.FieldOwner(accessv1.FieldOwner))
	if err == nil {
		err = w.cleanse(ctx, object, configuration, wanted)
	}
	count(kind, err)
	if apierrors.IsNotFound(err) {
		return nil // the object is gone, and its status with it
	}
	return err
}

// cleanse replaces the status as a whole when more is stored than was applied: applying leaves alone what another owner
// added, and a status has no other owner.
func (w Writer) cleanse(ctx context.Context, object client.Object, applied runtime.ApplyConfiguration, wanted json.RawMessage) error {
	stored, err := statusOf(applied)
	if err != nil || bytes.Equal(stored, wanted) {
		return err
	}
	version, err := versionOf(applied)
	if err != nil {
		return err
	}
	// The version goes along as a lock: a mismatch is a conflict.
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": version},
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

// statusOf is the status in an apply configuration, in one order.
func statusOf(configuration runtime.ApplyConfiguration) (json.RawMessage, error) {
	parts := struct {
		Status json.RawMessage `json:"status"`
	}{}
	err := decodeInto(configuration, &parts)
	return parts.Status, err
}

func versionOf(configuration runtime.ApplyConfiguration) (string, error) {
	parts := struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}{}
	err := decodeInto(configuration, &parts)
	return parts.Metadata.ResourceVersion, err
}

func decodeInto(configuration runtime.ApplyConfiguration, parts any) error {
	encoded, err := json.Marshal(configuration)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, parts)
}

// fill puts the object's identity and its status into an apply configuration, and nothing else.
func fill(configuration runtime.ApplyConfiguration, kind string, object client.Object, resourceVersion string) error {
	full, err := json.Marshal(object)
	if err != nil {
		return err
	}
	parts := struct {
		APIVersion string          `json:"apiVersion"`
		Kind       string          `json:"kind"`
		Metadata   map[string]any  `json:"metadata"`
		Status     json.RawMessage `json:"status"`
	}{}
	if err := json.Unmarshal(full, &parts); err != nil {
		return err
	}
	parts.APIVersion, parts.Kind = accessv1.SchemeGroupVersion.String(), kind
	parts.Metadata = map[string]any{"name": object.GetName(), "namespace": object.GetNamespace(), "uid": object.GetUID()}
	if resourceVersion != "" {
		parts.Metadata["resourceVersion"] = resourceVersion
	}
	reduced, err := json.Marshal(parts)
	if err != nil {
		return err
	}
	return json.Unmarshal(reduced, configuration)
}

// shapeOf is the kind's name, without asking a scheme (objects from the cache do not carry it), and an empty apply
// configuration for it; nil for a kind whose status Roster does not write.
func shapeOf(object client.Object) (string, runtime.ApplyConfiguration) {
	switch object.(type) {
	case *accessv1.ResourceCatalog:
		return "ResourceCatalog", &accessv1ac.ResourceCatalogApplyConfiguration{}
	case *accessv1.Tenant:
		return "Tenant", &accessv1ac.TenantApplyConfiguration{}
	case *accessv1.User:
		return "User", &accessv1ac.UserApplyConfiguration{}
	case *accessv1.UserGroup:
		return "UserGroup", &accessv1ac.UserGroupApplyConfiguration{}
	case *accessv1.Role:
		return "Role", &accessv1ac.RoleApplyConfiguration{}
	case *accessv1.Restriction:
		return "Restriction", &accessv1ac.RestrictionApplyConfiguration{}
	case *accessv1.Vendor:
		return "Vendor", &accessv1ac.VendorApplyConfiguration{}
	case *accessv1.Invitation:
		return "Invitation", &accessv1ac.InvitationApplyConfiguration{}
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
