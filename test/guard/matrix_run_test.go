package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// runner makes the requests about one resource, one after the other.
type runner struct {
	resource string
	clients  map[string]dynamic.ResourceInterface
	// admin is the platform's, and gives what a request needs.
	admin dynamic.ResourceInterface
	count int
}

func newRunner(resource string) *runner {
	r := &runner{resource: resource, clients: map[string]dynamic.ResourceInterface{}, admin: clientFor(cluster.Config, resource)}
	for actor, username := range actors {
		config := rest.AnonymousClientConfig(cluster.Config)
		if username != "" {
			config = rest.CopyConfig(cluster.Config)
			config.Impersonate = rest.ImpersonationConfig{UserName: username, Groups: []string{writers, "system:authenticated"}}
		}
		config.QPS = -1
		r.clients[actor] = clientFor(config, resource)
	}
	return r
}

func clientFor(config *rest.Config, resource string) dynamic.ResourceInterface {
	c, err := dynamic.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	of := c.Resource(accessv1.SchemeGroupVersion.WithResource(resource))
	if resource == "tenants" || resource == "resourcecatalogs" {
		return of
	}
	return of.Namespace("matrix")
}

// run makes all requests, and says in sentences which ended otherwise than expected.
func (r *runner) run(ctx context.Context) (count int, unexpected []string) {
	for _, c := range r.cells() {
		r.count++
		if got, err := r.try(ctx, c); got != c.expected() {
			unexpected = append(unexpected, fmt.Sprintf("%s, %s: %s of %s %s%s: expected %q, and it is %q: %v",
				c.actor, c.mode, c.operation, c.class, c.resource, strings.TrimSuffix("/"+c.subresource, "/"), c.expected(), got, err))
		}
	}
	return r.count, unexpected
}

// cells are in a fixed order: actors last, so that what one was refused is what the next one is allowed.
func (r *runner) cells() []cell {
	var out []cell
	for _, s := range subjects {
		if s.resource != r.resource {
			continue
		}
		for _, mode := range []string{dry, earnest, going} {
			for _, operation := range slices.Sorted(maps.Keys(operations)) {
				for _, subresource := range subresources {
					for _, actor := range slices.Sorted(maps.Keys(actors)) {
						if c := (cell{s, subresource, operation, mode, actor}); c.makesSense() {
							out = append(out, c)
						}
					}
				}
			}
		}
	}
	return out
}

// makesSense leaves out what there is not, as a new name of what is there, and what another class of the same resource has
// tried already. Every operation is tried in all modes by one class.
func (c cell) makesSense() bool {
	deletes, thorough := strings.HasPrefix(c.operation, "delete"), c.class == raising || c.class == unjudged
	switch {
	case c.mode == going && (c.class == rosters || c.operation == "create by apply"):
		return false
	case c.subresource != "":
		return thorough && c.isBelow()
	case deletes:
		return slices.Contains(deletions[c.resource], c.class)
	case strings.HasPrefix(c.operation, "create") && c.created == "":
		return false
	}
	return thorough || c.mode == earnest || c.mode == going && c.class == protected
}

// isBelow tells whether an operation is tried on the paths below an object: all that can change it where there is one, and
// two where there is none.
func (c cell) isBelow() bool {
	if served[c.resource+"/"+c.subresource] == nil {
		return c.mode == earnest && (c.operation == "PUT" || c.operation == "merge patch")
	}
	return c.mode != going && slices.Contains(statuses, operations[c.operation]) && c.operation != "create by apply"
}

// try makes one request.
func (r *runner) try(ctx context.Context, c cell) (verdict, error) {
	name, err := r.target(ctx, c)
	if err != nil {
		return "", err
	}
	var dryRun []string
	if c.mode == dry {
		dryRun = []string{metav1.DryRunAll}
	}
	for {
		err := r.ask(ctx, c, name, dryRun)
		if !apierrors.IsConflict(err) {
			return verdictOf(c, err), err
		}
	}
}

func verdictOf(c cell, err error) verdict {
	switch {
	case err == nil, c.mode == going && c.operation == "create" && apierrors.IsAlreadyExists(err):
		return passes
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "denied the request"):
		return refusal
	case apierrors.IsForbidden(err):
		return forbidden
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		return notServed
	default:
		return "fails"
	}
}

