package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/internal/access"
)

func TestMissing(t *testing.T) {
	catalog := shop()
	catalog.Resources[2].Requires = []access.Requirement{
		{Level: access.Read, Read: []string{"tax", "unlisted"}},
		{Level: access.Manage, Read: []string{"products"}, Manage: []string{"tax"}},
	}
	v := access.NewVocabulary(catalog)
	for _, tt := range []struct {
		sentence string
		grants   []access.Grant
		want     []string
	}{
		{"nothing needs nothing", nil, nil},
		{"Read needs what Read needs", []access.Grant{grant("Read", "orders")}, []string{"Read on orders needs Read on tax"}},
		{"Manage needs what both need, the higher level once", []access.Grant{grant("Manage", "orders")},
			[]string{"Manage on orders needs Read on products", "Manage on orders needs Manage on tax"}},
		{"a need that is held somewhere is held",
			[]access.Grant{grant("Read", "orders"), until(grant("Manage", "tax", dim("site", "DE")), noon)}, nil},
		{"a need that is held at a lower level is missing",
			[]access.Grant{grant("Manage", "orders products"), grant("Read", "tax")},
			[]string{"Manage on orders needs Manage on tax"}},
		{"single actions need nothing", []access.Grant{doing(grant("", "orders"), "update")}, nil},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			var got []string
			for _, m := range access.Missing(v, tt.grants) {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := access.Missing(nil, []access.Grant{grant("Read", "orders")}); got != nil {
		t.Errorf("an unknown catalog requires %v", got)
	}
}

func TestSummary(t *testing.T) {
	v := access.NewVocabulary(shop())
	de := dim("site", "DE")
	for _, tt := range []struct {
		want   string
		grants []access.Grant
	}{
		{"none", nil},
		{"none", []access.Grant{grant("Manage", "unlisted")}},
		{"manage 0, read 3", []access.Grant{grant("Read", "orders products tax")}},
		{"manage 1, read 2", []access.Grant{grant("Read", "orders products tax"), grant("Manage", "orders", de)}},
		{"manage 1, read 0, other 1", []access.Grant{grant("Manage", "tax"), doing(grant("", "products"), "publish")}},
	} {
		if got := access.Summary(v, tt.grants); got != tt.want {
			t.Errorf("%v: got %q, want %q", describeAll(tt.grants), got, tt.want)
		}
	}
}
