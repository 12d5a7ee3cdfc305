package address

import (
	"strings"
	"testing"
)

func TestAllowed(t *testing.T) {
	tests := map[string]struct {
		address  string
		patterns []string
		want     bool
	}{
		"an empty list allows any":                 {"ana@acme.example", nil, true},
		"the domain itself":                        {"ana@acme.example", []string{"acme.example"}, true},
		"the second of two":                        {"ana@acme.example", []string{"other.example", "acme.example"}, true},
		"the domain in other case":                 {"ana@Acme.Example", []string{"ACME.example"}, true},
		"another domain":                           {"ana@other.example", []string{"acme.example"}, false},
		"a sub-domain is not the domain":           {"ana@mail.acme.example", []string{"acme.example"}, false},
		"the domain is not a sub-domain":           {"ana@acme.example", []string{"*.acme.example"}, false},
		"a sub-domain under a wildcard":            {"ana@mail.acme.example", []string{"*.acme.example"}, true},
		"a deep sub-domain under a wildcard":       {"ana@a.b.c.acme.example", []string{"*.acme.example"}, true},
		"a name that only ends alike":              {"ana@notacme.example", []string{"acme.example"}, false},
		"a name that only ends alike, wildcard":    {"ana@notacme.example", []string{"*.acme.example"}, false},
		"a name that only starts alike":            {"ana@acme.example.evil.example", []string{"acme.example"}, false},
		"a name that only starts alike, wildcard":  {"ana@x.acme.example.evil.example", []string{"*.acme.example"}, false},
		"a pattern in Unicode":                     {"ana@xn--bcher-kva.example", []string{"bücher.example"}, true},
		"a pattern in punycode":                    {"ana@BÜCHER.example", []string{"xn--bcher-kva.example"}, true},
		"a wildcard in Unicode":                    {"ana@mail.bücher.example", []string{"*.bücher.example"}, true},
		"a look-alike in Cyrillic":                 {"ana@аcme.example", []string{"acme.example"}, false},
		"full-width letters are the letters":       {"ana@ａｃｍｅ.example", []string{"acme.example"}, true},
		"ß is not ss":                              {"ana@strasse.example", []string{"straße.example"}, false},
		"an empty pattern":                         {"ana@acme.example", []string{""}, false},
		"a lone star":                              {"ana@acme.example", []string{"*"}, false},
		"a star and a dot":                         {"ana@acme.example", []string{"*."}, false},
		"a whole top-level domain":                 {"ana@acme.example", []string{"*.example"}, false},
		"a star inside":                            {"ana@mail.acme.example", []string{"mail.*.example"}, false},
		"a star without its dot":                   {"ana@notacme.example", []string{"*acme.example"}, false},
		"two stars":                                {"ana@a.b.acme.example", []string{"*.*.acme.example"}, false},
		"a leading dot":                            {"ana@mail.acme.example", []string{".acme.example"}, false},
		"a trailing dot":                           {"ana@acme.example", []string{"acme.example."}, false},
		"white space around":                       {"ana@acme.example", []string{" acme.example"}, false},
		"a line break":                             {"ana@acme.example", []string{"acme.example\n"}, false},
		"an invisible character":                   {"ana@acme.example", []string{"ac\u00adme.example"}, false},
		"an address for a pattern":                 {"ana@acme.example", []string{"ana@acme.example"}, false},
		"an @ before the domain":                   {"ana@acme.example", []string{"@acme.example"}, false},
		"a network address":                        {"ana@acme.example", []string{"127.0.0.1"}, false},
		"a bad pattern does not spoil a good one":  {"ana@acme.example", []string{"*", "acme.example"}, true},
		"a list of bad patterns does not open up":  {"ana@acme.example", []string{"", "*", ".."}, false},
		"a pattern longer than an address can be":  {"ana@acme.example", []string{strings.Repeat("a.", 200) + "example"}, false},
		"the local part plays no role":             {"acme.example@other.example", []string{"acme.example"}, false},
		"a sub-address is still the same domain":   {"ana+x@acme.example", []string{"acme.example"}, true},
		"the wildcard and the domain side by side": {"ana@acme.example", []string{"*.acme.example", "acme.example"}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := Parse(tc.address)
			if err != nil {
				t.Fatalf("Parse(%q): %v", tc.address, err)
			}
			if got := Allowed(a, tc.patterns); got != tc.want {
				t.Errorf("Allowed(%q, %q) = %v, want %v", a, tc.patterns, got, tc.want)
			}
		})
	}
}

func TestTheZeroAddressIsNeverAllowed(t *testing.T) {
	for _, patterns := range [][]string{nil, {""}, {"acme.example"}} {
		if Allowed(Address{}, patterns) {
			t.Errorf("Allowed(zero, %q) = true", patterns)
		}
	}
}
