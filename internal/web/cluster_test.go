package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/link"
)

// startControlPlane starts an API server with the kinds of this module.
func startControlPlane(t *testing.T) *rest.Config {
	t.Helper()
	environment := &envtest.Environment{
		CRDDirectoryPaths: []string{
			filepath.Join("..", "..", "config", "crd", "bases"), filepath.Join("..", "..", "test", "env", "testdata", "dex.yaml"),
		},
		ErrorIfCRDPathMissing: true,
	}
	config, err := environment.Start()
	if err != nil {
		t.Fatalf("starting the control plane (KUBEBUILDER_ASSETS names its directory): %v", err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	config.QPS, config.Burst = -1, -1
	return config
}

// newClients returns a client that reads from a cache, and one that does not.
func newClients(t *testing.T, config *rest.Config) (cached client.WithWatch, live client.Client) {
	t.Helper()
	scheme := schemeOf(t)
	must(t, clientgoscheme.AddToScheme(scheme))
	must(t, identity.AddToScheme(scheme))
	store, err := cache.New(config, cache.Options{Scheme: scheme})
	must(t, err)
	must(t, index.Register(t.Context(), store))
	var stopped sync.WaitGroup
	stopped.Go(func() {
		if err := store.Start(t.Context()); err != nil {
			t.Errorf("the cache: %v", err)
		}
	})
	t.Cleanup(stopped.Wait)
	if !store.WaitForCacheSync(t.Context()) {
		t.Fatal("the cache did not fill")
	}
	live, err = client.New(config, client.Options{Scheme: scheme})
	must(t, err)
	cached, err = client.NewWithWatch(config, client.Options{Scheme: scheme, Cache: &client.CacheOptions{Reader: store}})
	must(t, err)
	return cached, live
}

// invite puts Acme, Ana and her invitation, already sent, into the cluster.
func invite(t *testing.T, c client.Client) *accessv1.Invitation {
	t.Helper()
	r := invited()
	for _, o := range objectsOf(r) {
		o.SetUID("")
	}
	r.user.Spec.Type = accessv1.UserTypeEmployee
	r.invitation.Labels, r.invitation.OwnerReferences = nil, nil
	status := r.invitation.Status
	must(t, c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}))
	for _, o := range objectsOf(r) {
		if o == client.Object(r.invitation) {
			r.invitation.OwnerReferences = ownedBy(r.user.UID)
		}
		must(t, c.Create(t.Context(), o))
	}
	expires := metav1.NewTime(time.Now().Add(time.Hour).Truncate(time.Second))
	status.ExpiresAt = &expires
	r.invitation.Status = status
	must(t, c.Status().Update(t.Context(), r.invitation))
	return r.invitation
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// postAll sends the form as often as said, at once, and counts the answers by status.
func postAll(t *testing.T, url, form string, times int) map[int]int {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	answers := map[int]int{}
	for range times {
		group.Go(func() {
			response, err := http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			answers[response.StatusCode]++
		})
	}
	group.Wait()
	return answers
}

// In a real cluster, over real connections: wrong answers at once are counted one by one, and of a
// hundred right ones at once the first accepts and all succeed.
func TestAnswersAtOnceAgainstAnAPIServer(t *testing.T) {
	cached, live := newClients(t, startControlPlane(t))
	invitation := invite(t, live)
	var taken atomic.Int32
	counting := interceptor.NewClient(cached, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, _ string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			err := c.Status().Patch(ctx, o, patch, options...)
			if err == nil {
				taken.Add(1)
			}
			return err
		},
	})
	keys, err := link.Parse(map[string][]byte{"k1": []byte(strings.Repeat("k", 32))})
	must(t, err)
	token, err := keys.Sign(link.Invitation, string(invitation.UID), invitation.Status.ExpiresAt.Time)
	must(t, err)
	server := httptest.NewServer(NewHandler(Options{Links: keys, Requests: NewStore(counting, live, nil), Now: time.Now, Log: testr.New(t)}))
	defer server.Close()
	page := server.URL + "/invitations/" + token

	awaitPage(t, page)
	if got := postAll(t, page, url.Values{"email": {"bo@acme.example"}}.Encode(), maxWrong-1); got[http.StatusUnprocessableEntity] != maxWrong-1 {
		t.Errorf("wrong addresses: %v", got)
	}
	counted := read(t, live, invitation)
	if counted.Status.WrongAddress == nil || counted.Status.WrongAddress.Count != maxWrong-1 {
		t.Errorf("counted %+v", counted.Status.WrongAddress)
	}

	const answers = 100
	if got := postAll(t, page, url.Values{"email": {email}}.Encode(), answers); got[http.StatusOK] != answers {
		t.Errorf("right addresses: %v", got)
	}
	accepted := read(t, live, invitation)
	if accepted.Status.State != accessv1.InvitationAccepted || accepted.Status.AcceptedAt == nil {
		t.Errorf("stored %+v", accepted.Status)
	}
	if got := postAll(t, page, url.Values{"email": {email}}.Encode(), 1); got[http.StatusOK] != 1 {
		t.Errorf("once more: %v", got)
	}
	if got := taken.Load(); got != maxWrong {
		t.Errorf("%d statuses were written, want %d for wrong addresses and 1 for the acceptance", got, maxWrong-1)
	}
}

// awaitPage returns once the cache has heard of the invitation.
func awaitPage(t *testing.T, page string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		response, err := http.Get(page)
		must(t, err)
		must(t, response.Body.Close())
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("the page never appeared")
}

func read(t *testing.T, c client.Client, invitation *accessv1.Invitation) *accessv1.Invitation {
	t.Helper()
	stored := &accessv1.Invitation{}
	must(t, c.Get(t.Context(), client.ObjectKeyFromObject(invitation), stored))
	return stored
}
