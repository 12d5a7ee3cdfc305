package guard_test

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// The rows of the tables are written in a language of their own, so that a row is a sentence and a line.
//
// An object is "<Kind> <name> <spec>", and a request "<who> <verb> <Kind> <name> <what>", where what is YAML. A name may
// say its tenant, as "lonely/ana", and a ~ in it becomes the row's number, so that the object is the row's own. A user has
// the address <name>@<tenant>.example, unless another is given. Some of YAML's longer pieces have names:
//
//	names(a, b)      [{name: a}, {name: b}]
//	many(3, a)       [{name: a-1}, {name: a-2}, {name: a-3}]
//	Manage(a, b)     {resources: [a, b], level: Manage}, and so Read(a, b)
//	Publish(a)       {resources: [a], actions: [publish]}
//
// The verbs are those of the map below.
type object struct {
	kind, namespace, name string
	// what is the object's YAML: of a request what its verb says, else the spec.
	what any
}

type request struct {
	who, verb string
	object
}

var pieces = regexp.MustCompile(`(names|many|Manage|Read|Publish)\(([^)]*)\)`)

func piece(text string) string {
	parts := pieces.FindStringSubmatch(text)
	list := strings.Split(strings.ReplaceAll(parts[2], " ", ""), ",")
	switch parts[1] {
	case "names":
		return `[{name: "` + strings.Join(list, `"}, {name: "`) + `"}]`
	case "many":
		return many(list[0], list[1])
	case "Publish":
		return `{resources: ["` + strings.Join(list, `", "`) + `"], actions: [publish]}`
	default:
		return `{resources: ["` + strings.Join(list, `", "`) + `"], level: ` + parts[1] + `}`
	}
}

func many(count, name string) string {
	var n int
	_, err := fmt.Sscan(count, &n)
	ExpectWithOffset(1, err).NotTo(HaveOccurred(), count)
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf("{name: %s-%d}", name, i+1)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// readObject reads an object of a tenant, which is its namespace.
func readObject(tenant, text string) object {
	words := strings.SplitN(text, " ", 3)
	Expect(words).To(HaveLen(3), text)
	o := object{kind: words[0], namespace: tenant, name: words[1]}
	if namespace, name, ok := strings.Cut(o.name, "/"); ok {
		o.namespace, o.name = namespace, name
	}
	content := pieces.ReplaceAllStringFunc(words[2], piece)
	Expect(yaml.Unmarshal([]byte(content), &o.what)).To(Succeed(), "%s is no YAML", content)
	return o
}

func readRequest(tenant, text string) request {
	words := strings.SplitN(text, " ", 3)
	Expect(words).To(HaveLen(3), text)
	if words[1] == "deletes" || words[1] == "clears" {
		words[2] += " {}"
	}
	return request{who: words[0], verb: words[1], object: readObject(tenant, words[2])}
}

// bare is the object with nothing but its name.
func (o object) bare() *unstructured.Unstructured {
	bare := &unstructured.Unstructured{}
	bare.SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind(o.kind))
	bare.SetName(o.name)
	if o.kind != "Tenant" && o.kind != "ResourceCatalog" {
		bare.SetNamespace(o.namespace)
	}
	if strings.HasSuffix(o.name, "-") {
		bare.SetName("")
		bare.SetGenerateName(o.name)
	}
	return bare
}

// whole is the object with its spec; what may be the whole object as well, where the spec alone does not say it.
func (o object) whole() *unstructured.Unstructured {
	whole := o.bare()
	content, _ := o.what.(map[string]any)
	if _, ok := content["spec"]; !ok {
		content = map[string]any{"spec": content}
	}
	if metadata, ok := content["metadata"].(map[string]any); ok {
		for key, value := range metadata {
			Expect(unstructured.SetNestedField(whole.Object, value, "metadata", key)).To(Succeed())
		}
	}
	spec, _ := content["spec"].(map[string]any)
	if _, given := spec["email"]; o.kind == "User" && !given && spec["type"] != "Robot" {
		spec["email"] = strings.TrimSuffix(o.name, "-") + "@" + o.namespace + ".example"
	}
	whole.Object["spec"] = spec
	if status, ok := content["status"]; ok {
		whole.Object["status"] = status
	}
	return whole
}

