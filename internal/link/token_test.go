package link

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"
)

const uid = "9c2f7a1e-53d4-4b68-8f0a-1d2e3c4b5a69"

var (
	expiry = time.Unix(1_800_000_000, 0)
	before = expiry.Add(-time.Hour)
)

func secret(fill byte) []byte { return bytes.Repeat([]byte{fill}, keyBytes) }

func keysOf(t testing.TB, data map[string][]byte) *Keys {
	t.Helper()
	keys, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sign(t testing.TB, keys *Keys) string {
	t.Helper()
	token, err := keys.Sign(Invitation, uid, expiry)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func expectInvalid(t *testing.T, keys *Keys, token string) {
	t.Helper()
	if got, err := keys.Verify(Invitation, token, before); !errors.Is(err, ErrInvalid) || got != "" {
		t.Errorf("Verify(%q) = %q, %v; want ErrInvalid", token, got, err)
	}
}

func TestATokenLeadsToItsObjectUntilItExpires(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(1)})
	token := sign(t, keys)
	for _, now := range []time.Time{time.Unix(0, 0), before, expiry.Add(-time.Nanosecond)} {
		if got, err := keys.Verify(Invitation, token, now); err != nil || got != uid {
			t.Errorf("at %v: %q, %v", now, got, err)
		}
	}
	for _, now := range []time.Time{expiry, expiry.Add(time.Second), expiry.AddDate(100, 0, 0)} {
		if _, err := keys.Verify(Invitation, token, now); !errors.Is(err, ErrInvalid) {
			t.Errorf("at %v: %v; want ErrInvalid", now, err)
		}
	}
}

// The format is a contract with mails already sent: this token has to work in every release.
func TestTheFormatStays(t *testing.T) {
	const want = "AQAAAAGcL3oeU9RLaI8KHS48S1ppAAAAAGtJ0gA.W57fDYeAlZzO09jXoif1T2nRJzyrpahBap62pMEpxn0"
	keys := keysOf(t, map[string][]byte{"k1": secret(1)})
	if got := sign(t, keys); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSigningAgainGivesTheSameToken(t *testing.T) {
	data := map[string][]byte{"k1": secret(1), "k2": secret(2)}
	first := sign(t, keysOf(t, data))
	for range 10 {
		if again := sign(t, keysOf(t, data)); again != first {
			t.Fatalf("%s is not %s", again, first)
		}
	}
	keys := keysOf(t, data)
	if other, err := keys.Sign(Invitation, uid, expiry.Add(time.Second)); err != nil || other == first {
		t.Errorf("another expiry: %q, %v", other, err)
	}
	if other, err := keys.Sign(Invitation, "00000000-0000-4000-8000-000000000000", expiry); err != nil || other == first {
		t.Errorf("another object: %q, %v", other, err)
	}
}

func TestNoChangedTokenIsTaken(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(1), "k2": secret(2)})
	token := sign(t, keys)
	tried := 0
	for i := range len(token) {
		for c := range 256 {
			if byte(c) != token[i] {
				expectInvalid(t, keys, token[:i]+string([]byte{byte(c)})+token[i+1:])
				tried++
			}
		}
		expectInvalid(t, keys, token[:i])
		expectInvalid(t, keys, token[i+1:])
		expectInvalid(t, keys, token[:i]+token[i+1:])
		for _, extra := range []string{"A", ".", "=", "\n", "\r", " ", "\x00", "%41"} {
			expectInvalid(t, keys, token[:i]+extra+token[i:])
			expectInvalid(t, keys, token+extra)
		}
		if i > 0 && token[i] != token[i-1] {
			expectInvalid(t, keys, token[:i-1]+token[i:i+1]+token[i-1:i]+token[i+1:])
		}
	}
	if want := len(token) * 255; tried != want {
		t.Errorf("tried %d one-character changes, want %d", tried, want)
	}
}

func TestTheSameBytesHaveOneSpelling(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(0xfb)})
	token := sign(t, keys)
	payload, mac, _ := strings.Cut(token, ".")
	spellings := []string{
		payload + "=." + mac, payload + "." + mac + "=", payload + "=." + mac + "=",
		payload + "\n." + mac, payload + ".\r\n" + mac, token + "\n", "\n" + token, " " + token, token + " ",
		payload[:len(payload)-1] + "\n" + payload[len(payload)-1:] + "." + mac,
		strings.ToUpper(token), strings.ToLower(token), payload + "%2E" + mac, payload + ".." + mac,
	}
	for _, spelling := range spellings {
		expectInvalid(t, keys, spelling)
	}
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(token)
	if standard == token {
		t.Fatal("the token has no character in which the alphabets differ")
	}
	expectInvalid(t, keys, standard)
	// The last character of each part has bits that stand for nothing.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, last := range alphabet {
		if changed := payload[:len(payload)-1] + string(last) + "." + mac; changed != token {
			expectInvalid(t, keys, changed)
		}
		if changed := token[:len(token)-1] + string(last); changed != token {
			expectInvalid(t, keys, changed)
		}
	}
}

