package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"golang.org/x/crypto/bcrypt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/link"
)

// reset puts a password reset for Ana, already sent, into the cluster; she is in.
func reset(t *testing.T, c client.Client) *accessv1.PasswordReset {
	t.Helper()
	ana := &accessv1.User{}
	must(t, c.Get(t.Context(), client.ObjectKey{Namespace: "acme", Name: "ana"}, ana))
	ana.Status.State = accessv1.UserActive
	must(t, c.Status().Update(t.Context(), ana))
	r := &accessv1.PasswordReset{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "again", OwnerReferences: ownedBy(ana.UID)},
		Spec:       accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: "ana"}},
	}
	must(t, c.Create(t.Context(), r))
	expires := metav1.NewTime(time.Now().Add(time.Hour).Truncate(time.Second))
	r.Status.InvitationStatus = accessv1.InvitationStatus{State: accessv1.InvitationSent, Email: email, ExpiresAt: &expires}
	must(t, c.Status().Update(t.Context(), r))
	return r
}

// answers are the statuses that each password got.
type answers struct {
	mu sync.Mutex
	by map[string][]int
}

func (a *answers) send(t *testing.T, page, password string) {
	form := url.Values{"email": {email}, "password": {password}}.Encode()
	response, err := http.Post(page, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.by[password] = append(a.by[password], response.StatusCode)
}

// In a real cluster: of a hundred answers at once, with two passwords, one is set, and only those who chose it are told so.
func TestAnswersAtOnceSetOnePassword(t *testing.T) {
	cached, live := newClients(t, startControlPlane(t))
	must(t, live.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "dex"}}))
	invite(t, live)
	asked := reset(t, live)
	keys, err := link.Parse(map[string][]byte{"k1": []byte(strings.Repeat("k", 32))})
	must(t, err)
	token, err := keys.Sign(link.PasswordReset, string(asked.UID), asked.Status.ExpiresAt.Time)
	must(t, err)
	store := identity.NewDex(cached, live, "dex", bcrypt.MinCost)
	server := httptest.NewServer(NewHandler(Options{Links: keys, Requests: NewStore(cached, live, store), Now: time.Now, Log: testr.New(t)}))
	defer server.Close()
	page := server.URL + "/password-resets/" + token
	awaitPage(t, page)

	got := answers{by: map[string][]int{}}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() { got.send(t, page, fmt.Sprintf("trumpet-orbit-lemon-%d", i%2)) })
	}
	group.Wait()
	set, err := store.Find(t.Context(), addressOf(t, email))
	must(t, err)
	for password, statuses := range got.by {
		want := http.StatusNotFound
		if bcrypt.CompareHashAndPassword(set.Hash, []byte(password)) == nil {
			want = http.StatusOK
		}
		for _, status := range statuses {
			if status != want {
				t.Errorf("%s: %d, want %d", password, status, want)
			}
		}
	}
	again := answers{by: map[string][]int{}}
	again.send(t, page, "another-orbit-lemon")
	if unchanged, err := store.Find(t.Context(), addressOf(t, email)); err != nil || unchanged.ResourceVersion != set.ResourceVersion || again.by["another-orbit-lemon"][0] != http.StatusNotFound {
		t.Errorf("a used link: %v, %v", again.by, err)
	}
}
