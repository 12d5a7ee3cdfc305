package manager

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// What a pod is given says nothing about limits, which the client library takes for five requests a second.
func TestTheManagerDoesNotLimitItself(t *testing.T) {
	t.Parallel()
	options := Defaults()
	options.MetricsAddress, options.HealthAddress = off, off
	given := &rest.Config{Host: knowsWhatIsCached(t)}
	mgr, err := newManager(given, options)
	if err != nil {
		t.Fatal(err)
	}
	if qps := mgr.GetConfig().QPS; qps >= 0 {
		t.Errorf("it sends %v requests a second; 0 stands for five", qps)
	}
	if given.QPS != 0 {
		t.Error("it changed what it was given")
	}
}

// knowsWhatIsCached is an API server that knows the kinds for which the cache has settings of their own, and nothing else.
func knowsWhatIsCached(t *testing.T) (url string) {
	answers := map[string]any{
		"/api": metav1.APIVersions{Versions: []string{"v1"}},
		"/apis": metav1.APIGroupList{Groups: []metav1.APIGroup{{
			Name: "rbac.authorization.k8s.io", Versions: []metav1.GroupVersionForDiscovery{{GroupVersion: "rbac.authorization.k8s.io/v1", Version: "v1"}},
		}}},
		"/api/v1":                            metav1.APIResourceList{GroupVersion: "v1", APIResources: namespaced("secrets", "Secret")},
		"/apis/rbac.authorization.k8s.io/v1": metav1.APIResourceList{GroupVersion: "rbac.authorization.k8s.io/v1", APIResources: namespaced("rolebindings", "RoleBinding")},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answers[r.URL.Path]); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func namespaced(name, kind string) []metav1.APIResource {
	return []metav1.APIResource{{Name: name, Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"get", "list", "watch"}}}
}
