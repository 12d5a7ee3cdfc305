package decision

import (
	"encoding/base64"
	"testing"
)

// A sign-in has one sub: what only looks like it is somebody else's.
func TestASubHasOneSpelling(t *testing.T) {
	sub := base64.RawURLEncoding.EncodeToString([]byte("\x0a\x04uid1\x12\x05local"))
	last := len(sub) - 1
	loose := sub[:last] + string(sub[last]+1) // its last bits are of no account
	if got := userOf(sub); got != "uid1" {
		t.Errorf("%s is %q", sub, got)
	}
	if decoded, err := base64.RawURLEncoding.DecodeString(loose); err != nil || string(decoded) != "\x0a\x04uid1\x12\x05local" {
		t.Fatalf("%q, %v", decoded, err)
	}
	for _, other := range []string{loose, sub[:4] + "\n" + sub[4:], sub + "\r\n", sub + "="} {
		if got := userOf(other); got != "" {
			t.Errorf("%q is %q", other, got)
		}
	}
}
