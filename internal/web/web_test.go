package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/link"
)

const (
	uid   = "9c2f7a1e-53d4-4b68-8f0a-1d2e3c4b5a69"
	email = "ana@acme.example"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// invited is a record whose link works.
func invited() record {
	expires := metav1.NewTime(noon.Add(24 * time.Hour))
	return record{
		purpose: link.Invitation,
		invitation: &accessv1.Invitation{
			ObjectMeta: metav1.ObjectMeta{
				Name: "ana-3fz8k2", Namespace: "acme", UID: uid,
				Labels:          map[string]string{accessv1.LabelUser: "user-uid"},
				OwnerReferences: ownedBy("user-uid"),
			},
			Spec:   accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: "ana"}},
			Status: accessv1.InvitationStatus{State: accessv1.InvitationSent, Email: email, ExpiresAt: &expires},
		},
		user: &accessv1.User{
			ObjectMeta: metav1.ObjectMeta{Name: "ana", Namespace: "acme", UID: "user-uid"},
			Spec:       accessv1.UserSpec{Email: email, FirstName: "Ana"},
		},
		tenant: &accessv1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: "acme"},
			Spec: accessv1.TenantSpec{DisplayName: "Acme GmbH", Onboarding: accessv1.Onboarding{
				ProductName: "Commerce", SupportEmail: "help@acme.example", ContinueURL: "https://shop.acme.example/start",
			}},
		},
	}
}

// inMemory answers from records, by the same judgement as the Store.
type inMemory struct {
	mu      sync.Mutex
	records map[string]record
	finds   int
	writes  int
	broken  error
}

func (m *inMemory) Find(_ context.Context, purpose link.Purpose, uid string, now time.Time) (Invite, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finds++
	r := m.records[uid]
	r.purpose = purpose
	return r.invite(r.standing(now)), m.broken
}

func (m *inMemory) Accept(_ context.Context, purpose link.Purpose, uid string, answer Answer, now time.Time) (Invite, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finds++
	r := m.records[uid]
	r.purpose = purpose
	invite, changed := r.answer(answer, now)
	if changed {
		m.writes++
	}
	return invite, m.broken
}

// site is the pages over one invitation, with a clock that the test moves.
type site struct {
	t       testing.TB
	handler http.Handler
	store   *inMemory
	keys    *link.Keys
	now     time.Time
	log     strings.Builder
}

func newSite(t testing.TB, r record) *site {
	t.Helper()
	keys, err := link.Parse(map[string][]byte{"k1": []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, keys: keys, now: noon, store: &inMemory{records: map[string]record{uid: r}}}
	s.answersFrom(s.store)
	return s
}

// answersFrom has the pages answer from other requests than those in memory.
func (s *site) answersFrom(requests Requests) {
	s.handler = NewHandler(Options{
		Links: s.keys, Requests: requests, Now: func() time.Time { return s.now },
		Log: logr.New(funcr.New(func(_, args string) { s.log.WriteString(args) }, funcr.Options{}).GetSink()),
	})
}

// path of a link to the object with this UID, good for a day.
func (s *site) path(uid string) string {
	s.t.Helper()
	token, err := s.keys.Sign(link.Invitation, uid, noon.Add(24*time.Hour))
	if err != nil {
		s.t.Fatal(err)
	}
	return "/invitations/" + token
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *site) get(path string, headers ...string) *httptest.ResponseRecorder {
	return s.do(with(httptest.NewRequest(http.MethodGet, path, nil), headers))
}

func (s *site) post(path, typed string, headers ...string) *httptest.ResponseRecorder {
	form := strings.NewReader(url.Values{"email": {typed}}.Encode())
	r := httptest.NewRequest(http.MethodPost, path, form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(with(r, headers))
}

func with(r *http.Request, headers []string) *http.Request {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func expectPage(t testing.TB, w *httptest.ResponseRecorder, status int, words ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	for _, want := range words {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page does not hold %q:\n%s", want, w.Body)
		}
	}
}

var errBroken = errors.New("the API server is away")

func addressOf(t testing.TB, text string) address.Address {
	t.Helper()
	parsed, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// ownedBy is the owner of what asks a user, beside one of another operator's.
func ownedBy(user types.UID) []metav1.OwnerReference {
	return []metav1.OwnerReference{
		{APIVersion: "keycloak.example/v1", Kind: "User", Name: "ana", UID: "elsewhere"},
		{APIVersion: accessv1.SchemeGroupVersion.String(), Kind: "User", Name: "ana", UID: user},
	}
}
