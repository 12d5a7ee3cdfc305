package manager

import "testing"

func TestAPublicURLIsABaseForPaths(t *testing.T) {
	for given, want := range map[string]string{
		"":                                "",
		"https://decisions.example":       "https://decisions.example",
		"https://decisions.example/":      "https://decisions.example",
		"http://shop.example:8080/authz/": "http://shop.example:8080/authz",
	} {
		if got, err := publicURL(given); err != nil || got != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	for _, given := range []string{
		"decisions.example", "ftp://decisions.example", "https://", "javascript:alert(1)", "https://decisions.example?a=b",
		"https://decisions.example#a", "https://me:secret@decisions.example", "https://%zz",
	} {
		if got, err := publicURL(given); err == nil {
			t.Errorf("%q is taken for %q", given, got)
		}
	}
}
