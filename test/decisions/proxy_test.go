package decisions_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
)

// proxy stands before the API server and delays what one kind's watches deliver.
type proxy struct {
	*httptest.Server
	kind  string
	delay atomic.Int64
}

func newProxy(kind string) *proxy {
	target, err := url.Parse(cluster.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(cluster.Config)
	Expect(err).NotTo(HaveOccurred())
	p := &proxy{kind: kind}
	inner := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ModifyResponse: func(r *http.Response) error {
			if strings.HasSuffix(r.Request.URL.Path, "/"+p.kind) && r.Request.URL.Query().Get("watch") != "" {
				r.Body = &late{ReadCloser: r.Body, proxy: p}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Server = httptest.NewServer(inner)
	DeferCleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

func (p *proxy) config() *rest.Config { return &rest.Config{Host: p.URL, QPS: -1} }

// late hands over what it has read when the delay has passed.
type late struct {
	io.ReadCloser
	proxy *proxy
}

func (l *late) Read(into []byte) (int, error) {
	n, err := l.ReadCloser.Read(into)
	if delay := time.Duration(l.proxy.delay.Load()); delay > 0 && n > 0 {
		<-time.After(delay)
	}
	return n, err
}
