package user

import (
	"testing"
	"time"

	"github.com/roster-dev/roster/internal/access"
)

func TestAUserIsLookedAtAgainWhenAMembershipEndsAndEachMinuteWhileHisInvitationIsRefused(t *testing.T) {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		refused string
		ends    time.Time
		want    time.Duration
	}{
		"nothing to wait for":             {"", time.Time{}, 0},
		"a membership that ends":          {"", now.Add(time.Hour), time.Hour},
		"one that has just ended":         {"", now, 1},
		"a refusal":                       {"exceeded quota", time.Time{}, time.Minute},
		"a refusal, and a later end":      {"exceeded quota", now.Add(time.Hour), time.Minute},
		"a refusal, and an end before it": {"exceeded quota", now.Add(time.Second), time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &scope{refused: test.refused, resolution: access.Resolution{NextChange: test.ends}, now: now}
			if got := s.next().RequeueAfter; got != test.want {
				t.Errorf("got %v, not %v", got, test.want)
			}
		})
	}
}
