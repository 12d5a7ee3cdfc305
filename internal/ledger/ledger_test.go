package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/roster-dev/roster/internal/address"
)

// now is a quarter past an hour.
var now = time.Date(2026, 5, 4, 12, 15, 0, 0, time.UTC)

var usual = Limits{
	User:   []Limit{{3, 10 * time.Minute}, {10, 24 * time.Hour}},
	Tenant: Limit{500, time.Hour},
}

func mail(t testing.TB, letter, to string) Mail {
	t.Helper()
	parsed, err := address.Parse(to + "@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	return Mail{Letter: types.UID(letter), To: parsed, Waiting: letter}
}

// ledgerOf is one in which mails went to an address at these times before now.
func ledgerOf(t testing.TB, to string, ago ...time.Duration) *Ledger {
	t.Helper()
	l := read(t, "")
	for i, before := range ago {
		l = l.With(mail(t, fmt.Sprintf("%s-%d", to, i), to), usual, now.Add(-before))
	}
	return l
}

func read(t testing.TB, text string) *Ledger {
	t.Helper()
	l, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func minutes(all ...int) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, m := range all {
		out[i] = time.Duration(m) * time.Minute
	}
	return out
}

func TestWhenTheNextMailToAUserMayGoOut(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		sent []time.Duration
		want time.Duration
	}{
		"the first one, at once":                                    {nil, 0},
		"the third one in ten minutes, at once":                     {minutes(9, 5), 0},
		"the fourth one, when the first is ten minutes old":         {minutes(9, 5, 1), time.Minute},
		"when the first is ten minutes old, at once":                {minutes(10, 5, 1), 0},
		"the tenth one in a day, at once":                           {minutes(900, 800, 700, 600, 500, 400, 300, 200, 100), 0},
		"the eleventh one, when the first is a day old":             {minutes(900, 800, 700, 600, 500, 400, 300, 200, 100, 50), 540 * time.Minute},
		"of two limits, the later counts":                           {minutes(1439, 800, 700, 600, 500, 400, 300, 9, 8, 7), time.Minute},
		"of two limits, the later counts, if it is the shorter too": {minutes(1439, 800, 700, 600, 500, 400, 300, 3, 2, 1), 7 * time.Minute},
		"what is older than a day counts for nothing":               {minutes(1441, 1441, 1441, 1440, 800, 700, 600, 500, 400, 300, 200, 100, 50), 0},
	} {
		turn := ledgerOf(t, "ana", c.sent...).Turn(usual, mail(t, "next", "ana"), now)
		if got := turn.At.Sub(now); got != c.want {
			t.Errorf("%s: in %s, not %s", sentence, got, c.want)
		}
		if limited := turn.Limited == limitedUser; limited != (c.want > 0) {
			t.Errorf("%s: limited by %q", sentence, turn.Limited)
		}
	}
}

func TestAUsersMailsAreHisAddresss(t *testing.T) {
	t.Parallel()
	l := ledgerOf(t, "ana", minutes(3, 2, 1)...)
	if turn := l.Turn(usual, mail(t, "other", "ben"), now); turn.At.After(now) {
		t.Error("another address waits")
	}
	if turn := l.Turn(usual, mail(t, "other", "ANA"), now); !turn.At.After(now) {
		t.Error("another spelling of the address does not wait")
	}
}

func TestALetterCountsOnce(t *testing.T) {
	t.Parallel()
	l := ledgerOf(t, "ana", minutes(3, 2, 1)...)
	if turn := l.Turn(usual, mail(t, "ana-2", "ana"), now); turn.At.After(now) {
		t.Error("a letter that counts already waits")
	}
	if turn := l.Turn(usual, mail(t, "ana-2", "ben"), now); l.Booked(mail(t, "ana-2", "ben")) || turn.At.After(now) {
		t.Error("for another address it counts as another")
	}
}

// everybody books as many mails as are given, to one address each, and returns when they go out.
func everybody(t testing.TB, l *Ledger, limits Limits, from, count int) (*Ledger, []time.Time) {
	t.Helper()
	var turns []time.Time
	for i := range count {
		m := mail(t, fmt.Sprint("letter-", from+i), fmt.Sprint("user-", from+i))
		turn := l.Turn(limits, m, now)
		if !turn.At.After(now) {
			l = l.With(m, limits, now)
		}
		turns = append(turns, turn.At)
	}
	return l, turns
}

func TestATenantsMailsGoOutHourByHour(t *testing.T) {
	t.Parallel()
	limits := Limits{Tenant: Limit{60, time.Hour}}
	_, turns := everybody(t, read(t, ""), limits, 0, 150)
	byHour := map[int]int{}
	for i, at := range turns {
		byHour[at.Hour()]++
		if i > 0 && at.Before(turns[i-1]) {
			t.Fatalf("mail %d overtakes the one before", i)
		}
	}
	if byHour[12] != 60 || byHour[13] != 60 || byHour[14] != 30 {
		t.Errorf("by hour: %v", byHour)
	}
	if first, second := turns[60], turns[61]; !first.Equal(time.Date(2026, 5, 4, 13, 0, 0, 0, time.UTC)) || second.Sub(first) != time.Minute {
		t.Errorf("those who wait come at %s and %s", first, second)
	}
}

