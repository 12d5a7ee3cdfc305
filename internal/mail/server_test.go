package mail

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/roster-dev/roster/internal/address"
)

const (
	testUser     = "roster"
	testPassword = "correct horse battery staple"
)

func mustAddress(t testing.TB, s string) address.Address {
	t.Helper()
	a, err := address.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return a
}

// testMessage is a mail that nothing is wrong with.
func testMessage(t testing.TB) Message {
	t.Helper()
	return Message{
		To:        mustAddress(t, "Ana.Lee@bücher.example"),
		MessageID: "ana-3fz8k2.1@roster.example",
		Date:      time.Date(2026, 8, 7, 14, 5, 0, 0, time.FixedZone("", 2*3600)),
		Subject:   "Acme lädt Sie zu Roster ein",
		Text:      "Grüße,\n\nhttps://roster.example/invitations/abc\n",
		HTML:      `<p><a href="https://roster.example/invitations/abc">Grüße</a></p>`,
	}
}

// delivery is one mail as a server got it.
type delivery struct {
	from string
	to   []string
	data string
}

// fakeServer is a real SMTP server that takes mails, with TLS and sign-in as configured.
type fakeServer struct {
	server *smtp.Server
	port   int
	// mechanisms are offered; nil: no sign-in.
	mechanisms []string
	// requireAuth refuses MAIL before the sign-in.
	requireAuth bool
	// onRcpt runs at RCPT.
	onRcpt func() error

	lock       sync.Mutex
	deliveries []delivery
	transcript bytes.Buffer
}

// startServer serves on loopback until the test ends, with TLS from the first byte or by STARTTLS when
// there is a certificate.
func startServer(t testing.TB, f *fakeServer, certificate *tls.Certificate, implicit bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	f.port = listener.Addr().(*net.TCPAddr).Port
	f.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &fakeSession{server: f}, nil
	}))
	f.server.AllowInsecureAuth = true // the client must be the one that refuses
	f.server.Debug = f
	f.server.ErrorLog = discardLog{}
	if certificate != nil {
		config := &tls.Config{Certificates: []tls.Certificate{*certificate}}
		if implicit {
			listener = tls.NewListener(listener, config)
		} else {
			f.server.TLSConfig = config
		}
	}
	done := make(chan error, 1)
	go func() { done <- f.server.Serve(listener) }()
	t.Cleanup(func() {
		listener.Close()
		f.server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server ended by itself: %v", err)
		}
	})
}

// Write keeps what is said on the wire.
func (f *fakeServer) Write(p []byte) (int, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.transcript.Write(p)
}

func (f *fakeServer) taken() []delivery {
	f.lock.Lock()
	defer f.lock.Unlock()
	return append([]delivery(nil), f.deliveries...)
}

func (f *fakeServer) said() string {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.transcript.String()
}

type discardLog struct{}

func (discardLog) Printf(string, ...any) {}
func (discardLog) Println(...any)        {}

type fakeSession struct {
	server *fakeServer
	signed bool
	delivery
}

func (s *fakeSession) AuthMechanisms() []string { return s.server.mechanisms }

func (s *fakeSession) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		if username != testUser || password != testPassword {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no: " + password}
		}
		s.signed = true
		return nil
	}
	if mechanism == sasl.Plain {
		return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
	}
	return &loginServer{check: check}, nil
}

// loginServer is the server's part of AUTH LOGIN.
type loginServer struct {
	check    func(username, password string) error
	asked    int
	username string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.username = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}

func (s *fakeSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.requireAuth && !s.signed {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	}
	s.from = from
	return nil
}

func (s *fakeSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.onRcpt != nil {
		if err := s.server.onRcpt(); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *fakeSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.data = string(data)
	s.server.lock.Lock()
	defer s.server.lock.Unlock()
	s.server.deliveries = append(s.server.deliveries, s.delivery)
	return nil
}

func (s *fakeSession) Reset()        { s.delivery = delivery{} }
func (s *fakeSession) Logout() error { return nil }

// hangUpReply is the reply of a server that ends the connection instead.
const hangUpReply = ""

// startDialog serves connections by a script: what to answer to each verb, "greeting" for the first
// line and "." for the end of the mail. A verb that is not in it is answered well.
func startDialog(t testing.TB, script map[string]string) int {
	t.Helper()
	return startRaw(t, func(conn net.Conn) {
		lines := bufio.NewScanner(conn)
		answer := func(verb, usual string) bool {
			reply, scripted := script[verb]
			if !scripted {
				reply = usual
			}
			if reply == hangUpReply {
				return false
			}
			_, err := io.WriteString(conn, reply+"\r\n")
			return err == nil
		}
		inData := false
		usual := map[string]string{
			"EHLO": "250-fake\r\n250 ENHANCEDSTATUSCODES", "DATA": "354 go on", "QUIT": "221 bye", ".": "250 taken",
		}
		ok := answer("greeting", "220 fake")
		for ok && lines.Scan() {
			verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
			if inData && verb != "." {
				continue
			}
			reply, known := usual[verb]
			if !known {
				reply = "250 ok"
			}
			ok = answer(verb, reply)
			inData = verb == "DATA" && script["DATA"] == ""
		}
	})
}

// startRaw serves each connection with handle until the test ends, and returns the port.
func startRaw(t testing.TB, handle func(net.Conn)) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				handlers.Go(func() {
					defer conn.Close()
					handle(conn)
				})
			}
		}
	})
	t.Cleanup(func() {
		listener.Close()
		handlers.Wait()
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// drain listens and says nothing until the client leaves.
func drain(conn net.Conn) {
	io.Copy(io.Discard, conn) //nolint:errcheck // in whichever way it leaves
}

// certificate makes one for name that signs itself, and the pool that trusts it.
func certificate(t testing.TB, name string, expired bool) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("key: %v", err)
	}
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	spec := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: year(2000), NotAfter: year(2200),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		spec.IPAddresses = []net.IP{ip}
	} else {
		spec.DNSNames = []string{name}
	}
	if expired {
		spec.NotAfter = year(2001)
	}
	der, err := x509.CreateCertificate(rand.Reader, spec, spec, key.Public(), key)
	if err != nil {
		t.Fatalf("certificate: %v", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("certificate: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
