package mail

import (
	"bytes"
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/roster-dev/roster/internal/address"
)

// DKIM signs mails (RFC 6376), so that receivers can tell that they come from the domain of their sender.
type DKIM struct {
	// Domain vouches for the mails: that of From, or one above it. Receivers count no other.
	Domain string
	// Selector names the key: receivers look it up at <selector>._domainkey.<domain>.
	Selector string
	// Key comes from DKIMKey.
	Key crypto.Signer
}

const dkimHeader = "DKIM-Signature"

var selector = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`)

// dkimHeaders are signed whether they are there or not, so that none can be added. Twice for those of which a reader could be
// shown a second one.
var dkimHeaders, dkimOversigned = []string{
	"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted",
}, []string{"From", "To", "Reply-To", "Subject", "Date", "Message-ID"}

// DKIMKey reads a private key in PEM: RSA (PKCS #1 or PKCS #8) or Ed25519 (PKCS #8). The error says what to give instead, and
// nothing of the key.
func DKIMKey(content []byte) (crypto.Signer, error) {
	const want = "give a private key in PEM, Ed25519 or RSA with at least 1024 bits"
	block, _ := pem.Decode(content)
	switch {
	case block == nil:
		return nil, errors.New("this is no PEM: " + want)
	case strings.Contains(block.Type, "ENCRYPTED"), block.Headers["DEK-Info"] != "":
		return nil, errors.New("the key is encrypted, and Roster has no passphrase for it: " + want + " without one")
	case block.Type != "PRIVATE KEY" && block.Type != "RSA PRIVATE KEY":
		return nil, fmt.Errorf("this is a %s: %s", strings.ToLower(block.Type), want)
	}
	key, err := gomail.PrivKeyFromPEM(content)
	if err != nil {
		return nil, errors.New("this is no key that DKIM can use: " + want)
	}
	return key, nil
}

func (d *DKIM) check(from address.Address) error {
	domain, err := address.Parse("postmaster@" + d.Domain)
	switch {
	case !selector.MatchString(d.Selector):
		return fmt.Errorf("dkim selector: %q is no name in the DNS: give the part before ._domainkey, in lower case", d.Selector)
	case err != nil || domain.Domain() != d.Domain:
		return fmt.Errorf("dkim domain: %q is no domain: give one such as acme.example, in ASCII and lower case", d.Domain)
	case from.Domain() != d.Domain && !strings.HasSuffix(from.Domain(), "."+d.Domain):
		return fmt.Errorf("dkim domain: mails come from %s, and receivers do not count a signature of %s: use that domain, or one above it", from.Domain(), d.Domain)
	case d.Key == nil:
		return errors.New("dkim key: give one")
	}
	return nil
}

// sign adds the signature to a mail that is otherwise whole. The time in it is the mail's own: a mail that is sent again is the
// same, byte for byte.
func (d *DKIM) sign(msg *gomail.Msg, date time.Time) error {
	var whole bytes.Buffer
	if _, err := msg.WriteTo(&whole); err != nil {
		return failed(Misconfigured, sentenceNotSigned)
	}
	head, body, _ := bytes.Cut(whole.Bytes(), []byte("\r\n\r\n"))
	signer := gomail.NewDKIMSigner(d.Domain, d.Selector, d.Key)
	signer.SignHeaders(dkimHeaders...)
	signer.OversignHeaders(dkimOversigned...)
	signer.NowFunc = func() time.Time { return date }
	signature, err := signer.Sign(head, body)
	if err != nil {
		return failed(Misconfigured, sentenceNotSigned)
	}
	msg.SetGenHeaderPreformatted(dkimHeader, folded(signature))
	return nil
}

// folded breaks a signature between its tags and inside b=, the only places where that does not change what was signed. The
// library breaks long tags anywhere, so that a list of headers such as ours would not verify.
func folded(signature string) string {
	value := strings.TrimPrefix(strings.ReplaceAll(strings.TrimSpace(signature), "\r\n ", ""), dkimHeader+": ")
	tags, b, _ := strings.Cut(value, "; b=")
	var out strings.Builder
	out.WriteString(strings.ReplaceAll(tags, "; ", ";\r\n ") + ";\r\n b=")
	for line := range slices.Chunk([]byte(b), 70) {
		out.WriteString("\r\n ")
		out.Write(line)
	}
	return out.String()
}
