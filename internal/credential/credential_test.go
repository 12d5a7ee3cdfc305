package credential

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func TestATokenIsAllOfItsRandomness(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^roster_[a-z2-7]{52}$`)
	seen := map[string]bool{}
	for range 1000 {
		token, err := NewToken(rand.Reader)
		if err != nil || !shape.MatchString(token) || seen[token] {
			t.Fatalf("%q, %v", token, err)
		}
		seen[token] = true
	}
	for at := range 8 * entropy {
		zeros, one := make([]byte, entropy), make([]byte, entropy)
		one[at/8] |= 1 << (at % 8)
		a, _ := NewToken(bytes.NewReader(zeros))
		b, _ := NewToken(bytes.NewReader(one))
		if a == b || HashOf(a) == HashOf(b) {
			t.Errorf("bit %d does not count", at)
		}
	}
}

func TestWithoutRandomnessThereIsNoToken(t *testing.T) {
	t.Parallel()
	for _, random := range []string{"", strings.Repeat("x", entropy-1)} {
		if token, err := NewToken(strings.NewReader(random)); err == nil {
			t.Errorf("%d bytes make %q", len(random), token)
		}
	}
	if token, err := NewToken(iotest.ErrReader(errors.New("broken"))); err == nil {
		t.Errorf("an error makes %q", token)
	}
}

func TestAHashIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	h := HashOf("roster_a")
	if got, ok := ParseHash(h.String()); !ok || got != h {
		t.Errorf("%s is read as %s", h, got)
	}
	for _, text := range []string{"", h.String()[1:], h.String() + "0", strings.Repeat("g", 64)} {
		if got, ok := ParseHash(text); ok {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

// at is a credential with a token in force for a rotation, where another is wanted.
func at(rotation, wanted int32, changes ...func(*accessv1.ApplicationCredential)) *accessv1.ApplicationCredential {
	c := &accessv1.ApplicationCredential{}
	c.Spec.Rotation = ptr.To(wanted)
	if rotation >= 0 {
		c.Status.TokenHash, c.Status.Rotation = HashOf("old").String(), ptr.To(rotation)
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

func pending(rotation int32) func(*accessv1.ApplicationCredential) {
	return func(c *accessv1.ApplicationCredential) {
		c.Status.Pending = &accessv1.PendingToken{TokenHash: HashOf("new").String(), Rotation: &rotation}
	}
}

func overlap(seconds int32) func(*accessv1.ApplicationCredential) {
	return func(c *accessv1.ApplicationCredential) { c.Spec.OverlapSeconds = &seconds }
}

func TestNext(t *testing.T) {
	t.Parallel()
	holds := func(token string) Secret { return Secret{Found: true, Own: true, Holds: HashOf(token)} }
	for sentence, tt := range map[string]struct {
		credential *accessv1.ApplicationCredential
		secret     Secret
		want       Step
	}{
		"the first token":                             {at(-1, 0), Secret{}, Make},
		"the token is there":                          {at(0, 0), holds("old"), Keep},
		"the token is there, its Secret is gone":      {at(0, 0), Secret{}, Keep},
		"the token is there, its Secret was edited":   {at(0, 0), holds("mine"), Keep},
		"the token is there, its Secret is another's": {at(0, 0), Secret{Found: true}, Keep},
		"a rotation":                                    {at(0, 1), holds("old"), Make},
		"a rotation, the Secret is gone":                {at(0, 1), Secret{}, Make},
		"a rotation, the Secret was edited":             {at(0, 1), holds("mine"), Make},
		"a rotation, the Secret is another's":           {at(0, 1), Secret{Found: true, Holds: HashOf("old")}, Refuse},
		"another's Secret has the name":                 {at(-1, 0), Secret{Found: true}, Refuse},
		"recorded and not written":                      {at(0, 1, pending(1)), holds("old"), Make},
		"recorded and not written, for the first time":  {at(-1, 0, pending(0)), Secret{}, Make},
		"recorded and written":                          {at(0, 1, pending(1)), holds("new"), Promote},
		"recorded and written, for the first time":      {at(-1, 0, pending(0)), holds("new"), Promote},
		"recorded, written and edited":                  {at(0, 1, pending(1)), holds("mine"), Make},
		"recorded, written by another":                  {at(0, 1, pending(1)), Secret{Found: true, Holds: HashOf("new")}, Refuse},
		"recorded for an earlier rotation":              {at(0, 2, pending(1)), holds("new"), Make},
		"an empty record and an empty Secret":           {at(-1, 0, func(c *accessv1.ApplicationCredential) { c.Status.Pending = &accessv1.PendingToken{} }), Secret{Found: true, Own: true}, Make},
		"a status from after the spec, as in a restore": {at(2, 1), holds("old"), Make},
	} {
		if got := Next(tt.credential, tt.secret); got != tt.want {
			t.Errorf("%s: %s, not %s", sentence, got, tt.want)
		}
	}
}

func TestATokenIsPutInForce(t *testing.T) {
	t.Parallel()
	later := func(seconds int) metav1.Time { return metav1.NewTime(noon.Add(time.Duration(seconds) * time.Second)) }
	for sentence, tt := range map[string]struct {
		credential *accessv1.ApplicationCredential
		want       *accessv1.PreviousToken
	}{
		"the first":       {at(-1, 0, pending(0), overlap(60)), nil},
		"at once":         {at(0, 1, pending(1)), nil},
		"with an overlap": {at(0, 1, pending(1), overlap(60)), &accessv1.PreviousToken{TokenHash: HashOf("old").String(), Until: later(60)}},
		"the one before that ends, too": {at(0, 1, pending(1), func(c *accessv1.ApplicationCredential) {
			c.Status.Previous = &accessv1.PreviousToken{TokenHash: "older", Until: later(9)}
		}), nil},
	} {
		PutInForce(tt.credential, noon)
		if diff := cmp.Diff(tt.want, tt.credential.Status.Previous); diff != "" {
			t.Errorf("%s: %s", sentence, diff)
		}
		if s := tt.credential.Status; !InForce(tt.credential) || s.TokenHash != HashOf("new").String() || s.Pending != nil {
			t.Errorf("%s: %+v", sentence, s)
		}
	}
}

func TestWhatEndsWhen(t *testing.T) {
	t.Parallel()
	c := at(0, 0, overlap(60))
	if !NextEnd(c, noon).IsZero() {
		t.Error("nothing ends, and yet something does")
	}
	c.Status.Previous = &accessv1.PreviousToken{Until: metav1.NewTime(noon.Add(time.Minute))}
	c.Spec.ExpiresAt = ptr.To(metav1.NewTime(noon.Add(time.Hour)))
	for _, tt := range []struct {
		now  time.Duration
		next time.Duration
		kept bool
	}{{0, time.Minute, true}, {time.Minute - 1, time.Minute, true}, {time.Minute, time.Hour, false}, {time.Hour, 0, false}} {
		now, want := noon.Add(tt.now), time.Time{}
		if tt.next > 0 {
			want = noon.Add(tt.next)
		}
		if got := NextEnd(c, now); !got.Equal(want) {
			t.Errorf("after %v: %v", tt.now, got)
		}
		if EndPrevious(c, now); (c.Status.Previous != nil) != tt.kept {
			t.Errorf("after %v the token before is %v", tt.now, c.Status.Previous)
		}
		if Expired(c, now) != (tt.now >= time.Hour) {
			t.Errorf("after %v: expired is %v", tt.now, Expired(c, now))
		}
	}
}
