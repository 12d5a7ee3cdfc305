package stories_test

import (
	gocmp "cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

var stories = []string{"analytics", "commerce", "distribution", "payments", "service-desk"}

func TestEveryStoryIsAppliedAsAWhole(t *testing.T) {
	directories, err := filepath.Glob("../../config/samples/*")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, directory := range directories {
		names = append(names, filepath.Base(directory))
	}
	if diff := cmp.Diff(stories, names); diff != "" {
		t.Fatalf("the samples are other stories (-want +got):\n%s", diff)
	}
	for _, story := range stories {
		t.Run(story, func(t *testing.T) {
			if diff := cmp.Diff(filesOf(t, story), slices.Sorted(slices.Values(resourcesOf(t, story)))); diff != "" {
				t.Errorf("kustomization.yaml names other files than there are (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryStorysCatalogNamesOnlyWhatItHas(t *testing.T) {
	for _, story := range stories {
		t.Run(story, func(t *testing.T) {
			catalog := readCatalog(t, story)
			if twice := graph.Duplicates(catalog); twice != nil {
				t.Errorf("resources that stand twice: %v", twice)
			}
			vocabulary := access.NewVocabulary(graph.Catalog(catalog))
			administration := gocmp.Or(catalog.Spec.AdministrationResource, "users-and-groups")
			if _, ok := vocabulary.Resource(administration); !ok {
				t.Errorf("unknown administration resource %s", administration)
			}
			for _, role := range catalog.Spec.Roles {
				check(t, vocabulary, role.Name, role.Rules)
				for _, option := range role.Options {
					check(t, vocabulary, role.Name+" with option "+option.Name, option.Rules)
				}
			}
			for _, name := range vocabulary.Resources() {
				resource, _ := vocabulary.Resource(name)
				for _, requirement := range resource.Requires {
					for _, need := range slices.Concat(requirement.Read, requirement.Manage) {
						if _, ok := vocabulary.Resource(need); !ok {
							t.Errorf("%s requires the unknown resource %s", name, need)
						}
					}
				}
			}
		})
	}
}

func check(t *testing.T, vocabulary *access.Vocabulary, what string, rules []accessv1.Rule) {
	t.Helper()
	for _, problem := range graph.CheckRules(vocabulary, rules) {
		t.Errorf("%s: %s", what, problem)
	}
}

// filesOf returns the names of a story's files, sorted.
func filesOf(t *testing.T, story string) []string {
	t.Helper()
	entries, err := os.ReadDir("../../config/samples/" + story)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); name != "kustomization.yaml" {
			names = append(names, name)
		}
	}
	return names
}

// resourcesOf returns the names of a story's files in the order in which they are applied.
func resourcesOf(t *testing.T, story string) []string {
	t.Helper()
	content, err := os.ReadFile("../../config/samples/" + story + "/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct{ Resources []string }
	if err := yaml.Unmarshal(content, &kustomization); err != nil {
		t.Fatal(err)
	}
	return kustomization.Resources
}
