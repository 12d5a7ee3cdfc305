package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrInvalid is the one answer to every token that is not, or is no longer, good.
var ErrInvalid = errors.New("the link is not valid")

// The payload, in bytes: version, key number, UID, expiry. Numbers are big-endian.
const (
	version = 1

	keyAt        = 1
	uidAt        = keyAt + 4
	expiryAt     = uidAt + uidBytes
	payloadBytes = expiryAt + 8

	uidBytes = 16
)

// encoding refuses padding and stray trailing bits. It still skips line breaks, which is why decode
// encodes again.
var encoding = base64.RawURLEncoding.Strict()

var (
	payloadChars = encoding.EncodedLen(payloadBytes)
	macChars     = encoding.EncodedLen(sha256.Size)
)

// Sign returns the token for the object with this UID, signed by the newest key. It is good until
// expiry, which counts in whole seconds. Errors: a purpose without keys, a UID that is not a
// lower-case UUID, an expiry before 1970.
//
// The same keys, UID and expiry give the same token, so a mail repeated after a crash carries the
// same link. Only when a key was added in between does the repeat carry another token; both are
// good for as long as both keys are there.
func (k *Keys) Sign(purpose Purpose, uid string, expiry time.Time) (string, error) {
	key, ok := k.derived[derivation{purpose, k.newest}]
	if !ok {
		return "", fmt.Errorf("there are no link keys for the purpose %q", purpose)
	}
	id, err := parseUID(uid)
	if err != nil {
		return "", err
	}
	if expiry.Unix() <= 0 {
		return "", errors.New("a link needs the time at which it expires")
	}
	payload := make([]byte, 0, payloadBytes)
	payload = append(payload, version)
	payload = binary.BigEndian.AppendUint32(payload, k.newest)
	payload = append(payload, id...)
	payload = binary.BigEndian.AppendUint64(payload, uint64(expiry.Unix()))
	return encoding.EncodeToString(payload) + "." + encoding.EncodeToString(sum(key, payload)), nil
}

// Verify returns the UID of the object that a token for this purpose was signed for, in lower case.
// The error is ErrInvalid.
func (k *Keys) Verify(purpose Purpose, token string, now time.Time) (string, error) {
	payload, mac, ok := split(token)
	if !ok || payload[0] != version {
		return "", ErrInvalid
	}
	// An unknown key has no entry, and what is signed with an empty key is not taken for signed.
	key, ok := k.derived[derivation{purpose, binary.BigEndian.Uint32(payload[keyAt:])}]
	if signed := hmac.Equal(mac, sum(key, payload)); !ok || !signed {
		return "", ErrInvalid
	}
	if expiry := int64(binary.BigEndian.Uint64(payload[expiryAt:])); now.Unix() >= expiry {
		return "", ErrInvalid
	}
	return formatUID(payload[uidAt:expiryAt]), nil
}

func sum(key, payload []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(payload)
	return mac.Sum(nil)
}

// split takes a token apart. It is ok only for text that Sign could have written.
func split(token string) (payload, mac []byte, ok bool) {
	if len(token) != payloadChars+1+macChars || token[payloadChars] != '.' {
		return nil, nil, false
	}
	payload, ok = decode(token[:payloadChars])
	if !ok {
		return nil, nil, false
	}
	mac, ok = decode(token[payloadChars+1:])
	return payload, mac, ok
}

func decode(s string) ([]byte, bool) {
	b, err := encoding.DecodeString(s)
	return b, err == nil && encoding.EncodeToString(b) == s
}

// parseUID takes a UUID as Kubernetes writes it and in no other spelling.
func parseUID(uid string) ([]byte, error) {
	id, err := hex.DecodeString(strings.ReplaceAll(uid, "-", ""))
	if err != nil || len(id) != uidBytes || formatUID(id) != uid {
		return nil, errors.New("a link is made for a UID, which is a UUID in lower case")
	}
	return id, nil
}

func formatUID(id []byte) string {
	h := hex.EncodeToString(id)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
