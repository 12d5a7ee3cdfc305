package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/bench/report"
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
		"applicationcredentials": list("ApplicationCredential", []any{}),
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

// served is a decision service of a cluster, with its caller authentication in place, as it is configured by default, but
// that no caller asks too much. Its log goes nowhere, line by line.
type served struct {
	*httptest.Server
	stop context.CancelFunc
}

func serve(ctx context.Context, config *rest.Config, reviews string) (*served, error) {
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	reviewer, err := kubernetes.NewForConfig(&rest.Config{Host: reviews, QPS: -1})
	if err != nil {
		return nil, err
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defaults := manager.DecisionDefaults()
	service := decision.New(decision.Options{
		Client: c, Reviews: reviewer, Log: zap.New(zap.WriteTo(nowhere)), AllowSample: defaults.AllowSample, Rate: math.MaxInt32,
		MaxStale: defaults.MaxStale, MaxWait: defaults.MaxWait, Now: time.Now,
	})
	go func() { _ = service.Run(ctx) }() //nolint:errcheck // it ends with the context
	for !service.Synced() {
		select {
		case <-ctx.Done():
			stop()
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return &served{httptest.NewServer(service.Handler()), stop}, nil
}

func (s *served) close() {
	s.Close()
	s.stop()
}

func newClient(config *rest.Config) (client.WithWatch, error) {
	scheme, err := manager.Scheme()
	if err != nil {
		return nil, err
	}
	return client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: mapper()})
}

// overHTTP measures evaluations beside a handler that decodes the same bodies and answers a constant, in short turns.
func (b *bench) overHTTP(ctx context.Context) error {
	w := newWorld(10, 1_000)
	api := apiServer(w)
	defer api.CloseClientConnections()
	ours, err := serve(ctx, &rest.Config{Host: api.URL, QPS: -1}, api.URL)
	if err != nil {
		return err
	}
	defer ours.close()
	constant := httptest.NewServer(http.HandlerFunc(bareHandler))
	defer constant.Close()
	asked := newLoad(w.bodies())
	defer asked.client.CloseIdleConnections()
	rates := [2][]float64{}
	rounds := b.pick(200, 40)
	for round := range rounds {
		for side, at := range []string{ours.URL, constant.URL} {
			rate, err := asked.run(ctx, at+decision.PathEvaluation, round)
			if err != nil {
				return err
			}
			rates[side] = append(rates[side], rate)
		}
	}
	mine, bare := median(rates[0]), median(rates[1])
	b.report.Limit(report.Row{
		Name: "http", What: fmt.Sprintf("evaluations, of a bare handler's requests, median of %d turns", rounds), Target: ">= 0.8",
		Reached: fmt.Sprintf("%.2f: %.0f/s, bare %.0f/s", mine/bare, mine, bare),
		Values:  map[string]float64{"ratio": mine / bare, "perSecond": mine, "bare": bare},
	}, mine >= 0.8*bare)
	return nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
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

// load asks from several connections.
type load struct {
	client *http.Client
	bodies [][]byte
}

// inTurn is the number of requests of one turn.
const (
	inTurn  = 400
	workers = 8
)

func newLoad(bodies [][]byte) *load {
	return &load{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}, bodies}
}

// run is one turn, and returns the requests per second.
func (l *load) run(ctx context.Context, url string, turn int) (float64, error) {
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for worker := range workers {
		group.Go(func() error {
			for n := worker; n < inTurn; n += workers {
				if _, err := post(ctx, l.client, url, l.bodies[(turn*inTurn+n)%len(l.bodies)]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return inTurn / time.Since(began).Seconds(), err
}

func post(ctx context.Context, c *http.Client, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer bench")
	response, err := c.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, content)
	}
	return content, err
}
