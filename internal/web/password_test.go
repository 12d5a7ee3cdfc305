package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilcache "k8s.io/apimachinery/pkg/util/cache"
	testingclock "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/link"
)

const goodPassword = "trumpet-orbit-lemon"

// choosing is a record whose link asks for a password.
func choosing() record {
	r := invited()
	r.store, r.signIn = true, chosen
	return r
}

// resetting is a record of a password reset whose link works.
func resetting() record {
	r := choosing()
	r.purpose, r.user.Status.State = link.PasswordReset, accessv1.UserActive
	return r
}

func (s *site) resetPath() string {
	s.t.Helper()
	token, err := s.keys.Sign(link.PasswordReset, uid, noon.AddDate(0, 0, 1))
	if err != nil {
		s.t.Fatal(err)
	}
	return "/password-resets/" + token
}

func (s *site) send(path, typed, password string) *httptest.ResponseRecorder {
	form := strings.NewReader(url.Values{"email": {typed}, "password": {password}}.Encode())
	r := httptest.NewRequest(http.MethodPost, path, form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r)
}

func TestAFormAsksForAPasswordOnlyWhereOneIsKept(t *testing.T) {
	const field = `<input type="password" id="password" name="password" autocomplete="new-password"`
	plain := newSite(t, invited())
	if body := plain.get(plain.path(uid)).Body.String(); strings.Contains(body, "password") {
		t.Errorf("a password is asked for:\n%s", body)
	}
	s := newSite(t, choosing())
	expectPage(t, s.get(s.path(uid)), http.StatusOK, field, `autocomplete="username"`, "and choose a password")
	known := choosing()
	known.signIn = kept
	s = newSite(t, known)
	w := s.get(s.path(uid))
	expectPage(t, w, http.StatusOK, "the password that you already have")
	if strings.Contains(w.Body.String(), field) {
		t.Error("a password is asked of somebody who has one")
	}
	expectPage(t, s.post(s.path(uid), email), http.StatusOK, "You have joined")
}

func TestAWeakPasswordIsSaidAtItsField(t *testing.T) {
	tests := map[string]string{
		"": "Choose a password", "short": "at least 12", strings.Repeat("Xk3!vbq9", 10): "at most 72",
		"ana@acme.example": "Leave out your address", "my-acme-password": "Leave out your address", "password1234": "easy to guess",
	}
	for password, words := range tests {
		s := newSite(t, choosing())
		w := s.send(s.path(uid), email, password)
		expectPage(t, w, http.StatusUnprocessableEntity, words, `<a href="#password">`, `aria-describedby="password-hint password-error" aria-invalid="true"`, `value="ana@acme.example"`, "<title>Error: ")
		if body := w.Body.String(); s.store.writes != 0 || password != "" && password != email && strings.Contains(body, password) || strings.Count(body, "aria-invalid") != 1 {
			t.Errorf("%q: %d writes, and\n%s", password, s.store.writes, body)
		}
	}
}

func TestAWrongAddressIsSaidBeforeAnythingOfThePassword(t *testing.T) {
	for _, password := range []string{"", "short", goodPassword} {
		r := choosing()
		s := newSite(t, r)
		w := s.send(s.path(uid), "bo@acme.example", password)
		expectPage(t, w, http.StatusUnprocessableEntity, "sent to another address", `<a href="#email">`)
		if got := r.invitation.Status.WrongAddress; got == nil || got.Count != 1 || strings.Contains(w.Body.String(), "password-error") {
			t.Errorf("counted %+v, and\n%s", got, w.Body)
		}
	}
}

func TestAResetWorksOnce(t *testing.T) {
	r := resetting()
	s := newSite(t, r)
	expectPage(t, s.get(s.resetPath()), http.StatusOK, "Choose a new password", "Hello <bdi>Ana</bdi>")
	expectPage(t, s.send(s.resetPath(), "bo@acme.example", goodPassword), http.StatusUnprocessableEntity, "This email was sent to another address")
	expectPage(t, s.send(s.resetPath(), email, "password1234"), http.StatusUnprocessableEntity, "easy to guess")
	expectPage(t, s.send(s.resetPath(), email, goodPassword), http.StatusOK, "Your password is set", `href="https://shop.acme.example/start"`)
	if status := r.invitation.Status; status.State != accessv1.InvitationAccepted || status.SignIn != accessv1.SignInPassword {
		t.Errorf("stored %+v", status)
	}
	for _, w := range []*httptest.ResponseRecorder{s.get(s.resetPath()), s.send(s.resetPath(), email, goodPassword)} {
		expectPage(t, w, http.StatusNotFound, "This link no longer works")
	}
}