// target is the object that a request is about. One that goes with the request is made for it.
func (r *runner) target(ctx context.Context, c cell) (string, error) {
	name := readObject("matrix", c.target).name
	if c.mode == going {
		name += "-going"
	}
	switch creates, deletes := strings.HasPrefix(c.operation, "create"), strings.HasPrefix(c.operation, "delete"); {
	case creates && c.mode != going && c.subresource == "":
		return fmt.Sprintf("new-%d", r.count), nil
	case c.subresource == "" && c.mode != dry && (deletes || c.once) && !creates && c.expected() == passes:
		return r.fresh(ctx, c)
	}
	return name, nil
}

func (r *runner) fresh(ctx context.Context, c cell) (string, error) {
	o := readObject("matrix", c.target)
	o.name = fmt.Sprintf("%s-%d", o.name, r.count)
	whole := o.whole()
	if c.mode == going {
		whole.SetFinalizers([]string{held})
	}
	_, err := r.admin.Create(ctx, whole, metav1.CreateOptions{})
	if err == nil && c.mode == going {
		err = r.admin.Delete(ctx, o.name, metav1.DeleteOptions{})
	}
	return o.name, err
}

// ask makes the request itself.
func (r *runner) ask(ctx context.Context, c cell, name string, dryRun []string) error {
	as, below := r.clients[c.actor], []string{}
	if c.subresource != "" {
		below = append(below, c.subresource)
	}
	var err error
	switch c.operation {
	case "create":
		_, err = as.Create(ctx, c.object(name, r.count), metav1.CreateOptions{DryRun: dryRun}, below...)
	case "create by apply":
		_, err = as.Apply(ctx, name, c.object(name, r.count), metav1.ApplyOptions{DryRun: dryRun, FieldManager: "somebody", Force: true}, below...)
	case "apply":
		_, err = as.Apply(ctx, name, c.changed(name, r.count), metav1.ApplyOptions{DryRun: dryRun, FieldManager: "somebody", Force: true}, below...)
	case "PUT":
		err = r.put(ctx, c, name, metav1.UpdateOptions{DryRun: dryRun}, below)
	case "merge patch":
		_, err = as.Patch(ctx, name, types.MergePatchType, encoded(map[string]any{c.part(): c.content(r.count)}), metav1.PatchOptions{DryRun: dryRun}, below...)
	case "JSON patch":
		_, err = as.Patch(ctx, name, types.JSONPatchType, c.jsonPatch(r.count), metav1.PatchOptions{DryRun: dryRun}, below...)
	case "delete":
		err = as.Delete(ctx, name, metav1.DeleteOptions{DryRun: dryRun}, below...)
	case "deletecollection":
		err = as.DeleteCollection(ctx, metav1.DeleteOptions{DryRun: dryRun}, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	default:
		err = errors.New("nobody knows how to " + c.operation)
	}
	return err
}

func (r *runner) put(ctx context.Context, c cell, name string, options metav1.UpdateOptions, below []string) error {
	stored, err := r.admin.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for key, value := range c.content(r.count) {
		if err := unstructured.SetNestedField(stored.Object, value, c.part(), key); err != nil {
			return err
		}
	}
	_, err = r.clients[c.actor].Update(ctx, stored, options, below...)
	return err
}

// part of an object that a cell changes.
func (c cell) part() string {
	if c.subresource == "status" {
		return "status"
	}
	return "spec"
}

// content is the change as YAML has it, with a number that no other request has.
func (c cell) content(number int) map[string]any {
	if c.subresource == "status" {
		return map[string]any{"observedGeneration": int64(number)}
	}
	text := strings.NewReplacer(
		"#", fmt.Sprint(number), "%10", fmt.Sprint(number%10), "%6", fmt.Sprint(number%6+1), "MODE", c.mode,
	).Replace(c.change)
	content, _ := readObject("matrix", "Any any "+text).what.(map[string]any)
	return content
}

func (c cell) jsonPatch(number int) []byte {
	var out []map[string]any
	for key, value := range c.content(number) {
		out = append(out, map[string]any{"op": "add", "path": "/" + c.part() + "/" + key, "value": value})
	}
	return encoded(out)
}

// object is a new one of the cell's class.
func (c cell) object(name string, number int) *unstructured.Unstructured {
	o := readObject("matrix", c.target)
	o.name = name
	o.what = readObject("matrix", "Any any "+strings.ReplaceAll(c.created, "#", fmt.Sprint(number))).what
	return o.whole()
}

// changed is the change as it is applied.
func (c cell) changed(name string, number int) *unstructured.Unstructured {
	o := readObject("matrix", c.target)
	o.name = name
	bare := o.bare()
	bare.Object[c.part()] = c.content(number)
	return bare
}
