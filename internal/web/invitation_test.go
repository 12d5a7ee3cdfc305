package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/link"
)

func TestThePageSaysWhoInvitesWhomAndNotAtWhichAddress(t *testing.T) {
	s := newSite(t, invited())
	w := s.get(s.path(uid))
	expectPage(t, w, http.StatusOK, "<bdi>Acme GmbH</bdi> invites you to <bdi>Commerce</bdi>", "Hello <bdi>Ana</bdi>",
		`<label for="email">`, `autocomplete="email"`, `href="mailto:help@acme.example"`, `<form method="post">`)
	if body := w.Body.String(); strings.Contains(body, email) || strings.Contains(body, `role="alert"`) || strings.Contains(body, "<script") {
		t.Errorf("the page holds the address, an error or a script:\n%s", body)
	}
}

func TestTheInvitedAddressAccepts(t *testing.T) {
	for _, typed := range []string{email, "ANA@acme.example", "ana@ACME.EXAMPLE", "  ana@acme.example\t"} {
		r := invited()
		s := newSite(t, r)
		expectPage(t, s.post(s.path(uid), typed), http.StatusOK, "You have joined <bdi>Acme GmbH</bdi>", `href="https://shop.acme.example/start"`)
		if status := r.invitation.Status; status.State != accessv1.InvitationAccepted || !status.AcceptedAt.Time.Equal(noon) {
			t.Errorf("%q: %s at %v", typed, status.State, status.AcceptedAt)
		}
	}
}

func TestAnAcceptedLinkSaysSoAgainAndChangesNothing(t *testing.T) {
	s := newSite(t, invited())
	s.post(s.path(uid), email)
	for _, w := range []*httptest.ResponseRecorder{s.get(s.path(uid)), s.post(s.path(uid), email), s.post(s.path(uid), "else@acme.example")} {
		expectPage(t, w, http.StatusOK, "You have joined")
	}
	if s.store.writes != 1 {
		t.Errorf("%d writes, want 1", s.store.writes)
	}
}

func TestAHundredAnswersAtOnceAcceptOnce(t *testing.T) {
	s := newSite(t, invited())
	path := s.path(uid)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() { expectPage(t, s.post(path, email), http.StatusOK, "You have joined") })
	}
	group.Wait()
	if s.store.writes != 1 {
		t.Errorf("%d writes, want 1", s.store.writes)
	}
}

func TestScannersChangeNothing(t *testing.T) {
	r := invited()
	s := newSite(t, r)
	path, before := s.path(uid), r.invitation.DeepCopy()
	for i := range 10_000 {
		request := httptest.NewRequest([]string{http.MethodGet, http.MethodHead}[i%2], path, nil)
		if w := s.do(with(request, []string{"Sec-Purpose", "prefetch"})); w.Code != http.StatusOK {
			t.Fatalf("status %d", w.Code)
		}
	}
	expectPage(t, s.get(path+"?email="+email), http.StatusOK, "invites you")
	expectPage(t, s.post(path, ""), http.StatusUnprocessableEntity, "Type your email address")
	if s.store.writes != 0 || r.invitation.Status.State != before.Status.State || r.invitation.Status.WrongAddress != nil {
		t.Errorf("%d writes, status %+v", s.store.writes, r.invitation.Status)
	}
}

func TestAWrongAddressIsSaidAndCounted(t *testing.T) {
	r := invited()
	s := newSite(t, r)
	w := s.post(s.path(uid), "bo@acme.example")
	expectPage(t, w, http.StatusUnprocessableEntity, "<title>Error: ", `role="alert"`, `<a href="#email">`, `aria-invalid="true"`,
		`aria-describedby="hint error"`, `value="bo@acme.example"`)
	if strings.Contains(w.Body.String(), email) {
		t.Error("the page gives the invited address away")
	}
	s.now = noon.Add(time.Minute)
	s.post(s.path(uid), "not an address")
	if got := r.invitation.Status.WrongAddress; got == nil || got.Count != 2 || !got.Since.Time.Equal(noon) {
		t.Errorf("counted %+v; want 2 since noon", got)
	}
}

