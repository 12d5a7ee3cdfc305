package decision

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// evaluationOf asks whether a user may read tax; about is what else stands beside the action.
func evaluationOf(tenant, user, about string) string {
	properties := ""
	if tenant != "" {
		properties = fmt.Sprintf(`,"properties":{"tenant":%q}`, tenant)
	}
	return fmt.Sprintf(`{"subject":{"type":"user","id":%q%s},"action":{"name":"read"},"resource":{"type":"tax","id":"1"}%s}`, user, properties, about)
}

func TestWhoMayAskAboutWhichTenant(t *testing.T) {
	const nowhere = "Forbidden: %s belongs to no tenant, and may not ask about all of them"
	for _, c := range []struct{ what, caller, tenant, want string }{
		{"the platform about any", platform, "globex", "allow"},
		{"a tenant's own about this tenant", frontend, "acme", "allow"},
		{"a tenant's own about another", frontend, "globex", "Forbidden: This caller belongs to tenant acme and may ask about no other"},
		{"one in a namespace that no tenant keeps", homeless, "acme", fmt.Sprintf(nowhere, homeless)},
		{"one who may not ask at all", stranger, "acme", "Forbidden: stranger may not post to /access/v1/evaluation"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := newDesk(t).asks(c.caller, PathEvaluation, evaluationOf(c.tenant, "ana", "")).says(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A tenant that is deleted may leave its namespace behind, with service accounts in it.
// Before everything has been read nobody knows whose tenant a caller is of: he is told to come again, not that he may not.
func TestACallerIsNotJudgedByWhatHasNotBeenReadYet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Service = New(d.options)
	for _, caller := range []string{platform, frontend, homeless, stranger} {
		h := d.asks(caller, PathEvaluation, `{}`)
		if h.Code != http.StatusServiceUnavailable || h.Remaining.Get("Retry-After") != "1" {
			t.Errorf("%s hears %d: %s", caller, h.Code, h.Text)
		}
	}
}

func TestACallerDoesNotOutgrowItsTenant(t *testing.T) {
	d := newDesk(t)
	if got := d.asks(frontend, PathEvaluation, evaluationOf("acme", "ana", "")).says(); got != "allow" {
		t.Fatal(got)
	}
	d.index.DropTenant("acme")
	for _, path := range []string{PathEvaluation, pathEvaluations, pathSearchSubject, pathSearchAction, pathIntrospect} {
		if got := d.asks(frontend, path, evaluationOf("globex", "ana", "")); got.Code != 403 {
			t.Errorf("%s: %s", path, got.Text)
		}
	}
}

var (
	mayAnaRead  = evaluationOf("acme", "ana", "")
	errNoAnswer = errors.New("connection refused")
)

// An authenticator that knows no audiences says that a token is good for the API server.
func TestATokenForNobodyInParticularIsNotForTheService(t *testing.T) {
	d := newDesk(t)
	d.callers.audience = "roster-decisions"
	if got := d.asks(platform, PathEvaluation, mayAnaRead); got.Code != http.StatusUnauthorized {
		t.Errorf("let in: %s", got.Text)
	}
}

// A caller who is known stays known while the API server does not answer, and no longer than it takes to say no.
func TestAKnownCallerIsReviewedAgain(t *testing.T) {
	refused := apierrors.NewForbidden(schema.GroupResource{}, "", nil)
	away := apierrors.NewServiceUnavailable("etcd is away")
	for what, c := range map[string]struct {
		after time.Duration
		comes error
		want  int
	}{
		"not while the last review counts":            {reviewLife - 1, refused, http.StatusOK},
		"and let in when there is no answer":          {reviewLife, errNoAnswer, http.StatusOK},
		"and let in when the answer takes too long":   {reviewLife, context.DeadlineExceeded, http.StatusOK},
		"and let in when there can be no answer":      {reviewLife, away, http.StatusOK},
		"and not when the service may not ask":        {reviewLife, refused, http.StatusServiceUnavailable},
		"and not when no answer has come for so long": {time.Hour + reviewLife, errNoAnswer, http.StatusServiceUnavailable},
	} {
		t.Run(what, func(t *testing.T) {
			d := newDesk(t)
			if got := d.asks(frontend, PathEvaluation, mayAnaRead).says(); got != "allow" {
				t.Fatal(got)
			}
			d.pass(c.after)
			d.link.good.Store(d.clock.Load())
			d.reviewing = func() error { return c.comes }
			if got := d.asks(frontend, PathEvaluation, mayAnaRead); got.Code != c.want {
				t.Errorf("got %s", got.Text)
			}
		})
	}
}

func TestACallerWhoIsTakenBackIsRefusedAlthoughWatchesAreDown(t *testing.T) {
	d := newDesk(t)
	d.asks(frontend, PathEvaluation, mayAnaRead)
	d.pass(time.Minute) // so long has the link been bad
	if d.link.stale() == 0 {
		t.Fatal("the link is not bad")
	}
	d.withdrawn = true
	if got := d.asks(frontend, PathEvaluation, mayAnaRead); got.Code != http.StatusUnauthorized {
		t.Error(got.Text)
	}
	d.reviewing = func() error { return errNoAnswer }
	d.pass(reviewLife)
	if got := d.asks(frontend, PathEvaluation, mayAnaRead); got.Code != http.StatusServiceUnavailable {
		t.Errorf("who was refused last comes in without a review: %s", got.Text)
	}
}

func TestAnAPIServerThatDoesNotAnswerIsNotAskedEveryTime(t *testing.T) {
	d := newDesk(t)
	d.asks(frontend, PathEvaluation, mayAnaRead)
	d.pass(reviewLife)
	d.reviewing = func() error { return errNoAnswer }
	before := d.reviews.Load()
	for range 20 {
		d.asks(frontend, PathEvaluation, mayAnaRead)
	}
	if n := d.reviews.Load() - before; n != 1 {
		t.Errorf("%d reviews", n)
	}
	d.pass(failureLife)
	d.withdrawn, d.reviewing = true, nil
	if got := d.asks(frontend, PathEvaluation, mayAnaRead); got.Code != http.StatusUnauthorized {
		t.Error(got.Text)
	}
}

// Random tokens cost a review each: so many at a time, and they push no caller out of memory.
func TestStrangersDoNotGetInTheWay(t *testing.T) {
	d := newDesk(t)
	d.asks(frontend, PathEvaluation, mayAnaRead)
	for n := range maxRefusals + 100 {
		if got := d.asks(fmt.Sprint("random-", n), PathEvaluation, mayAnaRead); got.Code != http.StatusUnauthorized {
			t.Fatal(got.Text)
		}
	}
	if n := d.callers.known.Len(); n != 1 {
		t.Errorf("%d callers are known", n)
	}
	if n := d.callers.refused.Len(); n != maxRefusals {
		t.Errorf("%d refusals are remembered", n)
	}
	var now atomic.Int32
	d.reviewing = func() error {
		defer now.Add(-1)
		if n := now.Add(1); n > maxStrangers {
			t.Errorf("%d strangers are reviewed at a time", n)
		}
		runtime.Gosched()
		return nil
	}
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() { d.asks(fmt.Sprint("other-", n), PathEvaluation, mayAnaRead) })
	}
	all.Wait()
}

func TestACertificateCountsAsLongAsItIsInForce(t *testing.T) {
	named := pkix.Name{CommonName: platform}
	for what, c := range map[string]struct {
		subject      pkix.Name
		own, issuer  time.Duration // until when they are in force
		withoutChain bool
		want         int
	}{
		"in force":                    {named, time.Hour, time.Hour, false, http.StatusOK},
		"ended since the handshake":   {named, -1, time.Hour, false, http.StatusUnauthorized},
		"of an authority that has":    {named, time.Hour, -1, false, http.StatusUnauthorized},
		"without a name":              {pkix.Name{Organization: []string{platform}}, time.Hour, time.Hour, false, http.StatusUnauthorized},
		"that nobody has verified":    {named, time.Hour, time.Hour, true, http.StatusUnauthorized},
		"of somebody who may not ask": {pkix.Name{CommonName: stranger}, time.Hour, time.Hour, false, http.StatusForbidden},
	} {
		t.Run(what, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, PathEvaluation, strings.NewReader(mayAnaRead))
			r.Header.Set("Content-Type", typeJSON)
			r.TLS = &tls.ConnectionState{}
			if !c.withoutChain {
				r.TLS.VerifiedChains = [][]*x509.Certificate{{
					{Subject: c.subject, NotAfter: noon.Add(c.own), Raw: []byte(what)}, {NotAfter: noon.Add(c.issuer)},
				}}
			}
			if got := newDesk(t).sends(r); got.Code != c.want {
				t.Error(got.Text)
			}
		})
	}
}

// Reading a certificate leaves it as it is, for it belongs to a connection with many requests.
func TestACertificatesGroupsAreItsOwn(t *testing.T) {
	groups := make([]string, 1, 4)
	groups[0] = "storefronts"
	certificate := &x509.Certificate{Subject: pkix.Name{CommonName: platform, Organization: groups}, NotAfter: noon.Add(1)}
	r := &http.Request{TLS: &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{certificate}}}}
	got, f := newDesk(t).callers.proofOf(r)
	if f != nil || !slices.Equal(got.user.Groups, []string{"storefronts", "system:authenticated"}) || groups[:2][1] != "" {
		t.Errorf("%v, %v, %q", got, f, groups[:2])
	}
}
