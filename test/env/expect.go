package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
)

// patience is how long an expectation waits; it is generous because no test is about speed.
const (
	patience = 30 * time.Second
	interval = 50 * time.Millisecond
)

// ExpectApplied applies objects as kubectl does, under the field owner "test".
func (c *Cluster) ExpectApplied(ctx context.Context, objects ...client.Object) {
	for _, object := range objects {
		gomega.ExpectWithOffset(1, c.apply(ctx, object)).To(gomega.Succeed())
	}
}

func (c *Cluster) apply(ctx context.Context, object client.Object) error {
	gvk, err := c.Client.GroupVersionKindFor(object)
	if err != nil {
		return err
	}
	content, err := toUnstructured(object)
	if err != nil {
		return err
	}
	content.SetGroupVersionKind(gvk)
	delete(content.Object, "status")
	unstructured.RemoveNestedField(content.Object, "metadata", "creationTimestamp")
	return c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(content), client.FieldOwner("test"), client.ForceOwnership)
}

// ExpectAppliedFiles applies every document of the YAML files, which are named relative to the top of the checkout.
func (c *Cluster) ExpectAppliedFiles(ctx context.Context, files ...string) {
	for _, file := range files {
		objects, err := ReadFile(file)
		gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
		for _, object := range objects {
			gomega.ExpectWithOffset(1, c.apply(ctx, object)).To(gomega.Succeed(), "%s: %s %s", file, object.GetKind(), object.GetName())
		}
	}
}

// ReadFile reads the documents of a YAML file, which is named relative to the top of the checkout.
func ReadFile(file string) ([]*unstructured.Unstructured, error) {
	opened, err := os.Open(filepath.Join(Root(), file))
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	decoder := yaml.NewYAMLOrJSONDecoder(opened, 4096)
	var out []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); err != nil {
			if err.Error() == "EOF" {
				return out, nil
			}
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(object.Object) > 0 {
			out = append(out, object)
		}
	}
}

// ExpectEventually reads the object until the matcher is content with it.
func ExpectEventually[T client.Object](ctx context.Context, c *Cluster, object T, matcher types.GomegaMatcher) T {
	key := client.ObjectKeyFromObject(object)
	gomega.EventuallyWithOffset(1, func() (T, error) {
		fresh, ok := reflect.New(reflect.TypeOf(object).Elem()).Interface().(T)
		if !ok {
			return object, fmt.Errorf("%T is no object", object)
		}
		err := c.Client.Get(ctx, key, fresh)
		if err == nil {
			object = fresh
		}
		return fresh, err
	}, patience, interval).WithContext(ctx).Should(matcher)
	return object
}

// HaveCondition matches an object whose condition has the status and the reason, and whose status is of its present
// generation.
func HaveCondition(kind string, state metav1.ConditionStatus, reason string) types.GomegaMatcher {
	return gomega.WithTransform(func(object client.Object) string {
		return conditionOf(object, kind)
	}, gomega.Equal(fmt.Sprintf("%s=%s %s", kind, state, reason)))
}

// BeReady matches an object that is Ready as it stands.
func BeReady() types.GomegaMatcher {
	return gomega.WithTransform(func(object client.Object) string {
		return strings.SplitN(conditionOf(object, accessv1.ConditionReady), " ", 2)[0]
	}, gomega.Equal("Ready=True"))
}

func conditionOf(object client.Object, kind string) string {
	conditions, observed := conditionsOf(object)
	if observed != object.GetGeneration() {
		return fmt.Sprintf("generation %d observed of %d", observed, object.GetGeneration())
	}
	c := apimeta.FindStatusCondition(conditions, kind)
	if c == nil {
		return "no condition " + kind
	}
	return fmt.Sprintf("%s=%s %s", c.Type, c.Status, c.Reason)
}

func conditionsOf(object client.Object) ([]metav1.Condition, int64) {
	value := reflect.ValueOf(object).Elem().FieldByName("Status")
	conditions, _ := value.FieldByName("Conditions").Interface().([]metav1.Condition)
	return conditions, value.FieldByName("ObservedGeneration").Int()
}

