package env

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"sync/atomic"

	"github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

var unique atomic.Int64

// Unique is a name that no other spec of this process uses: the prefix and a number.
func Unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, unique.Add(1)) }

// ExpectChanged reads the object, changes it, and stores it; again when somebody else was faster. It returns what is
// stored then.
func ExpectChanged[T client.Object](ctx context.Context, c *Cluster, object T, change func(T)) T {
	key := client.ObjectKeyFromObject(object)
	var fresh T
	gomega.EventuallyWithOffset(1, func() error {
		var ok bool
		if fresh, ok = reflect.New(reflect.TypeOf(object).Elem()).Interface().(T); !ok {
			return fmt.Errorf("%T is no object", object)
		}
		if err := c.Client.Get(ctx, key, fresh); err != nil {
			return err
		}
		change(fresh)
		return c.Client.Update(ctx, fresh, client.FieldOwner("test"))
	}, patience, interval).WithContext(ctx).Should(gomega.Succeed())
	return fresh
}

// ExpectSuspended suspends a tenant and waits until the manager knows: what comes after is not judged by the tenant as it
// was, which its caches may hold a moment longer.
func ExpectSuspended(ctx context.Context, c *Cluster, tenant *accessv1.Tenant) {
	ExpectChanged(ctx, c, tenant, func(t *accessv1.Tenant) { t.Spec.State = accessv1.TenantSuspended })
	ExpectEventually(ctx, c, tenant, HaveCondition(accessv1.ConditionReady, metav1.ConditionTrue, accessv1.ReasonTenantSuspended))
}

// ExpectForged writes a status as somebody might who is not Roster.
func ExpectForged[T client.Object](ctx context.Context, c *Cluster, object T, change func(T)) {
	gomega.EventuallyWithOffset(1, func() error {
		if err := c.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change(object)
		return c.Client.Status().Update(ctx, object, client.FieldOwner("somebody"))
	}, patience, interval).WithContext(ctx).Should(gomega.Succeed())
}

// ExpectDeleted deletes objects.
func (c *Cluster) ExpectDeleted(ctx context.Context, objects ...client.Object) {
	for _, object := range objects {
		gomega.ExpectWithOffset(1, c.Client.Delete(ctx, object)).To(gomega.Succeed(), "%T %s", object, object.GetName())
	}
}

// ExpectGone waits until the objects are not there any more.
func (c *Cluster) ExpectGone(ctx context.Context, objects ...client.Object) {
	for _, object := range objects {
		key := client.ObjectKeyFromObject(object)
		gomega.EventuallyWithOffset(1, func() bool {
			return apierrors.IsNotFound(c.Client.Get(ctx, key, object))
		}, patience, interval).WithContext(ctx).Should(gomega.BeTrue(), "%T %s is still there", object, key)
	}
}

// Versions are the resource versions of all of Roster's objects in a namespace, by kind and name. Two equal ones mean that
// nobody wrote anything in between.
func (c *Cluster) Versions(ctx context.Context, namespace string) map[string]string {
	out := map[string]string{}
	for _, list := range lists() {
		gomega.ExpectWithOffset(1, c.Client.List(ctx, list, client.InNamespace(namespace))).To(gomega.Succeed())
		items, err := apimeta.ExtractList(list)
		gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
		for _, item := range items {
			if object, ok := item.(client.Object); ok {
				out[fmt.Sprintf("%T %s", object, object.GetName())] = object.GetResourceVersion()
			}
		}
	}
	return out
}

// ExpectSettled waits until nobody has written any of a namespace's objects for a while that is longer than any
// controller gathers events, and returns their versions.
func (c *Cluster) ExpectSettled(ctx context.Context, namespace string) map[string]string {
	const quiet = 10 // polls
	before, same := map[string]string{}, 0
	gomega.EventuallyWithOffset(1, func() int {
		now := c.Versions(ctx, namespace)
		if same++; !maps.Equal(before, now) {
			before, same = now, 0
		}
		return same
	}, patience, interval).WithContext(ctx).Should(gomega.BeNumerically(">=", quiet))
	return before
}

func lists() []client.ObjectList {
	return []client.ObjectList{
		&accessv1.UserList{}, &accessv1.UserGroupList{}, &accessv1.RoleList{}, &accessv1.RestrictionList{},
		&accessv1.VendorList{}, &accessv1.InvitationList{}, &accessv1.PasswordResetList{}, &accessv1.ApplicationCredentialList{},
	}
}
