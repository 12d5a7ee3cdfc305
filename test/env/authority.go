package env

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"

	"github.com/onsi/gomega"
)

// Authority signs certificates.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority that nobody trusts yet.
func NewAuthority() *Authority {
	a := &Authority{}
	signed := a.Sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(0, 0, 1), // longer than any test
	})
	a.Certificate = signed.Leaf
	a.key, _ = signed.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// Sign makes a certificate that is in force for an hour either way, unless the template says otherwise.
func (a *Authority) Sign(template *x509.Certificate) tls.Certificate {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := a.Certificate, a.key
	if parent == nil {
		parent, signer = template, private
	}
	content, err := x509.CreateCertificate(rand.Reader, template, parent, &private.PublicKey, signer)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	leaf, err := x509.ParseCertificate(content)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{content}, PrivateKey: private, Leaf: leaf}
}

// PEM is the authority's certificate as a file has it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
}

// PEM are a certificate and its key as files have them.
func PEM(c tls.Certificate) (certificate, key []byte) {
	private, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// FreeAddress is one on loopback where nobody listens.
func FreeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	defer listener.Close()
	return listener.Addr().String()
}
