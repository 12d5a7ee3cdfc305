package address

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/test/addresses"
)

func TestParseAccepts(t *testing.T) {
	for input, want := range addresses.Valid {
		t.Run(input, func(t *testing.T) {
			got, err := Parse(input)
			if err != nil {
				t.Fatalf("Parse(%q): %v", input, err)
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("canonical form (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(strings.ToLower(want), got.Key()); diff != "" {
				t.Errorf("key (-want +got):\n%s", diff)
			}
			if _, domain, _ := strings.Cut(want, "@"); domain != got.Domain() {
				t.Errorf("domain is %q, want %q", got.Domain(), domain)
			}
			requireCanonical(t, got)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for input, want := range addresses.Invalid {
		t.Run(input, func(t *testing.T) {
			got, err := Parse(input)
			if err == nil {
				t.Fatalf("Parse(%q) = %q, want an error about %q", input, got, want)
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Parse(%q): %v, want an error about %q", input, err, want)
			}
			if !got.IsZero() {
				t.Errorf("Parse(%q) returned %q beside an error", input, got)
			}
			if Allowed(got, nil) {
				t.Errorf("%q is allowed", input)
			}
		})
	}
}

func TestTheCorpusIsLarge(t *testing.T) {
	if valid, invalid := len(addresses.Valid), len(addresses.Invalid); valid < 200 || invalid < 250 {
		t.Errorf("only %d valid and %d invalid addresses", valid, invalid)
	}
}

func TestTheLongestAddressIsMeasuredInItsCanonicalForm(t *testing.T) {
	domain := "@" + strings.Repeat("b", 60) + ".example"
	local := strings.Repeat("a", 64)
	fits := local + "@" + strings.Repeat("b", 60) + "." + strings.Repeat("c", 24)
	if len(fits) != maxBytes {
		t.Fatalf("the longest address has %d bytes, want %d", len(fits), maxBytes)
	}
	if _, err := Parse(fits); err != nil {
		t.Errorf("Parse of %d bytes: %v", len(fits), err)
	}
	if _, err := Parse(fits + "c"); err == nil {
		t.Errorf("Parse of %d bytes succeeded", len(fits)+1)
	}
	// Punycode makes short labels longer: this one fits as typed and not as sent.
	grows := local + "@" + strings.Repeat("ü.", 6) + strings.Repeat("b", 50) + ".example"
	if len(grows) > maxBytes {
		t.Fatalf("the growing address has %d bytes as typed", len(grows))
	}
	if got, err := Parse(grows); err == nil {
		t.Errorf("Parse(%q) = %d bytes, want an error", grows, len(got.String()))
	}
	if _, err := Parse(local + "a" + domain); err == nil {
		t.Error("a local part of 65 bytes was accepted")
	}
}

func TestTheZeroAddressIsNoAddress(t *testing.T) {
	var zero Address
	if !zero.IsZero() || zero.String() != "" || zero.Key() != "" || zero.Domain() != "" {
		t.Errorf("the zero Address is %q, key %q, domain %q", zero.String(), zero.Key(), zero.Domain())
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"ana@acme.example", "Ana <ana@acme.example>", "ana@bücher.example", "ana@xn--bcher-kva.example",
		`"a@b"@acme.example`, "ana@[127.0.0.1]", "ana@acme。example", "ana%x@acme.example", "a@b\r\n.c",
		"ana@XN--BCHER-KVA.EXAMPLE", "ana@क्\u200dष.example", "ana@straße.example", "\xff@a.b",
	} {
		f.Add(seed)
	}
	for _, corpus := range []map[string]string{addresses.Valid, addresses.Invalid} {
		for input := range corpus {
			f.Add(input)
		}
	}
	f.Fuzz(func(t *testing.T, input string) {
		a, err := Parse(input)
		if err != nil {
			if !a.IsZero() {
				t.Fatalf("%q: an address beside an error", input)
			}
			return
		}
		requireCanonical(t, a)
		typed, _, _ := strings.Cut(input, "@")
		if local, _, _ := strings.Cut(a.String(), "@"); local != typed {
			t.Fatalf("%q: the local part became %q", input, local)
		}
	})
}

// requireCanonical states the promises of the package about any Address.
func requireCanonical(t *testing.T, a Address) {
	t.Helper()
	s := a.String()
	if again, err := Parse(s); err != nil || again != a {
		t.Fatalf("%q parses again to %q, %v", s, again, err)
	}
	if key, err := Parse(a.Key()); err != nil || key.Key() != a.Key() {
		t.Fatalf("the key %q parses to %q, %v", a.Key(), key, err)
	}
	if len(s) > maxBytes || strings.Count(s, "@") != 1 || strings.ToLower(a.Domain()) != a.Domain() {
		t.Fatalf("%q is not canonical", s)
	}
	for _, b := range []byte(s) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte(`<>()[]\,;:"%!/|`, b) >= 0 {
			t.Fatalf("%q holds %q", s, b)
		}
	}
	if parsed, err := mail.ParseAddress(s); err != nil || parsed.Address != s {
		t.Fatalf("%q is read by others as %v, %v", s, parsed, err)
	}
	if !Allowed(a, []string{a.Domain()}) || Allowed(a, []string{"*." + a.Domain()}) {
		t.Fatalf("%q does not match its own domain exactly", s)
	}
}
