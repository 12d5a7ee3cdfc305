package link

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestNewKeyDataIsAKeyThatParses(t *testing.T) {
	data, err := NewKeyData(bytes.NewReader(secret(7)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]byte{"k1": secret(7)}, data); diff != "" {
		t.Error(diff)
	}
	random, err := NewKeyData(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keysOf(t, random)
}

func TestNewKeyDataNeedsAllItsRandomness(t *testing.T) {
	if data, err := NewKeyData(bytes.NewReader(secret(7)[1:])); err == nil {
		t.Errorf("made %v of too little randomness", data)
	}
	broken := errors.New("broken")
	if _, err := NewKeyData(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v; want the reader's error", err)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]map[string][]byte{
		"no keys":              nil,
		"an empty key":         {"k1": {}},
		"a short key":          {"k1": secret(1)[1:]},
		"a long key":           {"k1": append(secret(1), 1)},
		"a key beside a wrong": {"k1": secret(1), "tls.key": secret(2)},
		"no number":            {"k": secret(1)},
		"the number zero":      {"k0": secret(1)},
		"a leading zero":       {"k01": secret(1)},
		"a sign":               {"k+1": secret(1)},
		"a negative number":    {"k-1": secret(1)},
		"upper case":           {"K1": secret(1)},
		"a bare number":        {"1": secret(1)},
		"too large a number":   {"k4294967297": secret(1)},
		"trailing space":       {"k1 ": secret(1)},
	}
	for name, data := range tests {
		if _, err := Parse(data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestErrorsNeverRepeatAKey(t *testing.T) {
	_, err := Parse(map[string][]byte{"k1": []byte("hunter2")})
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "k1") {
		t.Errorf("got %v; want an error that names k1 and not its value", err)
	}
}
