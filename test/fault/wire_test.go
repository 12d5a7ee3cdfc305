package fault_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
)

// moment is one request of a manager that changes something: the nth of its kind since the wire was asked to count.
type moment struct {
	what string
	nth  int
}

func (m moment) String() string { return fmt.Sprintf("%s #%d", m.what, m.nth) }

// fate is what happens to a manager at a moment.
type fate string

const (
	// diesBefore kills the manager when it has sent the request, and the API server never gets it.
	diesBefore fate = "dies before"
	// diesAfter kills the manager when the API server has done it, before the manager hears of it.
	diesAfter fate = "dies after"
	// unanswered lets the API server do it, and the manager hears that nothing came back in time.
	unanswered fate = "hears nothing of"
	// held does it, tells nobody, and waits.
	held fate = "is held after"
)

var fates = []fate{diesBefore, diesAfter, unanswered}

// crash is a fate and when it comes.
type crash struct {
	fate fate
	moment
}

func (c crash) String() string {
	if c.fate == "" {
		return "undisturbed"
	}
	return fmt.Sprintf("%s %s", c.fate, c.moment)
}

// wire stands between managers and the API server. It outlives them.
type wire struct {
	*httptest.Server
	inner http.RoundTripper

	lock sync.Mutex
	// about is what a request has to mention to be counted; empty: none is.
	about  string
	counts map[string]int
	seen   []moment
	// stored counts those of them that the API server did.
	stored map[string]int
	crash  crash
	// kill ends the manager, and strike reports that the moment has come.
	kill   func()
	strike chan struct{}
}

func newWire() *wire {
	target, err := url.Parse(cluster.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(cluster.ManagerAccount())
	Expect(err).NotTo(HaveOccurred())
	w := &wire{inner: transport, kill: func() {}}
	w.Server = httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: w, FlushInterval: -1,
		ErrorLog:     log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	// As the API server does: with HTTP/1.1 a manager would need a connection for every request in flight.
	w.EnableHTTP2 = true
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.StartTLS()
	DeferCleanup(func() {
		w.CloseClientConnections()
		w.Close()
	})
	return w
}

// tls is what makes a client trust the wire.
func (w *wire) tls() rest.TLSClientConfig {
	return rest.TLSClientConfig{CAData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Certificate().Raw})}
}

// count begins to count the requests that mention a name, and arms a crash.
func (w *wire) count(about string, c crash) (strike <-chan struct{}) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.about, w.crash, w.counts, w.seen, w.strike = about, c, map[string]int{}, nil, make(chan struct{})
	w.stored = map[string]int{}
	return w.strike
}

// counted ends that, and returns what was seen.
func (w *wire) counted() []moment {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.about, w.crash = "", crash{}
	return w.seen
}

// struck tells whether the moment has come.
func struck(strike <-chan struct{}) bool {
	select {
	case <-strike:
		return true
	default:
		return false
	}
}

func (w *wire) storedOf(what string) int {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.stored[what]
}

// RoundTrip passes a request on, unless its moment has come.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	now, fate := w.look(r)
	switch fate {
	case diesBefore:
		w.kill()
		return nil, errDead
	case diesAfter:
		w.pass(r)
		w.kill()
		return nil, errDead
	case unanswered:
		w.pass(r)
		return &http.Response{StatusCode: http.StatusGatewayTimeout, Header: http.Header{}, Body: http.NoBody, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
	case held:
		w.pass(r)
		<-r.Context().Done()
		return nil, r.Context().Err()
	default:
		response, err := w.inner.RoundTrip(r)
		if err == nil && response.StatusCode < http.StatusMultipleChoices && now != (moment{}) {
			w.lock.Lock()
			w.stored[now.what]++
			w.lock.Unlock()
		}
		return response, err
	}
}

var errDead = errors.New("who asked is dead")

// pass lets the API server do it, and throws the answer away.
func (w *wire) pass(r *http.Request) {
	if response, err := w.inner.RoundTrip(r); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

// look numbers a request that counts; others have no moment.
func (w *wire) look(r *http.Request) (now moment, f fate) {
	what := changeOf(r)
	if what == "" {
		return moment{}, ""
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return moment{}, ""
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.about == "" || !strings.Contains(r.URL.Path, w.about) && !bytes.Contains(body, []byte(w.about)) {
		return moment{}, ""
	}
	w.counts[what]++
	now = moment{what, w.counts[what]}
	w.seen = append(w.seen, now)
	if w.crash.fate == "" || w.crash.moment != now {
		return now, ""
	}
	close(w.strike)
	return now, w.crash.fate
}

// changeOf is the method, the resource and the subresource of a request that changes something; empty for others, and for
// leases, events and reviews, which say nothing about the world.
func changeOf(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return ""
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	at := map[string]int{"api": 2, "apis": 3}[parts[0]]
	if at == 0 || len(parts) <= at {
		return ""
	}
	if parts[at] == "namespaces" && len(parts) > at+2 {
		at += 2
	}
	if slices.Contains([]string{"events", "leases", "tokenreviews", "subjectaccessreviews"}, parts[at]) {
		return ""
	}
	what := r.Method + " " + parts[at]
	if len(parts) > at+2 {
		what += "/" + parts[at+2]
	}
	return what
}