func TestATokenIsNothingToAnotherPurpose(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(1)})
	mine := sign(t, keys)
	theirs, err := keys.Sign(PasswordReset, uid, expiry)
	if err != nil || theirs == mine {
		t.Fatalf("%q, %v", theirs, err)
	}
	expectInvalid(t, keys, theirs)
	if got, err := keys.Verify(PasswordReset, theirs, before); err != nil || got != uid {
		t.Errorf("for its own purpose: %q, %v", got, err)
	}
	for _, purpose := range []Purpose{PasswordReset, "", "unknown", "Invitation"} {
		if _, err := keys.Verify(purpose, mine, before); !errors.Is(err, ErrInvalid) {
			t.Errorf("purpose %q: %v; want ErrInvalid", purpose, err)
		}
	}
}

func TestRotatedKeys(t *testing.T) {
	one := map[string][]byte{"k9": secret(9)}
	two := map[string][]byte{"k9": secret(9), "k10": secret(10)}
	old, young := sign(t, keysOf(t, one)), sign(t, keysOf(t, two))
	if old == young {
		t.Fatal("the new key does not sign")
	}
	for _, token := range []string{old, young} {
		if got, err := keysOf(t, two).Verify(Invitation, token, before); err != nil || got != uid {
			t.Errorf("with both keys: %q, %v", got, err)
		}
	}
	expectInvalid(t, keysOf(t, map[string][]byte{"k10": secret(10)}), old)
	expectInvalid(t, keysOf(t, one), young)
	expectInvalid(t, keysOf(t, map[string][]byte{"k9": secret(8)}), old)
	expectInvalid(t, keysOf(t, map[string][]byte{"k10": secret(9)}), old)
}

func TestNoKeyIsNotAKey(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(1)})
	payload, _, _ := split(sign(t, keys))
	payload[keyAt] = 7
	mac := hmac.New(sha256.New, nil)
	mac.Write(payload)
	expectInvalid(t, keys, encoding.EncodeToString(payload)+"."+encoding.EncodeToString(mac.Sum(nil)))
	expectInvalid(t, &Keys{}, sign(t, keys))
}

func TestAnotherVersionIsNotTaken(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(1)})
	payload, _, _ := split(sign(t, keys))
	payload[0] = version + 1
	mac := sum(keys.derived[derivation{Invitation, 1}], payload)
	expectInvalid(t, keys, encoding.EncodeToString(payload)+"."+encoding.EncodeToString(mac))
}

func TestSignRefuses(t *testing.T) {
	keys := keysOf(t, map[string][]byte{"k1": secret(1)})
	tests := map[string]struct {
		purpose Purpose
		uid     string
		expiry  time.Time
	}{
		"a purpose without keys": {"unknown", uid, expiry},
		"no UID":                 {Invitation, "", expiry},
		"a UID that is a name":   {Invitation, "ana-3fz8k2", expiry},
		"a UID in upper case":    {Invitation, strings.ToUpper(uid), expiry},
		"a UID without hyphens":  {Invitation, strings.ReplaceAll(uid, "-", ""), expiry},
		"a UID that is too long": {Invitation, uid + "00", expiry},
		"no expiry":              {Invitation, uid, time.Time{}},
	}
	for name, tt := range tests {
		if token, err := keys.Sign(tt.purpose, tt.uid, tt.expiry); err == nil {
			t.Errorf("%s: signed %s", name, token)
		}
	}
}

func FuzzVerify(f *testing.F) {
	keys := keysOf(f, map[string][]byte{"k1": secret(1), "k2": secret(2)})
	good := sign(f, keys)
	for _, seed := range []string{"", ".", good, good[:40], good + "=", strings.Repeat("A", len(good))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := keys.Verify(Invitation, token, before)
		if (err == nil) != (token == good) {
			t.Errorf("Verify(%q) = %q, %v", token, got, err)
		}
	})
}
