package applicationcredential

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
)

// Secrets are read one at a time, by name, and neither listed nor watched: none of them is kept in memory.
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;create;update

// Keys of the Secret.
const (
	keyClientID = "clientID"
	keyToken    = "token"
)

// readSecret reads what stands under the Secret's name, whoever made it; nil: nothing does.
func (r *Reconciler) readSecret(ctx context.Context, c *accessv1.ApplicationCredential) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: credential.SecretName(c)}, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return secret, err
}

// describe says of a Secret what a plan has to know.
func describe(secret *corev1.Secret, c *accessv1.ApplicationCredential) credential.Secret {
	if secret == nil {
		return credential.Secret{}
	}
	found := credential.Secret{Found: true, Own: metav1.IsControlledBy(secret, c), Leaving: ofEarlier(secret, c)}
	if token := secret.Data[keyToken]; len(token) > 0 && string(secret.Data[keyClientID]) == credential.ClientID(c) {
		found.Holds = credential.HashOf(string(token))
	}
	return found
}

// ofEarlier: the Secret goes with another credential of the same name, which can only be one that was there before.
func ofEarlier(secret *corev1.Secret, c *accessv1.ApplicationCredential) bool {
	owner := metav1.GetControllerOf(secret)
	return owner != nil && owner.APIVersion == accessv1.SchemeGroupVersion.String() && owner.Kind == "ApplicationCredential" &&
		owner.Name == c.Name && owner.UID != c.UID
}

// writeSecret writes a token over what was read when the round began, which was nothing or the credential's own: whoever else
// wrote it since makes this a conflict. The client must not wait for these writes: no Secret of a tenant ever comes to its
// cache.
func (r *Reconciler) writeSecret(ctx context.Context, s *scope, token string) error {
	secret := s.read
	if secret == nil {
		secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.after.Namespace, Name: credential.SecretName(s.after)}}
	}
	metav1.SetMetaDataLabel(&secret.ObjectMeta, accessv1.LabelManagedBy, accessv1.ManagedByRoster)
	if err := controllerutil.SetControllerReference(s.after, secret, r.Client.Scheme()); err != nil {
		return err
	}
	secret.Data = map[string][]byte{keyClientID: []byte(credential.ClientID(s.after)), keyToken: []byte(token)}
	if s.read == nil {
		return r.Client.Create(ctx, secret, client.FieldOwner(accessv1.FieldOwner), client.DisableReadYourWritesConsistency)
	}
	return r.Client.Update(ctx, secret, client.FieldOwner(accessv1.FieldOwner), client.DisableReadYourWritesConsistency)
}
