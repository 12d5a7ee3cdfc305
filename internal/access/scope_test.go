package access_test

import (
	"testing"

	"github.com/roster-dev/roster/internal/access"
)

func TestScopesAreComparedByWhatTheyAdmit(t *testing.T) {
	everywhere, nowhere := access.Scope{}, access.Scope{dim("site")}
	de, deFR := access.Scope{dim("site", "DE")}, access.Scope{dim("site", "DE", "FR")}
	deABC := access.Scope{dim("site", "DE"), dim("vendor", "abc")}
	own := access.Scope{{Name: "site", Values: []string{"DE"}, Attributes: []string{"home"}}}
	for _, tt := range []struct {
		wide, narrow access.Scope
		equal        bool
	}{
		{everywhere, de, false}, {deFR, de, false}, {de, deABC, false}, {own, de, false},
		{de, de, true}, {everywhere, nil, true}, {own, own, true},
		{de, nowhere, false}, {access.Scope{dim("vendor", "abc")}, nowhere, false},
	} {
		if !tt.wide.WiderOrEqual(tt.narrow) {
			t.Errorf("%s is not wider than or equal to %s", tt.wide, tt.narrow)
		}
		if got := tt.narrow.WiderOrEqual(tt.wide); got != tt.equal {
			t.Errorf("%s is wider than or equal to %s: got %v", tt.narrow, tt.wide, got)
		}
	}
	if overlap := (access.Scope{dim("site", "DE", "NL")}); overlap.WiderOrEqual(deFR) || deFR.WiderOrEqual(overlap) {
		t.Errorf("%s and %s are comparable", overlap, deFR)
	}
}

func TestScopeContains(t *testing.T) {
	deABC := access.Scope{dim("site", "DE", "FR"), dim("vendor", "abc")}
	for _, tt := range []struct {
		asks  string
		scope access.Scope
		want  bool
	}{
		{"read orders", nil, true},
		{"read orders site=FR vendor=xyz,abc", deABC, true},
		{"read orders site=FR", deABC, false},
		{"read orders id=DE vendor=abc", deABC, true}, // identified by site
		{"read orders id=abc site=DE", deABC, false},
		{"read orders site=DE", access.Scope{dim("site")}, false},
	} {
		if got := tt.scope.Contains(query(tt.asks).Entity, "site"); got != tt.want {
			t.Errorf("%s contains %q: got %v", tt.scope, tt.asks, got)
		}
	}
}
