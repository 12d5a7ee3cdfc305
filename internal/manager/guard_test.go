package manager

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/util/cert"
)

func TestTheGuardSaysWhoseAddressIsInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	options := guardDefaults()
	options.Address, options.CertDir = taken.Addr().String(), t.TempDir()
	certificate, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(options.CertDir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server, err := newGuardServer(options)
	if err != nil {
		t.Fatal(err)
	}
	want := options.Address + " is in use by another program: end that one, or choose another address with --guard-bind-address"
	if err := server.Start(t.Context()); err == nil || err.Error() != want {
		t.Errorf("it says %v, not %s", err, want)
	}
}

func TestAPrefixThatNoBindingHasRoomForIsNoneAtAll(t *testing.T) {
	t.Parallel()
	options := guardDefaults()
	options.UsernamePrefix = "https://login.acme.example/" + strings.Repeat("a", 72) + "#"
	if err := options.check(); err != nil {
		t.Errorf("a prefix of %d bytes is refused: %v", len(options.UsernamePrefix), err)
	}
	options.UsernamePrefix += "#"
	if err := options.check(); err == nil || err.Error() != "--username-prefix has 101 bytes: at most 100 are taken" {
		t.Errorf("it says %v", err)
	}
}

func TestAMailNamesWhoeverTheGuardSawSignIn(t *testing.T) {
	guarded := GuardOptions{Address: ":9443", UsernamePrefix: "oidc:"}
	plain := GuardOptions{Address: ":9443"}
	tests := map[string]struct {
		options GuardOptions
		stamped string
		want    string
	}{
		"by address":                 {guarded, "oidc:Jo@ACME.example", "Jo@acme.example"},
		"without a prefix":           {plain, "jo@acme.example", "jo@acme.example"},
		"not another way to sign in": {guarded, "jo@acme.example", ""},
		"not another prefix":         {plain, "oidc:jo@acme.example", ""},
		"not a service account":      {plain, "system:serviceaccount:flux-system:flux", ""},
		"not a certificate's name":   {plain, "kubernetes-admin", ""},
		"not a name of several":      {guarded, "oidc:Jo Berg <jo@acme.example>", ""},
		"nobody":                     {guarded, "", ""},
		"nobody without a guard":     {GuardOptions{Address: off, UsernamePrefix: "oidc:"}, "oidc:jo@acme.example", ""},
		"nobody by default":          {guardDefaults(), "jo@acme.example", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.options.Requester(tc.stamped); got != tc.want {
				t.Errorf("%q is named %q, want %q", tc.stamped, got, tc.want)
			}
		})
	}
}
