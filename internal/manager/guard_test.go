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
