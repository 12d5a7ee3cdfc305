package crd_test

import (
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// steps splits a path such as spec.groups[].name into the names of fields and "[]" for the first item of a list.
func (f field) steps() []string {
	return strings.Split(strings.ReplaceAll(f.path, "[]", ".[]"), ".")
}

// get returns what an object has at a place; nil is nothing, and so is an empty list.
func get(node any, steps []string) any {
	if list, ok := node.([]any); ok && len(list) == 0 {
		return nil
	}
	if len(steps) == 0 {
		return node
	}
	switch node := node.(type) {
	case map[string]any:
		return get(node[steps[0]], steps[1:])
	case []any:
		return get(node[0], steps[1:])
	default:
		return nil
	}
}

// put changes what an object has at a place where it has something.
func put(node any, steps []string, value any) {
	switch node := node.(type) {
	case map[string]any:
		if len(steps) == 1 {
			node[steps[0]] = value
			return
		}
		put(node[steps[0]], steps[1:], value)
	case []any:
		if len(steps) == 1 {
			node[0] = value
			return
		}
		put(node[0], steps[1:], value)
	}
}

// distinct returns a string that differs for each i, or one of the enum's values in turn.
func distinct(i int, schema apiextensionsv1.JSONSchemaProps) any {
	if n := len(schema.Enum); n > 0 {
		return strings.Trim(string(schema.Enum[i%n].Raw), `"`)
	}
	return fmt.Sprintf("v%d", i)
}