func TestFiveWrongAddressesLockTheLinkForAWhile(t *testing.T) {
	r := invited()
	s := newSite(t, r)
	for range maxWrong {
		expectPage(t, s.post(s.path(uid), "bo@acme.example"), http.StatusUnprocessableEntity)
		s.now = s.now.Add(3 * time.Minute)
	}
	fifth := s.now.Add(-3 * time.Minute)
	for _, at := range []time.Time{fifth, fifth.Add(lockWindow - time.Second)} {
		s.now = at
		for _, w := range []*httptest.ResponseRecorder{s.get(s.path(uid)), s.post(s.path(uid), email), s.post(s.path(uid), "bo@acme.example"), s.post(s.path(uid), "")} {
			expectPage(t, w, http.StatusTooManyRequests, "15 minutes")
			if w.Header().Get("Retry-After") != "900" {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
		}
	}
	if s.store.writes != maxWrong {
		t.Errorf("%d writes, want %d", s.store.writes, maxWrong)
	}
	s.now = fifth.Add(lockWindow)
	expectPage(t, s.post(s.path(uid), email), http.StatusOK, "You have joined")
}

func TestWrongAddressesFarApartDoNotLock(t *testing.T) {
	r := invited()
	s := newSite(t, r)
	for range 4 * maxWrong {
		expectPage(t, s.post(s.path(uid), "bo@acme.example"), http.StatusUnprocessableEntity)
		s.now = s.now.Add(lockWindow / (maxWrong - 1))
	}
	expectPage(t, s.post(s.path(uid), email), http.StatusOK)
}

// Every reason for which a link does not work, and none of which anybody may learn.
func deadLinks() map[string]func(*record) {
	yes, past := true, metav1.NewTime(noon)
	return map[string]func(*record){
		"expired":                       func(r *record) { r.invitation.Status.ExpiresAt = &past },
		"without an expiry":             func(r *record) { r.invitation.Status.ExpiresAt = nil },
		"no status yet":                 func(r *record) { r.invitation.Status = accessv1.InvitationStatus{} },
		"pending":                       func(r *record) { r.invitation.Status.State = accessv1.InvitationPending },
		"expired by state":              func(r *record) { r.invitation.Status.State = accessv1.InvitationExpired },
		"superseded":                    func(r *record) { r.invitation.Status.State = accessv1.InvitationSuperseded },
		"cancelled by state":            func(r *record) { r.invitation.Status.State = accessv1.InvitationCancelled },
		"failed":                        func(r *record) { r.invitation.Status.State = accessv1.InvitationFailed },
		"of an unknown state":           func(r *record) { r.invitation.Status.State = "Other" },
		"cancelled":                     func(r *record) { r.invitation.Spec.Cancel = &yes },
		"invitation being deleted":      func(r *record) { r.invitation.DeletionTimestamp = &past },
		"invitation gone":               func(r *record) { r.invitation = nil },
		"no address in the status":      func(r *record) { r.invitation.Status.Email = "" },
		"user gone":                     func(r *record) { r.user = nil },
		"user being deleted":            func(r *record) { r.user.DeletionTimestamp = &past },
		"user inactive":                 func(r *record) { r.user.Spec.State = accessv1.AccountInactive },
		"user with another address":     func(r *record) { r.user.Spec.Email = "ana@elsewhere.example" },
		"user without address":          func(r *record) { r.user.Spec.Email = "" },
		"another user of the name":      func(r *record) { r.user.UID = "later" },
		"another user, said by label":   func(r *record) { r.user.UID, r.invitation.OwnerReferences = "later", nil },
		"another user, said by owner":   func(r *record) { r.user.UID, r.invitation.Labels = "later", nil },
		"nobody's":                      func(r *record) { r.invitation.OwnerReferences = nil },
		"another operator's user's":     func(r *record) { r.invitation.OwnerReferences[1].APIVersion = "keycloak.example/v1" },
		"tenant gone":                   func(r *record) { r.tenant = nil },
		"tenant suspended":              func(r *record) { r.tenant.Spec.State = accessv1.TenantSuspended },
		"tenant being deleted":          func(r *record) { r.tenant.DeletionTimestamp = &past },
		"accepted, and the user is out": func(r *record) { r.invitation.Status.State, r.user = accessv1.InvitationAccepted, nil },
	}
}

func TestAllDeadLinksAreOnePage(t *testing.T) {
	unknown := newSite(t, invited())
	want := unknown.get("/invitations/unknown")
	expectPage(t, want, http.StatusNotFound, "This link no longer works")
	same := func(name string, s *site, path string) {
		t.Helper()
		finds := s.store.finds
		for _, w := range []*httptest.ResponseRecorder{s.get(path), s.post(path, email), s.post(path, "bo@acme.example"), s.post(path, "")} {
			if w.Code != want.Code || w.Body.String() != want.Body.String() {
				t.Errorf("%s: status %d and\n%s", name, w.Code, w.Body)
			}
		}
		if s.store.writes != 0 || s.store.finds != finds+4 {
			t.Errorf("%s: %d writes and %d look-ups in 4 requests", name, s.store.writes, s.store.finds-finds)
		}
	}
	for name, spoil := range deadLinks() {
		r := invited()
		r.tenant.Spec.Onboarding.Locale = "de"
		spoil(&r)
		s := newSite(t, r)
		same(name, s, s.path(uid))
	}
	s := newSite(t, invited())
	good := s.path(uid)
	same("an unknown invitation", s, s.path("00000000-0000-4000-8000-000000000000"))
	same("a changed signature", s, good[:len(good)-1]+"_")
	same("a truncated token", s, good[:60])
	same("a percent-encoded spelling", s, strings.Replace(good, ".", "%2E", 1))
	s.now = noon.Add(24 * time.Hour)
	same("a token past its time", s, good)
}

func TestATroubleOfOursIsNotADeadLink(t *testing.T) {
	s := newSite(t, invited())
	s.store.broken = errBroken
	for _, w := range []*httptest.ResponseRecorder{s.get(s.path(uid)), s.post(s.path(uid), email)} {
		expectPage(t, w, http.StatusServiceUnavailable, "The fault is ours")
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	token := strings.TrimPrefix(s.path(uid), "/invitations/")
	if log := s.log.String(); !strings.Contains(log, errBroken.Error()) || strings.Contains(log, token) {
		t.Errorf("logged %q; want the error and not the token", log)
	}
}

// noKeys cannot verify anything.
type noKeys struct{}

func (noKeys) Verify(link.Purpose, string, time.Time) (string, error) { return "", errBroken }

func TestLinksThatCannotBeVerifiedAreNotDead(t *testing.T) {
	s := newSite(t, invited())
	s.handler = NewHandler(Options{Links: noKeys{}, Requests: s.store, Now: func() time.Time { return noon }})
	expectPage(t, s.get(s.path(uid)), http.StatusServiceUnavailable, "The fault is ours")
	if s.store.finds != 0 {
		t.Error("an unverified link was looked up")
	}
}

func TestTheTokenIsNowhereOnAPage(t *testing.T) {
	s := newSite(t, invited())
	token := strings.TrimPrefix(s.path(uid), "/invitations/")
	for _, w := range []*httptest.ResponseRecorder{s.get(s.path(uid)), s.post(s.path(uid), "bo@acme.example"), s.post(s.path(uid), email)} {
		if strings.Contains(w.Body.String(), token) {
			t.Errorf("the page holds the token:\n%s", w.Body)
		}
	}
}