func TestNoLinkIsGoodForTheOtherPage(t *testing.T) {
	s := newSite(t, resetting())
	for _, path := range []string{
		strings.Replace(s.path(uid), "/invitations/", "/password-resets/", 1), strings.Replace(s.resetPath(), "/password-resets/", "/invitations/", 1),
	} {
		for _, w := range []*httptest.ResponseRecorder{s.get(path), s.send(path, email, goodPassword)} {
			expectPage(t, w, http.StatusNotFound, "This link no longer works")
		}
	}
}

func TestAllDeadResetsAreOnePage(t *testing.T) {
	dead := deadLinks()
	dead["no store"] = func(r *record) { r.store = false }
	dead["a user who is not in"] = func(r *record) { r.user.Status.State = accessv1.UserInvited }
	dead["answered already"] = func(r *record) { r.invitation.Status.State = accessv1.InvitationAccepted }
	unknown := newSite(t, resetting())
	want := unknown.get("/invitations/unknown").Body.String()
	for name, spoil := range dead {
		r := resetting()
		spoil(&r)
		s := newSite(t, r)
		for _, w := range []*httptest.ResponseRecorder{s.get(s.resetPath()), s.send(s.resetPath(), email, goodPassword), s.send(s.resetPath(), "bo@acme.example", "")} {
			if w.Code != http.StatusNotFound || w.Body.String() != want || s.store.writes != 0 {
				t.Errorf("%s: status %d, %d writes and\n%s", name, w.Code, s.store.writes, w.Body)
			}
		}
	}
}

// sealed keeps passwords in memory, and says how often one was set.
type sealed struct {
	stored *identity.Password
	finds  int
	sets   []identity.Choice
	err    error
	// hashing is what happens while a password is hashed.
	hashing func()
}

func (p *sealed) Find(context.Context, address.Address) (*identity.Password, error) {
	p.finds++
	return p.stored, nil
}

func (p *sealed) Set(ctx context.Context, _ *identity.Password, choice identity.Choice) error {
	if p.hashing != nil {
		p.hashing()
	}
	if err := cmp.Or(p.err, choice.Confirm(ctx)); err != nil {
		return err
	}
	p.sets = append(p.sets, choice)
	return nil
}

func (p *sealed) Repeats(context.Context, *identity.Password, identity.Choice) (bool, error) {
	return false, p.err
}

func ours(user types.UID) *identity.Password {
	p := &identity.Password{UserID: string(user), Name: "Somebody"}
	p.Labels = map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster}
	return p
}

func TestWhatAnAcceptanceDoesAboutThePassword(t *testing.T) {
	foreign := ours("user-uid")
	foreign.Labels = nil
	tests := map[string]struct {
		stored *identity.Password
		want   Standing
		sets   int
	}{
		"there is none: it is chosen":                         {nil, Joined, 1},
		"it is one's own, from an answer that broke off":      {ours("user-uid"), Joined, 1},
		"it names somebody who may not come in: it is chosen": {ours("gone"), Joined, 1},
		"Roster did not make it: nothing is accepted":         {foreign, Taken, 0},
	}
	for name, tt := range tests {
		c := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
		passwords := &sealed{stored: tt.stored}
		invite, err := NewStore(c, c, passwords).Accept(t.Context(), link.Invitation, uid, Answer{email, goodPassword}, noon)
		standingOf(t, invite, err, tt.want)
		if len(passwords.sets) != tt.sets {
			t.Errorf("%s: set %d times", name, len(passwords.sets))
		}
		if tt.sets == 1 && (passwords.sets[0].User != "user-uid" || passwords.sets[0].Link != uid || statusOf(t, c).SignIn != accessv1.SignInPassword) {
			t.Errorf("%s: set %+v", name, passwords.sets[0])
		}
	}
}