func TestATurnThatWasGivenStays(t *testing.T) {
	t.Parallel()
	limits := Limits{Tenant: Limit{2, time.Hour}}
	l, turns := everybody(t, read(t, ""), limits, 0, 4)
	m := mail(t, "letter-3", "user-3")
	m.Planned = turns[3]
	for range 3 {
		if again := l.Turn(limits, m, now); !again.At.Equal(turns[3]) {
			t.Errorf("was %s, is %s", turns[3], again.At)
		}
	}
	after := read(t, l.String()) // a restart forgets promises
	if again := after.Turn(limits, m, now); !again.At.Equal(turns[3]) {
		t.Errorf("after a restart: was %s, is %s", turns[3], again.At)
	}
	if wider := l.Turn(Limits{Tenant: Limit{100, time.Hour}}, m, now); wider.At.After(now) {
		t.Error("a wider limit leaves it waiting")
	}
	if turn := l.Turn(limits, m, turns[3]); turn.At.After(turns[3]) {
		t.Error("when the turn comes, it goes by")
	}
}

func TestATurnThatIsGivenBackIsSomebodyElses(t *testing.T) {
	t.Parallel()
	limits := Limits{User: []Limit{{1, 10 * time.Minute}}, Tenant: Limit{2, time.Hour}}
	l, _ := everybody(t, read(t, ""), limits, 0, 1)
	again, ben := mail(t, "again", "user-0"), mail(t, "first", "ben")
	if turn := l.Turn(limits, again, now); turn.Limited != limitedUser {
		t.Fatalf("it does not wait: %v", turn)
	}
	if turn := l.Turn(limits, ben, now); turn.Limited != limitedTenant {
		t.Errorf("the other turn of this hour is given twice: %v", turn)
	}
	l.Release(again.Waiting)
	if turn := l.Turn(limits, ben, now); turn.At.After(now) {
		t.Errorf("nobody waits, and ben does: %v", turn)
	}
}

// Whatever is asked for, and in whatever order, no more goes out than the limits let.
func TestNoLimitIsExceeded(t *testing.T) {
	t.Parallel()
	limits := Limits{User: []Limit{{3, 10 * time.Minute}}, Tenant: Limit{20, time.Hour}}
	l, at := read(t, ""), now
	perUser, perHour := map[string][]time.Time{}, map[int64]int{}
	for i := range 300 {
		to := fmt.Sprint("user-", i*7%5)
		m := mail(t, fmt.Sprint("letter-", i), to)
		for l.Turn(limits, m, at).At.After(at) {
			at = at.Add(time.Minute)
		}
		l = read(t, l.With(m, limits, at).String())
		perUser[to] = append(perUser[to], at)
		perHour[at.Unix()/3600]++
	}
	for to, times := range perUser {
		for i := 3; i < len(times); i++ {
			if times[i].Sub(times[i-3]) < 10*time.Minute {
				t.Fatalf("%s was sent four mails in %s", to, times[i].Sub(times[i-3]))
			}
		}
	}
	for hour, count := range perHour {
		if count > 20 {
			t.Errorf("%d mails in hour %d", count, hour)
		}
	}
	if len(perHour) < 10 {
		t.Errorf("mails went out in %d hours only: was anything tried?", len(perHour))
	}
}

func TestWithoutLimitsNothingWaits(t *testing.T) {
	t.Parallel()
	_, turns := everybody(t, read(t, ""), Limits{}, 0, 2000)
	for _, at := range turns {
		if at.After(now) {
			t.Fatal("a mail waits")
		}
	}
}

func TestTheTextOfALedger(t *testing.T) {
	t.Parallel()
	l := read(t, "").With(mail(t, "3f2a9c1b-53d4-4b68-8f0a-1d2e3c4b5a69", "ana"), usual, now)
	if got, want := l.String(), "1777896900 d8b8b3f0d7c8dd7e 3f2a9c1b-53d4\n"; len(got) != len(want) || !strings.HasPrefix(got, "1777896900 ") || !strings.HasSuffix(got, " 3f2a9c1b-53d4\n") {
		t.Errorf("got %q, want one like %q", got, want)
	}
	if strings.Contains(l.String(), "ana") {
		t.Error("it holds an address")
	}
	if again := read(t, l.String()); again.String() != l.String() {
		t.Errorf("read and written it is %q", again)
	}
	for text, wants := range map[string]string{
		"nonsense":              "line 1",
		l.String() + "x y z\n":  "line 2 begins with no time",
		l.String() + "\n":       "line 2",
		"1777896900 to":         "line 1",
		"1777896900 to for all": "line 1",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A tenant that is at its limit all day fits a ConfigMap, which takes a mebibyte.
// 900 in an hour by the clock is the most that can be set, and 24 hours touch 25 of them. A ConfigMap holds 1 MiB.
func TestADayOfMailsIsSmallEnough(t *testing.T) {
	t.Parallel()
	one := read(t, "").With(mail(t, "3f2a9c1b-53d4-4b68-8f0a-1d2e3c4b5a69", "ana"), usual, now).String()
	if size := len(one) * 25 * 900; size > 1<<20 {
		t.Errorf("%d bytes", size)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1777896900 d8b8b3f0d7c8dd7e 3f2a9c1b-53d4\n")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(l.String()); err != nil || again.String() != l.String() {
			t.Errorf("%q: %v", text, err)
		}
	})
}
