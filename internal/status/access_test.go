package status

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func entry(change ...func(*accessv1.AccessEntry)) accessv1.AccessEntry {
	e := accessv1.AccessEntry{
		Resources: []string{"orders"}, Level: accessv1.LevelRead, Via: []accessv1.AccessSource{{Group: "viewers", Role: "viewer"}},
		Until: &metav1.Time{Time: now.Truncate(time.Second)},
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func userWith(entries ...accessv1.AccessEntry) *accessv1.User {
	return &accessv1.User{
		ObjectMeta: metav1.ObjectMeta{Name: "ana", ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: "Update"}}},
		Status:     accessv1.UserStatus{State: accessv1.UserActive, EffectiveAccess: entries},
	}
}

func slim(t *testing.T, object any) any {
	t.Helper()
	out, err := Slim(object)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSlimLeavesOnlyTheHashOfAUsersAccess(t *testing.T) {
	t.Parallel()
	user := slim(t, userWith(entry())).(*accessv1.User)
	if user.Status.EffectiveAccess != nil || user.Status.State != accessv1.UserActive {
		t.Errorf("the status is %+v", user.Status)
	}
	again := user.DeepCopy()
	if diff := cmp.Diff(again, slim(t, user)); diff != "" {
		t.Errorf("slimming twice changes it (-want +got):\n%s", diff)
	}
}

func TestSlimTakesManagedFieldsFromEverythingElse(t *testing.T) {
	t.Parallel()
	group := &accessv1.UserGroup{ObjectMeta: userWith().ObjectMeta, Status: accessv1.UserGroupStatus{Access: []accessv1.AccessEntry{entry()}}}
	configMap := &metav1.PartialObjectMetadata{ObjectMeta: userWith().ObjectMeta}
	for _, object := range []metav1.Object{group, configMap, &corev1.Namespace{ObjectMeta: userWith().ObjectMeta}} {
		if slim(t, object); object.GetManagedFields() != nil {
			t.Errorf("%T keeps its managed fields", object)
		}
	}
	if len(group.Status.Access) != 1 {
		t.Error("a group's access is compared as it is, and has to stay")
	}
	if got := slim(t, "no object"); got != "no object" {
		t.Errorf("what is no object became %v", got)
	}
}

func TestWhetherAUserIsAsComputed(t *testing.T) {
	t.Parallel()
	computed := func(entries ...accessv1.AccessEntry) *accessv1.UserStatus { return &userWith(entries...).Status }
	inAnotherZone := entry(func(e *accessv1.AccessEntry) { e.Until = &metav1.Time{Time: e.Until.In(time.FixedZone("east", 7200))} })
	for _, c := range []struct {
		sentence         string
		stored, computed []accessv1.AccessEntry
		want             bool
	}{
		{"the same", []accessv1.AccessEntry{entry()}, []accessv1.AccessEntry{entry()}, true},
		{"none and none", nil, nil, true},
		{"none and an empty list", nil, []accessv1.AccessEntry{}, true},
		{"the same instant in another zone", []accessv1.AccessEntry{entry()}, []accessv1.AccessEntry{inAnotherZone}, true},
		{"access that was lost", []accessv1.AccessEntry{entry()}, nil, false},
		{"access that was gained", nil, []accessv1.AccessEntry{entry()}, false},
		{"another level", []accessv1.AccessEntry{entry()}, []accessv1.AccessEntry{entry(func(e *accessv1.AccessEntry) { e.Level = accessv1.LevelManage })}, false},
	} {
		stored := userWith(c.stored...)
		for form, user := range map[string]*accessv1.User{"whole": stored, "slim": slim(t, stored.DeepCopy()).(*accessv1.User)} {
			if got, err := SameUser(user, computed(c.computed...)); err != nil || got != c.want {
				t.Errorf("%s, %s: got %v, %v", c.sentence, form, got, err)
			}
			if got := HasAccess(user); got != (len(c.stored) > 0) {
				t.Errorf("%s, %s: HasAccess says %v", c.sentence, form, got)
			}
		}
	}
	other := computed(entry())
	other.State = accessv1.UserInactive
	if same, _ := SameUser(slim(t, userWith(entry())).(*accessv1.User), other); same {
		t.Error("another state is another status")
	}
}

// TestTheBoundsAreTheSchemas compares the numbers here with the ones in the CRDs: a status that is within these is not
// refused.
func TestTheBoundsAreTheSchemas(t *testing.T) {
	t.Parallel()
	for file, list := range map[string]string{"users": "effectiveAccess", "usergroups": "access"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "config", "crd", "bases", "access.roster.dev_"+file+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		crd := apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(content, &crd); err != nil {
			t.Fatal(err)
		}
		access := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"].Properties[list]
		of := access.Items.Schema.Properties
		within := of["restrictedTo"].Items.Schema.Properties
		got := map[string]int64{
			"entries": *access.MaxItems, "resources": *of["resources"].MaxItems, "actions": *of["actions"].MaxItems,
			"via": *of["via"].MaxItems, "dimensions": *of["restrictedTo"].MaxItems,
			"values": *within["values"].MaxItems, "userAttributes": *within["userAttributes"].MaxItems,
		}
		want := map[string]int64{
			"entries": maxEntries, "resources": maxResources, "actions": maxActions, "via": maxVia,
			"dimensions": maxDimensions, "values": maxValues, "userAttributes": maxUserAttributes,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-here +schema):\n%s", file, diff)
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	names := func(count, length int) []string {
		out := make([]string, count)
		for i := range out {
			out[i] = fmt.Sprintf("%0*d", length, i)
		}
		return out
	}
	narrowed := func(d accessv1.DimensionValues, count int) func(*accessv1.AccessEntry) {
		return func(e *accessv1.AccessEntry) {
			d.Dimension = "site"
			for range count {
				e.RestrictedTo = append(e.RestrictedTo, d)
			}
		}
	}
	for _, c := range []struct {
		sentence string
		entries  []accessv1.AccessEntry
		want     string // a part of what is said; empty: it fits
	}{
		{"none", nil, ""},
		{"one", []accessv1.AccessEntry{entry()}, ""},
		{"as many values as fit", []accessv1.AccessEntry{entry(narrowed(accessv1.DimensionValues{Values: names(maxValues, 4)}, 1))}, ""},
		{"a value more", []accessv1.AccessEntry{entry(narrowed(accessv1.DimensionValues{Values: names(maxValues+1, 4)}, 1))}, "4096 values of site"},
		{"as many attributes as fit", []accessv1.AccessEntry{entry(narrowed(accessv1.DimensionValues{UserAttributes: names(maxUserAttributes, 4)}, 1))}, ""},
		{"an attribute more", []accessv1.AccessEntry{entry(narrowed(accessv1.DimensionValues{UserAttributes: names(maxUserAttributes+1, 4)}, 1))}, "64 user attributes"},
		{"a dimension more", []accessv1.AccessEntry{entry(narrowed(accessv1.DimensionValues{}, maxDimensions+1))}, "16 dimensions"},
		{"an entry more", make([]accessv1.AccessEntry, maxEntries+1), "4096 entries"},
		{"a resource more", []accessv1.AccessEntry{{Resources: names(maxResources+1, 4)}}, "4096 resources"},
		{"an action more", []accessv1.AccessEntry{{Actions: names(maxActions+1, 4)}}, "256 actions"},
		{"an origin more", []accessv1.AccessEntry{{Via: make([]accessv1.AccessSource, maxVia+1)}}, "4096 origins"},
		{"more bytes", []accessv1.AccessEntry{{Resources: names(1100, 250)}}, "256 KiB"},
	} {
		got := TooLarge(c.entries)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.sentence, got, c.want)
		}
	}
}
