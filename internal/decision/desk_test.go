package decision

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// The callers whom a desk knows: each sends his name as his token.
const (
	platform = "platform"                             // may ask about all tenants
	frontend = "system:serviceaccount:acme:frontend"  // belongs to acme
	homeless = "system:serviceaccount:nobodys:orphan" // belongs to no tenant
	stranger = "stranger"                             // may not ask
)

// desk is a service without a cluster: a test says what it knows, who its callers are and what the API server has. Ana is a
// user of acme and of globex, who reads tax until noon and a minute, and orders of the site DE; ben is one of acme, without
// access.
type desk struct {
	*testing.T
	*Service
	options Options
	clock   atomic.Int64
	logged  []string
	logging sync.Mutex
	// read is what the API server has of a tenant, as a reading of it; reads counts them.
	read  func(tenant string) (*State, error)
	reads atomic.Int32
	// reviewing comes before every review; an error is what comes of it.
	reviewing func() error
	reviews   atomic.Int32
	// withdrawn lets no token be in force any more.
	withdrawn bool
}

func newDesk(t *testing.T, changes ...func(*desk)) *desk {
	d := &desk{T: t}
	d.clock.Store(noon.UnixNano())
	d.read = func(string) (*State, error) { return d.state(8), nil }
	d.options = Options{
		Live: d, MaxStale: time.Hour, MaxWait: time.Second, AllowSample: 1, Now: d.now, Log: d.log(), Reviews: d.clientset(),
	}
	for _, change := range changes {
		change(d)
	}
	d.Service = New(d.options)
	s := d.state(7)
	d.index.ReplaceCatalogs(s.Catalogs)
	d.index.ReplaceTenants(s.Tenants)
	d.index.ReplaceRestrictions(s.Restrictions)
	d.index.ReplaceUsers(s.Users)
	d.index.ReplaceCredentials(s.Credentials)
	for each := range sources {
		d.index.progress.advance(each, "7")
	}
	return d
}

func (d *desk) now() time.Time { return time.Unix(0, d.clock.Load()) }

func (d *desk) pass(by time.Duration) { d.clock.Add(int64(by)) }

func (d *desk) log() logr.Logger {
	return funcr.New(func(_, line string) {
		d.logging.Lock()
		defer d.logging.Unlock()
		d.logged = append(d.logged, line)
	}, funcr.Options{})
}

// Read is a reading past every cache.
func (d *desk) Read(_ context.Context, tenant string) (*State, error) {
	d.reads.Add(1)
	return d.read(tenant)
}

// state is the world as it is at first, with every status settled.
func (d *desk) state(revision uint64) *State {
	s := &State{Revision: revision, Catalogs: catalogs2()[1:], Settled: func(context.Context, string) (bool, error) { return true, nil }}
	for _, name := range []string{"acme", "globex"} {
		t := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon)}}
		t.Spec.CatalogRef.Name = "shop"
		s.Tenants = append(s.Tenants, t)
		s.Users = append(s.Users, person(name, "ana",
			accessv1.AccessEntry{Resources: []string{"tax"}, Level: accessv1.LevelRead, Until: &metav1.Time{Time: noon.Add(time.Minute)}},
			accessv1.AccessEntry{Resources: []string{"orders"}, Level: accessv1.LevelRead, RestrictedTo: []accessv1.DimensionValues{{Dimension: "site", Values: []string{"DE"}}}},
		))
	}
	s.Users = append(s.Users, person("acme", "ben"))
	s.Credentials = s.credentials()
	s.SettledFor = s.Settled
	return s
}

func person(tenant, name string, entries ...accessv1.AccessEntry) *accessv1.User {
	u := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: tenant, UID: types.UID(tenant + "/" + name)}}
	u.Spec.Email = name + "@" + tenant + ".example"
	u.Status.State, u.Status.EffectiveAccess = accessv1.UserActive, entries
	return u
}

// clientset is an API server that reviews callers.
func (d *desk) clientset() *fake.Clientset {
	c := fake.NewClientset()
	review := func(answer func(clienttesting.Action) runtime.Object) clienttesting.ReactionFunc {
		return func(action clienttesting.Action) (bool, runtime.Object, error) {
			d.reviews.Add(1)
			if d.reviewing != nil {
				if err := d.reviewing(); err != nil {
					return true, nil, err
				}
			}
			return true, answer(action), nil
		}
	}
	c.PrependReactor("create", "tokenreviews", review(func(action clienttesting.Action) runtime.Object {
		asked := action.(clienttesting.CreateAction).GetObject().(*authenticationv1.TokenReview)
		out := asked.DeepCopy()
		switch out.Spec.Token {
		case platform, frontend, homeless, stranger:
			out.Status.Authenticated, out.Status.User.Username = !d.withdrawn, out.Spec.Token
		}
		return out
	}))
	c.PrependReactor("create", "subjectaccessreviews", review(func(action clienttesting.Action) runtime.Object {
		out := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview).DeepCopy()
		everyone := strings.HasPrefix(out.Spec.NonResourceAttributes.Path, "/access/v1/") || out.Spec.NonResourceAttributes.Path == pathIntrospect
		out.Status.Allowed = out.Spec.User == platform || everyone && out.Spec.User != stranger
		return out
	}))
	return c
}

// heard is what comes back.
type heard struct {
	Code      int
	Body      map[string]any
	Text      string
	Remaining http.Header
}

// asks posts a body as a caller.
func (d *desk) asks(caller, path, body string) heard {
	d.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if path == pathIntrospect {
		r.Header.Set("Content-Type", typeForm)
	}
	r.Header.Set("Authorization", "Bearer "+caller)
	return d.sends(r)
}

func (d *desk) sends(r *http.Request) heard {
	d.Helper()
	w := httptest.NewRecorder()
	d.Handler().ServeHTTP(w, r)
	h := heard{Code: w.Code, Text: w.Body.String(), Remaining: w.Header()}
	if err := json.Unmarshal(w.Body.Bytes(), &h.Body); err != nil {
		d.Fatalf("%s: %v", h.Text, err)
	}
	return h
}

// says is the answer in short: allow, deny with its reason, or a status with its sentence.
func (h heard) says() string {
	if h.Code != http.StatusOK {
		return http.StatusText(h.Code) + ": " + field(h.Body, "message")
	}
	return spoken(h.Body)
}

func spoken(body map[string]any) string {
	about, _ := body["context"].(map[string]any)
	if failed, ok := about["error"].(map[string]any); ok {
		return "deny: " + field(failed, "message")
	}
	if allowed, ok := body["decision"].(bool); !ok || allowed {
		return strings.TrimSpace("allow " + field(about, "reason"))
	}
	return "deny " + field(about, "reason")
}

// items are the answers of a batch in short.
func (h heard) items() []string {
	var out []string
	list, _ := h.Body["evaluations"].([]any)
	for _, item := range list {
		body, _ := item.(map[string]any)
		out = append(out, spoken(body))
	}
	return out
}

// ids are the results of a search.
func (h heard) ids() []string {
	var out []string
	list, _ := h.Body["results"].([]any)
	for _, item := range list {
		body, _ := item.(map[string]any)
		out = append(out, field(body, "id")+field(body, "name"))
	}
	return out
}

func field(body map[string]any, name string) string {
	text, _ := body[name].(string)
	return text
}