// verbs are what a request can do.
var verbs = map[string]func(context.Context, client.Client, object) (*unstructured.Unstructured, error){
	"creates": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		whole := o.whole()
		return whole, c.Create(ctx, whole)
	},
	// Server-side apply.
	"applies": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		whole := o.whole()
		return whole, c.Apply(ctx, client.ApplyConfigurationFromUnstructured(whole), client.FieldOwner("somebody"), client.ForceOwnership)
	},
	// PUT, with the spec in place of the stored one.
	"replaces": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		var answer *unstructured.Unstructured
		err := rewrite(ctx, o.bare(), func(stored *unstructured.Unstructured) { stored.Object["spec"] = o.whole().Object["spec"] },
			func(fresh *unstructured.Unstructured) error {
				answer = fresh
				return c.Update(ctx, fresh)
			})
		return answer, err
	},
	// PUT of an object that need not be there.
	"puts": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		whole := o.whole()
		return whole, c.Update(ctx, whole)
	},
	// A merge patch of the spec, of metadata, of the status.
	"sets":  merging("spec", func(c client.Client) patcher { return c.Patch }),
	"marks": merging("metadata", func(c client.Client) patcher { return c.Patch }),
	"forges": merging("status", func(c client.Client) patcher {
		return func(ctx context.Context, o client.Object, p client.Patch, _ ...client.PatchOption) error {
			return c.Status().Patch(ctx, o, p)
		}
	}),
	// A JSON patch.
	"edits": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		bare, body := o.bare(), encoded(o.what)
		return bare, c.Patch(ctx, bare, client.RawPatch("application/json-patch+json", body))
	},
	"deletes": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		return nil, c.Delete(ctx, o.bare())
	},
	// Deletes a collection, in which there is nothing but this object.
	"clears": func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		return nil, c.DeleteAllOf(ctx, o.bare(), client.InNamespace(o.namespace), client.MatchingFields{"metadata.name": o.name})
	},
}

type patcher func(context.Context, client.Object, client.Patch, ...client.PatchOption) error

func merging(part string, of func(client.Client) patcher) func(context.Context, client.Client, object) (*unstructured.Unstructured, error) {
	return func(ctx context.Context, c client.Client, o object) (*unstructured.Unstructured, error) {
		bare, body := o.bare(), encoded(map[string]any{part: o.what})
		return bare, of(c)(ctx, bare, client.RawPatch("application/merge-patch+json", body))
	}
}

func encoded(content any) []byte {
	body, err := json.Marshal(content)
	Expect(err).NotTo(HaveOccurred())
	return body
}

// wanted is what has to be stored after a request that goes through; nil: nothing.
func (r request) wanted() map[string]any {
	switch r.verb {
	case "deletes", "clears":
		return nil
	case "sets":
		return map[string]any{"spec": r.what}
	case "marks":
		return map[string]any{"metadata": r.what}
	case "edits":
		return map[string]any{} // its answer is compared
	default:
		return map[string]any{"spec": r.whole().Object["spec"]}
	}
}

// holds tells whether an object holds what a merge patch put into it.
func holds(stored, wanted any) bool {
	fields, ok := wanted.(map[string]any)
	if !ok {
		return reflect.DeepEqual(normal(stored), normal(wanted))
	}
	in, _ := stored.(map[string]any)
	for key, value := range fields {
		if there, ok := in[key]; value == nil && ok || value != nil && !holds(there, value) {
			return false
		}
	}
	return true
}

// normal is a value as JSON has it: numbers are of one type.
func normal(value any) any {
	var out any
	Expect(json.Unmarshal(encoded(value), &out)).To(Succeed())
	return out
}
