package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/manager"
)

// apiServer lists the world and believes every token.
func apiServer(w *world) *httptest.Server {
	list := func(kind string, items any) any {
		return map[string]any{"apiVersion": accessv1.SchemeGroupVersion.String(), "kind": kind + "List",
			"metadata": map[string]any{"resourceVersion": "1"}, "items": items}
	}
	answers := map[string]any{
		"users": list("User", w.users), "tenants": list("Tenant", w.tenants),
		"resourcecatalogs": list("ResourceCatalog", []any{w.catalog}), "restrictions": list("Restriction", []any{}),
	}
	mux := http.NewServeMux()
	for kind, answer := range answers {
		mux.HandleFunc("/apis/access.roster.dev/v1alpha1/"+kind, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Query().Get("watch") == "" {
				_ = json.NewEncoder(w).Encode(answer) //nolint:errcheck // the other side reports what it misses
				return
			}
			if r.URL.Query().Get("sendInitialEvents") != "" {
				w.WriteHeader(http.StatusUnprocessableEntity) // then the client lists
				return
			}
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
	}
	review := func(answer any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer) //nolint:errcheck // the other side reports what it misses
		}
	}
	mux.HandleFunc("/apis/authentication.k8s.io/v1/tokenreviews", review(authenticationv1.TokenReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"},
		Status:   authenticationv1.TokenReviewStatus{Authenticated: true, User: authenticationv1.UserInfo{Username: "bench"}},
	}))
	mux.HandleFunc("/apis/authorization.k8s.io/v1/subjectaccessreviews", review(authorizationv1.SubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SubjectAccessReview"},
		Status:   authorizationv1.SubjectAccessReviewStatus{Allowed: true},
	}))
	return httptest.NewServer(mux)
}

// served is a decision service over the world, with its caller authentication in place.
func served(ctx context.Context, config *rest.Config) (*httptest.Server, error) {
	scheme, err := manager.Scheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: mapper()})
	if err != nil {
		return nil, err
	}
	reviews, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	service := decision.New(decision.Options{
		Client: c, Reviews: reviews, Log: logr.Discard(), MaxStale: time.Hour, MaxWait: time.Second, Now: time.Now,
	})
	go func() { _ = service.Run(ctx) }() //nolint:errcheck // it ends with the context
	for !service.Synced() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return httptest.NewServer(service.Handler()), nil
}

// overHTTP measures evaluations beside a handler that decodes the same bodies and answers a constant.
func overHTTP(w *world, short bool) ([]figure, error) {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	api := apiServer(w)
	defer api.CloseClientConnections()
	ours, err := served(ctx, &rest.Config{Host: api.URL, QPS: -1})
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	constant := httptest.NewServer(http.HandlerFunc(bareHandler))
	defer constant.Close()
	rounds, each := 9, 8000
	if short {
		rounds, each = 3, 2000
	}
	bodies := w.bodies()
	var a, b []float64
	for range rounds {
		for _, side := range []struct {
			at   *httptest.Server
			into *[]float64
		}{{ours, &a}, {constant, &b}} {
			rate, err := load(ctx, side.at, bodies, each)
			if err != nil {
				return nil, err
			}
			*side.into = append(*side.into, rate)
		}
	}
	slices.Sort(a)
	slices.Sort(b)
	mine, bare := a[rounds/2], b[rounds/2]
	return []figure{{"evaluations over HTTP", fmt.Sprintf("%.0f/s", mine), fmt.Sprintf("bare handler %.0f/s", bare), mine / bare, "≥ 0.8"}}, nil
}

func bareHandler(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	var body struct {
		Subject, Resource struct {
			Type, ID   string
			Properties map[string]any
		}
		Action struct{ Name string }
	}
	if err != nil || json.Unmarshal(content, &body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"decision":true,"context":{"revision":"1"}}`)) //nolint:errcheck // a caller that has gone reads nothing
}

func (w *world) bodies() [][]byte {
	out := make([][]byte, 0, denialsAndMore)
	for _, q := range w.questions()[:denialsAndMore] {
		properties, err := json.Marshal(q.query.Entity.Properties)
		if err != nil {
			continue
		}
		out = append(out, fmt.Appendf(nil,
			`{"subject":{"type":"user","id":%q,"properties":{"tenant":%q}},"action":{"name":%q},"resource":{"type":%q,"id":"1","properties":%s}}`,
			q.subject.ID, q.subject.Tenant, q.query.Action, q.query.Resource, properties))
	}
	return out
}

// load posts so many bodies from several connections, and returns the requests per second.
func load(ctx context.Context, at *httptest.Server, bodies [][]byte, count int) (float64, error) {
	workers := 4 * runtime.GOMAXPROCS(0)
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer c.CloseIdleConnections()
	var group sync.WaitGroup
	failed := make(chan error, workers)
	began := time.Now()
	for worker := range workers {
		group.Go(func() {
			for n := worker; n < count; n += workers {
				if err := post(ctx, c, at.URL+decision.PathEvaluation, bodies[n%len(bodies)]); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(count) / time.Since(began).Seconds(), nil
	}
}

func post(ctx context.Context, c *http.Client, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer bench")
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, content)
	}
	return err
}
