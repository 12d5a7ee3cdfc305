package mail

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// rsaKey takes a moment to make.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func mustRSAKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ed25519Key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))
}

// inPEM writes a key as openssl does.
func inPEM(t testing.TB, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return inPEM(t, "PRIVATE KEY", der, err)
}

// record is what stands in the DNS for a key.
func record(t testing.TB, key crypto.Signer) string {
	t.Helper()
	if public, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// verify reads a mail as a receiver who finds the record in the DNS.
func verify(t testing.TB, mail, found string) []*dkim.Verification {
	t.Helper()
	results, err := dkim.VerifyWithOptions(strings.NewReader(mail), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s1._domainkey.acme.example" {
			return nil, errors.New("no such record: " + name)
		}
		return []string{found}, nil
	}})
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return results
}

func TestReceiversVerifyTheSignature(t *testing.T) {
	keys := map[string][]byte{
		"RSA in PKCS #1":     inPEM(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(mustRSAKey(t)), nil),
		"RSA in PKCS #8":     pkcs8(t, mustRSAKey(t)),
		"Ed25519 in PKCS #8": pkcs8(t, ed25519Key()),
	}
	for name, content := range keys {
		t.Run(name, func(t *testing.T) {
			key, err := DKIMKey(content)
			if err != nil {
				t.Fatal(err)
			}
			server := &fakeServer{}
			startServer(t, server, nil, false)
			config := testConfig(t, server.port)
			config.From, config.ReplyTo = mustAddress(t, "roster@mail.acme.example"), mustAddress(t, "help@acme.example")
			config.DKIM = &DKIM{Domain: "acme.example", Selector: "s1", Key: key}
			plain := testMessage(t)
			plain.HTML = ""
			for _, m := range []Message{testMessage(t), testMessage(t), plain} {
				if err := mustSMTP(t, config).Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			taken := server.taken()
			if taken[0].data != taken[1].data {
				t.Errorf("the repeated mail differs:\n%s\n%s", taken[0].data, taken[1].data)
			}
			for _, d := range taken {
				requireSigned(t, d.data, record(t, key))
			}
		})
	}
}

func requireSigned(t *testing.T, mail, found string) {
	t.Helper()
	results := verify(t, mail, found)
	if len(results) != 1 || results[0].Err != nil || results[0].Domain != "acme.example" {
		t.Fatalf("the receiver finds %+v", results[0])
	}
	if !results[0].Time.Equal(testMessage(t).Date.Truncate(time.Second)) {
		t.Errorf("signed at %s", results[0].Time)
	}
	for _, header := range []string{"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version"} {
		if !slices.Contains(results[0].HeaderKeys, header) {
			t.Errorf("%s is not signed", header)
		}
	}
	end := strings.Index(mail, "\r\n\r\n") + 4
	for what, changed := range map[string]string{
		"another subject":   strings.Replace(mail, "\r\nSubject: ", "\r\nSubject: Re", 1),
		"another recipient": strings.Replace(mail, "\r\nTo: <Ana", "\r\nTo: <Bo", 1),
		"another body":      mail[:end] + strings.Replace(mail[end:], "roster.example", "evil.example", 1),
		"a second From":     "From: <evil@evil.example>\r\n" + mail,
		"a second Subject":  "Subject: evil\r\n" + mail,
		"a second Reply-To": "Reply-To: <evil@evil.example>\r\n" + mail,
		"a longer body":     mail + "evil\r\n",
	} {
		if changed == mail {
			t.Errorf("%s is not another mail", what)
		}
		if results := verify(t, changed, found); len(results) != 1 || results[0].Err == nil {
			t.Errorf("%s is verified", what)
		}
	}
	if results := verify(t, mail, record(t, ed25519.NewKeyFromSeed([]byte("another-key-another-key-another-")))); results[0].Err == nil {
		t.Error("another key verifies it")
	}
}

func TestHostileNamesAreSignedToo(t *testing.T) {
	config := testConfig(t, 25)
	config.DKIM = &DKIM{Domain: "acme.example", Selector: "s1", Key: ed25519Key()}
	for _, s := range hostile {
		config.FromName = s
		m := testMessage(t)
		m.Subject, m.Text, m.HTML = s, s+"\nend", s
		msg, err := mustSMTP(t, config).compose(m)
		if err != nil {
			t.Fatal(err)
		}
		var data strings.Builder
		if _, err := msg.WriteTo(&data); err != nil {
			t.Fatal(err)
		}
		if results := verify(t, data.String(), record(t, ed25519Key())); len(results) != 1 || results[0].Err != nil {
			t.Errorf("%q: the receiver finds %+v", s, results[0])
		}
	}
}

func TestKeysThatDKIMCannotUse(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519Key().Public())
	tests := map[string]struct {
		content []byte
		want    string
	}{
		"nothing":         {nil, "this is no PEM"},
		"a password":      {[]byte("hunter2"), "this is no PEM"},
		"a public key":    {inPEM(t, "PUBLIC KEY", der, err), "this is a public key: give a private key in PEM, Ed25519 or RSA with at least 1024 bits"},
		"a certificate":   {inPEM(t, "CERTIFICATE", []byte{1}, nil), "this is a certificate"},
		"a curve's key":   {pkcs8(t, curve), "this is no key that DKIM can use"},
		"noise in PEM":    {inPEM(t, "PRIVATE KEY", []byte("hunter2"), nil), "this is no key that DKIM can use"},
		"noise as RSA":    {inPEM(t, "RSA PRIVATE KEY", []byte("hunter2"), nil), "this is no key that DKIM can use"},
		"encrypted":       {inPEM(t, "ENCRYPTED PRIVATE KEY", []byte{1}, nil), "the key is encrypted"},
		"encrypted once":  {[]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAQ==\n-----END RSA PRIVATE KEY-----\n"), "the key is encrypted"},
		"a small RSA key": {inPEM(t, "PRIVATE KEY", mustDecode(t, smallRSAKey), nil), "this is no key that DKIM can use"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			key, err := DKIMKey(tc.content)
			if err == nil || key != nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("DKIMKey: %v, %v, want an error about %q", key, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}

// smallRSAKey has 512 bits, which Go no longer makes.
const smallRSAKey = "MIIBOgIBAAJBAOdE4qTuSwsLUiA6c4GvBpr/xythGXe0zSE1Yo0APR/ulfkbQu6g299rSrg3OIx1UxIynOF8GHATLm95H23sO9MCAwEAAQJAXyBxjV/LFE7i" +
	"yAji7AvfTrA473nwLNH8slUwJUlc2x3S9Ycng2Z4Yvc7Yvf0PCMCNecBXfqmkigAtkkh5NXt2QIhAPdyQS7Xek0/H6pBQP6M+bYDNdouZ1T2e956RhC91YB1" +
	"AiEA70N47YT6oLtnAI8W5wZ4VXlWePCGI2lYrvf25Qk5wicCIQDla9aJspkfY8ZdGZFEMbsYiZN1jg6aVMn2NVIfFZMNPQIgZLUwtEDxwS/AJiMUT7+QbOG6" +
	"vQL4YvVXh6YFfNgKQKcCIDZr9YSCuWMwXFj7/q9cCNJq2q2k4s6WqCaPCVJq4/Gy"

func mustDecode(t testing.TB, s string) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDKIMSettingsThatCannotWork(t *testing.T) {
	tests := map[string]struct {
		dkim DKIM
		want string
	}{
		"no selector":                {DKIM{Domain: "acme.example"}, "dkim selector"},
		"a selector with a space":    {DKIM{Domain: "acme.example", Selector: "a b"}, "dkim selector"},
		"a selector and another tag": {DKIM{Domain: "acme.example", Selector: "a; d=evil.example"}, "dkim selector"},
		"a selector with a line end": {DKIM{Domain: "acme.example", Selector: "a\r\nBcc: x"}, "dkim selector"},
		"the whole record's name":    {DKIM{Domain: "acme.example", Selector: "s1._domainkey.acme.example"}, "dkim selector"},
		"no domain":                  {DKIM{Selector: "s1"}, "dkim domain"},
		"a domain in capitals":       {DKIM{Domain: "ACME.example", Selector: "s1"}, "dkim domain"},
		"a domain and another tag":   {DKIM{Domain: "acme.example; l=0", Selector: "s1"}, "dkim domain"},
		"another's domain":           {DKIM{Domain: "evil.example", Selector: "s1"}, "mails come from acme.example"},
		"a domain that ends alike":   {DKIM{Domain: "e.example", Selector: "s1"}, "mails come from acme.example"},
		"a domain below":             {DKIM{Domain: "mail.acme.example", Selector: "s1"}, "mails come from acme.example"},
		"no key":                     {DKIM{Domain: "acme.example", Selector: "s1"}, "dkim key"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t, 25)
			config.DKIM = &tc.dkim
			if _, err := NewSMTP(config); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("NewSMTP: %v, want an error about %q", err, tc.want)
			}
		})
	}
}
