package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/manager"
)

// lister is as much of an API server as a cache needs to fill itself: it lists, and nothing ever changes.
type lister map[string][]client.Object

func (l lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") != "" {
		if r.URL.Query().Get("sendInitialEvents") != "" {
			http.Error(w, "list instead", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusOK)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		<-r.Context().Done()
		return
	}
	plural := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	objects, kind := l[plural], ""
	for _, each := range kinds {
		if pluralOf(each) == plural {
			kind = kindOf(each) + "List"
		}
	}
	if objects == nil {
		objects = []client.Object{}
	}
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": accessv1.SchemeGroupVersion.String(), "kind": kind,
		"metadata": metav1.ListMeta{ResourceVersion: "1"}, "items": objects,
	})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// kinds are those that the indexes are of.
var kinds = []client.Object{
	&accessv1.User{}, &accessv1.UserGroup{}, &accessv1.Role{}, &accessv1.Restriction{}, &accessv1.Vendor{},
	&accessv1.Tenant{}, &accessv1.ResourceCatalog{},
	&accessv1.Invitation{}, &accessv1.PasswordReset{}, &accessv1.ApplicationCredential{},
}

func pluralOf(object client.Object) string { return strings.ToLower(kindOf(object)) + "s" }

func kindOf(object client.Object) string { return reflect.TypeOf(object).Elem().Name() }

// fill is a cache as the manager has it, with its options and its indexes, full of the objects.
func fill(ctx context.Context, objects []client.Object) (cache.Cache, func(), error) {
	all := lister{}
	for _, object := range objects {
		object.GetObjectKind().SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind(kindOf(object)))
		all[pluralOf(object)] = append(all[pluralOf(object)], object)
	}
	server := httptest.NewServer(all)
	scheme, err := manager.Scheme()
	if err != nil {
		return nil, server.Close, err
	}
	mapper := apimeta.NewDefaultRESTMapper(nil)
	for _, kind := range kinds {
		scope := apimeta.RESTScopeNamespace
		if kindOf(kind) == "Tenant" || kindOf(kind) == "ResourceCatalog" {
			scope = apimeta.RESTScopeRoot
		}
		mapper.Add(accessv1.SchemeGroupVersion.WithKind(kindOf(kind)), scope)
	}
	options := manager.CacheOptions("roster-system")
	options.Scheme, options.Mapper, options.ByObject = scheme, mapper, nil // the guard reads no Secrets
	ctx, end := context.WithCancel(ctx)
	stop := func() {
		end()
		server.CloseClientConnections()
		server.Close()
	}
	filled, err := cache.New(&rest.Config{Host: server.URL}, options)
	if err != nil {
		return nil, stop, err
	}
	if err := index.Register(ctx, filled); err != nil {
		return nil, stop, err
	}
	return filled, stop, wait(ctx, filled)
}

func wait(ctx context.Context, filled cache.Cache) error {
	failed := make(chan error, 1)
	go func() { failed <- filled.Start(ctx) }()
	for _, kind := range kinds {
		if _, err := filled.GetInformer(ctx, kind); err != nil {
			return err
		}
	}
	if !filled.WaitForCacheSync(ctx) {
		return errors.New("the cache was never full")
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
