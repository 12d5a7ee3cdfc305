package identity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/roster-dev/roster/internal/address"
)

func addressOf(t testing.TB, text string) address.Address {
	t.Helper()
	parsed, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// The names are Dex's: it looks a sign-in up under no other.
func TestNamesAreDexs(t *testing.T) {
	for text, want := range map[string]string{
		"admin@example.com": "mfsg22loibsxqylnobwgkltdn5w4x4u44scceizf",
		"ADMIN@Example.COM": "mfsg22loibsxqylnobwgkltdn5w4x4u44scceizf",
	} {
		if got := Name(addressOf(t, text)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestANameLeadsBackToItsAddressAndNoOther(t *testing.T) {
	longest := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 13) + ".example"
	if len(longest) != 150 {
		t.Fatalf("%d bytes", len(longest))
	}
	for _, text := range []string{"ana@acme.example", "a@b.co", longest} {
		name := Name(addressOf(t, text))
		if got := AddressOf(name); got.String() != text || len(name) > 253 {
			t.Errorf("%s: %s (%d bytes) leads to %q", text, name, len(name), got)
		}
	}
	name := Name(addressOf(t, "ana@acme.example"))
	for _, other := range []string{"", "ana", name[1:], name[:len(name)-1], name + "a", strings.ToUpper(name), encoding.EncodeToString([]byte("ANA@acme.example" + suffix)), encoding.EncodeToString([]byte("ana" + suffix))} {
		if got := AddressOf(other); !got.IsZero() {
			t.Errorf("%q leads to %s", other, got)
		}
	}
}

func TestACopySharesNothing(t *testing.T) {
	list := &passwordList{Items: []Password{{
		ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{"a": "b"}}, Email: "ana@acme.example", Hash: []byte("hash"),
		EmailVerified: ptr.To(true), UserID: "uid", Groups: []string{"staff"},
	}}}
	before, ok := list.DeepCopyObject().(*passwordList)
	if diff := cmp.Diff(list, before); !ok || diff != "" {
		t.Error(diff)
	}
	p := &list.Items[0]
	p.Labels["a"], p.Hash[0], *p.EmailVerified, p.Groups[0] = "c", 'x', false, "others"
	if got := before.Items[0]; got.Labels["a"] != "b" || got.Hash[0] != 'h' || !*got.EmailVerified || got.Groups[0] != "staff" {
		t.Errorf("the copy changed: %+v", got)
	}
}
