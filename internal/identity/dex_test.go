package identity

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func newStore(t *testing.T) *Dex {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).Build()
	return NewDex(c, c, "dex", bcrypt.MinCost)
}

func choice(t *testing.T, password, link string, at time.Time) Choice {
	t.Helper()
	return Choice{Address: addressOf(t, "Ana@acme.example"), Password: password, User: "ana-uid", Name: "Ana", Link: types.UID(link), Now: at}
}

func found(t *testing.T, d *Dex) *Password {
	t.Helper()
	p, err := d.Find(t.Context(), addressOf(t, "ana@acme.example"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Password) opensWith(password string) bool {
	return p != nil && bcrypt.CompareHashAndPassword(p.Hash, []byte(password)) == nil
}

func TestALinkSetsOnePassword(t *testing.T) {
	d := newStore(t)
	if p := found(t, d); p != nil {
		t.Fatalf("found %+v in an empty store", p)
	}
	steps := []struct {
		what   string
		choice Choice
		err    error
		opens  string
	}{
		{"the first is stored", choice(t, "one", "a", noon), nil, "one"},
		{"the same one again is fine", choice(t, "one", "a", noon.Add(time.Second)), nil, "one"},
		{"another one through the link is not", choice(t, "two", "a", noon.Add(30*time.Second)), ErrUnderway, "one"},
		{"unless the first answer broke off", choice(t, "two", "a", noon.Add(underway)), nil, "two"},
		{"another link sets another one", choice(t, "three", "b", noon.Add(underway)), nil, "three"},
	}
	for _, step := range steps {
		if err := d.Set(t.Context(), found(t, d), step.choice); !errors.Is(err, step.err) {
			t.Fatalf("%s: %v", step.what, err)
		}
		if p := found(t, d); !p.opensWith(step.opens) || p.Email != "ana@acme.example" || p.UserID != "ana-uid" || !p.Ours() {
			t.Fatalf("%s: stored %+v", step.what, p)
		}
	}
}

func TestNothingIsWrittenOverWhatWasNotRead(t *testing.T) {
	d := newStore(t)
	if err := d.Set(t.Context(), nil, choice(t, "one", "a", noon)); err != nil {
		t.Fatal(err)
	}
	old := found(t, d)
	if err := d.Set(t.Context(), nil, choice(t, "two", "b", noon)); !apierrors.IsAlreadyExists(err) {
		t.Errorf("over one that was not there: %v", err)
	}
	if err := d.Set(t.Context(), old, choice(t, "two", "b", noon)); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"set":    d.Set(t.Context(), old, choice(t, "three", "c", noon)),
		"hand":   d.Hand(t.Context(), old, "ben-uid", "Ben"),
		"remove": d.Remove(t.Context(), old),
	} {
		if !apierrors.IsConflict(err) || strings.Contains(err.Error(), old.GetName()) {
			t.Errorf("%s over an older version: %v", what, err)
		}
	}
	if p := found(t, d); !p.opensWith("two") || p.UserID != "ana-uid" {
		t.Errorf("stored %+v", p)
	}
}

func TestHandingKeepsThePasswordEvenIfItWasNotRead(t *testing.T) {
	d := newStore(t)
	if err := d.Set(t.Context(), nil, choice(t, "one", "a", noon)); err != nil {
		t.Fatal(err)
	}
	read := found(t, d)
	if _, err := WithoutHash(read); err != nil || read.Hash != nil {
		t.Fatal("the hash is still there")
	}
	if err := d.Hand(t.Context(), read, "ben-uid", "Ben"); err != nil {
		t.Fatal(err)
	}
	if p := found(t, d); !p.opensWith("one") || !p.Belongs("ben-uid") || p.Name != "Ben" || p.Labels[accessv1.LabelUser] != "ben-uid" {
		t.Errorf("stored %+v", p)
	}
}

func TestWhatRosterDidNotMakeIsLeftAlone(t *testing.T) {
	d := newStore(t)
	foreign := &Password{UserID: "somebody", Hash: []byte("hash")}
	foreign.Namespace, foreign.ObjectMeta.Name = "dex", Name(addressOf(t, "ana@acme.example"))
	if err := d.client.Create(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	if err := d.Set(t.Context(), found(t, d), choice(t, "one", "a", noon)); !errors.Is(err, ErrTaken) {
		t.Errorf("set: %v", err)
	}
	if p := found(t, d); p.UserID != "somebody" || string(p.Hash) != "hash" {
		t.Errorf("stored %+v", p)
	}
}

func TestFewHashAtOnce(t *testing.T) {
	d := newStore(t)
	for range hashesAtOnce {
		if _, err := d.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Set(ctx, nil, choice(t, "one", "a", noon)); !errors.Is(err, context.Canceled) || found(t, d) != nil {
		t.Errorf("one too many: %v", err)
	}
}

func TestAPasswordIsConfirmedWhenItIsHashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, withdrawn, over := newStore(t), error(nil), make(chan error)
		var leave [hashesAtOnce]func()
		for i := range leave {
			leave[i], _ = d.enter(t.Context())
		}
		c := choice(t, "one", "a", noon)
		c.Confirm = func(context.Context) error { return withdrawn }
		go func() { over <- d.Set(t.Context(), nil, c) }()
		synctest.Wait()
		withdrawn = errors.New("withdrawn")
		for i := range leave {
			leave[i]()
		}
		if err := <-over; !errors.Is(err, withdrawn) || found(t, d) != nil {
			t.Errorf("set: %v", err)
		}
	})
}