// HaveAccess matches a user whose effective access is exactly these lines, in this order, as Lines writes them.
func HaveAccess(lines ...string) types.GomegaMatcher {
	if lines == nil {
		lines = []string{}
	}
	return gomega.WithTransform(func(user *accessv1.User) []string { return Lines(user.Status.EffectiveAccess) }, gomega.Equal(lines))
}

// Lines writes effective access for people, a line an entry:
// "orders, returns: Manage, publish at site=DE,FR until 2030-01-01T00:00:00Z via de-ofm/order-manager".
func Lines(entries []accessv1.AccessEntry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		held := e.Actions
		if e.Level != "" {
			held = append([]string{string(e.Level)}, held...)
		}
		line := strings.Join(e.Resources, ", ") + ": " + strings.Join(held, ", ")
		for j, d := range e.RestrictedTo {
			line += map[bool]string{true: " at ", false: " and "}[j == 0] + d.Dimension + "=" + strings.Join(d.Values, ",")
		}
		if e.Until != nil {
			line += " until " + e.Until.UTC().Format(time.RFC3339)
		}
		var via []string
		for _, v := range e.Via {
			via = append(via, strings.TrimSuffix(v.Tenant+v.Group+"/"+v.Role, "/"))
		}
		out[i] = line + " via " + strings.Join(via, ", ")
	}
	return out
}

// HaveState matches a user or an invitation in a state.
func HaveState(state any) types.GomegaMatcher {
	return gomega.WithTransform(func(object client.Object) string {
		return reflect.ValueOf(object).Elem().FieldByName("Status").FieldByName("State").String()
	}, gomega.Equal(fmt.Sprint(state)))
}

// ExpectSoundStatuses waits until every status of a namespace speaks of its object as it is, and keeps the invariants;
// scenarios end with it.
func (c *Cluster) ExpectSoundStatuses(ctx context.Context, namespace string) {
	gomega.EventuallyWithOffset(1, func() error { return c.checkStatuses(ctx, namespace) }, patience, interval).
		WithContext(ctx).Should(gomega.Succeed())
}

func (c *Cluster) checkStatuses(ctx context.Context, namespace string) error {
	var errs []error
	for _, list := range lists() {
		if err := c.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return err
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			object, ok := item.(client.Object)
			if !ok {
				return fmt.Errorf("%T is no object", item)
			}
			conditions, observed := conditionsOf(object)
			if err := status.Check(conditions, observed, object.GetGeneration()); err != nil {
				errs = append(errs, fmt.Errorf("%T %s: %w", object, object.GetName(), err))
			}
			return nil
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Accept accepts a user's open invitation, as the acceptance page does.
func (c *Cluster) Accept(ctx context.Context, user *accessv1.User) {
	user = ExpectEventually(ctx, c, user, gomega.And(HaveState(accessv1.UserInvited),
		gomega.WithTransform(func(u *accessv1.User) accessv1.InvitationState {
			if u.Status.Invitation == nil {
				return ""
			}
			return u.Status.Invitation.State
		}, gomega.Equal(accessv1.InvitationSent))))
	invitation, writer := &accessv1.Invitation{}, c.Client
	if c.isGuarded() {
		writer = c.As(managerAccount)
	}
	key := client.ObjectKey{Namespace: user.Namespace, Name: user.Status.Invitation.Name}
	gomega.EventuallyWithOffset(1, func() error {
		if err := c.Client.Get(ctx, key, invitation); err != nil {
			return err
		}
		now, before := metav1.Now(), invitation.DeepCopy()
		invitation.Status.State, invitation.Status.AcceptedAt = accessv1.InvitationAccepted, &now
		return writer.Status().Patch(ctx, invitation, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	}, patience, interval).Should(gomega.Succeed())
}

func toUnstructured(object client.Object) (*unstructured.Unstructured, error) {
	if already, ok := object.(*unstructured.Unstructured); ok {
		return already.DeepCopy(), nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	return &unstructured.Unstructured{Object: content}, err
}
