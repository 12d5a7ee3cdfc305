package tenant

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/status"
)

// syncNamespace makes the namespace when it is missing, and labels it as the tenant's. One that was there before is
// used, but never deleted: it does not get the label that says Roster made it.
func (r *Reconciler) syncNamespace(ctx context.Context, s *scope) error {
	if !s.owns() {
		return nil
	}
	if s.namespace == nil {
		return s.refusable(r.createNamespace(ctx, s))
	}
	if !s.namespace.DeletionTimestamp.IsZero() || s.namespace.Labels[accessv1.LabelTenant] == s.tenant.Name {
		return nil
	}
	return s.refusable(r.label(ctx, s, func(labels map[string]string) { labels[accessv1.LabelTenant] = s.tenant.Name }))
}

// refusable notes that the API server refused something about the namespace, which is no error.
func (s *scope) refusable(err error) error {
	if !children.Refused(err) {
		return err
	}
	s.place.Refused = append(s.place.Refused, err.Error())
	return nil
}

func (r *Reconciler) label(ctx context.Context, s *scope, change func(labels map[string]string)) error {
	labelled := s.namespace.DeepCopy()
	if labelled.Labels == nil {
		labelled.Labels = map[string]string{}
	}
	change(labelled.Labels)
	if err := r.Client.Patch(ctx, labelled, client.MergeFrom(s.namespace), client.FieldOwner(accessv1.FieldOwner)); err != nil {
		return fmt.Errorf("could not label namespace %s: %w", labelled.Name, err)
	}
	s.namespace = labelled
	return nil
}

func (r *Reconciler) createNamespace(ctx context.Context, s *scope) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:   s.tenant.TargetNamespace(),
		Labels: map[string]string{accessv1.LabelTenant: s.tenant.Name, accessv1.LabelManagedBy: accessv1.ManagedByRoster},
	}}
	if err := r.Client.Create(ctx, namespace, client.FieldOwner(accessv1.FieldOwner)); err != nil {
		return fmt.Errorf("could not make namespace %s: %w", namespace.Name, err)
	}
	s.namespace = namespace
	return nil
}

// cleanUp waits until nobody has any access, then gives the namespace up, deleting it if the policy says so and Roster
// made it, then lets the tenant go. Predefined roles and synced restrictions go by their owner reference.
func (r *Reconciler) cleanUp(ctx context.Context, s *scope) error {
	if err := r.countAccess(ctx, s); err != nil || s.withAccess > 0 {
		return err
	}
	if err := s.refusable(r.releaseNamespace(ctx, s)); err != nil || len(s.place.Refused) > 0 {
		return err
	}
	released := s.tenant.DeepCopy()
	s.released = true
	if !controllerutil.RemoveFinalizer(released, accessv1.FinalizerCleanup) {
		return nil
	}
	return client.IgnoreNotFound(r.patch(ctx, s, released))
}

func (r *Reconciler) countAccess(ctx context.Context, s *scope) error {
	if !s.owns() {
		return nil // the users in the namespace are another tenant's
	}
	users := &accessv1.UserList{}
	if err := r.Client.List(ctx, users, client.InNamespace(s.tenant.TargetNamespace())); err != nil {
		return err
	}
	for i := range users.Items {
		if status.HasAccess(&users.Items[i]) {
			s.withAccess++
		}
	}
	return nil
}

// releaseNamespace deletes the namespace, or takes the tenant's name off it.
func (r *Reconciler) releaseNamespace(ctx context.Context, s *scope) error {
	if !s.usable() || s.namespace.Labels[accessv1.LabelTenant] != s.tenant.Name {
		return nil
	}
	made := s.namespace.Labels[accessv1.LabelManagedBy] == accessv1.ManagedByRoster
	if s.tenant.Spec.DeletionPolicy != accessv1.RemovalDelete || !made {
		return client.IgnoreNotFound(r.label(ctx, s, func(labels map[string]string) { delete(labels, accessv1.LabelTenant) }))
	}
	uid := s.namespace.UID
	err := r.Client.Delete(ctx, s.namespace, client.Preconditions{UID: &uid})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("could not delete namespace %s: %w", s.namespace.Name, err)
	}
	return nil
}
