package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// files are those of the commerce sample, in the order of its kustomization.
var files = []string{"catalog", "tenant", "groups", "users", "vendor", "regions"}

// atOnce are users whom single sign-on lets in: their access shows in what the orders are compared by. The others are
// invited.
var atOnce = []string{"ana", "dora", "carl", "cem"}

// world is the commerce sample under names of its own: catalog, tenants, namespaces and addresses end with a suffix.
type world struct {
	suffix string
	files  map[string][]*unstructured.Unstructured
}

func newWorld() *world {
	w := &world{suffix: env.Unique("-w") + "x", files: map[string][]*unstructured.Unstructured{}}
	for _, file := range files {
		objects, err := env.ReadFile("config/samples/commerce/" + file + ".yaml")
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			w.rename(object)
		}
		w.files[file] = objects
	}
	return w
}

func (w *world) rename(object *unstructured.Unstructured) {
	switch object.GetKind() {
	case "Namespace", "ResourceCatalog", "Tenant":
		object.SetName(object.GetName() + w.suffix)
	default:
		object.SetNamespace(object.GetNamespace() + w.suffix)
	}
	w.append(object, "spec", "catalogRef", "name")
	if email, found, _ := unstructured.NestedString(object.Object, "spec", "email"); found {
		local, domain, _ := strings.Cut(email, "@")
		Expect(unstructured.SetNestedField(object.Object, local+w.suffix+"@"+domain, "spec", "email")).To(Succeed())
	}
	if object.GetKind() == "User" && slices.Contains(atOnce, object.GetName()) {
		Expect(unstructured.SetNestedField(object.Object, "None", "spec", "onboarding")).To(Succeed())
	}
}

func (w *world) append(object *unstructured.Unstructured, path ...string) {
	if name, found, _ := unstructured.NestedString(object.Object, path...); found {
		Expect(unstructured.SetNestedField(object.Object, name+w.suffix, path...)).To(Succeed())
	}
}

// objects are all but the namespaces, in the order of the files.
func (w *world) objects(order ...string) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, file := range order {
		for _, object := range w.files[file] {
			if object.GetKind() != "Namespace" {
				out = append(out, object)
			}
		}
	}
	return out
}

func (w *world) namespaces() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, file := range files {
		for _, object := range w.files[file] {
			if object.GetKind() == "Namespace" {
				out = append(out, object)
			}
		}
	}
	return out
}

// applyNamespaces comes first in every order: no tool puts an object into a namespace that is not there.
func (w *world) applyNamespaces(ctx context.Context) { w.apply(ctx, w.namespaces()...) }

func (w *world) apply(ctx context.Context, objects ...*unstructured.Unstructured) {
	for _, object := range objects {
		cluster.ExpectApplied(ctx, object)
	}
}

// observed waits until Roster has looked at the objects as they stand, and so has acted on them.
func (w *world) observed(ctx context.Context, objects ...*unstructured.Unstructured) {
	for _, object := range objects {
		Eventually(func() (bool, error) {
			stored := object.DeepCopy()
			err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), stored)
			generation, _, _ := unstructured.NestedInt64(stored.Object, "status", "observedGeneration")
			return generation == stored.GetGeneration(), err
		}, "60s", "20ms").Should(BeTrue(), "%s %s was not looked at", object.GetKind(), object.GetName())
	}
}

// delete deletes objects and waits until they are gone, as kubectl does.
func (w *world) delete(ctx context.Context, objects ...*unstructured.Unstructured) {
	for _, object := range objects {
		Expect(client.IgnoreNotFound(cluster.Client.Delete(ctx, object.DeepCopy()))).To(Succeed())
	}
	for _, object := range objects {
		Eventually(func() bool {
			return apierrors.IsNotFound(cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), object.DeepCopy()))
		}, "60s", "50ms").Should(BeTrue(), "%s %s is still there", object.GetKind(), object.GetName())
	}
}

var kinds = []string{"User", "UserGroup", "Role", "Restriction", "Vendor", "Invitation"}

// stored are all objects of the world that the API server has.
func (w *world) stored(ctx context.Context) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, namespace := range w.namespaces() {
		out = append(out, namespace.DeepCopy())
		for _, kind := range kinds {
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind(kind + "List"))
			Expect(cluster.Client.List(ctx, list, client.InNamespace(namespace.GetName()))).To(Succeed())
			for i := range list.Items {
				out = append(out, &list.Items[i])
			}
		}
	}
	for _, object := range w.objects(files...) {
		if object.GetNamespace() == "" {
			out = append(out, object.DeepCopy())
		}
	}
	for _, object := range out {
		if object.GetResourceVersion() == "" {
			Expect(client.IgnoreNotFound(cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), object))).To(Succeed())
		}
	}
	return out
}

// versions tell whether anybody wrote anything.
func (w *world) versions(ctx context.Context) map[string]string {
	out := map[string]string{}
	for _, object := range w.stored(ctx) {
		out[titleOf(object)] = object.GetResourceVersion()
	}
	return out
}

func titleOf(object *unstructured.Unstructured) string {
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}

// state is everything that the API server has of the world, in words that are the same for equal worlds: without its
// suffix, without UIDs, times, hashes and managed fields.
func (w *world) state(ctx context.Context) map[string]string {
	out := map[string]string{}
	for _, object := range w.stored(ctx) {
		encoded, err := json.MarshalIndent(essence(object), "", " ")
		Expect(err).NotTo(HaveOccurred())
		out[w.anonymous(titleOf(object))] = w.anonymous(string(encoded))
	}
	return out
}

// essence is what of an object does not depend on when it was made.
func essence(object *unstructured.Unstructured) map[string]any {
	labels := object.GetLabels()
	if object.GetKind() == "Namespace" {
		return map[string]any{"labels": labels, "deleted": object.GetDeletionTimestamp() != nil}
	}
	var owners []string
	for _, o := range object.GetOwnerReferences() {
		owners = append(owners, fmt.Sprintf("%s %s %v", o.Kind, o.Name, o.Controller != nil && *o.Controller))
	}
	return map[string]any{
		"labels": labels, "owners": owners, "finalizers": object.GetFinalizers(), "deleted": object.GetDeletionTimestamp() != nil,
		"spec": object.Object["spec"], "status": object.Object["status"],
	}
}

var (
	uid        = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	hash       = regexp.MustCompile(`\b[a-z2-7]{52}\b`)
	invitation = regexp.MustCompile(`\b(ana|ben|carl|cem|dora|jo|kim|mia|vera)-[a-z2-7]{10}\b`)
	moment     = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

func (w *world) anonymous(text string) string {
	text = strings.ReplaceAll(text, w.suffix, "")
	text = hash.ReplaceAllString(uid.ReplaceAllString(text, "UID"), "HASH")
	text = invitation.ReplaceAllString(text, "$1-HASH")
	return moment.ReplaceAllStringFunc(text, func(t string) string {
		if t == "2030-12-31T00:00:00Z" {
			return t // the sample's own
		}
		return "TIME"
	})
}

// mails are the numbers of mails by address, for addresses that have any.
func (w *world) mails(m *env.Manager) map[string]int {
	out := map[string]int{}
	for _, object := range w.objects(files...) {
		email, found, _ := unstructured.NestedString(object.Object, "spec", "email")
		if n := len(m.Outbox.To(email)); found && n > 0 {
			out[w.anonymous(email)] = n
		}
	}
	return out
}
