package manager

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/link"
)

// +kubebuilder:rbac:groups="",namespace=roster-system,resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",namespace=roster-system,resources=secrets,resourceNames=roster-link-keys,verbs=get;list;watch

// linkKeysName is the Secret with the keys that sign links.
const linkKeysName = "roster-link-keys"

// links signs and verifies with the keys of the Secret as it is now: a key that is added or removed counts at once.
type links struct {
	reader    client.Reader
	namespace string
	publicURL string

	lock    sync.Mutex
	version string
	keys    *link.Keys
}

// paths are where the pages are served, by the purpose of the links that lead there.
var paths = map[link.Purpose]string{link.Invitation: "/invitations/", link.PasswordReset: "/password-resets/"}

// Link is the address in a mail. Keys and the recorded expiry make it; nothing about it is stored.
func (l *links) Link(ctx context.Context, purpose link.Purpose, object types.UID, expiry time.Time) (string, error) {
	keys, err := l.current(ctx)
	if err != nil {
		return "", err
	}
	token, err := keys.Sign(purpose, string(object), expiry)
	if err != nil {
		return "", err
	}
	return l.publicURL + paths[purpose] + token, nil
}

// Verify returns the UID that a token was signed for.
func (l *links) Verify(purpose link.Purpose, token string, now time.Time) (string, error) {
	keys, err := l.current(context.Background())
	if err != nil {
		return "", err
	}
	return keys.Verify(purpose, token, now)
}

func (l *links) current(ctx context.Context) (*link.Keys, error) {
	secret := &corev1.Secret{}
	if err := l.reader.Get(ctx, client.ObjectKey{Namespace: l.namespace, Name: linkKeysName}, secret); err != nil {
		return nil, fmt.Errorf("could not read the link keys in Secret %s/%s: %w", l.namespace, linkKeysName, err)
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if version := string(secret.UID) + secret.ResourceVersion; l.keys == nil || l.version != version {
		keys, err := link.Parse(secret.Data)
		if err != nil {
			return nil, fmt.Errorf("the link keys in Secret %s/%s are not usable: %w", l.namespace, linkKeysName, err)
		}
		l.keys, l.version = keys, version
	}
	return l.keys, nil
}

// keepLinkKeys makes the Secret again when it has been deleted. Links that are out are dead then; those to come are not.
func keepLinkKeys(mgr ctrl.Manager, namespace string) error {
	c := mgr.GetClient()
	return ctrl.NewControllerManagedBy(mgr).Named("linkkeys").For(&corev1.Secret{}).
		Complete(reconcile.Func(func(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
			err := c.Get(ctx, request.NamespacedName, &corev1.Secret{})
			if apierrors.IsNotFound(err) && request.Name == linkKeysName {
				err = ensureLinkKeys(ctx, c, namespace)
			}
			return ctrl.Result{}, err
		}))
}

// ensureLinkKeys makes the Secret with a first key where there is none. Two replicas may try at once: one of them wins.
func ensureLinkKeys(ctx context.Context, c client.Client, namespace string) error {
	data, err := link.NewKeyData(rand.Reader)
	if err != nil {
		return err
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: linkKeysName, Namespace: namespace,
			Labels: map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster},
		},
		Data: data,
	}
	// Before the manager has started there is no cache yet that could be waited for.
	err = c.Create(ctx, secret, client.FieldOwner(accessv1.FieldOwner), client.DisableReadYourWritesConsistency)
	if err == nil || apierrors.IsAlreadyExists(err) {
		return nil
	}
	return fmt.Errorf("could not make the Secret %s/%s for the link keys: %w", namespace, linkKeysName, err)
}