// The API server names the object that it could not read or write, and that name spells the address.
func TestNoLineOfTheLogSpellsAnAddressNotEvenInAPasswordsName(t *testing.T) {
	passwords, name := schema.GroupResource{Group: "dex.coreos.com", Resource: "passwords"}, identity.Name(addressOf(t, email))
	forbidden := apierrors.NewForbidden(passwords, name, errBroken)
	for what, answer := range map[string]error{"reading": forbidden, "writing": apierrors.NewNotFound(passwords, name)} {
		c := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
		dex := interceptor.NewClient(c, interceptor.Funcs{
			Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
				return answer
			},
			Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return forbidden },
		})
		s := newSite(t, invited())
		s.answersFrom(NewStore(c, c, identity.NewDex(dex, dex, "dex", bcrypt.MinCost)))
		expectPage(t, s.send(s.path(uid), email, goodPassword), http.StatusServiceUnavailable)
		if log := s.log.String(); strings.Contains(log, name) || !strings.Contains(log, "forbidden") || !strings.Contains(log, identity.Mask(name)) {
			t.Errorf("%s: the log says %s", what, log)
		}
	}
}

func TestFewPasswordsAreJudgedAtOnce(t *testing.T) {
	c := cluster(t, interceptor.Funcs{SubResourcePatch: refuseWrite(t)}, objectsOf(invited())...)
	store := NewStore(c, c, &sealed{})
	if !store.judging.TryAcquire(judgedAtOnce) {
		t.Fatal("a password is being judged")
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	weak := Answer{email, "password1234"}
	if invite, err := store.Accept(gone, link.Invitation, uid, weak, noon); !errors.Is(err, context.Canceled) || invite != (Invite{}) {
		t.Errorf("one too many: %+v, %v", invite, err)
	}
	store.judging.Release(judgedAtOnce)
	for range judgedAtOnce + 1 {
		invite, err := store.Accept(t.Context(), link.Invitation, uid, weak, noon)
		standingOf(t, invite, err, Weak)
	}
}

func TestOpeningALinkAgainAndAgainLooksForItsPasswordOnce(t *testing.T) {
	c := cluster(t, interceptor.Funcs{}, objectsOf(invited())...)
	passwords := &sealed{stored: ours("user-uid")}
	passwords.stored.Hash = []byte("secret")
	store := NewStore(c, c, passwords)
	still := testingclock.NewFakeClock(noon)
	store.glances = utilcache.NewLRUExpireCacheWithClock(maxGlances, still)
	open := func(times int) {
		for range times {
			if invite, err := store.Find(t.Context(), link.Invitation, uid, noon); err != nil || invite.Standing != Open {
				t.Fatalf("standing %d, %v", invite.Standing, err)
			}
		}
	}
	open(100)
	if passwords.finds != 1 {
		t.Errorf("%d looks for 100 forms", passwords.finds)
	}
	if string(passwords.stored.Hash) != "secret" {
		t.Error("what was found lost its hash")
	}
	still.Step(glanceTime + time.Second)
	open(1)
	if passwords.finds != 2 {
		t.Errorf("%d looks, the second a while later", passwords.finds)
	}
	if _, err := store.Accept(t.Context(), link.Invitation, uid, Answer{email, goodPassword}, noon); err != nil || passwords.finds == 2 {
		t.Errorf("an answer believes what was seen for a form: %v", err)
	}
}

// elsewhere is a cluster in which a user of another tenant has accepted at the address too.
func elsewhere(t *testing.T, also ...client.Object) client.WithWatch {
	t.Helper()
	other := invited()
	other.tenant.Name, other.tenant.UID = "north", "north-uid"
	other.user.Namespace, other.user.UID, other.user.Status.AcceptedEmail = "north", "first-uid", email
	return cluster(t, interceptor.Funcs{}, append(append(objectsOf(invited()), other.tenant, other.user), also...)...)
}

// The other tenant's user chose a password first, or is about to get it from somebody who is gone.
func TestASecondTenantChangesNoPassword(t *testing.T) {
	for _, owner := range []types.UID{"first-uid", "gone"} {
		c := elsewhere(t)
		passwords := &sealed{stored: ours(owner)}
		invite, err := NewStore(c, c, passwords).Find(t.Context(), link.Invitation, uid, noon)
		if standingOf(t, invite, err, Open); !invite.Keeps || invite.Chooses {
			t.Errorf("%s: shows %+v", owner, invite)
		}
		invite, err = NewStore(c, c, passwords).Accept(t.Context(), link.Invitation, uid, Answer{email, goodPassword}, noon)
		if standingOf(t, invite, err, Joined); len(passwords.sets) != 0 {
			t.Errorf("%s: set %+v", owner, passwords.sets)
		}
		if statusOf(t, c).SignIn != accessv1.SignInPassword {
			t.Errorf("%s: it is not on record that the person has a password", owner)
		}
	}
}

// A reset sets it for all of them, and gives it to whom it asked when its owner is gone.
func TestAResetChangesThePasswordOfAllTenants(t *testing.T) {
	for owner, want := range map[types.UID]types.UID{"first-uid": "first-uid", "gone": "user-uid", "user-uid": "user-uid"} {
		c := elsewhere(t, &accessv1.PasswordReset{
			ObjectMeta: metav1.ObjectMeta{Name: "again", Namespace: "acme", UID: "reset-uid", OwnerReferences: ownedBy("user-uid")},
			Spec:       accessv1.PasswordResetSpec{UserRef: accessv1.Reference{Name: "ana"}},
			Status:     accessv1.PasswordResetStatus{InvitationStatus: invited().invitation.Status},
		})
		ana := &accessv1.User{}
		if err := c.Get(t.Context(), client.ObjectKey{Namespace: "acme", Name: "ana"}, ana); err != nil {
			t.Fatal(err)
		}
		ana.Status.State = accessv1.UserActive
		if err := c.Update(t.Context(), ana); err != nil {
			t.Fatal(err)
		}
		passwords := &sealed{stored: ours(owner)}
		invite, err := NewStore(c, c, passwords).Accept(t.Context(), link.PasswordReset, "reset-uid", Answer{email, goodPassword}, noon)
		if standingOf(t, invite, err, Joined); len(passwords.sets) != 1 || passwords.sets[0].User != want {
			t.Errorf("%s: set %+v", owner, passwords.sets)
		}
	}
}

func TestALinkThatEndsWhileThePasswordIsHashedSetsNone(t *testing.T) {
	for name, end := range map[string]func(*accessv1.Invitation){
		"cancelled":  func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) },
		"superseded": func(i *accessv1.Invitation) { i.Status.State = accessv1.InvitationSuperseded },
		"deleted":    nil,
	} {
		r := invited()
		c := cluster(t, interceptor.Funcs{SubResourcePatch: refuseWrite(t)}, objectsOf(r)...)
		passwords := &sealed{hashing: func() {
			now := &accessv1.Invitation{}
			err := c.Get(t.Context(), client.ObjectKeyFromObject(r.invitation), now)
			if end == nil {
				err = errors.Join(err, c.Delete(t.Context(), now))
			} else {
				end(now)
				status := now.DeepCopy()
				err = errors.Join(err, c.Update(t.Context(), now))
				status.ResourceVersion = now.ResourceVersion
				err = errors.Join(err, c.Status().Update(t.Context(), status))
			}
			if err != nil {
				t.Error(err)
			}
		}}
		invite, err := NewStore(c, c, passwords).Accept(t.Context(), link.Invitation, uid, Answer{email, goodPassword}, noon)
		if standingOf(t, invite, err, Dead); len(passwords.sets) != 0 {
			t.Errorf("%s: set %+v", name, passwords.sets)
		}
	}
}

func TestAnAnswerIsNotAcceptedWithoutItsPassword(t *testing.T) {
	tests := map[string]struct {
		err  error
		want error
	}{
		"the store is away":              {errBroken, errBroken},
		"another answer is at work":      {identity.ErrUnderway, identity.ErrUnderway},
		"it keeps being written":         {apierrors.NewConflict(invitations, "x", errBroken), nil},
		"it is somebody's, all the time": {identity.ErrTaken, nil},
	}
	for name, tt := range tests {
		c := cluster(t, interceptor.Funcs{SubResourcePatch: refuseWrite(t)}, objectsOf(invited())...)
		invite, err := NewStore(c, c, &sealed{err: tt.err}).Accept(t.Context(), link.Invitation, uid, Answer{email, goodPassword}, noon)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || invite != (Invite{}) {
			t.Errorf("%s: %+v, %v", name, invite, err)
		}
		if err != nil && strings.Contains(err.Error(), goodPassword) {
			t.Errorf("%s: the error holds the password: %v", name, err)
		}
	}
}
