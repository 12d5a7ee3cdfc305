package crd_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// field is one place in a kind's schema; the items of a list are at "[]".
type field struct {
	kind, path string
	schema     apiextensionsv1.JSONSchemaProps
}

// fields returns every place in the schemas of all kinds, but for conditions, which are not ours.
func fields() []field {
	var all []field
	for _, kind := range slices.Sorted(maps.Keys(definitions)) {
		schema := definitions[kind].Spec.Versions[0].Schema.OpenAPIV3Schema
		all = append(all, walk(field{kind, "", *schema})...)
	}
	return all
}

func walk(f field) []field {
	if strings.HasPrefix(f.path, "status.conditions") {
		return nil
	}
	all := []field{f}
	if f.schema.Items != nil {
		all = append(all, walk(field{f.kind, f.path + "[]", *f.schema.Items.Schema})...)
	}
	for _, name := range slices.Sorted(maps.Keys(f.schema.Properties)) {
		all = append(all, walk(field{f.kind, strings.TrimPrefix(f.path+"."+name, "."), f.schema.Properties[name]})...)
	}
	return all
}

// rules returns the messages with which an object is refused that breaks one of the rules at this place. The bounds
// of sizes and numbers are not among them.
func (f field) rules() []string {
	var messages []string
	for _, rule := range f.schema.XValidations {
		messages = append(messages, rule.Message)
	}
	if len(f.schema.Enum) > 0 {
		messages = append(messages, f.path+": Unsupported value")
	}
	if f.schema.Pattern != "" {
		messages = append(messages, f.path+" in body should match")
	}
	if f.schema.Format == "email" || f.schema.Format == "date-time" {
		messages = append(messages, f.path+" in body must be of type "+f.schema.Format)
	}
	for _, name := range f.schema.Required {
		messages = append(messages, strings.TrimPrefix(f.path+"."+name, ".")+": Required value")
	}
	if kind := f.schema.XListType; kind != nil && *kind != "atomic" {
		messages = append(messages, f.path+"[]: Duplicate value")
	}
	return messages
}

var (
	index = regexp.MustCompile(`\[\d+\]`)
	// inRule matches the places where the type Rule stands; breaking its rules in one of them is enough.
	inRule = regexp.MustCompile(`^spec\.(rules|access|defaultAccess|roles\[\]\.rules|roles\[\]\.options\[\]\.rules)\[\]`)
)

func TestEveryRuleHasAnInvalidFile(t *testing.T) {
	broken := map[string]bool{} // by kind and message, inside Rule by message
	for _, f := range files(t, "invalid") {
		for _, want := range f.wants {
			want = index.ReplaceAllString(want, "[]")
			broken[f.kind+" "+want] = true
			broken[inRule.ReplaceAllString(want, "rule")] = true
		}
	}
	for _, f := range fields() {
		for _, message := range f.rules() {
			key := f.kind + " " + message
			if inRule.MatchString(f.path) {
				key = inRule.ReplaceAllString(message, "rule")
			}
			if !broken[key] && !writtenByRosterAlone(f.path, message) {
				t.Errorf("no file under invalid/ breaks this rule of %s at %q: want: %s", f.kind, f.path, message)
			}
		}
	}
}

// writtenByRosterAlone says that a rule only guards the form of a status. The values that a status may take are part
// of the API and take a file; that its lists have keys does not.
func writtenByRosterAlone(path, message string) bool {
	return strings.HasPrefix(path, "status") && !strings.HasSuffix(message, "Unsupported value")
}

func TestEveryWantIsTheMessageOfARule(t *testing.T) {
	known := map[string]bool{"observedGeneration in body should be greater than or equal to -1": true}
	for _, f := range fields() {
		for _, message := range f.rules() {
			known[message] = true
		}
	}
	for _, f := range files(t, "invalid") {
		for _, want := range f.wants {
			if !known[index.ReplaceAllString(want, "[]")] {
				t.Errorf("%s: no CRD has a rule with this message: %s", f.name, want)
			}
		}
	}
}
