package address

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAccepts(t *testing.T) {
	long := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63) + ".example"
	tests := map[string]string{ // input: canonical form
		"ana@acme.example":                            "ana@acme.example",
		"Ana@acme.example":                            "Ana@acme.example",
		"ana@ACME.Example":                            "ana@acme.example",
		"ANA@ACME.EXAMPLE":                            "ANA@acme.example",
		"a@b.co":                                      "a@b.co",
		"ana.lee@acme.example":                        "ana.lee@acme.example",
		"ana+roster@acme.example":                     "ana+roster@acme.example",
		"ana-lee@acme.example":                        "ana-lee@acme.example",
		"ana_lee@acme.example":                        "ana_lee@acme.example",
		"o'brien@acme.example":                        "o'brien@acme.example",
		"1234@acme.example":                           "1234@acme.example",
		"-ana@acme.example":                           "-ana@acme.example",
		"_ana@acme.example":                           "_ana@acme.example",
		"ana=lee@acme.example":                        "ana=lee@acme.example",
		"ana&bo@acme.example":                         "ana&bo@acme.example",
		"ana#1@acme.example":                          "ana#1@acme.example",
		"ana$@acme.example":                           "ana$@acme.example",
		"ana*@acme.example":                           "ana*@acme.example",
		"ana?x@acme.example":                          "ana?x@acme.example",
		"ana^@acme.example":                           "ana^@acme.example",
		"`ana`@acme.example":                          "`ana`@acme.example",
		"{ana}@acme.example":                          "{ana}@acme.example",
		"~ana@acme.example":                           "~ana@acme.example",
		"ana@mail.acme.example":                       "ana@mail.acme.example",
		"ana@a.b.c.d.acme.example":                    "ana@a.b.c.d.acme.example",
		"ana@acme-corp.example":                       "ana@acme-corp.example",
		"ana@3com.example":                            "ana@3com.example",
		"ana@123.example":                             "ana@123.example",
		"ana@1.2.3.example":                           "ana@1.2.3.example",
		"ana@acme.x1":                                 "ana@acme.x1",
		"ana@bücher.example":                          "ana@xn--bcher-kva.example",
		"ana@BÜCHER.example":                          "ana@xn--bcher-kva.example",
		"ana@bu\u0308cher.example":                    "ana@xn--bcher-kva.example",
		"ana@xn--bcher-kva.example":                   "ana@xn--bcher-kva.example",
		"ana@XN--BCHER-KVA.example":                   "ana@xn--bcher-kva.example",
		"ana@straße.example":                          "ana@xn--strae-oqa.example",
		"ana@例え.テスト":                                  "ana@xn--r8jz45g.xn--zckzah",
		"ana@例え。テスト":                                  "ana@xn--r8jz45g.xn--zckzah",
		"ana@пример.рф":                               "ana@xn--e1afmkfd.xn--p1ai",
		"ana@παράδειγμα.example":                      "ana@xn--hxajbheg2az3al.example",
		"ana@ａｃｍｅ.example":                            "ana@acme.example",
		"ana@acme．example":                            "ana@acme.example",
		"ana@ℂorp.example":                            "ana@corp.example",
		"ana@\u212Aelvin.example":                     "ana@kelvin.example",
		"ana@مثال.example":                            "ana@xn--mgbh0fb.example",
		"ana@נתונים.example":                          "ana@xn--9dbimjb2d.example",
		"ana@क्\u200dष.example":                       "ana@xn--11b2ezcw70k.example",
		"ana@ﬁsh.example":                             "ana@fish.example",
		"abcdefghijklmnopqrstuvwxyz@a.bc":             "abcdefghijklmnopqrstuvwxyz@a.bc",
		long:                                          long,
		"ana@" + strings.Repeat("b", 63) + ".example": "ana@" + strings.Repeat("b", 63) + ".example",
	}
	for input, want := range tests {
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
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const (
		empty     = "is empty"
		length    = "bytes long and the most is"
		plain     = "not a plain address"
		bare      = "a name, quotes, a comment or a list"
		space     = "white space"
		control   = "control character"
		noAt      = "has no @"
		before    = "nothing before the @"
		after     = "nothing after the @"
		manyAt    = "more than one @"
		network   = "network address"
		dots      = "starts or ends with a dot or has two in a row"
		ascii     = "outside ASCII"
		elsewhere = "send mail elsewhere"
		spelling  = "check its spelling"
		noDot     = "has no dot"
		endDot    = "ends with a dot"
		innerDot  = "starts with a dot or has two in a row"
	)
	tests := map[string]string{ // input: what the error says
		"":                                            empty,
		"ana[1]@acme.example":                         plain,
		"@":                                           before,
		"ana":                                         noAt,
		"acme.example":                                noAt,
		"ana@":                                        after,
		"@acme.example":                               before,
		"ana@@acme.example":                           manyAt,
		"ana@acme.example@":                           after,
		"ana@evil.example@acme.example":               manyAt,
		"@evil.example:ana@acme.example":              bare,
		"@evil.example,@x.example:a@b.example":        bare,
		"Ana <ana@acme.example>":                      space,
		"Ana<ana@acme.example>":                       bare,
		"<ana@acme.example>":                          bare,
		"ana@acme.example>":                           bare,
		`"ana"@acme.example`:                          bare,
		`"ana lee"@acme.example`:                      space,
		`"a@b"@acme.example`:                          bare,
		`"ana@evil.example"@acme.example`:             bare,
		`ana\@evil@acme.example`:                      bare,
		`ana\x@acme.example`:                          bare,
		"ana(comment)@acme.example":                   bare,
		"ana@acme.example(comment)":                   bare,
		"ana@(c)acme.example":                         bare,
		"ana@acme.example,bo@acme.example":            bare,
		"ana@acme.example;bo@acme.example":            bare,
		"friends:ana@acme.example;":                   bare,
		"mailto:ana@acme.example":                     bare,
		"ana@acme.example:25":                         bare,
		"ana@[127.0.0.1]":                             network,
		"ana@[IPv6:::1]":                              network,
		"ana@[acme.example]":                          network,
		"ana@127.0.0.1":                               network,
		"ana@acme.1":                                  network,
		"ana@2130706433":                              noDot,
		"ana@localhost":                               noDot,
		"ana@example":                                 noDot,
		"ana@例え":                                      noDot,
		"ana@acme.example.":                           endDot,
		"ana@acme.example。":                           endDot,
		"ana@.acme.example":                           innerDot,
		"ana@acme..example":                           innerDot,
		"ana@acme。。example":                           innerDot,
		"ana@。acme.example":                           innerDot,
		"ana@.":                                       endDot,
		"ana@。":                                       endDot,
		".ana@acme.example":                           dots,
		"ana.@acme.example":                           dots,
		"ana..lee@acme.example":                       dots,
		".@acme.example":                              dots,
		" ana@acme.example":                           space,
		"ana@acme.example ":                           space,
		"ana @acme.example":                           space,
		"ana@ acme.example":                           space,
		"ana lee@acme.example":                        space,
		"ana\t@acme.example":                          space,
		"ana@acme.example\n":                          space,
		"ana@acme.example\r\n":                        space,
		"ana@acme.example\r\nBcc: x@y.example":        space,
		"ana\r\n@acme.example":                        space,
		"ana@acme\u00a0.example":                      space,
		"ana@acme\u3000.example":                      space,
		"ana\u2028@acme.example":                      space,
		"ana\u0085@acme.example":                      space,
		"ana\v@acme.example":                          space,
		"ana\x00@acme.example":                        control,
		"ana@acme.example\x00":                        control,
		"ana\x7f@acme.example":                        control,
		"ana\x1b[2J@acme.example":                     control,
		"ana\u009f@acme.example":                      control,
		"ana\u200b@acme.example":                      control,
		"ana@ac\u00adme.example":                      control,
		"ana@acme\u200b.example":                      control,
		"ana@acme\u2060.example":                      control,
		"\ufeffana@acme.example":                      control,
		"ana\u202e@acme.example":                      control,
		"ana@\u2066acme.example":                      control,
		"ana@acme\U000e0041.example":                  control,
		"ana@acme\ue000.example":                      control,
		"ana\xff@acme.example":                        "valid UTF-8",
		"ana@acme\xc3.example":                        "valid UTF-8",
		"änne@acme.example":                           ascii,
		"аna@acme.example":                            ascii,
		"ana\u200d@acme.example":                      ascii,
		"\u212Aana@acme.example":                      ascii,
		"anａ@acme.example":                            ascii,
		"用户@例え.テスト":                                   ascii,
		"ana%evil.example@acme.example":               elsewhere,
		"evil.example!ana@acme.example":               elsewhere,
		"ana/evil@acme.example":                       elsewhere,
		"|sh@acme.example":                            elsewhere,
		"/etc/passwd@acme.example":                    elsewhere,
		"ana＠evil.example":                            noAt,
		"ana@evil.example＠acme.example":               spelling,
		"ana@acme_corp.example":                       spelling,
		"ana@acme$.example":                           spelling,
		"ana@-acme.example":                           spelling,
		"ana@acme-.example":                           spelling,
		"ana@acme.-example":                           spelling,
		"ana@ac--me.example":                          spelling,
		"ana@xn--a.example":                           spelling,
		"ana@xn--acme-.example":                       spelling,
		"ana@xn--.example":                            innerDot,
		"ana@acme.example/x":                          spelling,
		"ana@acme.example?x=y":                        spelling,
		"ana@acme.example#x":                          spelling,
		"ana@*.acme.example":                          spelling,
		"ana@acme\u200d.example":                      spelling,
		"ana@\u0300acme.example":                      spelling,
		"ana@⒈com.example":                            spelling,
		"ana@אacme.example":                           spelling,
		"ana@" + strings.Repeat("b", 64) + ".example": spelling,
		strings.Repeat("a", 65) + "@acme.example":     length,
		strings.Repeat("a", 200) + "@acme.example":    length,
		"ana@" + strings.Repeat("b.", 70) + "example": length,
		"ana@" + strings.Repeat("ü", 60) + ".xn--bcher-kva.ab": spelling,
	}
	for input, want := range tests {
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
		})
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
